/** The choices inside the end of a VFIO PCI device. The first value of each is the code as it was. */
import { switchOf } from '../kernel/index.ts';

/** VFIO-DMABUF. */
export const closeOrder = switchOf(
  'vfio-pci.close',
  'the last close disables the function and then revokes what dma-bufs reach, or the other way round',
  'disable, revoke',
  'revoke, disable',
);

/** The early posting tests in attach only. */
export const mapTest = switchOf(
  'vfio-pci.map',
  'whether a map of the dma-buf tests, under the reservation lock, that access was not revoked',
  'untested',
  'tested',
);

/** MMIO-ABBA: the repair of CVE-2020-12888, and bc93b9ae0151. */
export const barRead = switchOf(
  'vfio-pci.bar-read',
  'read() of a BAR holds memory_lock across the copy to user space, or for the access alone',
  'across the copy',
  'for the access',
);

/** abafbc551fdd, 6a45ece4c9af, aac6db75a9fc. */
export const mmapFault = switchOf(
  'vfio-pci.mmap-fault',
  'a fault lists its vma, drops vma_lock, and maps it; maps and lists it under vma_lock unless it is listed; or maps one ' +
    'page with memory_lock alone',
  'unlocks early',
  'holds vma_lock',
  'without list',
);

/** abafbc551fdd, two forms that nobody posted, and aac6db75a9fc. */
export const zapBars = switchOf(
  'vfio-pci.zap',
  'who disables memory takes mmap_lock of each mapping with no lock held; with vma_lock held; with memory_lock held; or ' +
    'finds mappings by the file and takes none',
  'drops vma_lock',
  'keeps vma_lock',
  'keeps memory_lock',
  'by file',
);
