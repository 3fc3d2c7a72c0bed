/**
 * Objects of iommufd: the context behind a file, its objects (IOAS, HWPT, device), and what attachments are made of.
 *
 * Every object begins with the fields of struct iommufd_object, spread into its own, so that a pointer to one is a
 * pointer to the other. `users` counts pointers that last, `wait_cnt` (shortterm_users before 2025) callers that have
 * the object for the time of a call; the xarray owns one of each.
 *
 * Source: spec (h). Limits: six numbers a context, two devices a group, three HWPTs an IOAS, one PASID.
 */
import {
  array,
  atomic,
  bool,
  callbackType,
  int,
  list,
  listOf,
  mutex,
  object,
  oneOf,
  op,
  opaque,
  ptr,
  racy,
  ref,
  refcount,
  rwsem,
  spinlock,
  type ViewOf,
  waitQueueHead,
  xarray,
} from '../kernel/index.ts';
import type { AttachHandle, Endpoint, Fault } from './iopf-objects.ts';
import { DEVICE_C, HWPT_C, IOAS_C, IOPT_C, MAIN_C, PRIVATE_H, specH } from './sources.ts';

/** Numbers that a context can give to objects: 1 to this. */
export const IDS = 6;
export const objectId = () => int(-128, IDS);

/** What a device can be attached with: IOMMU_NO_PASID, and one PASID. */
export const IOMMU_NO_PASID = 0;
export const PASIDS = 2;
export const ioasid = () => int(0, PASIDS - 1);

/** Types of objects; `any` asks for none in particular. */
export const objectType = () =>
  oneOf('any', 'ioas', 'hwpt_paging', 'device', 'access', 'fault', 'viommu', 'hwpt_nested');

const objectShape = {
  type: objectType(),
  id: objectId(),
  users: refcount(1),
  wait_cnt: refcount(1),
  /** `semaphore`: who has the object for the time of a call holds it for reading. */
  destroy_rwsem: rwsem(),
  /** It has a reference of the context's file, which its destroy puts: devices and accesses. */
  holds_ctx: bool(),
  /** Ghost: its destroy runs. */
  ending: bool(),
};

/** What the core knows of every object, as the type of a parameter. */
export const IommufdObject = object('iommufd_object', objectShape, { source: specH(PRIVATE_H) });
export interface IommufdObject extends ViewOf<typeof IommufdObject> {}

/** struct iommufd_object_ops: how a type of object is torn down. `pre_destroy` runs before a destroyer waits. */
export const ObjectDestroy = callbackType('iommufd_object_ops.destroy', { obj: IommufdObject });
export const ObjectAbort = callbackType('iommufd_object_ops.abort', { obj: IommufdObject });
export const ObjectPreDestroy = callbackType('iommufd_object_ops.pre_destroy', { obj: IommufdObject });

/** The table of operations, kept in each object here: NULL for `abort` means `destroy`, for `pre_destroy` nothing. */
export const iommufdObject = {
  ...objectShape,
  destroy: op(ObjectDestroy),
  abort: op(ObjectAbort),
  pre_destroy: op(ObjectPreDestroy),
};

/** struct iommufd_object with its operations. */
export const ObjectWithOps = object('iommufd_object', iommufdObject, { source: specH(PRIVATE_H) });
export interface ObjectWithOps extends ViewOf<typeof ObjectWithOps> {}

/** struct iommufd_mmap: a piece of hardware that an object lets user space map. */
export const Immap = object(
  'iommufd_mmap',
  { owner: opaque<ObjectWithOps>(), mmio_addr: int(0, 1, 1) },
  { source: specH(PRIVATE_H) },
);
export type Immap = ViewOf<typeof Immap>;

/** struct iommufd_ctx: lives as long as its file has references. */
export const IommufdCtx = object(
  'iommufd_ctx',
  {
    objects: xarray<ObjectWithOps>(IDS),
    destroy_wait: waitQueueHead(),
    /** Groups whose devices are bound, by the id of the group, which is 1. */
    groups: xarray<IommufdGroup>(1),
    ioas_creation_lock: rwsem(),
    /** f_count of the file: its descriptor, calls that are under way, devices and files of event queues. */
    file: refcount(1),
    /** mt_mmap, with the lock of the maple tree: what user space may map. */
    ma_lock: spinlock(),
    mt_mmap: ref(Immap),
    /** Ghost: temporary holders that will never let go. */
    endless: int(0, 3),
    /** Ghost: WARN_ON() of a destroy on behalf of a kernel driver that failed. */
    destroy_user_failed: bool(),
    /** Ghost: WARN_ON() of a destroyer that gave up on an object which it has removed already. */
    removed_not_destroyed: bool(),
    /** Ghost: WARN_ON() of a release that gets no further. */
    release_stuck: bool(),
    /** Live update: revisions 3 and 4; the tokens of revisions 2 and 3; what the next kernel has retrieved. */
    liveupdate_mutex: mutex(),
    liveupdate_tokens: array(opaque<Hwpt>(), 3),
    lu: opaque(),
  },
  { source: specH(MAIN_C) },
);
export interface IommufdCtx extends ViewOf<typeof IommufdCtx> {}

/** struct iommu_domain as iommufd knows it: groups that translate through it. */
export const PagingDomain = object(
  'iommu_domain',
  {
    attached: atomic(int(0, 3), 'the list of its devices, under the lock of the IOMMU driver'),
    /** domain->iopf_handler is iommufd_fault_iopf_handler(): page requests go to the fault queue of its HWPT. */
    iopf_handler: bool(),
    iommufd_hwpt: opaque<Hwpt>(),
    /** Nested: the domain that translates what its table points to. Ghost: how many domains are nested in this one. */
    s2_parent: opaque(),
    nested: int(0, 2),
    /** The IOVA pages that its table maps, as bits. */
    table: atomic(int(0, 3), 'cmpxchg of page table entries'),
    /** Live update: its record. Ghosts: how often its table is kept, and with what; its protocol monitor. */
    preserved_state: opaque(),
    kept: int(0, 3),
    kept_table: int(0, 3),
    monitor: opaque(),
  },
  { source: specH(HWPT_C) },
);
export type PagingDomain = ViewOf<typeof PagingDomain>;

/** struct iommu_group: what its devices translate through; NULL is the blocking domain. */
export const IommuGroup = object(
  'iommu_group',
  {
    mutex: mutex(),
    domain: ref(PagingDomain),
    /** What its PASID translates through, and the attach handles by PASID, which whoever reports a fault looks up. */
    pasid_domain: ref(PagingDomain),
    pasid_array: atomic(array(opaque<AttachHandle>(), PASIDS), 'rcu_assign_pointer and rcu_dereference'),
    /** The device that asks for pages, where a scenario has one. */
    dev: opaque<Endpoint>(),
    /** Live update: the IOMMU of its devices, and the record of the one that is preserved. */
    iommu: opaque(),
    device_ser: opaque(),
  },
  { permanent: true, source: specH('drivers/iommu/iommu.c') },
);
export type IommuGroup = ViewOf<typeof IommuGroup>;

/** struct iopt_pages: memory of a file that is sealed and kept, or of a process. */
export const IoptPages = object(
  'iopt_pages',
  { type: oneOf('file', 'user') },
  { permanent: true, source: specH('drivers/iommu/iommufd/pages.c') },
);
export type IoptPages = ViewOf<typeof IoptPages>;

/** struct iopt_area: an IOVA page that is mapped, as a bit. `pages` is NULL until the page tables are filled. */
export const IoptArea = object('iopt_area', { iova: int(0, 2), pages: ref(IoptPages) }, { source: specH(IOPT_C) });
export type IoptArea = ViewOf<typeof IoptArea>;

/** struct iommufd_ioas with its io_pagetable. */
export const Ioas = object(
  'iommufd_ioas',
  {
    ...iommufdObject,
    mutex: mutex(),
    hwpt_list: listOf<Hwpt>(3),
    /** iopt.domains_rwsem over iopt.domains. */
    domains_rwsem: rwsem(),
    domains: listOf<PagingDomain>(3),
    /** iopt.iova_rwsem over the reserved IOVAs, by the device that they are for. */
    iova_rwsem: rwsem(),
    reserved: listOf<IommufdDevice>(2),
    /** iopt.area_itree, under iova_rwsem. Live update: its flag, a count in the repair of LU-8. */
    areas: list(IoptArea, 2),
    lu_map_immutable: racy(int(0, 2), 'READ_ONCE and WRITE_ONCE'),
  },
  { source: specH(IOAS_C) },
);
export interface Ioas extends ViewOf<typeof Ioas> {}

/** struct iommufd_hw_pagetable: a paging one holds a user of its IOAS, a nested one of its parent. */
export const Hwpt = object(
  'iommufd_hwpt_paging',
  {
    ...iommufdObject,
    domain: ref(PagingDomain),
    ioas: ptr(Ioas),
    auto_domain: bool(),
    /** Nested: the HWPT whose domain it is nested in, and with it the IOAS. */
    parent: opaque<Hwpt>(),
    /** Where page requests go; it holds a user. */
    fault: opaque<Fault>(),
    /** IOMMU_HWPT_ALLOC_PASID. */
    pasid_compat: bool(),
    /** hwpt_item is not empty: linked in the list of its IOAS. */
    linked: bool(),
    /** Live update: marked (revisions 1 to 3), its token, and preserved (revision 4). */
    lu_preserve: bool(),
    lu_token: int(0, 2),
    lu_preserved: bool(),
  },
  { source: specH(HWPT_C) },
);
export interface Hwpt extends ViewOf<typeof Hwpt> {}

/** struct iommufd_attach: what a group is attached to with one PASID, or without, and the devices that asked for it. */
export const IommufdAttach = object(
  'iommufd_attach',
  { hwpt: ref(Hwpt), device_array: listOf<IommufdDevice>(2) },
  { source: specH(DEVICE_C) },
);
export type IommufdAttach = ViewOf<typeof IommufdAttach>;

/** struct iommufd_group: freed with its last device. */
export const IommufdGroup = object(
  'iommufd_group',
  {
    ref: refcount(),
    lock: mutex(),
    group: ptr(IommuGroup),
    /** The context, where a scenario binds devices. */
    ictx: opaque<IommufdCtx>(),
    /** By PASID; a reserved entry, which nobody else can see under `lock`, counts as none. */
    pasid_attach: array(ref(IommufdAttach), PASIDS),
  },
  { source: specH(DEVICE_C) },
);
export interface IommufdGroup extends ViewOf<typeof IommufdGroup> {}

/** struct iommufd_device: a device that a kernel driver has bound; one user a binding, one more an attachment. */
export const IommufdDevice = object(
  'iommufd_device',
  { ...iommufdObject, ictx: ptr(IommufdCtx), igroup: ptr(IommufdGroup) },
  { source: specH(DEVICE_C) },
);
export interface IommufdDevice extends ViewOf<typeof IommufdDevice> {}
