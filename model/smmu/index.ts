/** The SMMUv3 driver around its command queue: unmap, bind and unbind, ATS, stalls. */
export { armSmmuSvaBind, exitBound } from './context.ts';
export { SvaNumbers } from './objects.ts';
export { atcOrder, SMMU_C, SVA_C, shareCd, specC } from './sources.ts';
export { bindInvalidates, numbersFreed, unbindWithout, unbindWrites, unmapOrder } from './switches.ts';
export { iommuUnmap } from './unmap.ts';
