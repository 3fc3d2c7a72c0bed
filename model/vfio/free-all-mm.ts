/**
 * vfio_iommu_free_all_mm(): forgets every bound process. The bonds are gone by now, or nobody needs the vfio_mm any
 * more: an mm_exit that still comes finds no vfio_mm and does nothing.
 *
 * Source: v2 13/40; spec (d) detach_group and release.
 */
import { type MmView, procedure, ref } from '../kernel/index.ts';
import { cursor } from './cursor.ts';
import { VfioIommu, VfioMm } from './objects.ts';
import { TYPE1_C, v2_13 } from './sources.ts';
import { vfioMmCount } from './switches.ts';

export const vfioIommuFreeAllMm = procedure(
  'vfio_iommu_free_all_mm',
  {
    source: v2_13(TYPE1_C),
    params: { iommu: VfioIommu },
    locals: { vfio_mm: ref(VfioMm), next: ref(VfioMm) },
  },
  (k) => [
    k.listForEachEntrySafe((f) => f.iommu.mm_list, cursor('vfio_mm'), cursor('next'), [
      k.switch(vfioMmCount, { none: [], held: [k.mmdrop((f) => (f.vfio_mm as VfioMm).mm as MmView)] }),
      k.kfree((f) => f.vfio_mm),
    ]),
    k.step('INIT_LIST_HEAD(&iommu->mm_list)', (f) => f.iommu.mm_list.clear()),
  ],
);
