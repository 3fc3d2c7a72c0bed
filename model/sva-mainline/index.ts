/** Mainline SVA: bonds between devices and address spaces, and the path of a page request to its answer. */
export {
  ArmMm,
  ArmSva,
  armMmRelease,
  armNotifierFree,
  armSvaUnbind,
  CtxDesc,
  SmmuNotifier,
} from './asid.ts';
export { iommuAttachDevicePasid, iommuDetachDevicePasid } from './attach.ts';
export { iommuSvaBindDevice } from './bind.ts';
export { driverClose, driverOpen, iommuReleaseDevice } from './device.ts';
export { intelMmRelease, iommuDomainFree, iommuSvaDomainAlloc, mmuNotifierFreeRcu } from './domain.ts';
export { faultParamFree } from './fault-param.ts';
export { iommuSvaHandleIopf, iommuSvaIopfHandler } from './handle.ts';
export { disableFeature, intelDisableIopf, intelEnableIopf } from './iopf.ts';
export { mmdrop, mmput } from './mm.ts';
export {
  DevIommu,
  Device,
  DriverFile,
  FaultParam,
  Handle,
  IntelIommu,
  IommuGroup,
  IommuMm,
  IommuSva,
  IopfGroup,
  IopfHandler,
  IopfQueue,
  Mm,
  SvaDomain,
  XaNode,
} from './objects.ts';
export { xaNodeFree } from './pasid-array.ts';
export { drainPasidPrq, tearDownEntry } from './pasid-entry.ts';
export { prqEventThread } from './prq.ts';
export { iopfQueueAddDevice, iopfQueueRemoveDevice } from './queue.ts';
export { iommuReportDeviceFault } from './report.ts';
export { bondAtStart, type Core, makeCore, makeDevice, makeFile, makeProcess, pasidAtStart } from './setup.ts';
export * from './sources.ts';
export * from './switches.ts';
export { iommuSvaUnbindDevice } from './unbind.ts';
