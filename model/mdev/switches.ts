/** The choices of a mediating driver. The first value of each is what the thread or the kernel of the time had. */
import { switchOf } from '../../checker/lang/index.ts';

/** V4, V1, V2, V3 of the specification. */
export const parentUsers = switchOf(
  'mdev.users',
  'who sees to it that a parent is initialised once: a test inside the SVA core (V4), a mutex held over everything ' +
    '(V1), a count under the lock with the call outside (V2), a state machine (V3)',
  'core',
  'mutex',
  'count',
  'states',
);

/** How a mediated device is bound: the core knows one bond of a parent and a process. */
export const parentBonds = switchOf(
  'mdev.bonds',
  'whether bonds are left to the shutdown of the parent, belong to whoever binds, or are counted for each mdev',
  'left',
  'direct',
  'counted',
);

/** A bond that is being removed keeps its entry for a moment after the core has given its PASID to somebody else. */
export const exitLookup = switchOf(
  'mdev.exit-lookup',
  'whether mm_exit takes any bond with the PASID that it is told, or none that is dying',
  'any',
  'living',
);

/** MDEV-1. */
export const removalLock = switchOf(
  'mdev.removal',
  'whether creation and removal of a mediated device exclude the removal of the parent with a semaphore',
  'none',
  'semaphore',
);
