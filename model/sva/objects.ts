/**
 * Objects of the SVA core: the global lock and PASID table, devices, domains, address spaces as the core knows
 * them (io_mm), and bonds between a device and an io_mm.
 *
 * Source: spec (a), patches v2 02/40 to 06/40.
 * Limits: PASIDs 1 to 3; at most four bonds on one list. What the kernel reaches through globals (lock, PASID
 * table) is reached through a pointer of the device or io_mm that never changes.
 */
import {
  actor,
  array,
  bool,
  int,
  listOf,
  MmStruct,
  mmuNotifier,
  mutex,
  object,
  opaque,
  pointerTo,
  ptr,
  rcuHead,
  ref,
  refcount,
  spinlock,
  type ViewOf,
  waitQueueHead,
} from '../kernel/index.ts';
import type { IommuOps, IommuSvaParam } from './callbacks.ts';
import { IOMMU_SVA_C, v2_02, v2_03, v2_05 } from './sources.ts';

/** Largest PASID the core hands out; 0 is never used. */
export const MAX_PASID = 3;

/** Bonds that one list can hold. */
const BONDS = 4;

/** Globals of the core: `iommu_sva_lock` and `iommu_pasid_idr`. The lock covers bonds, lists, table and krefs. */
export const IommuSva = object(
  'iommu_sva',
  {
    lock: spinlock(),
    pasid_idr: array(opaque<IoMm>(), MAX_PASID + 1),
    /** Held over the creation of an io_mm where the switch `sva.bind-mutex` says so. */
    bind_lock: mutex(),
  },
  { permanent: true, source: v2_03(IOMMU_SVA_C) },
);
export interface IommuSva extends ViewOf<typeof IommuSva> {}

/** struct iommu_domain, as far as SVA uses it. */
export const IommuDomain = object('iommu_domain', { mm_list: listOf<Bond>(BONDS) }, { source: v2_03(IOMMU_SVA_C) });
export interface IommuDomain extends ViewOf<typeof IommuDomain> {}

/** struct device with its iommu_param. `param_lock` is `iommu_param->lock`: it covers the swap of `sva_param`. */
export const Device = object(
  'device',
  {
    /** NULL while the device is attached to no domain. */
    domain: ref(IommuDomain),
    ops: pointerTo<IommuOps>(),
    param_lock: mutex(),
    sva_param: opaque<IommuSvaParam>(),
    /** What the IOMMU driver knows of the device (`dev->iommu_fwspec->iommu_priv`). */
    iommu_priv: opaque(),
    /** Held over whole operations where the switch `sva.device-mutex` says so. */
    sva_lock: mutex(),
    sva: ptr(IommuSva),
  },
  { permanent: true, source: v2_02(IOMMU_SVA_C) },
);
export interface Device extends ViewOf<typeof Device> {}

/**
 * An address space that is bound to devices, with the PASID that names it there. `kref` stays 0 until the io_mm is
 * complete, so that a lookup which finds it in the table before that leaves it alone.
 */
export const IoMm = object(
  'io_mm',
  {
    pasid: int(0, MAX_PASID),
    flags: int(0, 3),
    mm: ptr(MmStruct),
    devices: listOf<Bond>(BONDS),
    kref: refcount(0),
    sva: ptr(IommuSva),
    ops: pointerTo<IommuOps>(),
    ...mmuNotifier,
    ...rcuHead,
  },
  { source: v2_03(IOMMU_SVA_C) },
);
export interface IoMm extends ViewOf<typeof IoMm> {}

/** struct iommu_bond: one address space on one device, linked into three lists. */
export const IommuBond = object(
  'iommu_bond',
  {
    io_mm: ptr(IoMm),
    dev: ptr(Device),
    domain: ptr(IommuDomain),
    /** The device driver's private data, passed to mm_exit. */
    drvdata: opaque(),
    /** Where it is linked; the C list node points there. */
    param: pointerTo<IommuSvaParam>(),
    refs: refcount(1),
    mm_exit_wq: waitQueueHead(),
    mm_exit_active: bool(),
    /** Ghost: who runs mm_exit, so that a report can say whom a waiter waits for. */
    mm_exit_by: actor(),
    /** Still on its three lists (`!list_empty(&bond->mm_head)`). */
    linked: bool(true),
  },
  { source: v2_05(IOMMU_SVA_C) },
);
/** What a step sees of a bond. */
export interface Bond extends ViewOf<typeof IommuBond> {}
