/** Must-not-report case 3: an io_mm stands in the PASID table before it is complete. */
import { does, scenario, sometimes } from '../checker/lang/index.ts';
import { int, MmStruct, mmputProcedure, procedure, ref } from '../model/kernel/index.ts';
import { DriverData, IommuSva, iommuSvaBindDevice, iommuSvaFind, MAX_PASID, makeSva } from '../model/sva/index.ts';
import { IOMMU_SVA_C, v2_03, v2_06 } from '../model/sva/sources.ts';
import { process, promises, readyDevice, withContexts, withParam } from './sva-parts.ts';

/** What the fault worker does with a PASID: finds the address space, uses it, lets it go. */
const useByPasid = procedure(
  'iopf_handle_single',
  { source: v2_06(IOMMU_SVA_C), params: { sva: IommuSva, pasid: int(0, MAX_PASID) }, locals: { mm: ref(MmStruct) } },
  (k) => [
    k.call(
      iommuSvaFind,
      (f) => ({ sva: f.sva, pasid: f.pasid }),
      (f, mm) => {
        f.mm = mm;
      },
    ),
    k.when((f) => f.mm !== null, [k.mmput((f) => f.mm as NonNullable<typeof f.mm>)]),
  ],
);

export default scenario('sva-bind-vs-bind', {
  title: 'PASID published before its io_mm is complete',
  about:
    'Two threads of one process bind it to two devices and exit, and a fault worker looks a PASID up. The io_mm is in ' +
    'the table with a count of zero before the notifier is registered; lookups take a reference only when the count ' +
    'is not zero. That the process may get two PASIDs is real, and is allowed here.',
  systems: ['sva'],
  source: v2_03(IOMMU_SVA_C),
  corpus: 'guard 3',
  bounds: { failures: 0 },
  variants: {
    posted: { about: 'the series as posted', expect: { verdict: 'holds', states: 30905, depth: 145 } },
    failures: {
      about: 'with one failure of each kind on the way',
      bounds: { failures: 1 },
      expect: { verdict: 'holds', states: 113249, depth: 145 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s, { ioMms: 2, bonds: 2 });
    const { sva } = parts;
    const dev0 = readyDevice(s, parts, 'dev0');
    const dev1 = readyDevice(s, parts, 'dev1');
    const mm = process(s, parts, 'mm0');
    mm.mm_users.counter = 2;
    const drvdata0 = s.object(DriverData, 'drvdata0');
    const drvdata1 = s.object(DriverData, 'drvdata1');
    const exit = does(mmputProcedure, { mm });
    const thread0 = s.task('thread0', [does(iommuSvaBindDevice, { dev: dev0, mm, flags: 0, drvdata: drvdata0 }), exit]);
    const thread1 = s.task('thread1', [does(iommuSvaBindDevice, { dev: dev1, mm, flags: 0, drvdata: drvdata1 }), exit]);
    s.interchangeable([
      [...withParam(dev0), drvdata0, thread0],
      [...withParam(dev1), drvdata1, thread1],
    ]);
    const fault = s.task('fault', [does(useByPasid, { sva, pasid: 1 })], { role: 'worker' });
    const { failures } = s.bounds;
    s.failures({ kmalloc: failures, idr_alloc: failures, mmu_notifier_register: failures });
    withContexts(s, parts, [dev0, dev1]);
    promises(s, parts, [drvdata0, drvdata1], { mms: true });
    s.property(
      sometimes('incomplete-lookup', 'a lookup meets an io_mm that is not complete', () => {
        const entry = sva.pasid_idr.at(1);
        return entry !== null && entry.kref.counter === 0 && sva.lock.owner === fault;
      }),
      sometimes('two-pasids', 'the process gets a PASID for each device', () => {
        const owners = [...sva.pasid_idr].filter((io_mm) => io_mm !== null);
        return owners.length === 2 && owners.every((io_mm) => io_mm.kref.counter > 0);
      }),
      sometimes('one-pasid', 'the second bind uses the io_mm of the first', () =>
        [...sva.pasid_idr].some((io_mm) => io_mm !== null && io_mm.devices.length === 2),
      ),
    );
  },
});
