/** A sketch of a mail thread, the VFIO code that it starts from, and what is ours. */
import { patch } from '../../checker/lang/index.ts';

/** /dev/ioasid as the container of a VFIO group (seed S2). It names the calls, and no lock or reference. */
export const seed2 = patch('reply to IOASID V4 05/18', '20210421175203.GN1370958@nvidia.com');
/** Locks, references and unwinding of the sketch, as the specification has them. */
export const specF = patch('spec (f) /dev/ioasid');

export const VFIO_C = 'drivers/vfio/vfio.c';
export const SHIM_C = 'drivers/vfio/ioasid_shim.c';
/** Where the sketch moves vfio_iommu_type1.c to. */
export const IOASID_DEV_C = 'drivers/ioasid/ioasid.c';
export const FILE_C = 'fs/file_table.c';
