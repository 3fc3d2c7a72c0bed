/**
 * Objects of the /dev/ioasid flow: the file and its address spaces, groups, and the shim containers between them.
 *
 * Source: seed S2, spec (f). Limits: all groups are compatible, two pages of I/O addresses, one file an fd.
 */
import { array, atomic, bool, int, list, mutex, object, ptr, ref, refcount, type ViewOf } from '../kernel/index.ts';
import { FILE_C, IOASID_DEV_C, SHIM_C, seed2, specF, VFIO_C } from './sources.ts';

/** Pages are numbered from 0. */
export const PAGES = 2;
export const page = () => int(0, PAGES - 1);

/** An IOMMU domain with its page table. */
export const IoDomain = object(
  'iommu_domain',
  {
    pte: array(bool(), PAGES),
    /** Groups attached to it. */
    groups: int(0, 3),
    /** `pinned`: the ictx, and each map that uses it. */
    refs: refcount(1),
  },
  { source: specF(IOASID_DEV_C) },
);
export type IoDomain = ViewOf<typeof IoDomain>;

/** The sketch's struct iommu_container: what vfio_iommu of type1 is. */
export const Ictx = object(
  'ictx',
  {
    lock: mutex(),
    domains: list(IoDomain, 2),
    /** What user space has mapped. */
    dma: array(bool(), PAGES),
    /** Ghost: its last close has begun. */
    released: bool(),
  },
  { source: seed2(IOASID_DEV_C) },
);
export type Ictx = ViewOf<typeof Ictx>;

/** struct file of /dev/ioasid. The last reference frees the ictx. */
export const IctxFile = object('file', { f_count: refcount(1), ictx: ptr(Ictx) }, { source: specF(FILE_C) });
export type IctxFile = ViewOf<typeof IctxFile>;

/** A place in the table of open files of the process. */
export const Fd = object(
  'fd',
  { file: atomic(ref(IctxFile), 'rcu_assign_pointer and rcu_dereference') },
  { permanent: true, source: specF(FILE_C) },
);
export type Fd = ViewOf<typeof Fd>;

/** The dummy vfio_container, whose driver is the shim. */
export const ShimContainer = object(
  'vfio_container',
  { ictx: ptr(Ictx), file: ref(IctxFile) },
  { source: seed2(SHIM_C) },
);
export type ShimContainer = ViewOf<typeof ShimContainer>;

/** struct vfio_group with the domain of its iommu_group. */
export const VfioGroup = object(
  'vfio_group',
  {
    lock: mutex(),
    container: ref(ShimContainer),
    domain: ref(IoDomain),
  },
  { permanent: true, source: seed2(VFIO_C) },
);
export type VfioGroup = ViewOf<typeof VfioGroup>;
