/** Where the procedures of this folder come from. */
import { patch } from '../kernel/index.ts';

export const CORE_C = 'drivers/vfio/pci/vfio_pci_core.c';
export const DMABUF_C = 'drivers/vfio/pci/vfio_pci_dmabuf.c';
export const DMA_BUF_C = 'drivers/dma-buf/dma-buf.c';

/** BARs of a function as dma-bufs: an early posting, read whole. */
export const exported = patch('vfio/pci: Add dma-buf export support for MMIO regions');
/** Access is revoked before the function is disabled: CVE-2026-53322. */
export const cleanUpFirst = patch('vfio/pci: Clean up DMABUFs before disabling function', 'CVE-2026-53322');
