/** Where the procedures of this folder come from. */
import { patch } from '../kernel/index.ts';

export const SMMU_C = 'drivers/iommu/arm-smmu-v3.c';
export const SVA_C = 'drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3-sva.c';
export const IOPF_C = 'drivers/iommu/io-pgfault.c';

/** Stream table entries as they were written from 2015 until 6.9. */
export const strtab = patch('Linux 4.17');
/** Rules 1 to 5 of the specification, and what no patch prints. */
export const specC = patch('spec (c) SMMUv3 and PCIe device');
/** The order of the two invalidations, 2019. */
export const atcOrder = patch('iommu/arm-smmu-v3: fix ATC invalidation ordering wrt main TLBs', '353e3cf8590c');
/** The count of masters that use ATS, tested without a lock, 2019. */
export const atsCount = patch(
  'iommu/arm-smmu-v3: avoid locking on invalidation path when not using ATS',
  'Will Deacon, August 2019, for Linux 5.4',
);
/** The release notifier and the invalidation of a range of a shared address space, 2020. */
export const shareCd = patch('iommu/arm-smmu-v3: implement mm operations for SVA', 'author on 30 Apr 2020');
/** The tree of stream ids as posted: the look-up of a master drops the mutex before it returns. */
export const sidTree = patch(
  'iommu/arm-smmu-v3: maintain a SID->device structure, v12 03/15',
  '20201116104316.31816-4-eric.auger@redhat.com',
);
/** As merged: who looks up a master holds the mutex as long as it uses it (cdf315f907d4). */
export const sidTreeMerged = patch('iommu/arm-smmu-v3: maintain a SID->device structure', 'cdf315f907d4');
/** Page requests of PCIe functions, found by stream id, as posted in April 2020; mainline denies them by what the record says. */
export const priStreams = patch(
  'iommu/arm-smmu-v3: Add support for PRI, v5 25/25',
  '20200414170252.714402-26-jean-philippe@linaro.org',
);
/** The event queue and the fault queue as they stood before the repair of 2024. */
export const v6_10 = patch('Linux 6.10');
/** Every fault that cannot be queued is answered: b58b133e680b. */
export const badSetup = patch('iommu: handle iommu faults for a bad iopf setup', 'b58b133e680b');
/** The driver until 2026: an ATC invalidation that timed out is acknowledged, and the CMD_SYNC tried again. */
export const v6_19 = patch('Linux 6.19');
/** Whoever issued it is told, and the device is cut off: posted, not merged when this was written. */
export const quarantine = patch(
  'iommu/arm-smmu-v3: quarantine a device upon an ATC invalidation timeout, v3',
  'author on 16 Apr 2026',
);
