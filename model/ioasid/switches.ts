/** The choices inside IOASID. The first value of each is V4 as posted; the others are other revisions and repairs. */
import { switchOf } from '../../checker/lang/index.ts';

/** #18. */
export const lockOrder = switchOf(
  'ioasid.lock-order',
  'which of its two locks ioasid takes first where it needs both',
  'allocator-first',
  'nb-first',
);

/** #18: what the registration by address space does to find the set. */
export const registerLookup = switchOf(
  'ioasid.register',
  'the set of an address space is looked up with ioasid_nb_lock held, or before it is taken',
  'under-nb',
  'before-nb',
);

/** v2 and v3: the registration gives the set back while it holds ioasid_nb_lock. */
export const registerPut = switchOf(
  'ioasid.register-put',
  'the registration gives the set back with ioasid_set_put, which takes both locks, or with its locked form',
  'takes-locks',
  'locked-form',
);

/** v3: a registration that is refused, or has no memory, keeps the reference of the set that it has found. */
export const registerUndo = switchOf(
  'ioasid.register-undo',
  'a registration that fails keeps the reference of the set that it was given, or gives it back',
  'kept',
  'given-back',
);

/** Review of v3 11/14 asks for `locked`; but leaving a chain ends with a grace period. */
export const unregisterLock = switchOf(
  'ioasid.unregister',
  'a notifier leaves the chain of its set after ioasid_nb_lock is dropped; before that; or before it, and waits after it',
  'unlocked',
  'locked',
  'wait-later',
);

/** V4: the number of IDs is the count. v2 and v3: a reference count, of which the creator has one. */
export const setLife = switchOf(
  'ioasid.set-life',
  'a set is freed with its last ID, or with its last reference, of which its creator has one',
  'last-id',
  'counted',
);

/** ioasid_free_all_in_set() looks at the set before it takes the lock. */
export const freeAllTest = switchOf(
  'ioasid.free-all',
  'whether ioasid_free_all_in_set tests the set before it takes the lock, or under it',
  'unlocked',
  'locked',
);

/** What ioasid_alloc() does when the set has no memory for the ID. */
export const allocUndo = switchOf(
  'ioasid.alloc-undo',
  'when its last step fails, ioasid_alloc frees the data twice and returns the ID, frees it twice and fails, or undoes ' +
    'what it did and fails',
  'posted',
  'frees-twice',
  'undone',
);

/** Freeing a set gives its quota back: v3 did, V4 does not. */
export const quotaReturn = switchOf(
  'ioasid.quota-return',
  'whether the quota of a set that is freed is given back to the system',
  'kept',
  'returned',
);

/** The priorities: the enum of V4 has IOMMU above DEVICE, the text of the series wants the device stopped first. */
export const priorities = switchOf(
  'ioasid.priorities',
  'the order in which subscribers are told: CPU, IOMMU, device or CPU, device, IOMMU',
  'cpu-iommu-device',
  'cpu-device-iommu',
);

/** Two chains: priorities order the subscribers of one. */
export const chainOrder = switchOf(
  'ioasid.chains',
  'the VT-d driver listens on the global chain, which is told first, or on the chain of the set, by its priority',
  'two-chains',
  'one-chain',
);

/** #37. */
export const svmLife = switchOf(
  'ioasid.svm-life',
  'who frees the svm in which the cleanup is embedded: unbind does, unbind flushes the queue and does, or its last user',
  'unbind-frees',
  'unbind-flushes',
  'counted',
);

/** #37, second part. */
export const workerDrain = switchOf(
  'ioasid.worker-drain',
  'whether the cleanup drains the page requests with iommu->lock held, or after it is dropped',
  'under-spinlock',
  'outside',
);

/** #37, third part. */
export const vdcmWork = switchOf(
  'ioasid.vdcm-work',
  'whether the mediating driver allocates its work item when it is told, or has it in its device',
  'allocated',
  'embedded',
);

/** Guest bind against the free of its ID: V4, and three stages of a repair. */
export const bindGet = switchOf(
  'ioasid.bind-get',
  'guest bind takes its reference last, whether it gets one or not, and prepares its work item after that; prepares the ' +
    'work item first; takes the reference first and fails without; and the data of an ID that is going is refused',
  'last',
  'work-ready',
  'first',
  'refused',
);

/** Guest bind without memory for the device. */
export const bindUndo = switchOf(
  'ioasid.bind-undo',
  'when guest bind fails it clears its data, or also gives back the private ID and the reference',
  'data-only',
  'all',
);

/** What a handler may call. */
export const handlerPut = switchOf(
  'ioasid.handler-put',
  'KVM drops its reference in the handler with ioasid_put_locked, or with ioasid_put',
  'locked-form',
  'takes-lock',
);

/** iommu_sva_free_pasid(): what becomes of mm->pasid when a driver gives its reference back. */
export const svaPut = switchOf(
  'ioasid.sva-put',
  'mm->pasid is cleared if ioasid_put says that the ID is free now; always; never; or if it says so, but after the unlock',
  'if-freed',
  'always',
  'never',
  'after-unlock',
);

/** iommu_sva_alloc_pasid(), iommu_sva_free_pasid(). */
export const svaLock = switchOf(
  'ioasid.sva-lock',
  'whether iommu_sva_lock is held from the test of mm->pasid to its change',
  'held',
  'none',
);
