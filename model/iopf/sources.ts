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
/** The fault handler with a busy flag. */
export const v4_03 = patch('v4 03/26', '20200224182401.353359-4-jean-philippe@linaro.org');
/** The author's answer about two flushes at once: it should be a count. v5 has one. */
export const v4_03_review = patch('review of v4 03/26', '20200228144404.GD2156@myrica');
/** PRI again, two years later: in the queue first, and answers whether or not PRI is enabled. */
export const v5_25 = patch('v5 25/25', '20200414170252.714402-26-jean-philippe@linaro.org');
/** As merged: no low-level flush, no busy; the param lock is held while the workqueue is flushed. */
export const v5_13 = patch('Linux 5.13');
/** The PCI core: enabling, disabling and resetting a page request interface. */
export const pciAts = patch('Linux 4.17')('drivers/pci/ats.c');
/** What the patches build on or do not print: the specification. */
export const specB = patch('spec (b) IOPF queue');
export const specC = patch('spec (c) SMMUv3 and PCIe device');
/** A reduced bind, unbind and release notifier. */
export const reducedSva = patch('spec (a) iommu-sva core v2, reduced');
