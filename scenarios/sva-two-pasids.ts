/** Two threads bind one process to two devices and end up with two PASIDs. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { mmputProcedure } from '../model/kernel/index.ts';
import { bindMutex, DriverData, iommuSvaBindDevice, makeSva } from '../model/sva/index.ts';
import { IOMMU_SVA_C, v2_03 } from '../model/sva/sources.ts';
import { onePasidForEachSpace } from '../properties/pasid.ts';
import { process, readyDevice, withParam } from './sva-parts.ts';

// The fixed form is small: under a mutex over the whole of bind only the order of the threads is left.
export default scenario('sva-two-pasids', {
  title: 'two PASIDs for one process',
  about:
    'Two threads of a process bind it to two devices. Each looks for the io_mm of the process, finds none that is ' +
    'complete, and makes its own: the search and the publication are two critical sections.',
  systems: ['sva'],
  source: v2_03(IOMMU_SVA_C),
  corpus: 'SVA-TWO-PASID',
  bounds: { devices: 2, exits: 0 },
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
    'fixed-exit': {
      about: 'the same with four devices, and the process exits with the last of its threads',
      settings: [set(bindMutex, 'held')],
      bounds: { devices: 4, exits: 1 },
      expect: { verdict: 'holds', states: 11_086, depth: 179 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s, { ioMms: 2, bonds: s.bounds.devices });
    const { devices, exits } = s.bounds;
    const devs = Array.from({ length: devices }, (_, i) => readyDevice(s, parts, `dev${i}`));
    const mm = process(s, parts, 'mm0');
    const drvdata = s.object(DriverData, 'drvdata');
    // Each thread is a user of the address space until it ends.
    if (exits > 0) mm.mm_users.counter = devices;
    s.interchangeable(
      devs.map((dev, i) => [
        ...withParam(dev),
        s.task(`thread${i}`, [
          does(iommuSvaBindDevice, { dev, mm, flags: 0, drvdata }),
          ...(exits > 0 ? [does(mmputProcedure, { mm })] : []),
        ]),
      ]),
    );
    s.property(onePasidForEachSpace(parts.sva.pasid_idr));
  },
});
