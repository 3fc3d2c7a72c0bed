/** VT-d: the invalidation queue and the removal of a device behind it; page requests and their drain. */

export {
  attachAndDetach,
  DevPasidInfo,
  DmarDomain,
  domainRemoveDevPasid,
  flushDomain,
  IommuDomainInfo,
} from './domain.ts';
export { IntelSvm, IntelSvmDev, PciBus, PciDev, QInval, SvmGlobals } from './objects.ts';
export { DID, FLPTPTR, PRESENT, replaceEntry, tearDownEntry } from './pasid-entry.ts';
export { intelSvmDrainPrq, pageResponseOf, prqEventThread, type Requester } from './prq.ts';
export { qiCheckFault, qiSubmitSync } from './qi.ts';
export { flushDeviceTlb, flushIotlb, linkDown, pciehpUnconfigure, releaseDevice, removeStore } from './remove.ts';
export {
  detachListed,
  drainUnlocked,
  giveUp,
  IOMMU_C,
  PASID_C,
  SVM_C,
  testBefore,
  tornTeardown,
  v5_14,
  v6_8,
} from './sources.ts';
export { intelSvmBind, intelSvmUnbind } from './svm.ts';
export {
  detachUnlisted,
  devtlbTest,
  drainMutex,
  drainWait,
  entryUpdate,
  entryWithout,
  iteHandling,
  prqDrain,
  prqDrainWithout,
  prqOverflow,
  svmAfterDrain,
  svmDevUnlink,
} from './switches.ts';
