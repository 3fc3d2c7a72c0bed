/**
 * A device on its way to an IOMMU: the parameters that the IOMMU core keeps for it, and what firmware says of its IOMMU.
 *
 * Source: Linux 5.16, include/linux/iommu.h. Limits: the group of a device is a flag; one IOMMU driver.
 */
import { bool, mutex, object, ref, type ViewOf } from '../kernel/index.ts';
import { IOMMU_C, probeLocked, v5_16 } from './sources.ts';

/** struct iommu_fwspec. */
export const Fwspec = object('iommu_fwspec', { ops: bool(true) }, { source: v5_16(IOMMU_C) });
export interface Fwspec extends ViewOf<typeof Fwspec> {}

/** struct dev_iommu. */
export const DevIommu = object('dev_iommu', { fwspec: ref(Fwspec), iommu_dev: bool() }, { source: v5_16(IOMMU_C) });
export interface DevIommu extends ViewOf<typeof DevIommu> {}

/** struct device. */
export const Device = object(
  'device',
  {
    iommu: ref(DevIommu),
    /** Is it in a group? */
    iommu_group: bool(),
  },
  { permanent: true, source: v5_16(IOMMU_C) },
);
export interface Device extends ViewOf<typeof Device> {}

/** iommu_probe_device_lock. */
export const ProbeLock = object(
  'iommu_probe_device',
  { lock: mutex() },
  { permanent: true, source: probeLocked(IOMMU_C) },
);
export interface ProbeLock extends ViewOf<typeof ProbeLock> {}
