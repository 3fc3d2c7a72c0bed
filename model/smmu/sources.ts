/** Where the procedures of this folder come from. */
import { patch } from '../kernel/index.ts';

export const SMMU_C = 'drivers/iommu/arm-smmu-v3.c';
export const SVA_C = 'drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3-sva.c';

/** Rules 1 to 5 of the specification, and what no patch prints. */
export const specC = patch('spec (c) SMMUv3 and PCIe device');
/** The order of the two invalidations, 2019. */
export const atcOrder = patch('iommu/arm-smmu-v3: fix ATC invalidation ordering wrt main TLBs', '353e3cf8590c');
/** The count of masters that use ATS, tested without a lock, 2019. */
export const atsCount = patch(
  'iommu/arm-smmu-v3: avoid locking on invalidation path when not using ATS',
  'cdb8a3c34680',
);
/** The release notifier and the invalidation of a range of a shared address space, 2020. */
export const shareCd = patch('iommu/arm-smmu-v3: implement mm operations for SVA', 'author on 30 Apr 2020');
