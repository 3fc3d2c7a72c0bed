/** The objects of iommufd as scenarios and models on top of them use them. */

export {
  Access,
  iommufdAccessDestroy,
  iommufdAccessDestroyObject,
  iommufdAccessDetach,
  putSelftestAccess,
  SelftestAccess,
  syzConvIova,
} from './access.ts';
export {
  type AllocFrame,
  iommufdObjectAbort,
  iommufdObjectAbortAndDestroy,
  iommufdObjectFinalize,
  objectAlloc,
} from './alloc.ts';
export { iommufdDeviceDetach, iommufdDeviceDetachPasid, iommufdHwPagetablePut } from './attach.ts';
export { iommufdDeviceBind } from './bind.ts';
export { iommufdGetHwInfo, iommufdIoasIovaRanges, neverPut } from './calls.ts';
export {
  iommufdDeviceAttach,
  iommufdDeviceAttachPasid,
  iommufdDeviceReplace,
  iommufdDeviceReplacePasid,
} from './change-pt.ts';
export { destroyAndFree } from './destroy.ts';
export { iommufdDeviceDestroy, iommufdDeviceUnbind } from './device-destroy.ts';
export { closeDescriptor, iommufdFaultAbort, iommufdFaultAlloc } from './eventq.ts';
export {
  iommufdFaultDestroy,
  iommufdFaultRead,
  iommufdFaultReadToBadBuffer,
  iommufdFaultWrite,
} from './fault-queue.ts';
export { iommufdGetObject, iommufdLockObj, iommufdPutObject } from './get-put.ts';
export { iommufdHwptAlloc, iommufdHwptAllocNested } from './hwpt-alloc.ts';
export { iommufdHwptAbort, iommufdHwptDestroy, iommufdHwptNestedDestroy } from './hwpt-destroy.ts';
export { iommufdIoasDestroy, ioptReserve, ioptTableAddDomain, ioptTableRemoveDomain, ioptUnreserve } from './ioas.ts';
export { IoasList, iommufdIoasAlloc, iommufdIoasChangeProcess } from './ioas-alloc.ts';
export { deviceAsks, iommuReportDeviceFault, irqThread } from './iopf.ts';
export * from './iopf-objects.ts';
export { iommufdFopsMmap, iommufdViommuDestroy, Viommu } from './mmap.ts';
export * from './objects.ts';
export * from './promises.ts';
export { iommufdCtxPut, iommufdFopsRelease } from './release.ts';
export {
  iommufdDestroy,
  iommufdObjectDestroyUser,
  iommufdObjectPutAndTryDestroy,
  iommufdObjectRemove,
  iommufdObjectTombstoneUser,
  REMOVE_OBJ_TOMBSTONE,
  REMOVE_WAIT,
} from './remove.ts';
export * from './setup.ts';
export * from './sources.ts';
export * from './switches.ts';
