/**
 * vfio_iommu_mm_exit(): the SVA core tells the container that a bound process goes away.
 *
 * It takes `iommu->lock`, which is what the comment on mm_exit callbacks forbids while anybody waits for them under
 * that lock.
 *
 * Source: v2 13/40; spec (d) mm_exit.
 */
import { int, type MmView, opaque, procedure, ref } from '../kernel/index.ts';
import { Device, MAX_PASID } from '../sva/index.ts';
import { type VfioIommu, VfioMm } from './objects.ts';
import { TYPE1_C, v2_13 } from './sources.ts';
import { vfioMmCount } from './switches.ts';

export const vfioIommuMmExit = procedure(
  'vfio_iommu_mm_exit',
  {
    source: v2_13(TYPE1_C),
    params: { dev: Device, pasid: int(0, MAX_PASID), drvdata: opaque() },
    locals: { iommu: opaque<VfioIommu>(), vfio_mm: ref(VfioMm) },
  },
  (k) => [
    k.local((f) => {
      f.iommu = f.drvdata as VfioIommu;
    }),
    k.mutexLock((f) => (f.iommu as VfioIommu).lock),
    k.step('find the vfio_mm of pasid', (f) => {
      f.vfio_mm = (f.iommu as VfioIommu).mm_list.find((vfio_mm) => vfio_mm.pasid === f.pasid);
    }),
    k.when(
      (f) => f.vfio_mm !== null,
      [
        k.step('list_del(&vfio_mm->next)', (f) => (f.iommu as VfioIommu).mm_list.remove(f.vfio_mm as VfioMm)),
        k.switch(vfioMmCount, { none: [], held: [k.mmdrop((f) => (f.vfio_mm as VfioMm).mm as MmView)] }),
        k.kfree((f) => f.vfio_mm),
      ],
    ),
    k.mutexUnlock((f) => (f.iommu as VfioIommu).lock),
    k.return(0),
  ],
);
