/**
 * Objects of a VFIO type1 container: the container's `vfio_iommu`, its domains, groups and bound processes; tasks as
 * far as a pid names an address space; and what an ioctl hands back.
 *
 * Source: v2 13/40. Limits: two domains, two groups a domain and two bound processes.
 */
import { atomic, bool, int, list, MmStruct, mutex, object, ptr, ref, type ViewOf } from '../kernel/index.ts';
import { IommuDomain, MAX_PASID } from '../sva/index.ts';
import { IommuGroup } from './iommu-group.ts';
import { TYPE1_C, v2_13 } from './sources.ts';

/** VFIO_PASID_INVALID: the vfio_mm is not bound yet. */
export const VFIO_PASID_INVALID = -1;

const source = v2_13(TYPE1_C);

/**
 * struct vfio_mm: a process bound to the container. `mm` holds no reference as posted: the comparison with another
 * pointer is all it is good for.
 */
export const VfioMm = object(
  'vfio_mm',
  {
    pasid: int(VFIO_PASID_INVALID, MAX_PASID, VFIO_PASID_INVALID),
    mm: ptr(MmStruct),
    /** In repairs only: an attach that is not yet decided holds mm_users of `mm`. */
    replayed: bool(),
  },
  { source },
);
export type VfioMm = ViewOf<typeof VfioMm>;

/** struct vfio_group: an iommu_group in the container. */
export const VfioGroup = object('vfio_group', { iommu_group: ptr(IommuGroup), sva_enabled: bool() }, { source });
export type VfioGroup = ViewOf<typeof VfioGroup>;

/** struct vfio_domain. `prot` is what decides whether two domains are compatible, besides the operations. */
export const VfioDomain = object(
  'vfio_domain',
  { domain: ptr(IommuDomain), prot: int(0, 1), group_list: list(VfioGroup, 2) },
  { source },
);
export type VfioDomain = ViewOf<typeof VfioDomain>;

/** struct vfio_iommu: what a container is for type1. It is the private data of every bond. */
export const VfioIommu = object(
  'vfio_iommu',
  { lock: mutex(), domain_list: list(VfioDomain, 2), mm_list: list(VfioMm, 2) },
  { source },
);
export type VfioIommu = ViewOf<typeof VfioIommu>;

/** struct task_struct, as far as a pid leads to an address space; NULL once the process has begun to exit. */
export const TaskStruct = object(
  'task_struct',
  { mm: atomic(ref(MmStruct), 'under task_lock(), which is not modelled') },
  { permanent: true, source },
);
export type TaskStruct = ViewOf<typeof TaskStruct>;

/**
 * struct vfio_iommu_type1_bind_process in user memory, one for each thread that binds. Ghost: `granted` is the mm
 * whose PASID was just written here, until bind_process is about to return.
 */
export const BindParams = object(
  'vfio_iommu_type1_bind_process',
  { pasid: int(VFIO_PASID_INVALID, MAX_PASID, VFIO_PASID_INVALID), granted: ref(MmStruct) },
  { permanent: true, source },
);
export type BindParams = ViewOf<typeof BindParams>;
