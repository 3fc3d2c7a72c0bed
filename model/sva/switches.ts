/**
 * Switches of the SVA core. The first value is the 2018 series, v2, as posted.
 */
import { switchOf } from '../kernel/index.ts';

/** What shutdown does while bonds of the device exist. */
export const shutdownBusy = switchOf(
  'sva.shutdown-busy',
  'what shutdown does while the device still has bonds: wait for them, return at once as proposed in the thread, ' +
    'or tear down without looking at them',
  'wait',
  'return early',
  'ignore',
);

/** How unbind_dev_all walks the bonds of a device. */
export const unbindAllWalk = switchOf(
  'sva.unbind-all-walk',
  'how unbind_dev_all goes to the next bond after a detach that may have dropped the lock',
  'saved next pointer',
  'restart from the head',
);

/** Who keeps a bond alive while somebody waits for its mm_exit. */
export const bondRefs = switchOf(
  'sva.bond-refs',
  'who owns a bond during the wait for mm_exit: the first waiter decides by the count, or each waiter has a reference',
  'first waiter',
  'every waiter',
);

/** Order of flushing the fault queue and clearing the context of the PASID. */
export const flushOrder = switchOf(
  'sva.flush-order',
  'whether page requests are flushed before or after the context of the PASID is cleared',
  'flush, then clear',
  'clear, then flush',
);

/** Whether init, bind, unbind and shutdown of one device exclude each other. */
export const deviceMutex = switchOf(
  'sva.device-mutex',
  'whether a mutex of the device is held over init, bind, unbind and shutdown, as in v3',
  'none',
  'held',
);

/** How the release notifier goes to the next bond after mm_exit, for which it dropped the lock. */
export const releaseWalk = switchOf(
  'sva.release-walk',
  'when the release notifier reads the next bond of the address space: after mm_exit, or before, as a safe list walk',
  'after mm_exit',
  'before mm_exit',
);

/** Whether binds of different devices exclude each other. */
export const bindMutex = switchOf(
  'sva.bind-mutex',
  'whether a global mutex is held from the search for the io_mm to its completion',
  'none',
  'held',
);

/** When init finds out that the device is initialised already. */
export const initTest = switchOf(
  'sva.init-test',
  'whether init tests sva_param only when it publishes its own, after the driver has been initialised, or also first',
  'at the end',
  'first and at the end',
);

/** Whether unbind waits for an mm_exit of its bond. */
export const unbindWait = switchOf(
  'sva.unbind-wait',
  'whether unbind lets a running mm_exit finish before it takes the bond apart',
  'waits',
  'does not wait',
);

/** What mm_exit of the driver does that its contract forbids. */
export const mmExitContract = switchOf(
  'sva.mm-exit',
  'whether mm_exit keeps to its contract, takes a lock that the driver may hold over unbind, or calls unbind itself',
  'kept',
  'takes the lock',
  'calls unbind',
);

/** Whether the driver holds the lock over unbind that its mm_exit may take. */
export const unbindLocking = switchOf(
  'sva.unbind-locking',
  'whether the driver holds its lock over unbind, or drops it before',
  'lock held',
  'lock dropped',
);

/** When a device that is removed leaves the fault queue. */
export const leavesQueue = switchOf(
  'sva.leaves-queue',
  'whether the device leaves the fault queue before shutdown, so that it cannot be flushed any more, or in shutdown',
  'before shutdown',
  'in shutdown',
);

/** What unregistering a fault handler does about faults that wait for their answer. */
export const unregisterPending = switchOf(
  'sva.unregister-pending',
  'whether unregistering the fault handler is refused while answers are due, which shutdown ignores, or answers them',
  'refused',
  'answered',
);

/** What a page response holds while it looks for the fault. */
export const responseLock = switchOf(
  'sva.response-lock',
  'whether a page response reads the pointer to fault_param without a lock, or under the param lock',
  'none',
  'param lock',
);
