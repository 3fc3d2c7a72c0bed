/** The SVA core as other systems and scenarios use it. */
export { ioMmAttach, iommuSvaBindDevice } from './bind.ts';
export * from './callbacks.ts';
export { ContextTable, contextAttach, contextDetach } from './context-driver.ts';
export { IOMMU_SVA_FEAT_IOPF, iommuSvaDeviceInit, iommuSvaDeviceShutdown } from './device.ts';
export { DriverData, driverMmExit, driverRemove, driverUnbind } from './driver.ts';
export {
  FaultMaster,
  FaultParam,
  flushFaultQueue,
  handleFault,
  leaveFaultQueue,
  QueuedFault,
  registerFaultHandler,
  removeDevice,
  reportFault,
  stopReporting,
  unregisterFaultHandler,
} from './fault-handler.ts';
export { iommuSvaFind } from './find.ts';
export { ioMmAlloc, ioMmFree, ioMmPut, ioMmPutLocked } from './io-mm.ts';
export { lockSva, unlockSva } from './lock.ts';
export { iommuNotifierInvalidateRange, iommuNotifierRelease } from './notifier.ts';
export { type Bond, Device, IoMm, IommuBond, IommuDomain, IommuSva, MAX_PASID } from './objects.ts';
export {
  bindAtStart,
  initAtStart,
  makeDevice,
  makeSva,
  readyDeviceInit,
  readyDeviceShutdown,
  type SvaParts,
} from './setup.ts';
export * from './switches.ts';
export { iommuSvaUnbindDevAll, iommuSvaUnbindDevice } from './unbind.ts';
