/** Switches of the SMMUv3 driver around its command queue. */
import { switchOf } from '../kernel/index.ts';

/** In which order an unmap invalidates the two levels of caches. The first value is the driver before the repair. */
export const unmapOrder = switchOf(
  'smmu.unmap-order',
  'which cache an unmap invalidates first, and whether it waits between the two and after both',
  'ATC, then TLB',
  'both, one SYNC',
  'TLB, then ATC, no last SYNC',
  'TLB, then ATC',
);

/** What unbind writes into the context descriptor first. */
export const unbindWrites = switchOf(
  'smmu.unbind-writes',
  'whether unbind makes the context descriptor invalid, or leaves it valid and quiet',
  'invalid',
  'quiet',
  'nothing',
);

/** A step of unbind that is left out, to see what it is good for. */
export const unbindWithout = switchOf(
  'smmu.unbind-without',
  'which command or SYNC unbind leaves out',
  'none',
  'CFGI_CD',
  'SYNC after CFGI_CD',
  'TLBI',
  'SYNC after TLBI',
  'ATC_INV',
  'last SYNC',
);

/** When unbind gives PASID and ASID back. */
export const numbersFreed = switchOf(
  'smmu.numbers-freed',
  'whether PASID and ASID are given back before or after the invalidations',
  'after the invalidations',
  'before the invalidations',
);

/** Whether bind tells the SMMU that a descriptor has become valid. */
export const bindInvalidates = switchOf(
  'smmu.bind',
  'whether bind invalidates the configuration cache after it has made the descriptor valid',
  'CFGI_CD, SYNC',
  'nothing',
);

/** Whether unmap has a barrier between the completed TLB invalidation and the load of `nr_ats_masters`. */
export const unmapBarrier = switchOf(
  'smmu.unmap-barrier',
  'whether the load of the count of ATS masters stays behind the completed TLB invalidation',
  'none',
  'smp_mb',
);

/** Whether the count is visible before ATS is enabled. */
export const enableBarrier = switchOf(
  'smmu.enable-barrier',
  'whether the count of ATS masters is visible before the write that enables ATS',
  'none',
  'barrier',
);

/** Whether TLB invalidations of the CPUs reach the SMMU. */
export const broadcast = switchOf(
  'smmu.btm',
  'whether the SMMU takes part in broadcast TLB maintenance of the CPUs',
  'on',
  'off',
);

/** What the mmu notifier does about TLBs. */
export const secondaryTlbi = switchOf(
  'smmu.notifier-tlbi',
  'whether the mmu notifier leaves the TLB of the SMMU to broadcasts of the CPU or invalidates it by command',
  'left to the CPU',
  'by command',
);

/** When the mmu notifier is called. */
export const secondaryInvalidation = switchOf(
  'smmu.notifier',
  'whether the mmu notifier invalidates ATCs, and whether before or after the CPU invalidated TLBs',
  'none',
  'before the CPU',
  'after the CPU',
);

/** Who answers a stall that could not be queued for a worker. */
export const failedReport = switchOf(
  'smmu.failed-report',
  'who resumes a stalled transaction that could not be queued: the report, unless the device has no fault ' +
    'parameters; both the report and the driver; the driver, whatever the reason',
  'report answers what it knows',
  'report and driver answer',
  'driver answers',
);

/** What the removal of a device from its fault queue does with what is pending. */
export const queueRemoval = switchOf(
  'smmu.queue-removal',
  'whether removing a device from its fault queue answers what is pending',
  'answers what is pending',
  'forgets what is pending',
);

/** What the SMMU does with the record of a stall when the event queue is full. */
export const fullEvtq = switchOf(
  'smmu.evtq-full',
  'whether the record of a stall that meets a full event queue is kept until there is room',
  'kept',
  'lost',
);

/** How a context descriptor that is in use is replaced. */
export const descriptorReplace = switchOf(
  'smmu.descriptor-replace',
  'whether a context descriptor is written while it is valid, or made invalid and forgotten first, with the ' +
    'valid bit last and the rest synced before it',
  'in place',
  'invalid first, no SYNC',
  'invalid first, valid not last',
  'invalid first, no SYNC before valid',
  'invalid first, SYNC, valid last',
);

/** What the interrupt handler does when a CMD_SYNC has failed because a function did not answer. */
export const atcTimeout = switchOf(
  'smmu.atc-timeout',
  'whether the handler of the error acknowledges it and no more, also tells whoever issued the CMD_SYNC, or does nothing',
  'acknowledged',
  'issuer is told',
  'ignored',
);

/** How long an issuer waits for its CMD_SYNC. */
export const syncWait = switchOf(
  'smmu.sync-wait',
  'whether an issuer waits for its CMD_SYNC as long as it takes, gives up after a while as if it were done, or takes ' +
    'that for a time-out of the function',
  'as long as it takes',
  'gives up',
  'giving up is a time-out',
);

/** How an invalidation and its CMD_SYNC get into the queue. */
export const atcCommands = switchOf(
  'smmu.atc-commands',
  'whether an ATC invalidation and its CMD_SYNC are put into the queue as one list or one by one',
  'one list',
  'one by one',
);

/** What is left out when a function is cut off. */
export const cutOffWithout = switchOf(
  'smmu.cut-off-without',
  'what cutting off a function leaves out: nothing, CFGI_STE, the CMD_SYNC behind it, or the rule that the mark which ' +
    'spares others their invalidation is set last',
  'none',
  'CFGI_STE',
  'SYNC',
  'mark last',
);

/** Whether more than one stream is behind the SMMU. */
export const streamIds = switchOf(
  'smmu.streams',
  'whether there is one stream only, or masters are found by stream id, and commands name one',
  'one stream',
  'by stream id',
);

/** How the faults of a master reach the driver, and what answers them. */
export const masterFaults = switchOf(
  'smmu.master-faults',
  'whether transactions of masters stall, or masters are functions that ask for pages',
  'stall',
  'page request',
);

/** How long the look-up of a master keeps the master. */
export const masterLookup = switchOf(
  'smmu.find-master',
  'whether the look-up of a master by stream id drops the mutex before it returns, its caller holds it over the report, or ' +
    'drops it once it knows the device',
  'mutex dropped',
  'mutex held over the report',
  'mutex held until the device is known',
);

/** How a page response comes by the master of the device. */
export const responseMaster = switchOf(
  'smmu.response-master',
  'whether a page response goes by the pointer of the device to its master, or looks the master up under the mutex',
  'by pointer',
  'under the mutex',
);

/** In which order a device is released. */
export const releaseOrder = switchOf(
  'smmu.release-device',
  'whether a device that is released has stopped, whether it leaves its fault queue before its master goes, and whether ' +
    'the fault workers are flushed before the master is freed',
  'stopped, queue, master',
  'queue, master',
  'queue, stream, flush, master',
  'master, queue',
);

/** What the irq thread does about a stalled transaction, or a page request, of a stream that nobody has. */
export const unknownStream = switchOf(
  'smmu.unknown-stream',
  'whether a stalled transaction, or a page request, of a stream without a master is left alone or aborted',
  'left alone',
  'aborted',
);

/** How a stream table entry that is in use gives way to another. */
export const steReplace = switchOf(
  'smmu.ste-replace',
  'whether a live stream table entry is written over, or goes by way of bypass or abort, and what is waited for between',
  'in place',
  'by way of bypass',
  'by way of abort, no SYNC',
  'by way of abort, VMID cleared before the SYNC',
  'by way of abort, no SYNC before the first word',
  'by way of abort, first word not last',
  'by way of abort, no CFGI at the end',
  'by way of abort, one stream told',
  'by way of abort',
);

/** What freeing a domain does about the TLB. */
export const domainFree = switchOf(
  'smmu.domain-free',
  'whether freeing a domain invalidates the TLB of its VMID',
  'TLBI, SYNC',
  'nothing',
);
