/** dma-bufs that iommufd imports, as scenarios use them. */
export { dmaBufPut, exporterMoves } from './buffer.ts';
export { Attachment, DmaBuf, IoptPages } from './objects.ts';
export { ioptReleasePages, mapThenUnmap } from './pages.ts';
export { pinsAreCounted } from './promises.ts';
export * from './sources.ts';
export * from './switches.ts';
