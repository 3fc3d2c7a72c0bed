/**
 * Switches of the IOPF queue, of the SMMUv3 PRI queue driver and of the reduced bind and unbind. The first value is
 * the series as posted.
 */
import { switchOf } from '../kernel/index.ts';

/** Does the low-level flush see an entry that the irq thread has taken out of the queue and not yet reported? */
export const priqAccounting = switchOf(
  'smmu.priq.popped-entry',
  'whether an entry that was taken out of the PRI queue but not yet reported counts as being in it',
  'forgotten',
  'counted',
);

/** How the low-level flush sleeps. */
export const priqFlushWait = switchOf(
  'smmu.priq.flush-wait',
  'how the flush of the PRI queue waits; the caller ignores the result',
  'interruptible',
  'uninterruptible',
);

/** How the fault worker drops its reference to the address space. */
export const workerMmput = switchOf(
  'iopf.mmput',
  'how the fault worker drops its mm_users reference',
  'async',
  'plain',
);

/** Whether the release notifier waits for the fault queue, as the 2018 series does and mainline does not. */
export const releaseFlush = switchOf(
  'iopf.release',
  'whether the release notifier flushes the fault queue',
  'flushes',
  'only clears the context',
);

/** What unbind does first. */
export const unbindOrder = switchOf(
  'iopf.unbind-order',
  'whether unbind flushes the fault queues before or after it clears the context descriptor',
  'flush, then clear',
  'clear, then flush',
);

/** The contract of unbind: the driver has stopped the device for this PASID before the call. */
export const deviceStop = switchOf(
  'iopf.device-stop',
  'when the device stops using the PASID',
  'before unbind',
  'after unbind',
  'never',
);

/** What becomes of partial faults, whose Last request may have been lost. */
export const partialFaults = switchOf(
  'iopf.partial-faults',
  'whether a flush discards the partial faults that are left over',
  'kept',
  'discarded',
);

/** How partial faults find the Last request of their group. */
export const groupMatch = switchOf(
  'iopf.group-match',
  'what a partial fault and the Last request of its group have in common',
  'index',
  'index and PASID',
);

/** Which core gives PASIDs to address spaces: the two steps of `bind.ts`, or all of `model/sva`. */
export const svaCore = switchOf(
  'iopf.sva-core',
  'how much of the SVA core is modelled around the fault path',
  'reduced',
  'whole',
);

/**
 * The fault queue in its revisions. They differ in what keeps `iopf_device_param` and the queue alive while a flush uses
 * them: nothing but the caller's promise (v2), a busy flag (v4), a busy counter (v5), or the param lock, which is held
 * over the flush of the workqueue (5.13, without a low-level flush).
 */
export const iopfRevision = switchOf(
  'iopf.revision',
  'what keeps the device in the queue while a flush runs: nothing, a busy flag, a busy counter, the param lock',
  'v2',
  'v4',
  'v5',
  '5.13',
);

/** What the irq thread does about partial faults when requests were lost in a full queue. */
export const overflowPartial = switchOf(
  'smmu.priq.overflow',
  'whether the irq thread discards the partial faults when the PRI queue has overflowed',
  'kept',
  'discarded',
);

/** How iopf_queue_discard_partial() treats the faults. */
export const discardPartial = switchOf(
  'iopf.discard-partial',
  'whether discarding partial faults takes them off the list, and under which lock besides queue->lock',
  'freed only',
  'unlinked',
  'unlinked under the param lock',
);

/** What becomes of the partial faults of a group that cannot be allocated. */
export const groupNoMemory = switchOf(
  'iopf.group-no-memory',
  'whether the partial faults of a group are freed when the group cannot be allocated',
  'kept',
  'freed',
);

/** Stop Markers of functions that send them, and what the irq thread makes of one. */
export const stopMarkers = switchOf(
  'smmu.stop-marker',
  'whether functions send Stop Markers, and whether the irq thread drops them or takes them for page requests',
  'not sent',
  'dropped',
  'answered',
);

/** How the IOMMU driver gives a page response to the hardware. */
export const pageResponseBy = switchOf(
  'iopf.page-response',
  'whether a page response is one command, as with the SMMUv3, or an operation of the driver of the device',
  'SMMUv3',
  'operation',
);

/** Whether the commands of the SMMUv3 driver go through the command queue. */
export const commandQueue = switchOf(
  'iopf.commands',
  'whether a command to the SMMU takes effect in the step that issues it, or travels through the command queue',
  'at once',
  'through the queue',
);

/** What unbind does about answers that are still in the command queue after a flush of the fault queues. */
export const afterFlush = switchOf(
  'iopf.after-flush',
  'whether unbind waits with a CMD_SYNC for the answers that the flush has left in the command queue',
  'nothing',
  'SYNC',
);

/** Whether CMD_PRI_RESP names the PASID, as a device may require. */
export const responsePasid = switchOf(
  'iopf.response-pasid',
  'whether a page response names the PASID besides the group index',
  'not named',
  'named',
);

/** What becomes of the function between two users. */
export const betweenUsers = switchOf(
  'iopf.between-users',
  'whether the function is reset when its user closes it, and so forgets the groups that it has open',
  'reset',
  'left as it is',
);

/** What a driver that waits for the end of a context makes of a function that is gone. */
export const stopWait = switchOf(
  'iopf.stop-wait',
  'whether a driver that stops a context looks at its busy bit alone, or also whether the function is still there',
  'busy bit',
  'busy bit, or gone',
);

/** In which order the driver parts with a device. */
export const removeOrder = switchOf(
  'smmu.remove-device',
  'whether remove_device takes the device out of the fault queue before or after it detaches it',
  'queue, then detach',
  'detach, then queue',
);

/** What the shutdown of SVA on a device does before the device leaves its fault queue. */
export const priShutdown = switchOf(
  'smmu.pri-shutdown',
  'in which order the shutdown disables PRI (or only ATS), flushes the fault queues and waits for the answers',
  'disable PRI',
  'disable PRI, flush',
  'disable PRI, flush, SYNC',
  'flush, SYNC, disable PRI',
  'disable ATS, flush, SYNC, disable PRI',
);

/** Whether enabling PRI resets the interface first. */
export const priReset = switchOf(
  'smmu.pri-reset',
  'whether enabling PRI resets the interface before',
  'reset',
  'not reset',
);

/** Whether the driver answers while PRI is disabled. */
export const priAnswers = switchOf(
  'smmu.pri-answers',
  'whether a page response is sent while PRI is enabled only, or whenever the device has the capability',
  'while PRI is enabled',
  'always',
);

/** Who answers a group that could not be reported. */
export const failedBy = switchOf(
  'smmu.failed-by',
  'whether the irq thread answers a group that could not be reported by a command of its own or by page_response',
  'command',
  'page_response',
);
