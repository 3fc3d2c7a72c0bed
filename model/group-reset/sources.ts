/** Where the procedures of this folder come from. */
import { patch } from '../kernel/index.ts';

export const IOMMU_C = 'drivers/iommu/iommu.c';

/** Devices of a group that are reset one by one are counted, and fenced off. */
export const fenced = patch(
  'iommu: a blocked flag for each device of a group instead of resetting_domain',
  'b296ca1fb43a',
);
/** The repair: what must succeed passes the fence, devices in reset are left out. */
export const honoured = patch('iommu: fix WARN_ON in __iommu_group_set_domain_nofail() due to reset', '5474e6e17a26');
