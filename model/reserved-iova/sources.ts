/** The patch that this folder models, the review of it, and what it builds on. */
import { patch } from '../../checker/lang/index.ts';

/** Get and put of a reserved IOVA, with the review that asks for something simpler (seed S3). */
export const v7_06 = patch('v7 06/10', '1461084994-2355-7-git-send-email-eric.auger@linaro.org');
export const review = patch('review of v7 06/10', '5717B541.7090003@arm.com');
/** Reserved IOVA domains. */
export const v7_04 = patch('v7 04/10');
/** The tree of bindings. */
export const v7_05 = patch('v7 05/10');
/** Bindings are deleted with the reserved domain; known by its title. */
export const v7_07 = patch('v7 07/10, from its title');
/** Which domain translates an MSI, and the swap of the doorbell's address; known by their documentation. */
export const v7_08 = patch('v7 08/10 and 09/10, from their documentation');
/** The domain's end frees its reserved domain; known by its title. */
export const v7_10 = patch('v7 10/10, from its title');
/** What came of the review: MSI pages of a domain. */
export const merged = patch('Linux 4.17 (after fdbe574eb693)');
/** What the series builds on or who calls it. */
export const specG = patch('spec (g) reserved IOVA v7');

export const RESERVED_C = 'drivers/iommu/dma-reserved-iommu.c';
export const DMA_IOMMU_C = 'drivers/iommu/dma-iommu.c';
export const IOVA_C = 'drivers/iommu/iova.c';
export const IOMMU_C = 'drivers/iommu/iommu.c';
export const MSI_C = 'kernel/irq/msi.c';
