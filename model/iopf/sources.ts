/** Where the procedures of this folder come from. */
import { patch } from '../kernel/index.ts';

/** Page fault handler and its queue. */
export const v2_07 = patch('v2 07/40', '20180511190641.23008-8-jean-philippe.brucker@arm.com');
/** Handling of faults on an mm. */
export const v2_08 = patch('v2 08/40', '20180511190641.23008-9-jean-philippe.brucker@arm.com');
/** Operations of the SMMUv3 driver for the SVA core. */
export const v2_28 = patch('v2 28/40', '20180511190641.23008-29-jean-philippe.brucker@arm.com');
/** Flush of the fault queues by the SMMUv3 driver. */
export const v2_30 = patch('v2 30/40', '20180511190641.23008-31-jean-philippe.brucker@arm.com');
/** PRI of the SMMUv3 driver. */
export const v2_39 = patch('v2 39/40', '20180511190641.23008-40-jean-philippe.brucker@arm.com');
/** What the patches build on or do not print: the specification. */
export const specB = patch('spec (b) IOPF queue');
export const specC = patch('spec (c) SMMUv3 and PCIe device');
/** A reduced bind, unbind and release notifier. */
export const reducedSva = patch('spec (a) iommu-sva core v2, reduced');
