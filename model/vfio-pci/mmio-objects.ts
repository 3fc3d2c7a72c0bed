/**
 * A PCI function of VFIO whose BAR processes have mapped, and their address spaces.
 *
 * Source: vfio_pci.c of Linux 5.8 and later. Limits: one BAR, mapped once by a process, as one page; the address space
 * stays, so that mmget_not_zero() does not fail.
 */
import { atomic, bool, list, mutex, object, pointerTo, ptr, ref, rwsem, type ViewOf } from '../kernel/index.ts';
import { blockMmio, MM_C, PCI_C } from './sources.ts';

/** struct vm_area_struct of the BAR. */
export const BarVma = object('vma', { vm_mm: pointerTo<MmioMm>() }, { source: blockMmio(MM_C) });
export interface BarVma extends ViewOf<typeof BarVma> {}

/** struct mm_struct. */
export const MmioMm = object(
  'mm_struct',
  {
    mmap_lock: rwsem(),
    vma: ref(BarVma),
    /** The BAR is in the page table: under the lock of the page table, and walked by the processor without one. */
    pte: atomic(bool(), 'under the lock of the page table'),
  },
  { permanent: true, source: blockMmio(MM_C) },
);
export interface MmioMm extends ViewOf<typeof MmioMm> {}

/** struct vfio_pci_mmap_vma: a mapping that was accessed since the last zap. */
export const MmapVma = object('vfio_pci_mmap_vma', { vma: ptr(BarVma) }, { source: blockMmio(PCI_C) });
export interface MmapVma extends ViewOf<typeof MmapVma> {}

/** struct vfio_pci_device. */
export const MmioDevice = object(
  'vdev',
  {
    memory_lock: rwsem(),
    vma_lock: mutex(),
    vma_list: list(MmapVma, 3),
    /** Of the file's mapping, with its interval tree. */
    i_mmap_rwsem: rwsem(),
    i_mmap: list(BarVma, 2),
    /** Memory space is enabled (MSE). */
    enabled: bool(true),
    /** Ghost: read() has reached the BAR. */
    was_read: bool(),
  },
  { permanent: true, source: blockMmio(PCI_C) },
);
export interface MmioDevice extends ViewOf<typeof MmioDevice> {}
