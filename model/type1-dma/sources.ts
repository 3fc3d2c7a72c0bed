/** Where the procedures of this folder come from. */
import { patch } from '../kernel/index.ts';

export const TYPE1_C = 'drivers/vfio/vfio_iommu_type1.c';
export const MM_C = 'mm/util.c';
export const EXEC_C = 'fs/exec.c';

/** type1 before the series of December 2022. */
export const v6_1 = patch('Linux 6.1');
/** No invalid addresses where there is a mediated device: merged as ef3a3f6a294b. */
export const excludeMdevs = patch(
  'vfio/type1: exclude mdevs from VFIO_UPDATE_VADDR',
  'ef3a3f6a294ba65fd906a291553935881796f8a5',
);
/** The address space is kept with the mapping. */
export const saveMm = patch(
  'vfio/type1: prevent underflow of locked_vm via exec()',
  '046eca5018f8a5dd1dc2cedf87fb5843b9ea3026',
);
/** A mapping changes its owner. */
export const changeOwner = patch('vfio/type1: restore locked_vm', '90fdd158a695d70403163f9a0e4efc5b20f3fd3e');
