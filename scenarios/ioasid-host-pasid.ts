/** Drivers bind a process and let it go: what ioasid_put() returns decides whether the process still has a PASID. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  makeIoasid,
  noPasidIsLeft,
  onePasidEach,
  openAtStart,
  SVA_LIB_C,
  SvaBond,
  SvaLib,
  SvaMm,
  setLife,
  svaBoundThenUnbound,
  svaLock,
  svaPut,
  v4_05,
} from '../model/ioasid/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';

const counted = set(setLife, 'counted');

export default scenario('ioasid-host-pasid', {
  title: 'drivers bind a process while others let it go, and share its PASID',
  about:
    'iommu_sva_alloc_pasid gives a process its PASID with the first bind, and a reference with each other; ' +
    'iommu_sva_free_pasid gives one back, and clears mm->pasid when ioasid_put says that the ID is free. In V4 the set of ' +
    'these IDs goes with the last of them, while iommu_sva_pasid still points to it.',
  systems: ['ioasid'],
  source: v4_05(SVA_LIB_C),
  corpus: 'new',
  bounds: { drivers: 2, again: 0, others: 0, failures: 0 },
  assumptions: ['a driver stops its device before it unbinds'],
  variants: {
    posted: {
      about: 'V4: the set of the PASIDs of processes goes with its last ID, and the next bind allocates from it',
      bounds: { drivers: 1, again: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 39, states: 116 },
    },
    'result-ignored': {
      about: 'never posted: mm->pasid is cleared by any put, while another driver has the process bound',
      settings: [counted, set(svaPut, 'always')],
      expect: { verdict: 'violated', kind: 'leak', length: 44, states: 436 },
    },
    'never-cleared': {
      about:
        'never posted: mm->pasid stays, and the next bind works with an ID that is free, since it gets no ' +
        'reference and does not ask',
      settings: [counted, set(svaPut, 'never')],
      bounds: { drivers: 1, again: 1 },
      expect: { verdict: 'violated', kind: 'isolation', length: 34, states: 72 },
    },
    'cleared-late': {
      about:
        'never posted: mm->pasid is cleared after iommu_sva_lock is dropped; a bind gets no reference of a free ID',
      settings: [counted, set(svaPut, 'after-unlock')],
      expect: { verdict: 'violated', kind: 'isolation', length: 34, states: 395 },
    },
    unlocked: {
      about: 'never posted: without iommu_sva_lock a bind finds the PASID that another driver is giving back',
      settings: [counted, set(svaLock, 'none')],
      expect: { verdict: 'violated', kind: 'isolation', length: 28, states: 633 },
    },
    fixed: {
      about:
        'V4 with a reference of the set: two drivers, of which one binds twice, and another process; a failure of each kind',
      settings: [counted],
      bounds: { again: 1, others: 1, failures: 1 },
      expect: { verdict: 'holds', states: 167_633, depth: 120 },
    },
  },
  setup: (s) => {
    const { drivers, again, others, failures } = s.bounds;
    const parts = makeIoasid(s, { ids: drivers + again + others });
    const { core } = parts;
    const { set: ids } = openAtStart(s, parts, 'iommu_sva_pasid', 0);
    const sva = s.object(SvaLib, 'iommu_sva', { set: ids });
    const mms = s.objects(SvaMm, 'mm', 1 + others);
    const bonds = Array.from({ length: drivers + others }, (_, i) => {
      const mm = mms[i < drivers ? 0 : i - drivers + 1] as SvaMm;
      const bond = s.object(SvaBond, `bond${i}`, { mm });
      const once = does(svaBoundThenUnbound, { core, sva, bond, mm });
      const task = s.task(`driver${i}`, [once, ...(i === 0 && again > 0 ? [once] : [])]);
      s.property(returns(`the unbind of ${task.name}`, task));
      return bond;
    });
    s.failures({ kmalloc: failures, xa_alloc: failures });
    s.property(
      onePasidEach(core, bonds),
      noPasidIsLeft(mms),
      allFreed([parts.ids]),
      sometimes('bound', 'a device works with a PASID', () => bonds.some((bond) => bond.pasid !== 0)),
    );
  },
});
