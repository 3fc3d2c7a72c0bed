/**
 * Objects of the IOASID allocator: IDs, sets, notifier chains, pending notifiers; and of its subscribers: the VT-d
 * driver, KVM, and a mediating device driver.
 *
 * Source: V4 05/18 to 14/18. Limits: IDs 1 to 3, two sets; the default allocator only; xarrays are tables of that size.
 */
import {
  atomic,
  bool,
  callbackType,
  idr,
  int,
  list,
  mutex,
  object,
  oneOf,
  op,
  opaque,
  pointerTo,
  ptr,
  racy,
  rcuHead,
  ref,
  refcount,
  Srcu,
  spinlock,
  type ViewOf,
  Workqueue,
  workStruct,
} from '../kernel/index.ts';
import { IOASID_C, KVM_C, SVA_LIB_C, SVM_C, specF, VDCM_C, v3_11, v4_05, v4_06, v4_09, v4_14 } from './sources.ts';

/** IDs are numbered from 1; 0 stands for INVALID_IOASID. */
export const LAST_ID = 3;
export const LAST_SET = 2;
export const ioasidT = () => int(0, LAST_ID);
export const setId = () => int(0, LAST_SET);
/** Quota and capacity, in IDs. */
export const quota = () => int(0, 4);

export const event = () => oneOf('none', 'alloc', 'free', 'bind', 'unbind');

/** struct ioasid_data. */
export const IoasidData = object(
  'ioasid_data',
  {
    id: ioasidT(),
    spid: ioasidT(),
    state: oneOf('idle', 'active', 'free-pending'),
    set: pointerTo<IoasidSet>(),
    /** Of a guest's ID an intel_svm, of a process's own its mm_struct. */
    private: opaque(),
    refs: refcount(1),
    /** Ghost: FREE has been told. */
    told: bool(),
    ...rcuHead,
  },
  { source: v4_06(IOASID_C) },
);
export interface IoasidData extends ViewOf<typeof IoasidData> {}

/**
 * A handler of events, told under ioasid_allocator_lock: it must not sleep, and may call the `_locked` forms only. The
 * arguments are struct ioasid_nb_args and what embeds the notifier block.
 */
export const NotifierCall = callbackType('notifier_fn_t', {
  core: pointerTo<Ioasid>(),
  owner: opaque(),
  code: event(),
  id: ioasidT(),
  pdata: opaque<IntelSvm>(),
});

/** struct notifier_block, on one chain at most: a list with one pointer, which readers follow under RCU. */
export const NotifierBlock = object(
  'notifier_block',
  {
    notifier_call: op(NotifierCall),
    next: atomic(opaque<NotifierBlock>(), 'an atomic notifier chain, read under RCU'),
    priority: int(0, 3),
    owner: opaque(),
  },
  { permanent: true, source: v4_09(IOASID_C) },
);
export interface NotifierBlock extends ViewOf<typeof NotifierBlock> {}

/** struct ioasid_set. A token of 0 is NULL; others stand for an mm_struct, of which only the address counts. */
export const IoasidSet = object(
  'ioasid_set',
  {
    id: setId(),
    token: int(0, 2),
    quota: quota(),
    nr_ioasids: quota(),
    xa: idr(IoasidData, LAST_ID),
    nh: atomic(ref(NotifierBlock), 'an atomic notifier chain, read under RCU'),
    /** `counted`: one of the creator, one of each ID. */
    ref: refcount(1),
    ...rcuHead,
  },
  { source: v4_05(IOASID_C) },
);
export interface IoasidSet extends ViewOf<typeof IoasidSet> {}

/** struct ioasid_set_nb: a notifier registered by address space, be there a set or not. */
export const IoasidSetNb = object(
  'ioasid_set_nb',
  { nb: ptr(NotifierBlock), token: int(0, 2), set: ref(IoasidSet), active: bool() },
  { source: v3_11(IOASID_C) },
);
export type IoasidSetNb = ViewOf<typeof IoasidSetNb>;

/** The globals of ioasid.c. `xa` is that of the default allocator. */
export const Ioasid = object(
  'ioasid',
  {
    allocator_lock: spinlock(),
    nb_lock: spinlock(),
    xa: atomic(idr(IoasidData, LAST_ID), 'rcu_assign_pointer and rcu_dereference'),
    sets: idr(IoasidSet, LAST_SET),
    notifier: ref(NotifierBlock),
    pending: list(IoasidSetNb, 2),
    capacity_avail: quota(),
    wq: ptr(Workqueue),
    rcu: ptr(Srcu),
  },
  { permanent: true, source: v4_09(IOASID_C) },
);
export interface Ioasid extends ViewOf<typeof Ioasid> {}

/** A PASID-capable device, as far as the VT-d driver and the driver of its work queues know it. */
export const VtdDevice = object(
  'device',
  {
    /** The PASID whose table entry is present, and, as a ghost, the ioasid_data it was installed for. */
    entry: ioasidT(),
    entry_for: ref(IoasidData),
    /** The PASID its work queue is programmed with: it may send requests with it at any time. */
    queue_pasid: racy(ioasidT(), 'a register'),
    pri_enabled: bool(),
  },
  { permanent: true, source: v4_14(SVM_C) },
);
export type VtdDevice = ViewOf<typeof VtdDevice>;

/** struct intel_svm; struct intel_svm_dev is folded into the device. */
export const IntelSvm = object(
  'intel_svm',
  {
    core: pointerTo<Ioasid>(),
    iommu: pointerTo<IntelIommu>(),
    pasid: ioasidT(),
    devs: list(VtdDevice, 2),
    /** `counted`: the binding, and the cleanup while it is queued or runs. */
    refs: refcount(1),
    ...workStruct,
  },
  { source: v4_14(SVM_C) },
);
export interface IntelSvm extends ViewOf<typeof IntelSvm> {}

/** struct intel_iommu, with the mutex that svm.c has over all of them. */
export const IntelIommu = object(
  'intel_iommu',
  { lock: spinlock(), pasid_mutex: mutex() },
  { permanent: true, source: v4_14(SVM_C) },
);
export type IntelIommu = ViewOf<typeof IntelIommu>;

/** What a process is for iommu-sva-lib.c; 0 while it has no PASID. */
export const SvaMm = object('mm_struct', { pasid: ioasidT() }, { permanent: true, source: v4_05(SVA_LIB_C) });
export type SvaMm = ViewOf<typeof SvaMm>;

/** The globals of iommu-sva-lib.c: the lock of every `mm->pasid`, and the set that their IDs come from. */
export const SvaLib = object(
  'iommu_sva',
  { lock: mutex(), set: ref(IoasidSet) },
  { permanent: true, source: v4_05(SVA_LIB_C) },
);
export type SvaLib = ViewOf<typeof SvaLib>;

/** A bond of a device with a process: the PASID that its driver programs the device with, 0 while there is none. */
export const SvaBond = object(
  'iommu_sva_bond',
  { mm: ptr(SvaMm), pasid: racy(ioasidT(), 'a register') },
  { permanent: true, source: v4_05(SVA_LIB_C) },
);
export type SvaBond = ViewOf<typeof SvaBond>;

/** KVM: the PASID translation of a VM, for instructions that submit work. */
export const Kvm = object('kvm', { pasid: ioasidT() }, { permanent: true, source: specF(KVM_C) });
export type Kvm = ViewOf<typeof Kvm>;

/** A mediated device whose work queue uses a PASID of the guest. */
export const Vdcm = object(
  'vdcm',
  { core: ptr(Ioasid), dev: ptr(VtdDevice), lock: mutex(), ...workStruct },
  { permanent: true, source: specF(VDCM_C) },
);
export type Vdcm = ViewOf<typeof Vdcm>;

/** `allocated`: what the mediating driver queues when it is told. */
export const VdcmWork = object('vdcm_work', { vdcm: ptr(Vdcm), ...workStruct }, { source: specF(VDCM_C) });

/** struct ioasid_user: who created a set for a process, and gives IDs out of it. */
export const IoasidUser = object(
  'ioasid_user',
  { set: ref(IoasidSet), id: ioasidT() },
  { permanent: true, source: specF('drivers/iommu/ioasid_user.c') },
);
export type IoasidUser = ViewOf<typeof IoasidUser>;
