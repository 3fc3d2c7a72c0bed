/**
 * The choices inside iommufd objects. The first value of each is the oldest form; `repaired` sets all of them to what
 * mainline has, or would need.
 */
import { set, switchOf } from '../../checker/lang/index.ts';

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

/** Mainline, with the repairs of what was found here. */
export const repaired = [
  set(destroyIoctl, 'by id'),
  set(holders, 'count'),
  set(destroyTimeout, 'sixty seconds'),
  set(destroyWake, 'all'),
  set(giveUp, 'unless zero'),
];
