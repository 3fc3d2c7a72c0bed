/** Corpus #2, variant B: two removers sleep on one bond, and the one that wakes first frees it. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { errno, int, mmputProcedure, object, opaque, procedure, ptr, type ViewOf } from '../model/kernel/index.ts';
import {
  bindAtStart,
  bondRefs,
  Device,
  IommuBond,
  initAtStart,
  iommuSvaUnbindDevAll,
  iommuSvaUnbindDevice,
  MAX_PASID,
  MmExit,
  makeDevice,
  makeSva,
} from '../model/sva/index.ts';
import { IOMMU_SVA_C, v2_04, v2_05 } from '../model/sva/sources.ts';
import { returns } from '../properties/response.ts';
import { process, promises } from './sva-parts.ts';

/** Driver data that tells mm_exit which bond it is called for. */
const SlowData = object('driver_data', { bond: ptr(IommuBond) });

/** An mm_exit that takes longer than two removers need to go to sleep. */
const slowMmExit = procedure(
  'driver_mm_exit',
  { source: v2_04(), params: { dev: Device, pasid: int(0, MAX_PASID), drvdata: opaque() }, returns: errno() },
  (k) => [
    k.blockUntil(
      'hardware has stopped',
      (f) => (f.drvdata as ViewOf<typeof SlowData>).bond.mm_exit_wq.waiters.size >= 2,
      { waiting: { kind: 'device' } },
    ),
    k.return(0),
  ],
);

export default scenario('sva-bond-two-waiters', {
  title: 'two waiters on one bond',
  about:
    'The process exits with a slow mm_exit. Unbind and the removal of all bonds of the device both wait for it. The ' +
    'first one to wake up frees the bond with the wait queue in it; the other evaluates its condition again in freed ' +
    'memory.',
  systems: ['sva'],
  source: v2_05(IOMMU_SVA_C),
  corpus: '#2',
  bounds: { unbinders: 1 },
  assumptions: ['mm_exit lasts until two removers sleep'],
  variants: {
    posted: {
      about: 'the first waiter decides by the count of references',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 45, states: 4332 },
    },
    fixed: {
      about: 'every waiter has a reference; the last one frees the bond',
      settings: [set(bondRefs, 'every waiter')],
      expect: { verdict: 'holds', states: 6779, depth: 72 },
    },
    'fixed-three': {
      about: 'the same with a third waiter, another unbind',
      settings: [set(bondRefs, 'every waiter')],
      bounds: { unbinders: 2 },
      expect: { verdict: 'holds', states: 58_068, depth: 77 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s);
    const dev = makeDevice(s, parts, 'dev0');
    s.implementations(MmExit, [slowMmExit]);
    initAtStart(s, dev, slowMmExit);
    const mm = process(s, parts, 'mm0');
    const data = s.object(SlowData, 'drvdata');
    const { pasid, bond } = bindAtStart(s, parts, dev, mm, data);
    data.bond = bond;
    const unbinder = s.task('unbinder', [does(iommuSvaUnbindDevice, { dev, pasid })]);
    if (s.bounds.unbinders > 1)
      s.property(returns('the second unbind', s.task('unbinder1', [does(iommuSvaUnbindDevice, { dev, pasid })])));
    s.task('detacher', [does(iommuSvaUnbindDevAll, { dev })]);
    s.task('exit', [does(mmputProcedure, { mm })]);
    s.property(returns('unbind', unbinder));
    promises(s, parts, [], { mms: true });
  },
});
