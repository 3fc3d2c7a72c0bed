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
