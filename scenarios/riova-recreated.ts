/** Corpus #15 a and b: the reserved domain is freed, and perhaps made anew, while a get has dropped the lock. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  allocReservedIovaDomain,
  bindAtStart,
  detachAndFree,
  domainUsers,
  freeBindings,
  freeReservedIovaDomain,
  getReservedIova,
  goneTest,
  goneUndo,
  IOMMU_WRITE,
  type MsiDevice,
  partsOfDomain,
  putOrder,
  RESERVED_C,
  ReservedIovaDomain,
  remap,
  reservedLife,
  room,
  v7_06,
} from '../model/reserved-iova/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { domainWithDevices, frees, promises, setsUp, worksBeforeTheEnd } from './riova-parts.ts';

// `generation-undo-alone` repairs one hole at the bounds where it shows; `fixed` is the large form.
export default scenario('riova-recreated', {
  title: 'the reserved domain goes, and comes back, behind the back of get',
  about:
    'A get has dropped the lock to map its IOVA; user space meanwhile takes the reserved window away. The get notices ' +
    'that the reserved domain is gone, returns -EBUSY, and leaves the mapping in the page table for ever. When a new ' +
    'window is set up in time, its allocator may lie at the same address: the comparison of pointers then passes, and ' +
    'a binding is linked whose IOVA the new allocator knows nothing of.',
  systems: ['reserved-iova'],
  source: v7_06(RESERVED_C),
  corpus: '#15',
  bounds: { recreate: 0, bound: 0, other: 0, driver: 0, inner: 1, map_failures: 0 },
  variants: {
    posted: {
      about: 'a: the window goes for good; the mapping stays',
      expect: { verdict: 'violated', kind: 'leak', length: 22, states: 91 },
    },
    'posted-recreated': {
      about: 'b, with 07/10: a new allocator lies at the address of the old one; the binding has an IOVA that is free',
      settings: [set(freeBindings, 'deletes')],
      bounds: { recreate: 1 },
      expect: { verdict: 'violated', kind: 'protocol', length: 30, states: 182 },
    },
    'posted-map-fails': {
      about: 'not in the corpus: as b, but iommu_map() fails; get then reads the struct iova that went with the window',
      bounds: { recreate: 1, inner: 0, map_failures: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 26, states: 218 },
    },
    'posted-driver': {
      about: 'not in the corpus: the window goes between get and the composition of the message, which is a BUG_ON()',
      bounds: { driver: 1, inner: 0 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'assertion', length: 22, states: 123 },
    },
    'posted-bound': {
      about: 'without 07/10 a binding outlives its window: the new allocator gives its IOVA to another device',
      bounds: { recreate: 1, bound: 1, inner: 0 },
      expect: { verdict: 'violated', kind: 'isolation', length: 23, states: 155 },
    },
    deleted: {
      about: 'with 07/10 a binding goes with its window, although the interrupts of a device need it',
      settings: [set(freeBindings, 'deletes')],
      bounds: { bound: 1 },
      expect: { verdict: 'violated', kind: 'protocol', length: 7, states: 24 },
    },
    generation: {
      about: 'half a repair: a generation count tells the new window from the old one; the mapping is left as before',
      settings: [set(goneTest, 'generation'), set(freeBindings, 'deletes')],
      bounds: { recreate: 1 },
      expect: { verdict: 'violated', kind: 'leak', length: 30, states: 182 },
    },
    'generation-undo': {
      about: 'and get unmaps what it has mapped: by then the page may belong to a device that uses the new window',
      settings: [set(goneTest, 'generation'), set(goneUndo, 'unmap'), set(freeBindings, 'deletes')],
      bounds: { recreate: 1, other: 1, inner: 0 },
      expect: { verdict: 'violated', kind: 'isolation', length: 47, states: 929 },
    },
    'generation-undo-alone': {
      about: 'the same where nobody else wants an IOVA of the new window',
      settings: [set(goneTest, 'generation'), set(goneUndo, 'unmap'), set(freeBindings, 'deletes')],
      bounds: { recreate: 1 },
      expect: { verdict: 'holds', states: 238, depth: 34 },
    },
    tied: {
      about: 'as the review asks: the window comes and goes with its IOMMU domain; but nobody holds that (see c)',
      settings: [set(reservedLife, 'tied'), set(freeBindings, 'deletes'), set(putOrder, 'unmap-first')],
      bounds: { driver: 1, inner: 0 },
      expect: { verdict: 'violated', kind: 'invalid-free', length: 17, states: 160 },
    },
    fixed: {
      about: 'the same, and the MSI code holds a reference of the domain; put unmaps first',
      settings: [
        set(reservedLife, 'tied'),
        set(domainUsers, 'counted'),
        set(freeBindings, 'deletes'),
        set(putOrder, 'unmap-first'),
        set(remap, 'refuses'),
      ],
      bounds: { driver: 1, other: 1, bound: 1, inner: 2 },
      expect: { verdict: 'holds', states: 335_304, depth: 114 },
    },
  },
  setup: (s) => {
    const { recreate, bound, driver, inner, map_failures } = s.bounds;
    const { of, devices } = domainWithDevices(s, { pages: 3, devices: 3, cached: false });
    const { domain, group } = of;
    const [dev, known, other] = devices as [MsiDevice, MsiDevice, MsiDevice];
    if (bound === 1) bindAtStart(s, of, 3, [known]);
    s.task(
      'getter',
      driver === 1
        ? [setsUp(dev, 1), frees(dev, 1)]
        : [does(getReservedIova, { domain, addr: 1, size: 1, prot: IOMMU_WRITE })],
    );
    const tied = s.setting(reservedLife) === 'tied';
    const newWindow = does(allocReservedIovaDomain, { domain, iova: 1, size: 3, prot: IOMMU_WRITE });
    const otherDevice = s.bounds.other === 1 ? [setsUp(other, 2)] : [];
    if (tied) {
      s.task('vfio', [does(detachAndFree, { group, devices })]);
      if (bound === 1) s.task('known', [frees(known, 3)]);
      if (otherDevice.length > 0) s.task('other', [...otherDevice, frees(other, 2)]);
    } else {
      // What comes after the new window is set up uses that.
      const after = recreate === 1 ? [newWindow, ...otherDevice] : [];
      s.task('vfio', [does(freeReservedIovaDomain, { domain }), ...after]);
      s.property(
        sometimes('no-window', 'a page is mapped while there is no reserved domain', () => {
          return domain.reserved_iova_cookie === null && [...of.table.pte].includes(1);
        }),
      );
    }
    const pools = room(s, 2);
    if (tied) s.property(allFreed([...pools, ...partsOfDomain(s)]), ...worksBeforeTheEnd(of, [dev, other]));
    if (recreate === 1) s.pool(ReservedIovaDomain, 1);
    s.failures({ iommu_map: map_failures });
    promises(s, of, devices, inner);
  },
});
