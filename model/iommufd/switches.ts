/**
 * The choices inside iommufd objects. The first value of each is the oldest form; `repaired` sets all of them to what
 * mainline has, or would need.
 */
import { type Setting, set, switchOf } from '../../checker/lang/index.ts';

/** #8. */
export const destroyIoctl = switchOf(
  'iommufd.destroy',
  'whether IOMMU_DESTROY takes a reference of the object it destroys, or removes it by its number',
  'takes a reference',
  'by id',
);

/** #9. */
export const holders = switchOf(
  'iommufd.holders',
  'what a temporary holder of an object has: its destroy_rwsem for reading, or a count that destroyers wait for',
  'semaphore',
  'count',
);

/** The follow-on of #9. There is no clock: ten seconds may be up at any moment, sixty only if a holder never lets go. */
export const destroyTimeout = switchOf(
  'iommufd.timeout',
  'how long a destroyer waits for temporary holders',
  'ten seconds',
  'sixty seconds',
  'for ever',
);

/** Not in the corpus: a destroyer sleeps uninterruptibly, so an interruptible wake-up passes it over. */
export const destroyWake = switchOf(
  'iommufd.wake',
  'the last temporary holder wakes interruptible sleepers only, or all',
  'interruptible',
  'all',
);

/** Not in the corpus: a destroyer whose time is up restores the count by an increment, though it may be zero by then. */
export const giveUp = switchOf(
  'iommufd.give-up',
  'how a destroyer whose time is up restores wait_cnt: refcount_inc, or only if it is not zero yet',
  'increment',
  'unless zero',
);

/** The order inside of a put, with the count. */
export const putOrder = switchOf(
  'iommufd.put',
  'which of its two counts a temporary holder drops first',
  'wait_cnt first',
  'users first',
);

/** IOMMUFD-5. */
export const hwptLink = switchOf(
  'iommufd.link',
  'an HWPT is linked into its IOAS when it is made, or once more when the first device is attached to it',
  'again at attach',
  'once',
);

/** #34. */
export const abortFile = switchOf(
  'iommufd.abort-file',
  'the file of an event queue that is aborted is put, which defers its release, or released before the object is freed',
  'deferred',
  'synchronous',
);

/** IOMMUFD-4. */
export const mmapUsers = switchOf(
  'iommufd.mmap',
  'mmap takes a user of the owner at its end, or under the lock of the tree and unless there is none',
  'at the end',
  'under the lock',
);

/** IOMMUFD-6. */
export const accessIoas = switchOf(
  'iommufd.access',
  'whether the IOAS of an access is read with its ioas_lock',
  'unlocked',
  'locked',
);

/** Not a form that was merged: what the abort of an HWPT is there for. */
export const hwptUndo = switchOf(
  'iommufd.hwpt-undo',
  'an HWPT that is not published is undone by an abort of its own, or by its destroy, which takes ioas->mutex',
  'abort',
  'destroy',
);

/** #32, with `model/liveupdate`: mainline knows no preserved device, a later revision tests in attach only. */
export const preservedTest = switchOf(
  'iommufd.preserved',
  'attach, replace and detach do not look whether live update has the device, or attach does, or all three do',
  'none',
  'attach',
  'all',
);

/** Destroyers as mainline has them, with the repair of what was found here. */
export const waiting = [set(holders, 'count'), set(destroyTimeout, 'sixty seconds'), set(giveUp, 'unless zero')];

/** The same with temporary holders, with IOMMU_DESTROY, and with attachments. */
export const counted = [...waiting, set(putOrder, 'users first'), set(destroyWake, 'all')];
export const repaired = [set(destroyIoctl, 'by id'), ...counted];
export const repairedAttach = [...repaired, set(hwptLink, 'once')];

/** A list of settings with some of them changed. */
export const but = (settings: readonly Setting[], ...changed: readonly Setting[]): readonly Setting[] => [
  ...settings.filter((s) => !changed.some((c) => c.switch === s.switch)),
  ...changed,
];

/** Before b7d8833677ba an attachment had none; later those with a fault queue had one, then all. */
export const attachHandles = switchOf(
  'iommufd.handle',
  'whether an attachment has a handle by which page requests find their fault queue',
  'none',
  'every attachment',
);

/** The property of the specification: fault groups are answered before the handle is freed. */
export const autoResponse = switchOf(
  'iommufd.auto-response',
  'when detach and replace answer what came in through a handle: never, after they have freed it, only what has ' +
    'not been read, or before',
  'never',
  'after the handle',
  'unread only',
  'before the handle',
);

/** fb21b1568ada, repaired in July 2026. */
export const replaceQueue = switchOf(
  'iommufd.replace-queue',
  'which fault queue replace looks through for groups of the old handle',
  'of the new HWPT',
  'of the old HWPT',
);

/** Fault queue: who takes fault->mutex. */
export const faultMutex = switchOf(
  'iommufd.fault-mutex',
  'whether the automatic answers take the mutex of the fault queue, as read() and write() do',
  'read and write',
  'all',
);

/** Page requests under way. The driver empties its queue in the change of domain, before the new handle is stored. */
export const drain = switchOf(
  'iommufd.drain',
  'when a change of domain waits for page requests under way: never, before the new handle is stored, or after that too',
  'never',
  'before the handle',
  'after the handle too',
);

/** Since iommu drivers do it in their attach. */
export const iopfOff = switchOf(
  'iommufd.iopf-off',
  'who takes a device off the fault queue of its IOMMU: the driver in the change of domain, or iommufd after its answers',
  'driver',
  'iommufd',
);

/** Proposed in July 2026. */
export const groupOwnership = switchOf(
  'iommufd.group-owner',
  'whether a group that iommufd delivers stays in the list of those that wait for an answer, or leaves it',
  'two lists',
  'iommufd',
);

/** 3f4818ec1390. */
export const faultDestroy = switchOf(
  'iommufd.fault-destroy',
  'whether the destroy of a fault queue answers groups that have been read and not answered',
  'unread only',
  'all',
);

/** Not a form that was merged: what a nested HWPT owes its parent. */
export const parentUser = switchOf(
  'iommufd.parent-user',
  'whether a nested HWPT holds a user of its parent',
  'none',
  'held',
);

/** Until Linux 6.14 detach looked up its HWPT before it had the lock. Mainline is first: only a replace tells them apart. */
export const detachReads = switchOf(
  'iommufd.detach-reads',
  'whether detach reads the HWPT of its group before it takes igroup->lock, or with it',
  'under the lock',
  'before the lock',
);

/** Not forms that were merged: what a look-up of a group must do. */
export const groupGet = switchOf(
  'iommufd.group-get',
  'how bind takes a reference of a group that it finds: plainly, after it has left the lock, or under it and unless it is zero',
  'plain',
  'unlocked',
  'unless zero',
);

/** read() of a fault queue: the `break` after a failed copy leaves the loop over the faults of a group, not that over groups. */
export const readFailed = switchOf(
  'iommufd.read-failed',
  'whether read() of a fault queue fetches a group again whose copy to user space has failed, or gives up',
  'tries again',
  'gives up',
);

/** Not a form that was merged: what the end of a group must do. */
export const groupErase = switchOf(
  'iommufd.group-erase',
  'whether the end of a group empties its slot, or only if the group is still in it',
  'always',
  'if it is in it',
);

/** The reader of `ioas_creation_lock`; never left out in a kernel that has IOMMU_IOAS_CHANGE_PROCESS. */
export const creationLock = switchOf(
  'iommufd.creation-lock',
  'whether a new IOAS is published with ioas_creation_lock',
  'without',
  'with',
);

/** Fault queues and attach handles as they should be, beside objects as they are. */
export const repairedFaults = [
  set(attachHandles, 'every attachment'),
  set(autoResponse, 'before the handle'),
  set(faultMutex, 'all'),
  set(drain, 'after the handle too'),
  set(iopfOff, 'iommufd'),
  set(faultDestroy, 'all'),
];
