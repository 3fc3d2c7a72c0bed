/**
 * What a page request passes on its way to user space and back: the device, its fault parameters, groups, attach handles,
 * and the fault queue.
 *
 * Source: include/linux/iommu.h and iommufd_private.h of Linux 6.11 and later. Limits: two page requests that are their
 * own group each; one device a group asks for pages.
 */
import {
  atomic,
  bool,
  int,
  list,
  listOf,
  mutex,
  object,
  oneOf,
  opaque,
  ptr,
  ref,
  refcount,
  spinlock,
  type ViewOf,
  xarray,
} from '../kernel/index.ts';
import {
  type IommufdCtx,
  type IommufdDevice,
  IommuGroup,
  ioasid,
  iommufdObject,
  type ObjectWithOps,
  PASIDS,
  type PagingDomain,
} from './objects.ts';
import { EVENTQ_C, IOPF_C, specH } from './sources.ts';

const hardware = specH('drivers/iommu/intel/prq.c');

/** Page requests, and so groups and cookies, at a time. */
export const REQUESTS = 2;

/** A page request of a device. */
export const PageRequest = object(
  'page_request',
  {
    pasid: ioasid(),
    /** It has been sent. */
    asked: bool(),
    answer: oneOf('none', 'success', 'invalid'),
  },
  { permanent: true, source: hardware },
);
export type PageRequest = ViewOf<typeof PageRequest>;

/** struct device with its dev_iommu, and the part of the page request queue that holds its requests. */
export const Endpoint = object(
  'device',
  {
    group: ptr(IommuGroup),
    /** Head to tail: a request is in it until it has been reported. */
    prq: atomic(list(PageRequest, REQUESTS), 'a queue of hardware'),
    fault_param: atomic(opaque<FaultParam>(), 'rcu_assign_pointer and rcu_dereference'),
    /** Attachments that want page requests. */
    iopf_enabled: int(0, PASIDS),
  },
  { permanent: true, source: hardware },
);
export interface Endpoint extends ViewOf<typeof Endpoint> {}

/** struct iommu_fault_param: groups hold a reference; `faults` are those that wait for an answer. */
export const FaultParam = object(
  'iommu_fault_param',
  { users: refcount(1), lock: mutex(), faults: listOf<IopfGroup>(REQUESTS) },
  { source: specH(IOPF_C) },
);
export interface FaultParam extends ViewOf<typeof FaultParam> {}

/** struct iommufd_attach_handle around struct iommu_attach_handle: one an attachment of a group. */
export const AttachHandle = object(
  'iommufd_attach_handle',
  {
    idev: opaque<IommufdDevice>(),
    domain: opaque<PagingDomain>(),
  },
  { source: specH('drivers/iommu/iommufd/iommufd_private.h') },
);
export interface AttachHandle extends ViewOf<typeof AttachHandle> {}

/** struct iopf_group. */
export const IopfGroup = object(
  'iopf_group',
  {
    last_fault: ptr(PageRequest),
    fault_param: ptr(FaultParam),
    attach_handle: ref(AttachHandle),
    cookie: int(0, REQUESTS),
    /** With an owner: no answer has been given. */
    response_pending: bool(true),
  },
  { source: specH(IOPF_C) },
);
export interface IopfGroup extends ViewOf<typeof IopfGroup> {}

/** struct file of an event queue. */
export const EventqFile = object(
  'file',
  { private_data: opaque<ObjectWithOps>(), ictx: opaque<IommufdCtx>() },
  { source: specH(EVENTQ_C) },
);
export type EventqFile = ViewOf<typeof EventqFile>;

/** struct iommufd_fault: groups to read, and groups that have been read, by cookie. */
export const Fault = object(
  'iommufd_fault',
  {
    ...iommufdObject,
    filep: ref(EventqFile),
    mutex: mutex(),
    lock: spinlock(),
    deliver: list(IopfGroup, REQUESTS),
    response: xarray<IopfGroup>(REQUESTS),
    /** On the stack of whoever answers what belongs to a handle. */
    free_list: list(IopfGroup, REQUESTS),
  },
  { source: specH(EVENTQ_C) },
);
export interface Fault extends ViewOf<typeof Fault> {}

/** A descriptor of a process. */
export const Descriptor = object('fd', { file: ref(EventqFile) }, { permanent: true, source: specH(EVENTQ_C) });
export type Descriptor = ViewOf<typeof Descriptor>;
