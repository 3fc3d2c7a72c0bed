/** Switches of the first SVA of the AMD driver. The first value is the driver as it came. */
import { switchOf } from '../kernel/index.ts';

/** How put_pasid_state_wait() waits for the other owners. */
export const putWait = switchOf(
  'amd-v2.put-wait',
  'whether the owner who frees sleeps once and takes any wake-up for the right one, waits for a count of zero, or for ' +
    'a completion that is the last thing the others touch',
  'schedule() once',
  'wait_event',
  'completion',
);

/** What the release callback of the notifier does. */
export const releaseFrees = switchOf(
  'amd-v2.release',
  'whether release unbinds and frees at once, unbinds and leaves the free to SRCU, or only stops the device',
  'frees',
  'frees after SRCU',
  'only stops',
);

/** What bind holds of the address space until the pasid_state is freed. */
export const bindHolds = switchOf(
  'amd-v2.bind-holds',
  'whether bind keeps its mm_users reference, or only the mm_count of the notifier',
  'mm_users',
  'mm_count',
);

/** When unbind waits for the faults that still have the state. */
export const unbindWaits = switchOf(
  'amd-v2.unbind-waits',
  'whether unbind waits for the other owners of the state after it has given the mm up, or before',
  'after unregister',
  'before unregister',
);
