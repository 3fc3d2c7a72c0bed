/** IOASID sets, their IDs and subscribers, as scenarios use them. */
export { ioasidAlloc, ioasidSetAlloc } from './alloc.ts';
export { ioasidAttachData, ioasidAttachSpid, ioasidDetachData, ioasidDetachSpid, ioasidFind } from './data.ts';
export {
  ioasidFree,
  ioasidFreeAllInSet,
  ioasidGet,
  ioasidGetIfOwned,
  ioasidPut,
  ioasidSetFree,
} from './free.ts';
export {
  IntelSvm,
  Ioasid,
  IoasidData,
  IoasidSet,
  IoasidSetNb,
  IoasidUser,
  Kvm,
  LAST_ID,
  NotifierBlock,
  SvaBond,
  SvaLib,
  SvaMm,
  Vdcm,
  VtdDevice,
} from './objects.ts';
export {
  freePendingEnds,
  freePendingPasses,
  idOutlivesItsUse,
  noPasidIsLeft,
  onePasidEach,
  quotaIsBalanced,
  userHasItsId,
} from './promises.ts';
export { ioasidFindMmSet, ioasidRegisterNotifierMm, ioasidUnregisterNotifierMm } from './register.ts';
export {
  allocAtStart,
  bindAtStart,
  type IoasidParts,
  kvmAtStart,
  makeCleanup,
  makeIoasid,
  makeIommu,
  makeKvm,
  openAtStart,
  vdcmAtStart,
} from './setup.ts';
export * from './sources.ts';
export { iommuSvaAllocPasid, iommuSvaFreePasid, svaBoundThenUnbound } from './sva-pasid.ts';
export { bindGpasid, unbindGpasid } from './svm.ts';
export * from './switches.ts';
export { userAlloc, userFree, userFreeAwaited, userOpen, userRelease, vmDies } from './user.ts';
export { vdcmStop } from './vdcm.ts';
