/** Switches of mainline SVA. The first value is mainline as it is now. */
import { switchOf } from '../kernel/index.ts';

/** When a PASID may be given to another address space. */
export const pasidLife = switchOf(
  'svam.pasid-life',
  'whether an address space gives up its PASID when the mm_struct is freed, or when its last user leaves',
  'until the mm_struct is freed',
  'until the last user leaves',
);

/** Whether a group knows who has its PASIDs. */
export const pasidTaken = switchOf(
  'svam.pasid-taken',
  'whether an attach looks whether the PASID of the device belongs to another domain already',
  'refused',
  'overwritten',
);

/** What the last unbind of an mm does with the iommu_mm, and when. */
export const unlinkOrder = switchOf(
  'svam.unlink-order',
  'whether unbind is done with iommu_mm before it frees the domain, which may hold the last reference to the mm',
  'before the domain is freed',
  'after the domain is freed',
);

/** Who looks up the attach handle of a page request, and under which lock. */
export const domainLookup = switchOf(
  'svam.domain-lookup',
  'where a page request finds its domain: in the irq thread, in the worker, or in the worker under group->mutex',
  'irq thread',
  'worker',
  'worker, under group->mutex',
);

/** When the entry of the PASID array is complete. */
export const entryPublished = switchOf(
  'svam.entry-published',
  'whether the handle is complete when it becomes visible in the PASID array',
  'built before',
  'built after',
);

/** How nodes of the PASID array are freed. */
export const nodeFree = switchOf(
  'svam.xa-node',
  'whether a node of the PASID array is freed after the readers of the moment are done',
  'by RCU',
  'at once',
);

/** When unbind waits for the faults under way. */
export const unbindDrain = switchOf(
  'svam.unbind-drain',
  'whether the faults under way are waited for before the domain is freed',
  'before the domain is freed',
  'after the domain is freed',
);

/** What teardown does with a PASID entry that the release notifier has cleared. */
export const clearedEntry = switchOf(
  'svam.cleared-entry',
  'whether the teardown of a PASID entry that is not present any more drains the page requests of the PASID',
  'drains',
  'returns',
);

/** Whether the release notifier waits for the fault queue. */
export const releaseFlush = switchOf(
  'svam.release',
  'whether the release notifier flushes the fault queue',
  'only clears the entry',
  'flushes',
);

/** When the device leaves its fault queue. */
export const iopfDisable = switchOf(
  'svam.iopf-disable',
  'when the device is removed from the fault queue: in detach, after or before the PASID is torn down and drained, or ' +
    'by the device driver after unbind',
  'in detach, after the teardown',
  'in detach, before the teardown',
  'by the driver, after unbind',
);

/** What removal does with a group that waits for an answer. */
export const removeGroups = switchOf(
  'svam.remove-groups',
  'what iopf_queue_remove_device() does with a group that was not answered yet',
  'answers and frees',
  'answers',
);

/** Whether a report owns the fault_param it works with. */
export const faultParamRef = switchOf(
  'svam.fault-param',
  'whether a report takes a reference to the fault_param, which its group then owns',
  'counted',
  'not counted',
);

/** What keeps a device while a fault of it is reported. */
export const releaseLock = switchOf(
  'svam.release-lock',
  'whether a mutex covers the report of a fault, from the look-up of the device on, against the release of the device',
  'iopf_lock',
  'none',
);

/** What becomes of a report when the fault is not the last of its group. */
export const partialReport = switchOf(
  'svam.partial-report',
  'whether the report of a fault that is not the last of its group ends when the fault is stored',
  'returns',
  'goes on',
);

/** Whether the owner of an ASID keeps the mm_struct. */
export const asidHoldsMm = switchOf(
  'svam.asid-mm',
  'whether a shared context descriptor holds the mm_struct whose ASID it has pinned',
  'held',
  'not held',
);

/** What the last put of a notifier leaves for a release notifier that is about to run. */
export const putMarksCleared = switchOf(
  'svam.notifier-put',
  'whether the last put of a notifier marks it cleared, so that a release that waits for the lock has nothing left to do',
  'not marked',
  'marked',
);

/** What the drain of a PASID leaves out. */
export const drainWithout = switchOf(
  'svam.drain-without',
  'what the drain of the page requests of a PASID leaves out: nothing, the look at the queue, or the flush of the workqueue',
  'nothing',
  'the queue',
  'the workqueue',
);

/** Whether a page request may be on its way when its context has stopped, and what pushes it to the queue then. */
export const requestPath = switchOf(
  'svam.request-path',
  'whether a page request is in the queue when it is posted, or has to be pushed there by the device TLB invalidation ' +
    'of the teardown, with another one at the end of the drain, or by that at the end alone',
  'at once',
  'pushed by teardown and drain',
  'pushed by drain',
);
