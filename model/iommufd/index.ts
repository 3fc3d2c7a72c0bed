/** The objects of iommufd as scenarios and models on top of them use them. */
export {
  type AllocFrame,
  iommufdObjectAbort,
  iommufdObjectAbortAndDestroy,
  iommufdObjectFinalize,
  objectAlloc,
} from './alloc.ts';
export { iommufdGetHwInfo, iommufdIoasIovaRanges, neverPut } from './calls.ts';
export { iommufdDeviceDestroy, iommufdDeviceUnbind } from './device-destroy.ts';
export { iommufdGetObject, iommufdLockObj, iommufdPutObject } from './get-put.ts';
export { iommufdHwptAbort, iommufdHwptDestroy } from './hwpt-destroy.ts';
export { iommufdIoasDestroy, ioptReserve, ioptTableAddDomain, ioptTableRemoveDomain, ioptUnreserve } from './ioas.ts';
export * from './objects.ts';
export * from './promises.ts';
export { iommufdCtxPut, iommufdFopsRelease } from './release.ts';
export {
  destroyAndFree,
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
