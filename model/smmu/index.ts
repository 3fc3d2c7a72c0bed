/** The SMMUv3 driver around its command queue: unmap, bind and unbind, ATS. */
export { armSmmuEnableAts, NR_ATS_MASTERS, PTE, unmapLockless } from './ats.ts';
export { munmapShared } from './btm.ts';
export { armSmmuSvaBind, exitBound } from './context.ts';
export {
  armSmmuEvtqThread,
  FaultParam,
  handleStall,
  PendingStall,
  removeFromQueue,
  reportStall,
  StallDevice,
  StallGroup,
} from './evtq.ts';
export { ArmSmmuDomain, SvaNumbers } from './objects.ts';
export { writeDescriptor } from './replace.ts';
export { atcOrder, atsCount, badSetup, SMMU_C, SVA_C, shareCd, specC } from './sources.ts';
export {
  bindInvalidates,
  broadcast,
  descriptorReplace,
  enableBarrier,
  failedReport,
  fullEvtq,
  numbersFreed,
  queueRemoval,
  secondaryInvalidation,
  secondaryTlbi,
  unbindWithout,
  unbindWrites,
  unmapBarrier,
  unmapOrder,
} from './switches.ts';
export { iommuUnmap } from './unmap.ts';
