/** Where the procedures of this folder come from. */
import { patch } from '../kernel/index.ts';

export const DMAR_C = 'drivers/iommu/intel/dmar.c';
export const IOMMU_C = 'drivers/iommu/intel/iommu.c';
export const PASID_C = 'drivers/iommu/intel/pasid.c';
export const PCIEHP_C = 'drivers/pci/hotplug/pciehp_pci.c';

/** The queue as it stood before the two repairs. */
export const v6_8 = patch('Linux 6.8');
/** No ATS invalidation to a device that is known to be disconnected: 4fc82cd907ac. */
export const testBefore = patch('vt-d: no ATS invalidation when disconnected', '4fc82cd907ac');
/** No retry after a time-out of a device that is absent. */
export const giveUp = patch(
  'vt-d: improve ITE fault handling, 3/8',
  '20240305122121.211482-4-baolu.lu@linux.intel.com',
);

export const SVM_C = 'drivers/iommu/intel/svm.c';

/** Shared virtual addresses of VT-d before the repair of the drain. */
export const v5_14 = patch('Linux 5.14');
/** Deadlock in the drain of page requests: pasid_mutex is released around the flush. */
export const drainUnlocked = patch(
  'vt-d: fix a deadlock in intel_svm_drain_prq(), 2/2',
  '20210828070622.2437559-3-baolu.lu@linux.intel.com',
);
/** Repairs that nobody has posted: what must be looked at again once the mutex is retaken. */
export const drainRepair = patch('repair of the merged form, found here');

/** PASIDs of a domain, with the first half of the repair (60f030f7418d): nothing is freed that was not found. */
export const v6_13 = patch('Linux 6.13 with 60f030f7418d');
/** Nothing at all is done for a PASID that was not found: CVE-2026-53281. */
export const detachListed = patch('vt-d: avoid NULL pointer dereference or refcount corruption, CVE-2026-53281');
/** A PASID table entry is torn down while it is present: CVE-2026-45894. */
export const tornTeardown = patch('vt-d: clear the present bit before tearing down a PASID entry', 'CVE-2026-45894');
/** A PASID table entry is replaced while it is present: CVE-2026-45945. */
export const tornReplace = patch('vt-d: replace a PASID entry that is present', 'CVE-2026-45945');
