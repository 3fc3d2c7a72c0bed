/** Corpus #4: the last put frees the IOVA before it unmaps it; a get of another doorbell is given the same one. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  bindAtStart,
  design,
  driverMap,
  mapLock,
  putOrder,
  RESERVED_C,
  remap,
  room,
  tlbFlush,
  v7_06,
} from '../model/reserved-iova/index.ts';
import { domainWithDevices, frees, promises, setsUp } from './riova-parts.ts';

// `msi-pages` is small: its list never frees a page, so that a put has nothing to do; `fixed` is the large form.
export default scenario('riova-put-vs-get', {
  title: 'an IOVA is given out again while it is still mapped',
  about:
    'One device frees its interrupt, another sets one up for a different doorbell. The last put frees the IOVA under ' +
    'the lock and unmaps it after the unlock. The get in between is given the very same IOVA, the allocator being ' +
    'top-down, and maps it: interrupts follow the old translation while it is cached, and fault once the put has ' +
    'unmapped what the get had mapped.',
  systems: ['reserved-iova'],
  source: v7_06(RESERVED_C),
  corpus: '#4',
  bounds: { others: 1, again: 0, cached: 1, inner: 0, failures: 0 },
  assumptions: ['a driver silences its device before it frees the interrupt'],
  variants: {
    posted: {
      about: 'the patch as posted; the old translation is still in the TLB',
      expect: { verdict: 'violated', kind: 'isolation', length: 34, states: 669 },
    },
    'posted-uncached': {
      about: 'the same on an IOMMU that caches nothing: the put removes the mapping that the get has made',
      bounds: { cached: 0 },
      expect: { verdict: 'violated', kind: 'protocol', length: 34, states: 312 },
    },
    'posted-refused': {
      about: 'the same where the page table code refuses an entry in use (ARM): the get fails, with a warning',
      settings: [set(remap, 'refuses')],
      bounds: { cached: 0 },
      expect: { verdict: 'violated', kind: 'assertion', length: 23, states: 155 },
    },
    'posted-kept': {
      about: 'the same where the driver keeps the entry in use and reports success (VT-d)',
      settings: [set(remap, 'keeps')],
      bounds: { cached: 0 },
      expect: { verdict: 'violated', kind: 'isolation', length: 33, states: 298 },
    },
    fixed: {
      about: 'the IOVA is freed when it is unmapped; two other devices',
      settings: [set(putOrder, 'unmap-first'), set(remap, 'refuses')],
      bounds: { others: 2, inner: 2 },
      expect: { verdict: 'holds', states: 130_831, depth: 90 },
    },
    'fixed-failures': {
      about: 'the same on a driver that sleeps; the first device comes back; one failure of each kind on the way',
      settings: [set(putOrder, 'unmap-first'), set(remap, 'refuses'), set(driverMap, 'sleeps')],
      bounds: { again: 1, inner: 2, failures: 1 },
      expect: { verdict: 'holds', states: 12_660, depth: 90 },
    },
    dying: {
      about: 'the other repair: the binding stays, marked as dying, until its page is unmapped',
      settings: [set(putOrder, 'dying'), set(remap, 'refuses')],
      bounds: { others: 2, inner: 2 },
      expect: { verdict: 'holds', states: 142_463, depth: 96 },
    },
    'map-under-lock': {
      about: 'the lock is held while pages are mapped and unmapped, which needs drivers that never sleep',
      settings: [set(mapLock, 'held'), set(remap, 'refuses')],
      bounds: { others: 2, inner: 2 },
      expect: { verdict: 'holds', states: 30_678, depth: 83 },
    },
    'not-flushed': {
      about: 'the repair without the invalidation of the TLB: the order is right, the translation stays',
      settings: [set(putOrder, 'unmap-first'), set(tlbFlush, 'left'), set(remap, 'refuses')],
      expect: { verdict: 'violated', kind: 'isolation', length: 36, states: 797 },
    },
    'msi-list': {
      about: "the review's list of counted MSI descriptors",
      settings: [set(design, 'msi-list'), set(remap, 'refuses')],
      bounds: { others: 2, again: 1, inner: 2, failures: 1 },
      expect: { verdict: 'holds', states: 317_563, depth: 103 },
    },
    'msi-pages': {
      about: 'the list as merged: a page stays mapped until its domain goes',
      settings: [set(design, 'msi-pages'), set(remap, 'refuses')],
      bounds: { others: 1, again: 1, inner: 2, failures: 1 },
      expect: { verdict: 'holds', states: 1_008, depth: 36 },
    },
  },
  setup: (s) => {
    const { others, again, cached, inner, failures } = s.bounds;
    const { of, devices } = domainWithDevices(s, { pages: 1 + others, devices: 1 + others, cached: cached === 1 });
    bindAtStart(s, of, 1, devices.slice(0, 1));
    devices.forEach((dev, i) => {
      const addr = i + 1;
      const life = [setsUp(dev, addr), frees(dev, addr)];
      s.task(`driver${i}`, i === 0 ? [frees(dev, addr), ...(again > 0 ? life : [])] : life);
    });
    room(s, 1 + others + again);
    s.failures({ kmalloc: failures, alloc_iova: failures, iommu_map: failures });
    promises(s, of, devices, inner);
    s.property(
      sometimes(
        'both-enabled',
        'the interrupts of two devices are enabled at a time',
        () => devices.filter((dev) => dev.fn.enabled).length > 1,
      ),
    );
  },
});
