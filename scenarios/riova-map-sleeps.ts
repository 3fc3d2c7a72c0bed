/** The reviewer's remark on 06/10: is iommu_map() atomic? What a lock around it costs where it is not. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { design, driverMap, mapLock, RESERVED_C, review, room } from '../model/reserved-iova/index.ts';
import { domainWithDevices, frees, promises, setsUp } from './riova-parts.ts';

// Small by intent: whether a map may sleep under the lock shows with one device, and needs no interleaving.
export default scenario('riova-map-sleeps', {
  title: 'pages are mapped with a spinlock held',
  about:
    'The patch drops its spinlock around iommu_map(), since a driver may sleep there. The reviewer finds that ' +
    'concerning: others rely on iommu_map() being atomic, only the driver of AMD takes a mutex. Holding the lock does ' +
    'away with the races of get and put, and so does the list that the review asks for; on such a driver both sleep ' +
    'with a spinlock held.',
  systems: ['reserved-iova'],
  source: review(RESERVED_C),
  corpus: 'new',
  bounds: { devices: 1 },
  variants: {
    posted: {
      about: 'the patch as posted, one device, on a driver that sleeps',
      settings: [set(driverMap, 'sleeps')],
      expect: { verdict: 'holds', states: 50, depth: 35 },
    },
    'map-under-lock': {
      about: 'the lock is held, on a driver that sleeps',
      settings: [set(driverMap, 'sleeps'), set(mapLock, 'held')],
      expect: { verdict: 'violated', kind: 'sleep-in-atomic', length: 10, states: 10 },
    },
    'msi-list': {
      about: "the review's list, on a driver that sleeps",
      settings: [set(driverMap, 'sleeps'), set(design, 'msi-list')],
      expect: { verdict: 'violated', kind: 'sleep-in-atomic', length: 9, states: 9 },
    },
    'map-under-lock-atomic': {
      about: 'the lock is held, on a driver that is atomic; two devices',
      settings: [set(mapLock, 'held')],
      bounds: { devices: 2 },
      expect: { verdict: 'holds', states: 2_621, depth: 67 },
    },
  },
  setup: (s) => {
    const { of, devices } = domainWithDevices(s, { pages: 3, devices: s.bounds.devices, cached: true });
    devices.forEach((dev, i) => {
      s.task(`driver${i}`, [setsUp(dev, i + 1), frees(dev, i + 1)]);
    });
    room(s, devices.length);
    promises(s, of, devices, s.setting(mapLock) === 'held' ? 2 : 1);
    s.property(sometimes('enabled', 'an interrupt is enabled', () => devices.some((dev) => dev.fn.enabled)));
  },
});
