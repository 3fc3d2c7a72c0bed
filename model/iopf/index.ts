/** The IOPF queue from v2 of 2018 to Linux 5.13, with the PRI queue of the SMMUv3 driver and a reduced bind and unbind. */
export { svaBind, svaUnbind } from './bind.ts';
export { closeBound, coreHooks, openBound } from './core.ts';
export {
  acquireDevice,
  closeContext,
  killTask,
  openContext,
  releaseDevice,
  resetFunction,
  stopContext,
} from './driver.ts';
export { iopfQueueFlushDev, iopfQueueFlushDevLocked } from './flush.ts';
export { iopfHandleGroup } from './handle.ts';
export {
  hw,
  LAST_PASID,
  type PageRequest,
  type PciContext,
  type PciFunction,
  pageResponse,
  requestIsFixed,
} from './hardware.ts';
export {
  ArmSmmuQueue,
  Device,
  FaultEvent,
  IommuSva,
  IopfDeviceParam,
  IopfFault,
  IopfGroup,
  IopfQueue,
  PageResponseOp,
  PriMaster,
} from './objects.ts';
export { armSmmuSvaShutdown, openWithPri } from './pri.ts';
export { armSmmuFlushPriq, armSmmuPriqThread } from './priq.ts';
export {
  iopfQueueAddDevice,
  iopfQueueDiscardPartial,
  iopfQueueFree,
  iopfQueueRemoveDevice,
} from './queue.ts';
export { IoMm, iommuNotifierRelease } from './release.ts';
export { armSmmuRemoveDevice } from './remove.ts';
export { iommuReportDeviceFault } from './report.ts';
export { iommuPageResponse, oneResponse, priResponse, smmuPageResponse, smmuPriResponse } from './respond.ts';
export {
  afterFlush,
  betweenUsers,
  commandQueue,
  deviceStop,
  discardPartial,
  failedBy,
  groupMatch,
  groupNoMemory,
  iopfRevision,
  overflowPartial,
  pageResponseBy,
  partialFaults,
  priAnswers,
  priqAccounting,
  priqFlushWait,
  priReset,
  priShutdown,
  releaseFlush,
  removeOrder,
  responsePasid,
  stopMarkers,
  stopWait,
  svaCore,
  unbindOrder,
  workerMmput,
} from './switches.ts';
