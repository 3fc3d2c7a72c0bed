/** Where the procedures of this folder come from. */
import { patch } from '../kernel/index.ts';

export const CORE_C = 'drivers/vfio/pci/vfio_pci_core.c';
export const DMABUF_C = 'drivers/vfio/pci/vfio_pci_dmabuf.c';
export const DMA_BUF_C = 'drivers/dma-buf/dma-buf.c';

/** BARs of a function as dma-bufs: an early posting, read whole. */
export const exported = patch('vfio/pci: Add dma-buf export support for MMIO regions');
/** Access is revoked before the function is disabled: CVE-2026-53322. */
export const cleanUpFirst = patch('vfio/pci: Clean up DMABUFs before disabling function', 'CVE-2026-53322');

export const RDWR_C = 'drivers/vfio/pci/vfio_pci_rdwr.c';
export const PCI_C = 'drivers/vfio/pci/vfio_pci.c';
export const CONFIG_C = 'drivers/vfio/pci/vfio_pci_config.c';
export const MM_C = 'mm/mmap.c';
export const FAULT_C = 'mm/memory.c';
/** MMIO is blocked while memory space is disabled: CVE-2020-12888. */
export const blockMmio = patch('abafbc551fdd', 'CVE-2020-12888');
/** read() and write() of a BAR hold memory_lock for the access alone. */
export const shortRead = patch('bc93b9ae0151');
/** A fault looks whether its vma is mapped already, and maps it before it drops vma_lock. */
export const concurrentFaults = patch('6a45ece4c9af');
/** Mappings are found by the file of the device, without a list of vmas. */
export const byFile = patch('aac6db75a9fc');
