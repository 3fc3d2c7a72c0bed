/** VFIO type1 SVA as scenarios use it. */
export { attachGroup, vfioIommuTryAttachGroup } from './attach.ts';
export { vfioIommuBindGroup, vfioIommuUnbind, vfioIommuUnbindGroup } from './bind.ts';
export { detachGroup } from './detach.ts';
export { vfioIommuFreeAllMm } from './free-all-mm.ts';
export { IommuGroup, iommuAttachGroup, iommuDetachGroup, MdevParent } from './iommu-group.ts';
export { vfioIommuMmExit } from './mm-exit.ts';
export {
  BindParams,
  TaskStruct,
  VFIO_PASID_INVALID,
  VfioDomain,
  VfioGroup,
  VfioIommu,
  VfioMm,
} from './objects.ts';
export { bindProcess, unbindProcess } from './process.ts';
export {
  boundProcessIsListed,
  exitedProcessIsForgotten,
  listedProcessIsBound,
  mmsAreGivenBack,
  pasidBelongsToMm,
  svaStateIsKnown,
} from './promises.ts';
export { putContainer, release, VfioContainer } from './release.ts';
export { putReplayed, vfioIommuReplayBind } from './replay.ts';
export {
  bindProcessAtStart,
  type Container,
  makeContainer,
  makeGroup,
  makeMdevGroup,
  makeParent,
  makeProcess,
  type Process,
} from './setup.ts';
export { seed0, TYPE1_C, v2_13 } from './sources.ts';
export * from './switches.ts';
export { exitMm, forkAtOldAddress, getMmByVpid } from './task.ts';
