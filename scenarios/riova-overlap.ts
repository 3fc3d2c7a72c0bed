/** Not in the corpus: a binding that overlaps the region asked for is taken, although it is too short. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import { findCovers, mapLock, msiAlloc, RESERVED_C, remap, room, v7_06 } from '../model/reserved-iova/index.ts';
import { domainWithDevices, frees, promises } from './riova-parts.ts';

export default scenario('riova-overlap', {
  title: 'a binding that is too short is taken for the region',
  about:
    'One device binds a doorbell region of one page, another one a region of two that begins with it. The search in ' +
    'the tree returns any binding that overlaps, so the second get succeeds with an IOVA of which only the first page ' +
    'is mapped. When the message is composed for a doorbell in the second page no binding is found: BUG_ON().',
  systems: ['reserved-iova'],
  source: v7_06(RESERVED_C),
  corpus: 'new',
  bounds: { devices: 2, inner: 0 },
  variants: {
    posted: {
      about: 'the patch as posted',
      expect: { verdict: 'violated', kind: 'assertion', length: 30, states: 774 },
    },
    fixed: {
      about:
        'get takes a binding that covers the region, and refuses where a shorter one is in the way; the lock is held',
      settings: [set(findCovers, 'covers'), set(mapLock, 'held'), set(remap, 'refuses')],
      bounds: { devices: 3, inner: 2 },
      expect: { verdict: 'holds', states: 43_260, depth: 106 },
    },
  },
  setup: (s) => {
    const { of, devices, parts } = domainWithDevices(s, { pages: 4, devices: s.bounds.devices, cached: true });
    const drivers = devices.map((dev, i) => {
      const size = i === 0 ? 1 : 2;
      return s.task(`driver${i}`, [does(msiAlloc, { dev, base: 1, size, addr: size }), frees(dev, size)]);
    });
    // The first has a smaller region than all others.
    s.interchangeable(drivers.map((driver, i) => [...(parts[i] ?? []), driver]).slice(1));
    room(s, devices.length);
    promises(s, of, devices, s.bounds.inner);
    s.property(
      sometimes('second-page', 'the doorbell in the second page is in use', () =>
        devices.some((dev) => dev.fn.enabled && dev.fn.doorbell === 2),
      ),
    );
  },
});
