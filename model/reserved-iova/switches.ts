/**
 * The choices inside reserved IOVAs. The first value of each is the series as posted; the others are repairs, halves
 * of repairs, or other hardware.
 */
import { switchOf } from '../../checker/lang/index.ts';

/** The posted series, or what the review asks for; `msi-pages` is what was merged: pages stay until the domain goes. */
export const design = switchOf(
  'riova.design',
  'who keeps track of doorbells: reserved IOVA domains, a list of counted MSI descriptors, or a list of MSI pages',
  'reserved-iova',
  'msi-list',
  'msi-pages',
);

/**
 * #4. `unmap-first`: unlink, unmap, then free the IOVA; `dying`: the binding stays linked meanwhile, and a get of its
 * page fails.
 */
export const putOrder = switchOf(
  'riova.put',
  'what the last put does first: free the IOVA, unmap it, or unmap it while the binding is marked as dying',
  'free-first',
  'unmap-first',
  'dying',
);

/** #14. */
export const getRace = switchOf(
  'riova.get',
  'a get that has mapped links its binding, searches again before that, or had linked it before it mapped',
  'link',
  'search-again',
  'publish-first',
);

/** The reviewer's remark: is iommu_map() atomic, so that the lock can be held? */
export const mapLock = switchOf(
  'riova.map-lock',
  'whether reserved_lock is dropped around iommu_map and iommu_unmap, or held',
  'dropped',
  'held',
);

/** The IOMMU driver: most are atomic, AMD's of 2016 takes a mutex. */
export const driverMap = switchOf('riova.iommu-map', 'whether map and unmap of the driver sleep', 'atomic', 'sleeps');

/** The IOMMU driver: what it does where something is mapped already. */
export const remap = switchOf(
  'riova.remap',
  'iommu_map of a page that is mapped overwrites the entry, refuses with a warning, or keeps the entry and succeeds',
  'overwrites',
  'refuses',
  'keeps',
);

/** How long unmapped pages stay in the TLB. */
export const tlbFlush = switchOf('riova.tlb', 'whether iommu_unmap invalidates the TLB', 'flushed', 'left');

/** #15: how get notices that the reserved domain is another one. */
export const goneTest = switchOf(
  'riova.gone',
  'after iommu_map, get compares the address of the iova_domain or a generation count',
  'pointer',
  'generation',
);

/** #15 a. */
export const goneUndo = switchOf(
  'riova.gone-undo',
  'when the reserved domain is gone, get leaves what it mapped or unmaps it',
  'leave',
  'unmap',
);

/** v7 07/10. */
export const freeBindings = switchOf(
  'riova.free',
  'iommu_free_reserved_iova_domain leaves bindings in the tree or deletes them',
  'leaves',
  'deletes',
);

/** #15: what the review asks for. */
export const reservedLife = switchOf(
  'riova.life',
  'whether the reserved domain comes and goes by itself, or with its IOMMU domain',
  'separate',
  'tied',
);

/** #15 c: a reference that keeps the domain. */
export const domainUsers = switchOf(
  'riova.domain',
  'a caller of get and put just uses the domain of its device, or holds a reference of it',
  'unpinned',
  'counted',
);

/** Not in the corpus: find returns a binding that overlaps, be it too short. */
export const findCovers = switchOf(
  'riova.find',
  'get takes any binding that overlaps the region, or only one that covers it',
  'overlaps',
  'covers',
);
