/** The invalidation queue of VT-d and the removal of a device behind it. */
export { PciBus, PciDev, QInval } from './objects.ts';
export { qiCheckFault, qiSubmitSync } from './qi.ts';
export { flushDeviceTlb, flushIotlb, linkDown, pciehpUnconfigure, releaseDevice, removeStore } from './remove.ts';
export { giveUp, IOMMU_C, testBefore, v6_8 } from './sources.ts';
export { devtlbTest, iteHandling } from './switches.ts';
