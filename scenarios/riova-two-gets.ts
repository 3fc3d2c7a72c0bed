/** Corpus #14: two gets of one doorbell page both find no binding, and both make one. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  design,
  driverMap,
  getRace,
  mapLock,
  putOrder,
  RESERVED_C,
  remap,
  room,
  v7_06,
} from '../model/reserved-iova/index.ts';
import { domainWithDevices, frees, promises, setsUp } from './riova-parts.ts';

// `fixed-failures`, `dying` and `publish-first-failures` have two devices, each of which may fail once; `fixed` has
// more.
export default scenario('riova-two-gets', {
  title: 'one doorbell page is bound twice',
  about:
    'Two devices with one MSI controller set up their interrupts at a time. Each get finds no binding of the doorbell ' +
    'page, allocates an IOVA, and drops the lock to map it. Both link their binding, with a count of one each. Which ' +
    'of the two a later lookup or put meets is a matter of chance: the first put may unmap what the other device uses.',
  systems: ['reserved-iova'],
  source: v7_06(RESERVED_C),
  corpus: '#14',
  bounds: { devices: 2, frees: 1, inner: 2, failures: 0 },
  assumptions: ['a driver silences its device before it frees the interrupt'],
  variants: {
    posted: {
      about: 'the patch as posted: two bindings of one page',
      expect: { verdict: 'violated', kind: 'protocol', length: 30, states: 728 },
    },
    'posted-in-use': {
      about: 'the same, seen by a device: its interrupts fault after the other one freed its own',
      bounds: { inner: 0 },
      expect: { verdict: 'violated', kind: 'protocol', length: 55, states: 4_738 },
    },
    'search-again': {
      about: 'half a repair: get searches again before it links, put still frees the IOVA first (see #4)',
      settings: [set(getRace, 'search-again'), set(remap, 'refuses')],
      bounds: { inner: 0 },
      expect: { verdict: 'violated', kind: 'assertion', length: 45, states: 2_838 },
    },
    fixed: {
      about: 'get searches again before it links, and takes its own mapping back; three devices',
      settings: [set(getRace, 'search-again'), set(putOrder, 'unmap-first'), set(remap, 'refuses')],
      bounds: { devices: 3, frees: 0 },
      expect: { verdict: 'holds', states: 140_456, depth: 81 },
    },
    'fixed-failures': {
      about: 'the same on a driver that sleeps; two devices that also free theirs; one failure of each kind on the way',
      settings: [
        set(getRace, 'search-again'),
        set(putOrder, 'unmap-first'),
        set(remap, 'refuses'),
        set(driverMap, 'sleeps'),
      ],
      bounds: { failures: 1 },
      expect: { verdict: 'holds', states: 9_577, depth: 76 },
    },
    dying: {
      about: 'with the other repair of #4: a get that meets a dying binding fails',
      settings: [set(getRace, 'search-again'), set(putOrder, 'dying'), set(remap, 'refuses')],
      bounds: { failures: 1 },
      expect: { verdict: 'holds', states: 8_403, depth: 78 },
    },
    'publish-first': {
      about: 'the other repair: a binding is linked before it is mapped, and who finds it waits; three devices',
      settings: [set(getRace, 'publish-first'), set(putOrder, 'unmap-first'), set(remap, 'refuses')],
      bounds: { devices: 3 },
      expect: { verdict: 'holds', states: 363_551, depth: 117 },
    },
    'publish-first-failures': {
      about: 'the same for two devices, with one failure of each kind on the way',
      settings: [set(getRace, 'publish-first'), set(putOrder, 'unmap-first'), set(remap, 'refuses')],
      bounds: { failures: 1 },
      expect: { verdict: 'holds', states: 5_088, depth: 78 },
    },
    'map-under-lock': {
      about: 'the lock is held while pages are mapped and unmapped; three devices',
      settings: [set(mapLock, 'held'), set(remap, 'refuses')],
      bounds: { devices: 3 },
      expect: { verdict: 'holds', states: 30_803, depth: 99 },
    },
    'msi-list': {
      about: "the review's list of counted MSI descriptors; three devices",
      settings: [set(design, 'msi-list'), set(remap, 'refuses')],
      bounds: { devices: 3, failures: 1 },
      expect: { verdict: 'holds', states: 24_973, depth: 90 },
    },
    'msi-pages': {
      about: 'the list as merged; four devices',
      settings: [set(design, 'msi-pages'), set(remap, 'refuses')],
      bounds: { devices: 4, failures: 1 },
      expect: { verdict: 'holds', states: 142_198, depth: 60 },
    },
  },
  setup: (s) => {
    const { inner, failures } = s.bounds;
    const { of, devices, parts } = domainWithDevices(s, { pages: 3, devices: s.bounds.devices, cached: true });
    const drivers = devices.map((dev, i) =>
      s.task(`driver${i}`, [setsUp(dev, 1), ...(s.bounds.frees > 0 ? [frees(dev, 1)] : [])]),
    );
    s.interchangeable(drivers.map((driver, i) => [...(parts[i] ?? []), driver]));
    room(s, devices.length);
    s.failures({ kmalloc: failures, alloc_iova: failures, iommu_map: failures });
    promises(s, of, devices, inner);
    s.property(
      sometimes(
        'shared',
        'two devices use the doorbell at a time',
        () => devices.filter((dev) => dev.fn.enabled).length > 1,
      ),
    );
  },
});
