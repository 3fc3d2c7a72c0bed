/**
 * A dma-buf with its exporter, and what iommufd keeps of an import.
 *
 * Source: dma-buf.h, iommufd's pages.c, ttm_bo.c. Limits: an exporter with one buffer, which it may move while nobody pins
 * it; the mapping of an import is a flag.
 */
import {
  bool,
  int,
  list,
  mutex,
  object,
  pointerTo,
  ptr,
  ref,
  refcount,
  spinlock,
  type ViewOf,
} from '../kernel/index.ts';
import { DMA_BUF_C, exporter, imports, PAGES_C } from './sources.ts';

/** struct dma_buf_attachment. Ghost: the importer has a pin. */
export const Attachment = object(
  'dma_buf_attachment',
  { importer_priv: pointerTo<IoptPages>(), pinned: bool() },
  { source: exporter(DMA_BUF_C) },
);
export interface Attachment extends ViewOf<typeof Attachment> {}

/** struct dma_buf, with the buffer object of its exporter. */
export const DmaBuf = object(
  'dma_buf',
  {
    /** Of its file. */
    f_count: refcount(1),
    /** dma_resv_lock(). */
    resv: mutex(),
    attachments: list(Attachment, 3),
    /** bo->bdev->lru_lock. */
    lru_lock: spinlock(),
    /** Of the buffer object, under the reservation lock. */
    pin_count: int(0, 4),
  },
  { source: exporter(DMA_BUF_C) },
);
export interface DmaBuf extends ViewOf<typeof DmaBuf> {}

/** struct iopt_pages of an import. */
export const IoptPages = object(
  'iopt_pages',
  {
    mutex: mutex(),
    attach: ref(Attachment),
    dmabuf: ptr(DmaBuf),
    /** phys.len: the addresses of the exporter, until it takes them back. */
    valid: bool(),
  },
  { source: imports(PAGES_C) },
);
export interface IoptPages extends ViewOf<typeof IoptPages> {}
