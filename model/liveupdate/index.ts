/** Live update of iommufd as scenarios use it. */
export { checkIoptPagesPreserved, ioptMapPages, ioptUnmap } from './areas.ts';
export {
  BootAttachment,
  bootDomainStays,
  destroyRestored,
  deviceMovesOn,
  finishRestored,
} from './boot-attachment.ts';
export { iommuDomainPreserve, iommuDomainUnpreserve, iommuPreserveDevice, iommuUnpreserveDevice } from './core.ts';
export { iommufdDevicePreserve, iommufdDeviceUnpreserve } from './device.ts';
export { kexec } from './kexec.ts';
export { iommufdHwptMarkPreserve, iommufdHwptUnmark, LIVEUPDATE_MARK } from './mark.ts';
export { advance, followsProtocol, LuMonitor } from './monitor.ts';
export * from './objects.ts';
export * from './promises.ts';
export {
  finishUntilDone,
  iommufdHwptRestore,
  iommufdLiveupdateFinish,
  iommufdLiveupdateRetrieve,
  iommufdRestoredDestroy,
  waitForBoot,
} from './restore.ts';
export * from './revisions.ts';
export { afterPreserve, cancel, preserveDevice, preserveIommufd } from './session.ts';
export * from './setup.ts';
export * from './sources.ts';
export * from './switches.ts';
export { destroyUntilGone, preservedForWhoAsked, tokensComeBack, Vmm, vmmReuses } from './vmm.ts';
