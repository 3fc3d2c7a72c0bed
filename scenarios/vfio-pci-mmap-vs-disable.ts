/** Corpus MMIO-ABBA: memory space of a function is disabled while processes read its BAR, and fault it in. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  accessBar,
  BarVma,
  barRead,
  blockMmio,
  disableAndEnable,
  MmapVma,
  MmioDevice,
  MmioMm,
  mapOver,
  mmapFault,
  noMmioWhileDisabled,
  PCI_C,
  vfioPciBarRead,
  zapBars,
} from '../model/vfio-pci/index.ts';
import { returns } from '../properties/response.ts';

const short = set(barRead, 'for the access');
const holds = set(mmapFault, 'holds vma_lock');

export default scenario('vfio-pci-mmap-vs-disable', {
  title: 'memory space is disabled while a process reads the BAR into its own mapping of it',
  about:
    'A BAR must not be reached while memory space is disabled (CVE-2020-12888). So whoever disables it takes the BAR out of ' +
    'all page tables, for which it needs mmap_lock of each process and vma_lock, then memory_lock for writing; a fault ' +
    'comes with mmap_lock and takes the others behind it. read() held memory_lock while it copied to user space, which ' +
    'may fault: memory_lock came before mmap_lock and vma_lock there.',
  systems: ['vfio-pci'],
  source: blockMmio(PCI_C),
  corpus: 'MMIO-ABBA',
  bounds: { readers: 1, in_memory: 0, users: 0, processes: 1, unmaps: 0, failures: 0 },
  assumptions: ['a process that has the BAR mapped stays'],
  variants: {
    posted: {
      about:
        'Linux 5.8: a read into the mapping of the BAR faults with memory_lock, which the other waits for with vma_lock',
      expect: { verdict: 'violated', kind: 'deadlock', length: 9, states: 39 },
    },
    'posted-memory': {
      about: 'the same into ordinary memory, while another thread maps something else over the BAR: three in a circle',
      bounds: { in_memory: 1, unmaps: 1 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 9, states: 158 },
    },
    'early-unlock': {
      about:
        'Linux 5.9 to 5.13: a fault drops vma_lock before it maps, and its vma is zapped in between: mapped, disabled',
      bounds: { readers: 0, users: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'protocol', length: 29, states: 170 },
    },
    'two-faults': {
      about: 'Linux 5.9 to 5.13: two threads fault, and both map the BAR: BUG_ON',
      bounds: { readers: 0, users: 2 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'assertion', length: 20, states: 951 },
    },
    'vma-lock-kept': {
      about: 'never posted: mmap_lock is taken with vma_lock held, which the end of a mapping takes behind it',
      settings: [holds, set(zapBars, 'keeps vma_lock')],
      bounds: { readers: 0, users: 1, unmaps: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'deadlock', length: 19, states: 320 },
    },
    'memory-lock-first': {
      about: 'never posted: mmap_lock is taken with memory_lock held for writing',
      settings: [holds, set(zapBars, 'keeps memory_lock')],
      bounds: { readers: 0, users: 2 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'deadlock', length: 10, states: 272 },
    },
    fixed: {
      about: 'Linux 5.14: a read, an access, another process, something mapped over the BAR, no memory once',
      settings: [short, holds],
      bounds: { users: 1, processes: 2, unmaps: 1, failures: 1 },
      expect: { verdict: 'holds', states: 108_063, depth: 99 },
    },
    'fixed-by-file': {
      about: 'since aac6db75a9fc: mappings are found by the file, under memory_lock; vma_lock is gone',
      settings: [short, set(mmapFault, 'without list'), set(zapBars, 'by file')],
      bounds: { users: 1, processes: 2, unmaps: 1 },
      expect: { verdict: 'holds', states: 26_944, depth: 42 },
    },
  },
  setup: (s) => {
    const { readers, in_memory, users, processes, unmaps, failures } = s.bounds;
    const vdev = s.object(MmioDevice, 'vdev');
    s.pool(MmapVma, 3);
    const mms = s.objects(MmioMm, 'mm', processes);
    for (const [i, mm] of mms.entries()) {
      const vma = s.object(BarVma, `vma${i}`, { vm_mm: mm });
      mm.vma = vma;
      vdev.i_mmap.add(vma);
    }
    const [mm] = mms as [MmioMm];
    const buffer = in_memory > 0 ? ('memory' as const) : ('bar' as const);
    const tasks = [
      s.task('disabler', [does(disableAndEnable, { vdev })]),
      ...Array.from({ length: readers }, (_, i) => s.task(`reader${i}`, [does(vfioPciBarRead, { vdev, mm, buffer })])),
      ...Array.from({ length: users }, (_, i) => s.task(`user${i}`, [does(accessBar, { vdev, mm })])),
      ...mms.slice(1).map((other, i) => s.task(`process${i + 1}`, [does(accessBar, { vdev, mm: other })])),
      ...(unmaps > 0 ? [s.task('unmapper', [does(mapOver, { vdev, mm })])] : []),
    ];
    s.failures({ kmalloc: failures });
    s.property(
      noMmioWhileDisabled(vdev, mms),
      ...tasks.map((task) => returns(task.name, task)),
      sometimes('disabled', 'memory space is disabled', () => !vdev.enabled),
    );
    if (readers > 0) s.property(sometimes('read', 'a read has reached the BAR', () => vdev.was_read));
    if (users > 0) s.property(sometimes('mapped', 'a process has the BAR mapped', () => mm.pte));
  },
});
