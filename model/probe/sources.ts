/** Where the procedures of this folder come from. */
import { patch } from '../kernel/index.ts';

export const IOMMU_C = 'drivers/iommu/iommu.c';
export const OF_IOMMU_C = 'drivers/iommu/of_iommu.c';

/** The probe as it was reported to read freed memory: CVE-2022-48796. */
export const v5_16 = patch('Linux 5.16');
/** The pointer is cleared before what it leads to is freed. */
export const clearFirst = patch(
  'iommu: Fix potential use-after-free during probe',
  'b54240ad494300ff0994c4539a531727874381f4',
);
/** A mutex around the probe of a device. */
export const probeLocked = patch('iommu: Avoid races around device probe', '01657bc14a39');
/** The same mutex around the making and the first use of the fwspec. */
export const configureLocked = patch(
  'iommu: Avoid more races around device probe',
  'a2e7e59a94269484a83386972ca07c22fd188854',
);
