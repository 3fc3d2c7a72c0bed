/**
 * Objects of mainline SVA: address spaces with their iommu_mm, SVA domains and handles, groups with their array of
 * PASIDs, devices with their fault parameters, and the fault queue.
 *
 * Source: spec (j); Linux 6.14.
 * Limits: PASIDs 1 and 2; one device a group; two devices an mm. What the kernel reaches through a global or per-CPU
 * variable is reached through a pointer that never changes.
 */

import {
  hw,
  LAST_PASID,
  type PageRequest,
  type PciContext,
  type PciFunction,
  type RequestLink,
  type SmmuV3,
} from '../iopf/hardware.ts';
import { IopfFault } from '../iopf/objects.ts';
import {
  array,
  atomic,
  bool,
  callbackType,
  completion,
  errno,
  int,
  list,
  listOf,
  MmStruct,
  mmuNotifier,
  mutex,
  object,
  op,
  opaque,
  pointerTo,
  ptr,
  rcuHead,
  ref,
  refcount,
  Srcu,
  spinlock,
  type ViewOf,
  Workqueue,
  workStruct,
} from '../kernel/index.ts';
import { FORK_C, INTEL_C, IOMMU_C, IOPF_C, SVA_C, v6_14 } from './sources.ts';

/** Devices of one mm. */
const DEVICES = 2;
/** Groups of page requests that wait for an answer. */
const GROUPS = 3;

/** `iommu_sva_lock`, the pool of global PASIDs with their owners, and the list of address spaces SVA knows. */
export const IommuSva = object(
  'iommu_sva_globals',
  {
    lock: mutex(),
    pasids: atomic(array(opaque<Mm>(), LAST_PASID + 1), 'an ida, under its lock'),
    mms: listOf<IommuMm>(DEVICES),
  },
  { permanent: true, source: v6_14(SVA_C) },
);
export interface IommuSva extends ViewOf<typeof IommuSva> {}

/** struct mm_struct with what SVA adds to it. */
export const Mm = object(
  'mm_struct',
  { ...MmStruct.shape, iommu_mm: opaque<IommuMm>(), sva: ptr(IommuSva) },
  { source: v6_14(FORK_C) },
);
export interface Mm extends ViewOf<typeof Mm> {}

/** struct iommu_mm_data: made by the first bind of an mm, freed with the mm. */
export const IommuMm = object(
  'iommu_mm_data',
  { pasid: int(0, LAST_PASID), sva_domains: listOf<SvaDomain>(DEVICES) },
  { source: v6_14(SVA_C) },
);
export interface IommuMm extends ViewOf<typeof IommuMm> {}

/** The fault handler of a domain. When it returns 0, it owns the group. */
export const IopfHandler = callbackType('iopf_handler', { group: pointerTo<IopfGroup>() }, errno());

/** struct iommu_domain of type SVA, with what the driver keeps of it (struct dmar_domain). */
export const SvaDomain = object(
  'iommu_domain',
  {
    /** Holds mm_count; so does the notifier. */
    mm: ptr(Mm),
    /** Devices it is attached to; covered by `iommu_sva_lock`. */
    users: int(0, DEVICES),
    iopf_handler: op(IopfHandler),
    /** `dmar_domain->lock`, over `dev_pasids`. */
    lock: spinlock(),
    /** The devices; a struct dev_pasid_info of the kernel is no more than its device here. */
    dev_pasids: listOf<Device>(DEVICES),
    ...mmuNotifier,
    ...rcuHead,
  },
  { source: v6_14(SVA_C) },
);
export interface SvaDomain extends ViewOf<typeof SvaDomain> {}

/** struct iommu_sva with its attach handle: a bond between a device and an address space. */
export const Handle = object(
  'iommu_sva',
  { domain: ref(SvaDomain), dev: pointerTo<Device>(), users: refcount(0, 3) },
  { source: v6_14(SVA_C) },
);
export interface Handle extends ViewOf<typeof Handle> {}

/** The upper node of a PASID array: it is there while a PASID above 1 is in use. */
export const XaNode = object(
  'xa_node',
  { slots: array(ref(Handle), LAST_PASID + 1), ...rcuHead },
  { source: v6_14('lib/xarray.c') },
);
export interface XaNode extends ViewOf<typeof XaNode> {}

/** struct iommu_group. `low` and `root` are its PASID array: what index 1 holds, and the node that the rest needs. */
export const IommuGroup = object(
  'iommu_group',
  {
    mutex: mutex(),
    low: ref(Handle),
    root: atomic(ref(XaNode), 'rcu_assign_pointer and rcu_dereference'),
    rcu: ptr(Srcu),
  },
  { permanent: true, source: v6_14(IOMMU_C) },
);
export interface IommuGroup extends ViewOf<typeof IommuGroup> {}

/** struct iopf_queue. */
export const IopfQueue = object(
  'iopf_queue',
  { lock: mutex(), wq: ptr(Workqueue), devices: listOf<FaultParam>(DEVICES) },
  { permanent: true, source: v6_14(IOPF_C) },
);
export interface IopfQueue extends ViewOf<typeof IopfQueue> {}

/** struct intel_iommu. The registers and the page request queue itself belong to the hardware. */
export const IntelIommu = object(
  'intel_iommu',
  {
    regs: hw<SmmuV3>(),
    fn: hw<PciFunction>(),
    iopf_queue: ptr(IopfQueue),
    /** Over the report of a fault and the release of a device. */
    iopf_lock: mutex(),
    /** The tree of probed devices; one is enough. */
    device_rbtree: opaque<Device>(),
    prq_complete: completion(),
  },
  { permanent: true, source: v6_14(INTEL_C) },
);
export interface IntelIommu extends ViewOf<typeof IntelIommu> {}

/** struct dev_iommu: what the IOMMU core keeps of a device, freed when the device is released. */
export const DevIommu = object(
  'dev_iommu',
  {
    lock: mutex(),
    fault_param: atomic(opaque<FaultParam>(), 'rcu_assign_pointer and rcu_dereference'),
    iommu_dev: ptr(IntelIommu),
  },
  { source: v6_14(IOMMU_C) },
);
export interface DevIommu extends ViewOf<typeof DevIommu> {}

/** struct device with its group, its IOMMU and the contexts of its function. */
export const Device = object(
  'device',
  {
    iommu: ref(DevIommu),
    group: ptr(IommuGroup),
    /** `dev_iommu_priv_get(dev)->iommu`: known to the driver without `dev->iommu`. */
    vtd: ptr(IntelIommu),
    /** `info->iopf_refcount`, under the group mutex: attached domains with a fault handler. */
    iopf_refcount: int(0, 2),
    contexts: array(hw<PciContext>(), 2),
    /** Between its function and the IOMMU, where page requests take their time. */
    link: hw<RequestLink>(),
  },
  { permanent: true, source: v6_14(INTEL_C) },
);
export interface Device extends ViewOf<typeof Device> {}

/** struct iommu_fault_param. One reference belongs to the queue, one to each group. */
export const FaultParam = object(
  'iommu_fault_param',
  {
    users: refcount(1, 5),
    /** Over `partial` and `faults`. */
    lock: mutex(),
    dev: ptr(Device),
    queue: ptr(IopfQueue),
    partial: list(IopfFault, 2),
    /** Groups that wait for an answer, linked by `pending_node`. */
    faults: listOf<IopfGroup>(GROUPS),
    rcu: ptr(Srcu),
    ...rcuHead,
  },
  { source: v6_14(IOPF_C) },
);
export interface FaultParam extends ViewOf<typeof FaultParam> {}

/** struct iopf_group: the faults of a group and the work item that handles them. */
export const IopfGroup = object(
  'iopf_group',
  {
    fault_param: ptr(FaultParam),
    attach_handle: ref(Handle),
    last_fault: hw<PageRequest>(),
    faults: list(IopfFault, 2),
    ...workStruct,
  },
  { source: v6_14(IOPF_C) },
);
export interface IopfGroup extends ViewOf<typeof IopfGroup> {}

/** An open file of the device driver: a context of the function, and the bond it works with. */
export const DriverFile = object(
  'driver_file',
  { dev: ptr(Device), ctx: hw<PciContext>(), handle: ref(Handle), failed: bool() },
  { permanent: true, source: v6_14(SVA_C) },
);
export interface DriverFile extends ViewOf<typeof DriverFile> {}
