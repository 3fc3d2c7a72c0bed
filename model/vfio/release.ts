/**
 * The end of a container: vfio_iommu_type1_release() runs when the last file that keeps the container is closed and
 * every group has been detached.
 *
 * It takes no lock, since nobody else can reach the container any more. An mm_exit that still used it would touch
 * freed memory, which is how a callback after teardown is found.
 *
 * Source: v2 13/40; spec (d) release.
 * Limits: no DMA mappings. VFIO detaches all groups before, so there is no domain left to release. An ioctl that runs
 * keeps a reference of the container's file.
 */
import { nameOf, object, procedure, ref, refcount, type ViewOf, Violation } from '../kernel/index.ts';
import { vfioIommuFreeAllMm } from './free-all-mm.ts';
import { VfioIommu } from './objects.ts';
import { TYPE1_C, VFIO_C, v2_13 } from './sources.ts';

/** struct vfio_container: `users` counts what keeps it: the groups in it, and threads inside an ioctl. */
export const VfioContainer = object(
  'vfio_container',
  { users: refcount(1), iommu_data: ref(VfioIommu) },
  { permanent: true, source: v2_13(VFIO_C) },
);
export interface VfioContainer extends ViewOf<typeof VfioContainer> {}

export const release = procedure(
  'vfio_iommu_type1_release',
  { source: v2_13(TYPE1_C), params: { iommu: VfioIommu } },
  (k) => [
    k.call(vfioIommuFreeAllMm, (f) => ({ iommu: f.iommu })),
    k.step('list_empty(&iommu->domain_list)', (f) => {
      if (f.iommu.domain_list.first !== null)
        throw new Violation('protocol', `${nameOf(f.iommu)} is released while a group is attached`, [nameOf(f.iommu)]);
    }),
    k.kfree((f) => f.iommu),
  ],
);

/** The last fput() of the container's file, or the last group that leaves it, releases the driver's data. */
export const putContainer = procedure(
  'vfio_container_put',
  { source: v2_13(VFIO_C), params: { container: VfioContainer }, locals: { iommu: ref(VfioIommu) } },
  (k) => [
    k.refcountDecAndTest(
      (f) => f.container.users,
      [
        k.step('take container->iommu_data', (f) => {
          f.iommu = f.container.iommu_data;
          f.container.iommu_data = null;
        }),
        k.call(release, (f) => ({ iommu: f.iommu as VfioIommu })),
      ],
    ),
  ],
);
