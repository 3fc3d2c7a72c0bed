/**
 * What the driver keeps: which address space has which PASID and which ASID, which master has which stream, and what is
 * pending of a device that stalls.
 */
import {
  array,
  atomic,
  bool,
  int,
  list,
  mutex,
  object,
  opaque,
  pointerTo,
  ptr,
  ref,
  refcount,
  u8,
  type ViewOf,
} from '../kernel/index.ts';
import { hw, LAST_ASID, LAST_PASID, LAST_SID, type PageRequest, type PageTable } from './hardware.ts';
import { atsCount, IOPF_C, priStreams, quarantine, SMMU_C, SVA_C, shareCd, sidTree, v6_10 } from './sources.ts';

/**
 * The two allocators. An element is the address space, known by its page tables, that has the number; the lowest free
 * number is given out first, so a number that was freed is used again at once.
 */
export const SvaNumbers = object(
  'sva_numbers',
  {
    pasids: atomic(array(opaque<PageTable>(), LAST_PASID + 1), 'an ida, under its lock'),
    asids: atomic(array(opaque<PageTable>(), LAST_ASID + 1), 'an xarray, under its lock'),
  },
  { permanent: true, source: shareCd(SVA_C) },
);
export type SvaNumbers = ViewOf<typeof SvaNumbers>;

/** struct arm_smmu_domain, as far as unmap looks at it without a lock. */
export const ArmSmmuDomain = object(
  'arm_smmu_domain',
  { nr_ats_masters: u8() },
  { permanent: true, source: atsCount(SMMU_C) },
);

/** struct arm_smmu_cmdq and struct arm_smmu_master, as far as a time-out of the function is concerned. */
export const AtcTimeouts = object(
  'arm_smmu_cmdq',
  {
    /** atc_sync_timeouts, by issuer of the CMD_SYNC that failed. */
    sync_timeouts: array(bool(), 4),
    /** The function is cut off: no more ATC invalidations. */
    ats_broken: bool(),
  },
  { permanent: true, source: quarantine(SMMU_C) },
);
export type AtcTimeouts = ViewOf<typeof AtcTimeouts>;

/** Copy of an event that expects an answer. */
export const PendingStall = object('iopf_fault', { event: hw<PageRequest>() }, { source: v6_10(IOPF_C) });

/** struct iommu_fault_param: the device holds one reference, each group one. */
export const FaultParam = object(
  'iommu_fault_param',
  { lock: mutex(), users: refcount(1), faults: list(PendingStall, 3) },
  { source: v6_10(IOPF_C) },
);

/** struct dev_iommu of a device behind the SMMU; `priv` is what `dev_iommu_priv_get()` returns. */
export const StallDevice = object(
  'dev_iommu',
  {
    lock: mutex(),
    fault_param: atomic(ref(FaultParam), 'rcu_assign_pointer and rcu_dereference'),
    priv: atomic(pointerTo<ArmSmmuMaster>(), 'one pointer'),
    smmu: pointerTo<ArmSmmuStreams>(),
    /** `iommu_fwspec->ids[0]`: the stream of the device. */
    sid: int(0, LAST_SID),
  },
  { permanent: true, source: v6_10(IOPF_C) },
);
export type StallDevice = ViewOf<typeof StallDevice>;

/** struct arm_smmu_master of a device with one stream. It goes with the device. */
export const ArmSmmuMaster = object(
  'arm_smmu_master',
  { dev: ptr(StallDevice), sid: int(0, LAST_SID) },
  { source: sidTree(SMMU_C) },
);
export interface ArmSmmuMaster extends ViewOf<typeof ArmSmmuMaster> {}

/** struct arm_smmu_device, as far as it knows streams: the tree of them, by stream id, under its mutex. */
export const ArmSmmuStreams = object(
  'arm_smmu_device',
  { streams_mutex: mutex(), streams: array(ref(ArmSmmuMaster), LAST_SID + 1) },
  { permanent: true, source: sidTree(SMMU_C) },
);
export interface ArmSmmuStreams extends ViewOf<typeof ArmSmmuStreams> {}

/** The PRI queue as its flush knows it: an entry that was taken out counts until it is reported. */
export const ArmSmmuPriq = object(
  'arm_smmu_priq',
  { in_flight: atomic(bool(), 'under q->wq.lock') },
  { permanent: true, source: priStreams(SMMU_C) },
);
