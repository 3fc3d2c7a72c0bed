/** The patch that this folder models, and the mail that discusses how it is used with mediated devices. */
import { patch } from '../../checker/lang/index.ts';

/** VFIO: bind and unbind a process, replay, mm_exit. */
export const v2_13 = patch('v2 13/40', '20180511190641.23008-14-jean-philippe.brucker@arm.com');
/** Mediated devices on one parent, and why shutdown must wait. */
export const seed0 = patch('reply to v2 13/40', 'fea420ff-e738-e2ed-ab1e-a3f4dde4b6ef@arm.com');
/** The IOMMU core below VFIO, as far as v2 13/40 calls it. */
export const iommuCore = patch('spec (d), the IOMMU core that v2 13/40 calls');

export const TYPE1_C = 'drivers/vfio/vfio_iommu_type1.c';
export const IOMMU_C = 'drivers/iommu/iommu.c';
export const VFIO_C = 'drivers/vfio/vfio.c';
