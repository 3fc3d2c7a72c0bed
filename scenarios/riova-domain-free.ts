/** Corpus #15 c: the IOMMU domain is freed while get or put works on it without the lock. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  bindAtStart,
  design,
  detachAndFree,
  domainUsers,
  freeBindings,
  lastBindingGone,
  type MsiDevice,
  partsOfDomain,
  putOrder,
  RESERVED_C,
  remap,
  review,
  room,
} from '../model/reserved-iova/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { domainWithDevices, frees, promises, setsUp, worksBeforeTheEnd } from './riova-parts.ts';

export default scenario('riova-domain-free', {
  title: 'the IOMMU domain is freed under a get or a put',
  about:
    'The MSI code reads the domain of a device and calls get or put with it. Nothing keeps the domain: VFIO may detach ' +
    'the device and free the domain at any moment, most easily while iommu_map() or iommu_unmap() runs without the ' +
    'lock. The list of MSI pages that the review asks for has the same hole; a reference of the domain closes it.',
  systems: ['reserved-iova'],
  source: review(RESERVED_C),
  corpus: '#15',
  bounds: { bound: 0, waits: 0, others: 0, inner: 0, failures: 0 },
  variants: {
    posted: {
      about: 'VFIO waits until no binding is left, which the last put announces before it unmaps',
      bounds: { bound: 1, waits: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 25, states: 50 },
    },
    'posted-get': {
      about: 'an interrupt is set up while VFIO frees the domain, and with it the lock that get holds',
      expect: { verdict: 'violated', kind: 'invalid-free', length: 14, states: 118 },
    },
    fixed: {
      about: 'the MSI code holds a reference of the domain from set-up to the end of the interrupt',
      settings: [
        set(domainUsers, 'counted'),
        set(freeBindings, 'deletes'),
        set(putOrder, 'unmap-first'),
        set(remap, 'refuses'),
      ],
      bounds: { bound: 1, others: 2, inner: 2, failures: 1 },
      expect: { verdict: 'holds', states: 474_850, depth: 114 },
    },
    'fixed-leaves': {
      about: 'the same without 07/10: with the reference no binding is left when the domain goes',
      settings: [set(domainUsers, 'counted'), set(putOrder, 'unmap-first'), set(remap, 'refuses')],
      bounds: { bound: 1, others: 2, inner: 2 },
      expect: { verdict: 'holds', states: 287_495, depth: 111 },
    },
    'msi-list': {
      about: "the review's list alone: the cookie goes with the domain, and nobody holds the domain",
      settings: [set(design, 'msi-list')],
      expect: { verdict: 'violated', kind: 'invalid-free', length: 11, states: 95 },
    },
    'msi-list-counted': {
      about: "the review's list, with the reference",
      settings: [set(design, 'msi-list'), set(domainUsers, 'counted'), set(remap, 'refuses')],
      bounds: { bound: 1, others: 2, inner: 2, failures: 1 },
      expect: { verdict: 'holds', states: 70_103, depth: 94 },
    },
    'msi-pages-counted': {
      about: 'the list as merged, with the reference: what is still mapped goes with the domain',
      settings: [set(design, 'msi-pages'), set(domainUsers, 'counted'), set(remap, 'refuses')],
      bounds: { bound: 1, others: 2, inner: 2, failures: 1 },
      expect: { verdict: 'holds', states: 14_276, depth: 64 },
    },
  },
  setup: (s) => {
    const { bound, waits, others, inner, failures } = s.bounds;
    const { of, devices } = domainWithDevices(s, { pages: 2 + others, devices: 1 + others, cached: false });
    const [dev, ...rest] = devices as [MsiDevice, ...MsiDevice[]];
    if (bound === 1) bindAtStart(s, of, 1, [dev]);
    s.task('driver0', bound === 1 ? [frees(dev, 1)] : [setsUp(dev, 1), frees(dev, 1)]);
    rest.forEach((other, i) => {
      s.task(`driver${i + 1}`, [setsUp(other, i + 1), frees(other, i + 1)]);
    });
    s.task('vfio', [
      ...(waits === 1 ? [does(lastBindingGone, { domain: of.domain })] : []),
      does(detachAndFree, { group: of.group, devices }),
    ]);
    const pools = [...room(s, 1 + others), ...partsOfDomain(s)];
    s.failures({ kmalloc: failures, alloc_iova: failures, iommu_map: failures });
    promises(s, of, devices, inner);
    if (inner > 0) s.property(allFreed(pools));
    if (inner > 0 && s.setting(design) === 'reserved-iova') s.property(...worksBeforeTheEnd(of, rest));
    s.property(sometimes('domain-gone', 'the domain is freed', () => !of.table.live));
  },
});
