/** Where the procedures of this folder come from. */
import { patch } from '../kernel/index.ts';

export const PAGES_C = 'drivers/iommu/iommufd/pages.c';
export const DMA_BUF_C = 'drivers/dma-buf/dma-buf.c';
export const TTM_C = 'drivers/gpu/drm/ttm/ttm_bo.c';

/** iommufd imports dma-bufs: attach, map, revoke, release. */
export const imports = patch('iommufd: Allow a DMABUF to be revoked, v2');
/** It pins what it has imported. */
export const pins = patch('8c5f9645c389');
/** DMARESV: and unpins it with the reservation lock. */
export const locked = patch('iommufd: Take dma_resv lock before dma_buf_unpin() in release path', 'CVE-2026-80633');
/** An exporter that counts its pins; dma_buf_attach(), _pin(), _unpin(), _detach(). */
export const exporter = patch('Linux 7.1');
