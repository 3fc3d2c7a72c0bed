/** The SMMUv3 driver around its command queue: unmap, bind and unbind, ATS. */
export { armSmmuGerrorHandler, unmapUnanswered } from './atc-timeout.ts';
export { armSmmuEnableAts, NR_ATS_MASTERS, PTE, unmapLockless } from './ats.ts';
export { munmapShared } from './btm.ts';
export { armSmmuSvaBind, exitBound } from './context.ts';
export { armSmmuEvtqThread, handleStall, removeFromQueue, reportStall, StallGroup } from './evtq.ts';
export {
  ArmSmmuDomain,
  ArmSmmuMaster,
  ArmSmmuPriq,
  ArmSmmuStreams,
  AtcTimeouts,
  FaultParam,
  PendingStall,
  StallDevice,
  SvaNumbers,
} from './objects.ts';
export { writeDescriptor } from './replace.ts';
export {
  atcOrder,
  atsCount,
  badSetup,
  priStreams,
  quarantine,
  SMMU_C,
  SVA_C,
  shareCd,
  sidTree,
  specC,
  strtab,
  v6_19,
} from './sources.ts';
export { attachDomain, freeDomain } from './stream-table.ts';
export { armSmmuEvtqStreams, armSmmuFlushPriqStreams, armSmmuPriqStreams, armSmmuReleaseDevice } from './streams.ts';
export {
  atcCommands,
  atcTimeout,
  bindInvalidates,
  broadcast,
  cutOffWithout,
  descriptorReplace,
  domainFree,
  enableBarrier,
  failedReport,
  fullEvtq,
  masterFaults,
  masterLookup,
  numbersFreed,
  queueRemoval,
  releaseOrder,
  responseMaster,
  secondaryInvalidation,
  secondaryTlbi,
  steReplace,
  streamIds,
  syncWait,
  unbindWithout,
  unbindWrites,
  unknownStream,
  unmapBarrier,
  unmapOrder,
} from './switches.ts';
export { iommuUnmap } from './unmap.ts';
