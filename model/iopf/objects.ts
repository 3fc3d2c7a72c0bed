/**
 * Objects of the fault path: the device with its fault parameters, the fault queue, faults and groups of faults, the
 * software side of the PRI queue, and the table of PASIDs.
 *
 * Limits: `iommu_param` and `fault_param` live as long as the device; a queue serves two devices.
 */
import {
  bool,
  callbackType,
  idr,
  list,
  listOf,
  MmStruct,
  mutex,
  object,
  oneOf,
  op,
  pointerTo,
  ptr,
  racy,
  ref,
  refcount,
  spinlock,
  struct,
  u8,
  type ViewOf,
  Workqueue,
  waitQueueHead,
  workStruct,
} from '../kernel/index.ts';
import { IommuSva as CoreSva } from '../sva/index.ts';
import { hw, LAST_PASID, type PageRequest, type PciFunction, pageResponse } from './hardware.ts';
import { reducedSva, specB, v2_07, v2_30, v2_39 } from './sources.ts';

/** The global state of the SVA core: its lock, and who owns which PASID. */
export const IommuSva = object(
  'iommu_sva',
  { lock: spinlock(), pasids: idr(MmStruct, LAST_PASID) },
  { permanent: true, source: reducedSva('drivers/iommu/iommu-sva.c') },
);
export type IommuSva = ViewOf<typeof IommuSva>;

/**
 * The driver's side of the PRI queue. `wq.lock` of the kernel is `lock` here. The ring itself belongs to the SMMU.
 */
export const ArmSmmuQueue = object(
  'arm_smmu_queue',
  {
    lock: spinlock(),
    wq: waitQueueHead(),
    /** Entries between the consumer index and the producer index as last read from the register. */
    known: u8(),
    /** Times that the irq thread has emptied the queue, or handled as many entries as it has room for. */
    batch: u8(),
    /** Set from the pop of an entry to the end of its report, where the accounting is repaired. */
    in_flight: bool(),
  },
  { permanent: true, source: v2_30('drivers/iommu/arm-smmu-v3.c') },
);
export type ArmSmmuQueue = ViewOf<typeof ArmSmmuQueue>;

/** A fault queue. The workqueue that it owns is destroyed with it; its object stays, because workers are actors. */
export const IopfQueue = object(
  'iopf_queue',
  {
    wq: ptr(Workqueue),
    flush_arg: ptr(ArmSmmuQueue),
    /** v2: its owner and each device. */
    refs: refcount(1),
    /** v4 and later: the devices, and the lock over the list. */
    lock: mutex(),
    devices: listOf<IopfDeviceParam>(2),
  },
  { source: v2_07('drivers/iommu/io-pgfault.c') },
);
export type IopfQueue = ViewOf<typeof IopfQueue>;

/** Copy of an event that expects a response, kept until it is answered. */
export const FaultEvent = object(
  'iommu_fault_event',
  { event: hw<PageRequest>() },
  { source: specB('drivers/iommu/iommu.c') },
);

/** A fault that is not the last of its group. */
export const IopfFault = object(
  'iopf_fault',
  { event: hw<PageRequest>() },
  { source: v2_07('drivers/iommu/io-pgfault.c') },
);

/** page_response of an IOMMU driver: gives the answer to the hardware. Called with `fault_param->lock` held. */
export const PageResponseOp = callbackType('page_response', {
  dev: pointerTo<Device>(),
  evt: hw<PageRequest>(),
  code: oneOf(...pageResponse),
});

/** What ties a device to a fault queue, from iopf_queue_add_device() to iopf_queue_remove_device(). */
export const IopfDeviceParam = object(
  'iopf_device_param',
  {
    dev: pointerTo<Device>(),
    queue: ptr(IopfQueue),
    partial: list(IopfFault, 2),
    /** v4: a flush uses it, 0 or 1; v5: how many do. */
    busy: u8(),
    wq_head: waitQueueHead(),
  },
  { source: v2_07('drivers/iommu/io-pgfault.c') },
);
export interface IopfDeviceParam extends ViewOf<typeof IopfDeviceParam> {}

export const Device = object(
  'device',
  {
    iommu_param: struct('iommu_param', { lock: mutex() }),
    fault_param: struct('iommu_fault_param', { lock: mutex(), faults: list(FaultEvent, 3) }),
    iopf_param: ptr(IopfDeviceParam),
    /** How its IOMMU driver responds, unless it is the SMMUv3, which does it in one command. */
    page_response: op(PageResponseOp),
    /** Somebody has it open, where a scenario lets one user in at a time. */
    opened: bool(),
    /** What the worker reaches through globals and the device in the kernel. */
    fn: hw<PciFunction>(),
    sva: ptr(IommuSva),
    /** The globals of the whole SVA core, where a scenario has it. */
    core: ref(CoreSva),
  },
  { permanent: true, source: specB('drivers/iommu/iommu.c') },
);
export interface Device extends ViewOf<typeof Device> {}

/** A complete group: partial faults, the last one, and the work item that handles them. */
export const IopfGroup = object(
  'iopf_group',
  { dev: ptr(Device), last_fault: hw<PageRequest>(), faults: list(IopfFault, 2), ...workStruct },
  { source: v2_07('drivers/iommu/io-pgfault.c') },
);

/** struct arm_smmu_master_data, as far as PRI is concerned. */
export const PriMaster = object(
  'arm_smmu_master_data',
  {
    /** Set while PRI is enabled. */
    can_fault: racy(bool(true), 'read without a lock'),
    /** struct pci_dev: what the PCI core believes of PRI. */
    pri_enabled: bool(true),
    /** Ghost: PRI could not be enabled. */
    refused: bool(),
  },
  { permanent: true, source: v2_39('drivers/iommu/arm-smmu-v3.c') },
);
