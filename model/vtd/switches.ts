/** Switches of the VT-d invalidation queue. The first value is the driver before the repairs. */
import { switchOf } from '../kernel/index.ts';

/** Whether the flush of a device TLB looks first whether the device is known to be gone. */
export const devtlbTest = switchOf(
  'vtd.devtlb-test',
  'whether a device TLB invalidation is left out when the device is marked as disconnected',
  'none',
  'disconnected',
);

/** What is done after an invalidation has timed out. */
export const iteHandling = switchOf(
  'vtd.ite',
  'whether an invalidation that timed out is submitted again when its device is absent: always; never, whoever finds ' +
    'the time-out gives up; never, only whose own submission was aborted gives up',
  'retry always',
  'finder gives up',
  'owner gives up',
);

/** The drain of page requests when a PASID is unbound. */
export const drainMutex = switchOf(
  'vtd.drain',
  'whether pasid_mutex is held over the drain, released while the drain flushes the fault queue, or released over all ' +
    'of the drain',
  'mutex held',
  'mutex released to flush',
  'mutex released',
);

/** When the binding of the device is taken off the list of the svm. */
export const svmDevUnlink = switchOf(
  'vtd.svm-dev',
  'whether the binding of the device leaves the list before or after the drain',
  'before the drain',
  'after the drain',
);

/** What unbind believes once it has retaken the mutex. */
export const svmAfterDrain = switchOf(
  'vtd.after-drain',
  'whether unbind looks the svm up again after the drain, or uses the one it found before',
  'as found before',
  'looked up again',
);

/** How a drain waits for the irq thread. */
export const drainWait = switchOf(
  'vtd.prq-wait',
  'whether a drain waits for one completion, which wakes one waiter and is reset by the next drain, or on a wait queue',
  'completion',
  'wait queue',
);

/** Detach of a PASID that is not on the list of the domain. */
export const detachUnlisted = switchOf(
  'vtd.detach-unlisted',
  'whether the domain loses a user when the PASID to detach is not on its list',
  'detached all the same',
  'ignored',
);

/** How an entry of the PASID table is changed. */
export const entryUpdate = switchOf(
  'vtd.entry-update',
  'whether a PASID table entry is changed in place, or only after it was made not present and is forgotten',
  'in place',
  'not present first',
);

/** A part of the repair that is left out, to see what it is good for. */
export const entryWithout = switchOf(
  'vtd.entry-without',
  'what the change of a PASID table entry leaves out',
  'none',
  'barrier',
  'wait',
  'present last',
);

/** What the irq thread does when requests were lost. */
export const prqOverflow = switchOf(
  'vtd.overflow',
  'what the irq thread does about lost requests: there are none; it discards partial faults and clears PRO once the ring ' +
    'is empty; it only clears PRO',
  'none are lost',
  'discards, clears PRO',
  'clears PRO',
);

/** The descriptors that drain the hardware. */
export const prqDrain = switchOf(
  'vtd.prq-drain',
  'whether a drain submits the descriptors that drain the hardware, and whether after or before it looks at the ring',
  'left out',
  'after the ring',
  'before the ring',
);

/** A part of the drain of the hardware that is left out. */
export const prqDrainWithout = switchOf(
  'vtd.prq-drain-without',
  'what the drain of the hardware leaves out: nothing, the device TLB invalidation, the page-request drain flag, or the ' +
    'look at PRO',
  'none',
  'device TLB',
  'drain flag',
  'PRO',
);
