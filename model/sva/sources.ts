/** The patches of the 2018 series that this folder models, for the source of each procedure. */
import { patch } from '../kernel/index.ts';

/** Binding API: init, shutdown, bind, unbind. */
export const v2_02 = patch('v2 02/40');
/** io_mm: allocation, attach, detach. */
export const v2_03 = patch('v2 03/40');
/** mm_exit callback. */
export const v2_04 = patch('v2 04/40');
/** mmu notifier: release, waiting for mm_exit. */
export const v2_05 = patch('v2 05/40', '20180511190641.23008-6-jean-philippe.brucker@arm.com');
/** Search by PASID. */
export const v2_06 = patch('v2 06/40');
/** Fault handler and its queue. */
export const v2_07 = patch('v2 07/40', '20180511190641.23008-8-jean-philippe.brucker@arm.com');
/** Fault handler registration in init and shutdown. */
export const v2_09 = patch('v2 09/40');
/** The proposal to return early from shutdown, and its rejection. */
export const seed0 = patch('reply to v2 13/40', 'fea420ff-e738-e2ed-ab1e-a3f4dde4b6ef@arm.com');

export const IOMMU_SVA_C = 'drivers/iommu/iommu-sva.c';
