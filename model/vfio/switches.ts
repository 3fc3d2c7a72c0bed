/**
 * The choices inside VFIO type1 SVA. The first value of each is the patch as it was posted; the others are repairs,
 * or the mistake that a comment of the patch warns of.
 */
import { switchOf } from '../../checker/lang/index.ts';

/** Deadlock of the corpus, #1: detach waits for an mm_exit that wants the lock detach holds. */
export const detachLocking = switchOf(
  'vfio.detach',
  'what vfio_iommu_type1_detach_group holds while it waits for mm_exit: iommu->lock (locked); nothing, and the group is still on its list (unlocked); nothing, and the group was unlinked before (unlinked)',
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

/** #24 and the second entrance of #1. */
export const replayPut = switchOf(
  'vfio.replay-put',
  'when vfio_iommu_replay_bind gives back the mm_users it took: at once with mmput_async (async), at once with mmput (plain), with mmput_async when the attach is decided (kept)',
  'async',
  'plain',
  'kept',
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
  'what a failed bind or replay undoes: every group and mm (all), or only what this call bound (own)',
  'all',
  'own',
);

/** #23 B. */
export const svaUsers = switchOf(
  'vfio.sva-users',
  'how groups whose devices resolve to one parent share its SVA state: each initialises it (each), the first initialises and any shuts down (skip), or they are counted (counted)',
  'each',
  'skip',
  'counted',
);

/** VFIO-INIT-LEAK. */
export const initUnwind = switchOf(
  'vfio.init-unwind',
  'whether a failed initialisation of a group leaves the devices before the failing one initialised, or shuts them down',
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
