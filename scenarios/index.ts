/** The scenarios that come with quiesce: bug corpus and examples at once. One line each, in the order of their names. */
import type { Scenario } from '../checker/lang/index.ts';
import amdBindKeepsUsers from './amd-bind-keeps-users.ts';
import amdReleaseFreesNotifier from './amd-release-frees-notifier.ts';
import amdSpuriousWakeup from './amd-spurious-wakeup.ts';
import groupResetVsRelease from './group-reset-vs-release.ts';
import ioasidAttachGroups from './ioasid-attach-groups.ts';
import ioasidBindVsFree from './ioasid-bind-vs-free.ts';
import ioasidCleanupVsUnbind from './ioasid-cleanup-vs-unbind.ts';
import ioasidGuestSva from './ioasid-guest-sva.ts';
import ioasidHostPasid from './ioasid-host-pasid.ts';
import ioasidQuota from './ioasid-quota.ts';
import ioasidSetLife from './ioasid-set-life.ts';
import ioasidShimClose from './ioasid-shim-close.ts';
import ioasidTwoLocks from './ioasid-two-locks.ts';
import iommuProbeVsConfigure from './iommu-probe-vs-configure.ts';
import iommufdAbortVsFput from './iommufd-abort-vs-fput.ts';
import iommufdAccessVsDetach from './iommufd-access-vs-detach.ts';
import iommufdAttachVsDestroy from './iommufd-attach-vs-destroy.ts';
import iommufdBindVsUnbind from './iommufd-bind-vs-unbind.ts';
import iommufdDestroyVsDestroy from './iommufd-destroy-vs-destroy.ts';
import iommufdDetachVsReplace from './iommufd-detach-vs-replace.ts';
import iommufdDmabufUnpin from './iommufd-dmabuf-unpin.ts';
import iommufdFaultVsDetach from './iommufd-fault-vs-detach.ts';
import iommufdFaultVsReplace from './iommufd-fault-vs-replace.ts';
import iommufdIoasAllocVsChange from './iommufd-ioas-alloc-vs-change.ts';
import iommufdLinkedTwice from './iommufd-linked-twice.ts';
import iommufdMmapVsDestroy from './iommufd-mmap-vs-destroy.ts';
import iommufdNestedVsDestroy from './iommufd-nested-vs-destroy.ts';
import iommufdPasidAttach from './iommufd-pasid-attach.ts';
import iommufdPutVsDestroy from './iommufd-put-vs-destroy.ts';
import iommufdTwoDestroys from './iommufd-two-destroys.ts';
import iommufdWaitTimeout from './iommufd-wait-timeout.ts';
import iopfCoreUnbind from './iopf-core-unbind.ts';
import iopfDiscardPartial from './iopf-discard-partial.ts';
import iopfFlushThenClear from './iopf-flush-then-clear.ts';
import iopfLostLast from './iopf-lost-last.ts';
import iopfQueuedResponse from './iopf-queued-response.ts';
import iopfTwoFlushers from './iopf-two-flushers.ts';
import iopfWorkerMmput from './iopf-worker-mmput.ts';
import luHalfBuiltMap from './lu-half-built-map.ts';
import luLocksInXa from './lu-locks-in-xa.ts';
import luPreserveVsDestroy from './lu-preserve-vs-destroy.ts';
import luReplaceAfterPreserve from './lu-replace-after-preserve.ts';
import luSharedIoas from './lu-shared-ioas.ts';
import luStickyMark from './lu-sticky-mark.ts';
import luTrailingRecords from './lu-trailing-records.ts';
import luTwoRestores from './lu-two-restores.ts';
import luTwoTokens from './lu-two-tokens.ts';
import luUnpreserveMarks from './lu-unpreserve-marks.ts';
import mdevOpenVsClose from './mdev-open-vs-close.ts';
import mdevParentRemoval from './mdev-parent-removal.ts';
import mdevSharedProcess from './mdev-shared-process.ts';
import peersDining from './peers/dining.ts';
import peersPeterson from './peers/peterson.ts';
import peersSva from './peers/sva.ts';
import riovaDomainFree from './riova-domain-free.ts';
import riovaMapSleeps from './riova-map-sleeps.ts';
import riovaOverlap from './riova-overlap.ts';
import riovaPutVsGet from './riova-put-vs-get.ts';
import riovaRecreated from './riova-recreated.ts';
import riovaSequential from './riova-sequential.ts';
import riovaTwoGets from './riova-two-gets.ts';
import smmuAtcBeforeTlb from './smmu-atc-before-tlb.ts';
import smmuAtcTimeout from './smmu-atc-timeout.ts';
import smmuAtsEnableVsUnmap from './smmu-ats-enable-vs-unmap.ts';
import smmuBtm from './smmu-btm.ts';
import smmuFindMaster from './smmu-find-master.ts';
import smmuFlushVsPriq from './smmu-flush-vs-priq.ts';
import smmuPprVsRelease from './smmu-ppr-vs-release.ts';
import smmuPriDisable from './smmu-pri-disable.ts';
import smmuRemoveDevice from './smmu-remove-device.ts';
import smmuStallResume from './smmu-stall-resume.ts';
import smmuStopMarker from './smmu-stop-marker.ts';
import smmuStreamTable from './smmu-stream-table.ts';
import smmuSurpriseRemoval from './smmu-surprise-removal.ts';
import smmuTornDescriptor from './smmu-torn-descriptor.ts';
import smmuUnbindOrder from './smmu-unbind-order.ts';
import svaBindVsBind from './sva-bind-vs-bind.ts';
import svaBindVsShutdown from './sva-bind-vs-shutdown.ts';
import svaBondLateWaiter from './sva-bond-late-waiter.ts';
import svaBondTwoWaiters from './sva-bond-two-waiters.ts';
import svaEarlyShutdown from './sva-early-shutdown.ts';
import svaInitVsInit from './sva-init-vs-init.ts';
import svaMainlineAsid from './sva-mainline-asid.ts';
import svaMainlinePartialReturn from './sva-mainline-partial-return.ts';
import svaMainlinePasidLife from './sva-mainline-pasid-life.ts';
import svaMainlineReleaseVsReport from './sva-mainline-release-vs-report.ts';
import svaMainlineRemoveVsWorker from './sva-mainline-remove-vs-worker.ts';
import svaMainlineTwoDevices from './sva-mainline-two-devices.ts';
import svaMainlineUnbindLast from './sva-mainline-unbind-last.ts';
import svaMainlineUnbindVsWorker from './sva-mainline-unbind-vs-worker.ts';
import svaMainlineWorkerMmput from './sva-mainline-worker-mmput.ts';
import svaMmExitContract from './sva-mm-exit-contract.ts';
import svaParamRead from './sva-param-read.ts';
import svaReleaseWalk from './sva-release-walk.ts';
import svaTwoPasids from './sva-two-pasids.ts';
import svaUnbindAllVsExits from './sva-unbind-all-vs-exits.ts';
import svaUnbindVsExit from './sva-unbind-vs-exit.ts';
import svaUnregisterBusy from './sva-unregister-busy.ts';
import type1ExecVsUnmap from './type1-exec-vs-unmap.ts';
import type1InvalidVaddr from './type1-invalid-vaddr.ts';
import vfioAttachLeavesSva from './vfio-attach-leaves-sva.ts';
import vfioBindVsExit from './vfio-bind-vs-exit.ts';
import vfioCdxSetIrqs from './vfio-cdx-set-irqs.ts';
import vfioDetachVsMmExit from './vfio-detach-vs-mm-exit.ts';
import vfioDyingMmStaysListed from './vfio-dying-mm-stays-listed.ts';
import vfioInitLeak from './vfio-init-leak.ts';
import vfioMdevShutdown from './vfio-mdev-shutdown.ts';
import vfioMdevUnwind from './vfio-mdev-unwind.ts';
import vfioPciDmabufClose from './vfio-pci-dmabuf-close.ts';
import vfioPciMmapVsDisable from './vfio-pci-mmap-vs-disable.ts';
import vfioReplayMmput from './vfio-replay-mmput.ts';
import vfioReplayVsMmExit from './vfio-replay-vs-mm-exit.ts';
import vfioShutdownOrder from './vfio-shutdown-order.ts';
import vfioUnbindVsExit from './vfio-unbind-vs-exit.ts';
import vtdDetachUnlisted from './vtd-detach-unlisted.ts';
import vtdDrainVsWorker from './vtd-drain-vs-worker.ts';
import vtdPrqOverflow from './vtd-prq-overflow.ts';
import vtdRemoveVsPull from './vtd-remove-vs-pull.ts';
import vtdTornEntry from './vtd-torn-entry.ts';

/**
 * Every scenario that comes with quiesce, in the order of their names. They are compiled when they are checked.
 *
 * @example
 * ```ts
 * import { scenarios } from 'quiesce';
 *
 * const { variants } = scenarios.find((s) => s.name === 'vfio-detach-vs-mm-exit');
 * console.log(Object.keys(variants)[0]); // posted
 * ```
 */
export const scenarios: readonly Scenario[] = [
  amdBindKeepsUsers,
  amdReleaseFreesNotifier,
  amdSpuriousWakeup,
  groupResetVsRelease,
  ioasidAttachGroups,
  ioasidBindVsFree,
  ioasidCleanupVsUnbind,
  ioasidGuestSva,
  ioasidHostPasid,
  ioasidQuota,
  ioasidSetLife,
  ioasidShimClose,
  ioasidTwoLocks,
  iommuProbeVsConfigure,
  iommufdAbortVsFput,
  iommufdAccessVsDetach,
  iommufdAttachVsDestroy,
  iommufdBindVsUnbind,
  iommufdDestroyVsDestroy,
  iommufdDetachVsReplace,
  iommufdDmabufUnpin,
  iommufdFaultVsDetach,
  iommufdFaultVsReplace,
  iommufdIoasAllocVsChange,
  iommufdLinkedTwice,
  iommufdMmapVsDestroy,
  iommufdNestedVsDestroy,
  iommufdPasidAttach,
  iommufdPutVsDestroy,
  iommufdTwoDestroys,
  iommufdWaitTimeout,
  iopfCoreUnbind,
  iopfDiscardPartial,
  iopfFlushThenClear,
  iopfLostLast,
  iopfQueuedResponse,
  iopfTwoFlushers,
  iopfWorkerMmput,
  luHalfBuiltMap,
  luLocksInXa,
  luPreserveVsDestroy,
  luReplaceAfterPreserve,
  luSharedIoas,
  luStickyMark,
  luTrailingRecords,
  luTwoRestores,
  luTwoTokens,
  luUnpreserveMarks,
  mdevOpenVsClose,
  mdevParentRemoval,
  mdevSharedProcess,
  peersDining,
  peersPeterson,
  peersSva, //
  riovaDomainFree,
  riovaMapSleeps,
  riovaOverlap,
  riovaPutVsGet,
  riovaRecreated,
  riovaSequential,
  riovaTwoGets,
  smmuAtcBeforeTlb,
  smmuAtcTimeout,
  smmuAtsEnableVsUnmap,
  smmuBtm,
  smmuFindMaster,
  smmuFlushVsPriq,
  smmuPprVsRelease,
  smmuPriDisable,
  smmuRemoveDevice,
  smmuStallResume,
  smmuStopMarker,
  smmuStreamTable,
  smmuSurpriseRemoval,
  smmuTornDescriptor,
  smmuUnbindOrder,
  svaBindVsBind,
  svaBindVsShutdown,
  svaBondLateWaiter,
  svaBondTwoWaiters,
  svaEarlyShutdown,
  svaInitVsInit,
  svaMmExitContract,
  svaMainlineAsid,
  svaMainlinePartialReturn,
  svaMainlinePasidLife,
  svaMainlineReleaseVsReport,
  svaMainlineRemoveVsWorker,
  svaMainlineTwoDevices,
  svaMainlineUnbindLast,
  svaMainlineUnbindVsWorker,
  svaMainlineWorkerMmput,
  svaParamRead,
  svaReleaseWalk,
  svaTwoPasids,
  svaUnbindAllVsExits,
  svaUnbindVsExit,
  svaUnregisterBusy,
  type1ExecVsUnmap,
  type1InvalidVaddr,
  vfioAttachLeavesSva,
  vfioBindVsExit,
  vfioCdxSetIrqs,
  vfioDetachVsMmExit,
  vfioDyingMmStaysListed,
  vfioInitLeak,
  vfioMdevShutdown,
  vfioMdevUnwind,
  vfioPciDmabufClose,
  vfioPciMmapVsDisable,
  vfioReplayMmput,
  vfioReplayVsMmExit,
  vfioShutdownOrder,
  vfioUnbindVsExit,
  vtdDetachUnlisted,
  vtdDrainVsWorker,
  vtdPrqOverflow,
  vtdRemoveVsPull,
  vtdTornEntry,
];
