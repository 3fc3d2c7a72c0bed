/** VFIO PCI devices whose BARs are mapped, or dma-bufs, as scenarios use them. */
export { otherDriver, vfioPciCoreCloseDevice, vfioPciCoreDisable } from './close.ts';
export { closeBuf, dmaBufCleanup, dmaBufPut, importBuf } from './dma-buf.ts';
export { accessBar, disableAndEnable, mapOver, vfioPciBarRead } from './mmio.ts';
export { BarVma, MmapVma, MmioDevice, MmioMm } from './mmio-objects.ts';
export { DmaBuf, Importer, VfioPci } from './objects.ts';
export { addressesAreOwn, mappedMeansEnabled, noMmioWhileDisabled } from './promises.ts';
export * from './sources.ts';
export * from './switches.ts';
