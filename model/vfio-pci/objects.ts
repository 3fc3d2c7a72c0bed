/**
 * A PCI function of VFIO with its BAR, dma-bufs that reach the BAR, and those who import them.
 *
 * Source: the patch that adds dma-bufs. Limits: one BAR, one importer a dma-buf; what a mapped importer does on the bus is
 * no step: it may do it at any time.
 */
import { bool, list, mutex, object, racy, ref, refcount, rwsem, type ViewOf } from '../kernel/index.ts';
import { CORE_C, DMA_BUF_C, DMABUF_C, exported } from './sources.ts';

/** struct dma_buf with its struct vfio_pci_dma_buf. */
export const DmaBuf = object(
  'dma_buf',
  {
    /** Of its file. */
    f_count: refcount(1),
    /** dma_resv_lock(). */
    resv: mutex(),
    revoked: bool(),
    /** priv->vdev is set. */
    has_vdev: bool(true),
  },
  { source: exported(DMABUF_C) },
);
export interface DmaBuf extends ViewOf<typeof DmaBuf> {}

/** struct vfio_pci_core_device and its function. */
export const VfioPci = object(
  'vdev',
  {
    memory_lock: rwsem(),
    dmabufs: list(DmaBuf, 2),
    /** Memory space is enabled (MSE). */
    enabled: bool(true),
    /** The regions are requested: nobody else has the addresses. */
    regions: bool(true),
    /** Another driver has the addresses now. */
    claimed: bool(),
  },
  { permanent: true, source: exported(CORE_C) },
);
export interface VfioPci extends ViewOf<typeof VfioPci> {}

/** A device that imports a dma-buf, such as a network card. */
export const Importer = object(
  'importer',
  { dmabuf: racy(ref(DmaBuf), 'what a user has open, and no pointer of the kernel'), mapped: bool() },
  { permanent: true, source: exported(DMA_BUF_C) },
);
export interface Importer extends ViewOf<typeof Importer> {}
