/** VFIO PCI devices whose BARs are dma-bufs, as scenarios use them. */
export { otherDriver, vfioPciCoreCloseDevice, vfioPciCoreDisable } from './close.ts';
export { closeBuf, dmaBufCleanup, dmaBufPut, importBuf } from './dma-buf.ts';
export { DmaBuf, Importer, VfioPci } from './objects.ts';
export { addressesAreOwn, mappedMeansEnabled } from './promises.ts';
export * from './sources.ts';
export * from './switches.ts';
