/**
 * The choices inside VFIO type1 SVA. The first value of each is the patch as it was posted; the others are repairs,
 * or the mistake that a comment of the patch warns of.
 */
import { switchOf } from '../../checker/lang/index.ts';

/**
 * #1: detach waits for an mm_exit that wants the lock which detach holds. `locked`: iommu->lock is held; `unlocked`:
 * it is not, but the group is still on its list; `unlinked`: it is not, and the group was taken off the list before.
 */
export const detachLocking = switchOf(
  'vfio.detach',
  'whether detach_group waits for mm_exit with iommu->lock held, without it, or without it and after the unlink',
  'locked',
  'unlocked',
  'unlinked',
);

/** VFIO-ORDER-1: without a default domain, shutdown after detach finds no domain and does nothing. */
export const detachOrder = switchOf(
  'vfio.order',
  'what vfio_iommu_type1_detach_group does first: iommu_detach_group or the SVA shutdown',
  'detach-first',
  'shutdown-first',
);

/**
 * #24 and the second entrance of #1. `async`: at once with mmput_async(); `plain`: at once with mmput(); `kept`: with
 * mmput_async(), when the attach is decided.
 */
export const replayPut = switchOf(
  'vfio.replay-put',
  'when and how replay_bind gives back mm_users: at once, at once with a plain mmput, or when the attach is decided',
  'async',
  'plain',
  'kept',
);

/**
 * What becomes of the vfio_mm of a process that exits already. Skipped, it is not bound to the new group: once the
 * other groups leave, nothing tells the container of the end of the process, and the pointer to its mm stays.
 */
export const replayExiting = switchOf(
  'vfio.replay-exiting',
  'whether replay_bind skips a process that is exiting, or also takes it off the list',
  'skip',
  'forget',
);

/** Must-not-report 2, turned round. */
export const bindPut = switchOf(
  'vfio.bind-put',
  'whether bind_process drops mm_users after it released iommu->lock, or before',
  'after-unlock',
  'under-lock',
);

/** Must-not-report 1, turned round. */
export const unbindReference = switchOf(
  'vfio.unbind-mm',
  'whether unbind_process holds mm_users of the mm (users), or only knows its address (none)',
  'users',
  'none',
);

/** #23: does the pointer in vfio_mm keep the mm_struct from being freed? */
export const vfioMmCount = switchOf('vfio.mm-count', 'whether vfio_mm holds mm_count of its mm', 'none', 'held');

/** #23 A. */
export const unwindScope = switchOf(
  'vfio.unwind',
  'what a failed bind undoes: the binds of every group (all), or only those of this call (own)',
  'all',
  'own',
);

/**
 * #23 B. `each`: every group initialises the device, as posted; `skip`: a second initialisation does nothing, and any
 * group shuts down, as a user of the series had it; `counted`: the first initialises and the last shuts down.
 */
export const svaUsers = switchOf(
  'vfio.sva-users',
  'how groups whose devices resolve to one parent initialise it and shut it down: each, the first and any, counted',
  'each',
  'skip',
  'counted',
);

/** VFIO-INIT-LEAK. */
export const initUnwind = switchOf(
  'vfio.init-unwind',
  'whether an initialisation that fails at a later device of a group leaves those before it, or shuts them down',
  'leave',
  'undo',
);

/** A failed attach frees the group and forgets that its device has SVA enabled. */
export const attachUnwind = switchOf(
  'vfio.attach-unwind',
  'whether a failed attach leaves SVA of the group enabled, or shuts it down',
  'leave',
  'shutdown',
);
