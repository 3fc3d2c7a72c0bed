/**
 * The bug corpus: defects of the Linux IOMMU stack that are known from patches, reviews and fixes, and cases that look
 * like one and are none. The scenarios are the proof that the models are true: the form as it was posted shows the
 * defect, the repaired one holds, and what must not be reported stays silent.
 *
 * A scenario names its entries in `corpus`, joined by `, `; a variant that shows another entry than its scenario names
 * its own:
 *
 * - `#12`: an entry of the ranked list, by its number;
 * - `VTD-REL-1`: a further entry, by its name;
 * - `guard 3`: a case that must not be reported, by its number; `guard (a)`: one that the specification of a system
 *   lists as clean;
 * - `new`: found here first, or a form that nobody posted;
 * - `peer`: a model that other checkers have too, for comparison.
 */
import type { Scenario } from '../checker/lang/index.ts';

/** What the defect breaks, in the words of the corpus. */
export interface CorpusEntry {
  /** `#1`, `SVA-INIT-1` or `guard 1`. */
  readonly id: string;
  readonly part: 'ranked' | 'further' | 'guard';
  /** Name of a ranked entry, else the same as `id`. */
  readonly name: string;
  /** The defect, or for a guard why there is none, in one line. */
  readonly what: string;
  /** Kind of the defect; empty for a guard. */
  readonly kind: string;
}

const ranked = (number: number, name: string, kind: string, what: string): CorpusEntry => ({
  id: `#${number}`,
  part: 'ranked',
  name,
  what,
  kind,
});
const further = (id: string, kind: string, what: string): CorpusEntry => ({
  id,
  part: 'further',
  name: id,
  what,
  kind,
});
const guard = (number: number, what: string): CorpusEntry => ({
  id: `guard ${number}`,
  part: 'guard',
  name: `guard ${number}`,
  what,
  kind: '',
});

/** Every entry, in the order of the corpus. */
export const corpus: readonly CorpusEntry[] = [
  ranked(1, 'VFIO-SVA-1', 'deadlock', 'detach of a group keeps iommu->lock and waits for an mm_exit that wants it'),
  ranked(2, 'SVA-BOND-1', 'use after free', 'a bond is freed under its second waiter and detached twice'),
  ranked(3, 'SMMU-FLUSH-1', 'isolation', 'a PRI entry leaves the queue before it is reported; the flush sees none'),
  ranked(4, 'RIOVA-1', 'isolation', 'an IOVA goes back to its allocator before it is unmapped'),
  ranked(5, 'VTD-PRQ-1', 'deadlock', 'a drain under pasid_mutex, the irq thread and the worker in a cycle'),
  ranked(7, 'LU-1', 'use after free', 'preserve keeps pointers to page tables after it left the xarray lock'),
  ranked(8, 'IOMMUFD-1', 'reference count', 'the reference that DESTROY takes breaks a destroy by the kernel'),
  ranked(9, 'IOMMUFD-2', 'use after free', 'put_object() unlocks an object that is gone, since the repair of #8'),
  ranked(10, 'VFIO-SVA-2', 'use after free', 'shutdown returns early because the list of bonds is not empty'),
  ranked(12, 'IOPF-DRAIN-1', 'reference count', 'the queue is removed before the PASID, since the repair of a leak'),
  ranked(13, 'SVA-BOND-2', 'use after free', 'a walk with a saved next element drops its lock on the way'),
  ranked(14, 'RIOVA-2', 'duplicate', 'two that get one page both make a binding'),
  ranked(15, 'RIOVA-3', 'leak, reused address', 'the reserved domain goes and comes back while the lock is free'),
  ranked(16, 'IOPF-BUSY-1', 'use after free', 'one busy flag for two that flush'),
  ranked(17, 'SVA-GROUP-1', 'deadlock', 'a flush under group->mutex, which the worker wants'),
  ranked(18, 'IOASID-1', 'deadlock', 'the locks of notifiers and of the allocator are taken in both orders'),
  ranked(19, 'SVA-PASID-1', 'reused PASID', 'the PASID is freed with the address space, the device goes on'),
  ranked(20, 'IOPF-PRG-1', 'isolation', 'parts of a group whose last request is lost join the next group'),
  ranked(21, 'IOPF-SELF-1', 'deadlock', 'the fault worker drops the last user of an mm and flushes itself'),
  ranked(22, 'SVA-ORDER-1', 'isolation', 'page requests are flushed first, the context is cleared after'),
  ranked(23, 'MDEV-SVA-1', 'isolation', 'one mdev undoes what its sibling on the same parent has bound'),
  ranked(24, 'VFIO-SVA-3', 'deadlock', 'mmput() with the lock of the container, which mm_exit wants'),
  ranked(25, 'SMMU-ATC-1', 'stale translation', "the device's cache is invalidated before the TLB of the SMMU"),
  ranked(26, 'SMMU-MO-1', 'stale translation', 'a test for ATS without a lock and without a full barrier'),
  ranked(27, 'VTD-TORN-1', 'torn read', 'a PASID table entry is written again while it is present'),
  ranked(29, 'LU-2', 'sleep in atomic', 'a mutex and rwsems are taken under the spinlock of an xarray'),
  ranked(30, 'LU-3', 'protocol', 'the mark stays on a page table that goes back to a pool'),
  ranked(31, 'LU-4', 'null dereference', 'unpreserve visits what is marked instead of what is preserved'),
  ranked(32, 'LU-5', 'protocol', 'a device is replaced after it was preserved'),
  ranked(33, 'LU-6', 'null dereference', 'a mapping is half built when the address space becomes immutable'),
  ranked(34, 'IOMMUFD-3', 'use after free', 'abort frees the object before the release of its file has run'),
  ranked(35, 'SVA-DOM-1', 'use after free', 'unbind reads mm->iommu_mm after the domain has dropped the mm'),
  ranked(36, 'AMDV2-1', 'use after free', 'one schedule() is taken for a proof, and release frees its own notifier'),
  ranked(37, 'IOASID-2', 'use after free', 'a queued cleanup runs against an ordinary unbind'),

  further('SVA-INIT-1', 'protocol', 'a second init fails and shuts the live instance down'),
  further('SVA-TWO-PASID', 'duplicate', 'two binds of one mm on two devices make two PASIDs'),
  further('SVA-PARAM-1', 'use after free', 'bind reads sva_param without the lock while shutdown frees it'),
  further('VFIO-INIT-LEAK', 'leak', 'init fails on the second device of a group, the first stays as it is'),
  further('VFIO-ORDER-1', 'leak', 'detach comes before shutdown, which then returns early'),
  further('SVA-UNREG-1', 'use after free', 'shutdown ignores that the fault handler could not be taken away'),
  further('ARM-SVA-1', 'use after free', 'the ASID context is put by one who does not hold the mm'),
  further('VTD-REL-1', 'use after free', 'a fault finds a device, which is released before its parameters are read'),
  further('VTD-REF-1', 'reference count', 'detach of a PASID that is not listed counts the domain down all the same'),
  further('IOMMU-RST-1', 'use after free', 'what refuses attach during a reset refuses teardown too'),
  further('IOMMUFD-4', 'use after free', 'mmap takes its reference after it left the lock of the maple tree'),
  further('IOMMUFD-5', 'list corruption', 'one page table is linked twice in the list of its address space'),
  further('IOMMUFD-6', 'use after free', "an access's address space is read while a detach clears it"),
  further('LU-7', 'double free', 'two restores of one token own one domain'),
  further('LU-8', 'protocol', 'the first unpreserve makes a shared address space mutable'),
  further('LU-9', 'leak', 'one page table is marked under two tokens'),
  further('LU-10', 'protocol', 'a page table destroyed before it is gathered leaves an empty record behind'),
  further('PROBE-1', 'use after free', 'a probe that fails frees dev->iommu while a deferred one reads it'),
  further('MDEV-1', 'use after free', 'an mdev is created while its parent is being unregistered'),
  further('T1-VADDR-1', 'stuck', 'kernel threads wait for ever for an address that stays invalid'),
  further('T1-LOCKEDVM', 'reference count', 'pinned pages are accounted to current->mm after exec'),
  further('HOTPLUG-ATS', 'stuck', 'the invalidation of a removed device never completes'),
  further('VFIO-DMABUF', 'use after free', 'a function is disabled before access through dma-buf is revoked'),
  further('VFIO-CDX', 'use after free', 'interrupts are set up without a lock of the device'),
  further('DMARESV', 'lock misuse', 'a dma-buf is unpinned without its reservation lock'),
  further('SMMU-SOFT', 'stuck', 'the invalidation of a large range keeps the processor'),
  further('MMIO-ABBA', 'deadlock', 'mmap_lock against memory_lock of vfio-pci'),
  further('IOPF-RET', 'isolation', 'a missing return makes part of a group look complete'),

  guard(1, 'unbind waits under iommu->lock, but it holds a user of that mm, so its exit cannot have begun'),
  guard(2, 'bind puts the mm after it has unlocked'),
  guard(3, 'an io_mm is visible with a count of zero, but lookups refuse to raise that'),
  guard(4, 'the release walk looks its next element up again after every callback'),
  guard(5, 'mm_exit reads sva_param without a lock, but shutdown waits for it'),
  guard(6, 'the fault worker of mainline uses mmput(), but release no longer flushes'),
  guard(7, 'a late stop marker asks for no answer and may be dropped'),
  guard(8, 'of two that destroy one object one gets EBUSY or ENOENT'),
];

const known: ReadonlyMap<string, CorpusEntry> = new Map(corpus.map((entry) => [entry.id, entry]));

/** The entry of that id; undefined for `new`, `peer` and `guard (a)`. */
export function corpusEntry(id: string): CorpusEntry | undefined {
  return known.get(id);
}

/** Is this a word that `corpus` of a scenario may hold? */
export function isCorpusId(id: string): boolean {
  return known.has(id) || id === 'new' || id === 'peer' || /^guard \([a-j]\)$/.test(id);
}

/** The entries that a variant is about: its own, or those of its scenario; `new` where neither names any. */
export function corpusIds(scenario: Scenario, variant?: string): readonly string[] {
  const given = (variant === undefined ? undefined : scenario.variants[variant]?.corpus) ?? scenario.corpus;
  return given === undefined ? ['new'] : given.split(', ');
}

/** Every entry that any variant of a scenario is about. */
export function corpusIdsOfScenario(scenario: Scenario): readonly string[] {
  const names = Object.keys(scenario.variants);
  return [...new Set([...corpusIds(scenario), ...names.flatMap((name) => corpusIds(scenario, name))])];
}
