/** Where the procedures of this folder come from. */
import { patch } from '../kernel/index.ts';

export const IOMMU_C = 'drivers/iommu/iommu.c';
export const SVA_C = 'drivers/iommu/iommu-sva.c';
export const IOPF_C = 'drivers/iommu/io-pgfault.c';
export const INTEL_C = 'drivers/iommu/intel/iommu.c';
export const SVM_C = 'drivers/iommu/intel/svm.c';
export const PASID_C = 'drivers/iommu/intel/pasid.c';
export const PRQ_C = 'drivers/iommu/intel/prq.c';
export const FORK_C = 'kernel/fork.c';
export const ARM_SVA_C = 'drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3-sva.c';

/** What the models follow where nothing else is said: attach handles, groups that own their fault_param, PRQ drain. */
export const v6_14 = patch('Linux 6.14');
/** PASIDs given to address spaces, before groups knew which domain has which of their PASIDs. */
export const v5_18 = patch('Linux 5.18');
/** The SMMUv3 driver before its context descriptors held the mm_struct. */
export const v5_17 = patch('Linux 5.17');
/** Review of the patch that looks up the domain of a PASID under the group mutex. */
export const v5_10_12 = patch('review of v5 10/12', 'YnPTXwjpHnnGp4j2@myrica');
/** The PASID goes with the mm_struct. */
export const pasidAtDrop = patch('mm: fix PASID use after free', '2667ed10d9f0');
/** A group that was answered by removal is freed by it: CVE-2025-21770. */
export const leakFix = patch('iommu: fix leak in iopf_queue_remove_device()', '9759ae2cee7c');
/** Faults are enabled and disabled where a domain is attached and detached. */
export const rework = patch('vt-d: put iopf enablement in domain attach path', '17fce9d2336d');
/** First the teardown, then the removal: CVE-2025-38594. */
export const reworkFix = patch('vt-d: fix UAF on sva unbind with pending IOPFs', 'f0b9d31c6edd');
/** A list of the address spaces that SVA knows, for invalidation of kernel addresses. */
export const kvaList = patch('iommu/sva: invalidate IOTLB entries for kernel address space');
/** What unbind still needs of iommu_mm is done before the domain is freed. */
export const domainFix = patch('iommu/sva: fix unbind after the last domain', '06e14c36e20b');
/** A mutex between fault reporting and the release of a device: CVE-2024-35843. */
export const iopfLock = patch('vt-d: use device rbtree in iopf reporting path', 'def054b01a86');
/** The mm is held until its ASID is given up: CVE-2022-49426. */
export const asidFix = patch('arm-smmu-v3-sva: fix mm use after free', 'cbd23144f766');
/** A return that was lost: CVE-2024-44994. */
export const lostReturn = patch('iommu: restore lost return in iommu_report_device_fault()', 'CVE-2024-44994');
/** What no patch prints: the specification. */
export const specJ = patch('spec (j) modern mainline SVA');
