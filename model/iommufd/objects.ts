/**
 * Objects of iommufd: the context behind a file, its objects (IOAS, HWPT, device), and what attachments are made of.
 *
 * Every object begins with the fields of struct iommufd_object, spread into its own, so that a pointer to one is a
 * pointer to the other. `users` counts pointers that last, `wait_cnt` (shortterm_users before 2025) callers that have
 * the object for the time of a call; the xarray owns one of each.
 *
 * Source: spec (h). Limits: six numbers a context, two devices a group, two HWPTs an IOAS; attachments without PASID.
 */
import {
  bool,
  callbackType,
  int,
  listOf,
  mutex,
  object,
  oneOf,
  op,
  ptr,
  ref,
  refcount,
  rwsem,
  type ViewOf,
  waitQueueHead,
  xarray,
} from '../kernel/index.ts';
import { DEVICE_C, HWPT_C, IOAS_C, MAIN_C, PRIVATE_H, specH } from './sources.ts';

/** Numbers that a context can give to objects: 1 to this. */
export const IDS = 6;
export const objectId = () => int(-128, IDS);

/** Types of objects; `any` asks for none in particular. */
export const objectType = () => oneOf('any', 'ioas', 'hwpt_paging', 'device', 'access', 'fault', 'viommu');

const objectShape = {
  type: objectType(),
  id: objectId(),
  users: refcount(1),
  wait_cnt: refcount(1),
  /** `semaphore`: who has the object for the time of a call holds it for reading. */
  destroy_rwsem: rwsem(),
  /** Ghost: its destroy or abort runs. */
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

/** struct iommufd_ctx: lives as long as its file has references. */
export const IommufdCtx = object(
  'iommufd_ctx',
  {
    objects: xarray<ObjectWithOps>(IDS),
    destroy_wait: waitQueueHead(),
    /** f_count of the file: its descriptor, calls that are under way, devices and files of event queues. */
    file: refcount(1),
    /** Ghost: temporary holders that will never let go. */
    endless: int(0, 3),
    /** Ghost: WARN_ON() of a destroy on behalf of a kernel driver that failed. */
    destroy_user_failed: bool(),
    /** Ghost: WARN_ON() of a destroyer that gave up on an object which it has removed already. */
    removed_not_destroyed: bool(),
    /** Ghost: WARN_ON() of a release that gets no further. */
    release_stuck: bool(),
  },
  { source: specH(MAIN_C) },
);
export type IommufdCtx = ViewOf<typeof IommufdCtx>;

/** struct iommu_domain as iommufd knows it: groups that translate through it. */
export const PagingDomain = object('iommu_domain', { attached: int(0, 3) }, { source: specH(HWPT_C) });
export type PagingDomain = ViewOf<typeof PagingDomain>;

/** struct iommu_group: what its devices translate through; NULL is the blocking domain. */
export const IommuGroup = object(
  'iommu_group',
  { mutex: mutex(), domain: ref(PagingDomain) },
  { permanent: true, source: specH('drivers/iommu/iommu.c') },
);
export type IommuGroup = ViewOf<typeof IommuGroup>;

/** struct iommufd_ioas with its io_pagetable. */
export const Ioas = object(
  'iommufd_ioas',
  {
    ...iommufdObject,
    mutex: mutex(),
    hwpt_list: listOf<Hwpt>(2),
    /** iopt.domains_rwsem over iopt.domains. */
    domains_rwsem: rwsem(),
    domains: listOf<PagingDomain>(2),
    /** iopt.iova_rwsem over the reserved IOVAs, by the device that they are for. */
    iova_rwsem: rwsem(),
    reserved: listOf<IommufdDevice>(2),
  },
  { source: specH(IOAS_C) },
);
export interface Ioas extends ViewOf<typeof Ioas> {}

/** struct iommufd_hwpt_paging: holds a user of its IOAS. */
export const Hwpt = object(
  'iommufd_hwpt_paging',
  {
    ...iommufdObject,
    domain: ref(PagingDomain),
    ioas: ptr(Ioas),
    auto_domain: bool(),
    /** hwpt_item is not empty: linked in the list of its IOAS. */
    linked: bool(),
  },
  { source: specH(HWPT_C) },
);
export interface Hwpt extends ViewOf<typeof Hwpt> {}

/** struct iommufd_attach: what a group is attached to without PASID, and the devices that asked for it. */
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
    /** Its entry for IOMMU_NO_PASID. */
    pasid_attach: ref(IommufdAttach),
  },
  { source: specH(DEVICE_C) },
);
export type IommufdGroup = ViewOf<typeof IommufdGroup>;

/** struct iommufd_device: a device that a kernel driver has bound; one user a binding, one more an attachment. */
export const IommufdDevice = object(
  'iommufd_device',
  { ...iommufdObject, ictx: ptr(IommufdCtx), igroup: ptr(IommufdGroup) },
  { source: specH(DEVICE_C) },
);
export interface IommufdDevice extends ViewOf<typeof IommufdDevice> {}
