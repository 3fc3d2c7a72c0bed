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
