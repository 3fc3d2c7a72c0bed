/** The SMMUv3 driver around its command queue: unmap, bind and unbind, ATS. */
export { armSmmuGerrorHandler, unmapUnanswered } from './atc-timeout.ts';
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
export { ArmSmmuDomain, AtcTimeouts, SvaNumbers } from './objects.ts';
export { writeDescriptor } from './replace.ts';
export { atcOrder, atsCount, badSetup, quarantine, SMMU_C, SVA_C, shareCd, specC, v6_19 } from './sources.ts';
export {
  atcCommands,
  atcTimeout,
  bindInvalidates,
  broadcast,
  cutOffWithout,
  descriptorReplace,
  enableBarrier,
  failedReport,
  fullEvtq,
  numbersFreed,
  queueRemoval,
  secondaryInvalidation,
  secondaryTlbi,
  syncWait,
  unbindWithout,
  unbindWrites,
  unmapBarrier,
  unmapOrder,
} from './switches.ts';
export { iommuUnmap } from './unmap.ts';
