/** Two threads bind one process to two devices and end up with two PASIDs. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { bindMutex, DriverData, iommuSvaBindDevice, makeSva } from '../model/sva/index.ts';
import { IOMMU_SVA_C, v2_03 } from '../model/sva/sources.ts';
import { onePasidForEachSpace } from '../properties/pasid.ts';
import { process, readyDevice, withParam } from './sva-parts.ts';

export default scenario('sva-two-pasids', {
  title: 'two PASIDs for one process',
  about:
    'Two threads of a process bind it to two devices. Each looks for the io_mm of the process, finds none that is ' +
    'complete, and makes its own: the search and the publication are two critical sections.',
  systems: ['sva'],
  source: v2_03(IOMMU_SVA_C),
  corpus: 'SVA-TWO-PASID',
  bounds: {},
  variants: {
    posted: {
      about: 'the lock is dropped between the search and the publication',
      expect: { verdict: 'violated', kind: 'protocol', property: 'one-pasid', length: 32, states: 725 },
    },
    fixed: {
      about: 'a global mutex is held over both',
      settings: [set(bindMutex, 'held')],
      expect: { verdict: 'holds', states: 89, depth: 44 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s, { ioMms: 2, bonds: 2 });
    const dev0 = readyDevice(s, parts, 'dev0');
    const dev1 = readyDevice(s, parts, 'dev1');
    const mm = process(s, parts, 'mm0');
    const drvdata = s.object(DriverData, 'drvdata');
    s.interchangeable(
      [dev0, dev1].map((dev, i) => [
        ...withParam(dev),
        s.task(`thread${i}`, [does(iommuSvaBindDevice, { dev, mm, flags: 0, drvdata })]),
      ]),
    );
    s.property(onePasidForEachSpace(parts.sva.pasid_idr));
  },
});
