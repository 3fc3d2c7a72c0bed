/**
 * A BAR that a process reads, by the file and by a mapping, and that goes away while memory space is disabled.
 *
 * Three locks: mmap_lock of each process is above all others, since a fault comes with it; vma_lock has the mappings that
 * were used; memory_lock has whether memory space is enabled, and is read by every access.
 *
 * Source: vfio_pci_mmap_fault(), vfio_pci_mmap_close(), vfio_pci_zap_and_vma_lock(), vfio_pci_bar_rw(),
 * vfio_basic_config_write(), each before and after the commits that the switches name. Limits: resets and power states,
 * which take the locks in the same way, are left out, and so is the trylock form of a reset of several functions.
 */
import {
  bool,
  EFAULT,
  EIO,
  ENOMEM,
  errno,
  type KernelKit,
  nameOf,
  oneOf,
  procedure,
  ptr,
  ref,
  type Statement,
  Violation,
} from '../kernel/index.ts';
import { BarVma, MmapVma, MmioDevice, MmioMm } from './mmio-objects.ts';
import {
  blockMmio,
  byFile,
  CONFIG_C,
  CORE_C,
  concurrentFaults,
  FAULT_C,
  MM_C,
  PCI_C,
  RDWR_C,
  shortRead,
} from './sources.ts';
import { barRead, mmapFault, zapBars } from './switches.ts';

const fails = <F extends { ret: number }>(k: KernelKit<F>, ret: number): Statement<F> =>
  k.local((f) => {
    f.ret = -ret;
  });

/** vfio_pci_mmap_fault(), with mmap_lock held for reading. */
export const vfioPciMmapFault = procedure(
  'vfio_pci_mmap_fault',
  {
    source: blockMmio(PCI_C),
    params: { vdev: MmioDevice, vma: ptr(BarVma) },
    locals: { mm: ptr(MmioMm), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const lock = k.mutexLock((f) => f.vdev.vma_lock);
    const unlock = k.mutexUnlock((f) => f.vdev.vma_lock);
    const ifEnabled = (...before: (typeof unlock)[]) =>
      k.test(
        '__vfio_pci_memory_enabled(vdev)',
        (f) => f.vdev.enabled,
        [],
        [fails(k, EFAULT), ...before, k.goto('out')],
      );
    // The whole vma, of which nothing may be there yet.
    const remap = k.step('io_remap_pfn_range(vma)', (f) => {
      if (f.mm.pte)
        throw new Violation('assertion', `BUG_ON(!pte_none(*pte)) in ${nameOf(f.mm)}: the BAR is mapped already`, [
          nameOf(f.mm),
        ]);
      f.mm.pte = true;
    });
    const list = k.kmalloc(
      MmapVma,
      (f, mmap_vma) => {
        mmap_vma.vma = f.vma;
        f.vdev.vma_list.addFirst(mmap_vma);
      },
      {
        label: '__vfio_pci_add_vma(vdev, vma)',
        orElse: [fails(k, ENOMEM)],
      },
    );
    const down = k.downRead((f) => f.vdev.memory_lock);
    const up = k.upRead((f) => f.vdev.memory_lock);
    return [
      k.step('mm = vma->vm_mm', (f) => {
        f.mm = f.vma.vm_mm;
      }),
      k.switch(mmapFault, {
        'unlocks early': [
          lock,
          down,
          ifEnabled(unlock),
          list,
          unlock,
          k.when((f) => f.ret === 0, [remap]),
          k.label('out'),
          up,
        ],
        'holds vma_lock': [
          lock,
          down,
          ifEnabled(),
          k.test(
            'the vma is in vdev->vma_list',
            (f) => f.vdev.vma_list.find((entry) => entry.vma === f.vma) !== null,
            [k.goto('out')],
            [],
            { source: concurrentFaults(PCI_C) },
          ),
          remap,
          list,
          k.when(
            (f) => f.ret !== 0,
            [
              k.step('zap_vma_ptes(vma), that are not listed', (f) => {
                f.mm.pte = false;
              }),
            ],
          ),
          k.label('out'),
          up,
          unlock,
        ],
        'without list': [
          down,
          ifEnabled(),
          k.step(
            'vmf_insert_pfn(vma)',
            (f) => {
              f.mm.pte = true;
            },
            { source: byFile(CORE_C) },
          ),
          k.label('out'),
          up,
        ],
      }),
      k.return((f) => f.ret),
    ];
  },
);

/** An access through the mapping: by the page table, or by a fault first. 0 or -EFAULT: SIGBUS, or no mapping any more. */
export const accessBar = procedure(
  'handle_mm_fault',
  {
    source: blockMmio(FAULT_C),
    params: { vdev: MmioDevice, mm: MmioMm },
    locals: { vma: ref(BarVma), ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.test('the processor walks the page table', (f) => f.mm.pte, [k.return(0)]),
    k.downRead((f) => f.mm.mmap_lock),
    k.step('vma = find_vma(mm)', (f) => {
      f.vma = f.mm.vma;
    }),
    k.when(
      (f) => f.vma === null,
      [fails(k, EFAULT)],
      [
        k.call(
          vfioPciMmapFault,
          (f) => ({ vdev: f.vdev, vma: f.vma as BarVma }),
          (f, ret) => {
            f.ret = ret;
          },
        ),
      ],
    ),
    k.upRead((f) => f.mm.mmap_lock),
    k.return((f) => f.ret),
  ],
);

/** copy_to_user(): into the mapping of the BAR, or into memory that must be faulted in. */
const copyToUser = procedure(
  'copy_to_user',
  {
    source: blockMmio(FAULT_C),
    params: { vdev: MmioDevice, mm: MmioMm, buffer: oneOf('bar', 'memory') },
    locals: { ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.when(
      (f) => f.buffer === 'bar',
      [
        k.call(
          accessBar,
          (f) => ({ vdev: f.vdev, mm: f.mm }),
          (f, ret) => {
            f.ret = ret;
          },
        ),
      ],
      [
        k.downRead((f) => f.mm.mmap_lock),
        k.step('do_anonymous_page(), which may sleep', () => {}, { sleeps: true }),
        k.upRead((f) => f.mm.mmap_lock),
      ],
    ),
    k.return((f) => f.ret),
  ],
);

/** vfio_pci_bar_rw(), to read once. */
export const vfioPciBarRead = procedure(
  'vfio_pci_bar_rw',
  {
    source: shortRead(RDWR_C),
    params: { vdev: MmioDevice, mm: MmioMm, buffer: oneOf('bar', 'memory') },
    locals: { ret: errno() },
    returns: errno(),
  },
  (k) => {
    const copy = k.call(
      copyToUser,
      (f) => ({ vdev: f.vdev, mm: f.mm, buffer: f.buffer }),
      (f, ret) => {
        f.ret = ret;
      },
    );
    const up = k.upRead((f) => f.vdev.memory_lock);
    return [
      k.downRead((f) => f.vdev.memory_lock),
      k.test('__vfio_pci_memory_enabled(vdev)', (f) => f.vdev.enabled, [], [up, fails(k, EIO), k.return((f) => f.ret)]),
      k.step('ioread32(bar)', (f) => {
        if (!f.vdev.enabled)
          throw new Violation('protocol', `${nameOf(f.vdev)} is read while memory space is disabled`, [nameOf(f.vdev)]);
        f.vdev.was_read = true;
      }),
      k.switch(barRead, { 'across the copy': [copy, up], 'for the access': [up, copy] }),
      k.return((f) => f.ret),
    ];
  },
);

/** vfio_pci_zap_and_vma_lock(): no process has the BAR mapped when it returns, with vma_lock held. */
const zapAndVmaLock = procedure(
  'vfio_pci_zap_and_vma_lock',
  {
    source: blockMmio(PCI_C),
    params: { vdev: MmioDevice },
    locals: { mm: ref(MmioMm), entry: ref(MmapVma), next: ref(MmapVma), ours: bool() },
  },
  (k) => {
    const lock = k.mutexLock((f) => f.vdev.vma_lock);
    const unlock = k.mutexUnlock((f) => f.vdev.vma_lock);
    const dropped = (...body: (typeof lock)[]) =>
      k.switch(zapBars, {
        'drops vma_lock': body,
        'keeps vma_lock': [],
        'keeps memory_lock': body,
        'by file': body,
      });
    return [
      k.switch(zapBars, { 'drops vma_lock': [], 'keeps vma_lock': [lock], 'keeps memory_lock': [], 'by file': [] }),
      k.loop([
        dropped(lock),
        k.step('mm = that of the first of vdev->vma_list', (f) => {
          f.mm = (f.vdev.vma_list.first?.vma.vm_mm as MmioMm | undefined) ?? null;
        }),
        k.when((f) => f.mm === null, [k.return(0)]),
        dropped(unlock),
        k.downRead((f) => (f.mm as MmioMm).mmap_lock),
        dropped(k.mutexLock((f) => f.vdev.vma_lock, { label: 'mutex_lock(&vdev->vma_lock) again' })),
        k.listForEachEntrySafe(
          (f) => f.vdev.vma_list,
          {
            get: (f) => f.entry,
            set: (f, node) => {
              f.entry = node;
            },
          },
          {
            get: (f) => f.next,
            set: (f, node) => {
              f.next = node;
            },
          },
          [
            k.step('vma->vm_mm == mm', (f) => {
              f.ours = (f.entry as MmapVma).vma.vm_mm === f.mm;
            }),
            k.when(
              (f) => f.ours,
              [
                k.step('list_del(&mmap_vma->vma_next)', (f) => f.vdev.vma_list.remove(f.entry as MmapVma)),
                k.kfree((f) => f.entry),
                k.step('zap_vma_ptes(vma)', (f) => {
                  (f.mm as MmioMm).pte = false;
                }),
              ],
            ),
          ],
          { label: 'list_for_each_entry_safe(mmap_vma, tmp, &vdev->vma_list)' },
        ),
        dropped(k.mutexUnlock((f) => f.vdev.vma_lock, { label: 'mutex_unlock(&vdev->vma_lock) again' })),
        k.upRead((f) => (f.mm as MmioMm).mmap_lock),
      ]),
    ];
  },
);

/** vfio_pci_zap_and_down_write_memory_lock(). */
const zapAndDownWrite = procedure(
  'vfio_pci_zap_and_down_write_memory_lock',
  { source: blockMmio(PCI_C), params: { vdev: MmioDevice }, locals: { vma: ref(BarVma) } },
  (k) => {
    const zap = k.call(zapAndVmaLock, (f) => ({ vdev: f.vdev }));
    const down = k.downWrite((f) => f.vdev.memory_lock);
    const unlock = k.mutexUnlock((f) => f.vdev.vma_lock);
    return [
      k.switch(zapBars, {
        'drops vma_lock': [zap, down, unlock],
        'keeps vma_lock': [zap, down, unlock],
        'keeps memory_lock': [down, zap, unlock],
        'by file': [
          down,
          k.downRead((f) => f.vdev.i_mmap_rwsem, { source: byFile(CORE_C) }),
          k.listForEachEntry(
            (f) => f.vdev.i_mmap,
            {
              get: (f) => f.vma,
              set: (f, node) => {
                f.vma = node;
              },
            },
            [
              k.step(
                'unmap_mapping_range(): zap the vma',
                (f) => {
                  (f.vma as BarVma).vm_mm.pte = false;
                },
                { source: byFile(CORE_C) },
              ),
            ],
            { label: 'vma_interval_tree_foreach(vma, &mapping->i_mmap)' },
          ),
          k.upRead((f) => f.vdev.i_mmap_rwsem),
        ],
      }),
    ];
  },
);

/** vfio_basic_config_write(): user space clears the memory bit of the command register, and sets it again. */
export const disableAndEnable = procedure(
  'vfio_basic_config_write',
  { source: blockMmio(CONFIG_C), params: { vdev: MmioDevice } },
  (k) => [
    k.call(zapAndDownWrite, (f) => ({ vdev: f.vdev })),
    k.step('vfio_default_config_write(): PCI_COMMAND_MEMORY is cleared', (f) => {
      f.vdev.enabled = false;
    }),
    k.upWrite((f) => f.vdev.memory_lock),
    k.downWrite((f) => f.vdev.memory_lock, { label: 'down_write(&vdev->memory_lock), to enable' }),
    k.step('vfio_default_config_write(): PCI_COMMAND_MEMORY is set', (f) => {
      f.vdev.enabled = true;
    }),
    k.upWrite((f) => f.vdev.memory_lock, { label: 'up_write(&vdev->memory_lock), enabled' }),
  ],
);

/** mmap() of something else over the BAR: the vma goes with mmap_lock held for writing. */
export const mapOver = procedure(
  'mmap, MAP_FIXED',
  {
    source: blockMmio(MM_C),
    params: { vdev: MmioDevice, mm: MmioMm },
    locals: { vma: ref(BarVma), entry: ref(MmapVma) },
  },
  (k) => {
    const close = [
      k.mutexLock((f) => f.vdev.vma_lock),
      k.step('vfio_pci_mmap_close(): mmap_vma = that of vma', (f) => {
        f.entry = f.vdev.vma_list.find((entry) => entry.vma === f.vma);
      }),
      k.when(
        (f) => f.entry !== null,
        [
          k.step('list_del(&mmap_vma->vma_next)', (f) => f.vdev.vma_list.remove(f.entry as MmapVma)),
          k.kfree((f) => f.entry),
        ],
      ),
      k.mutexUnlock((f) => f.vdev.vma_lock),
    ];
    return [
      k.downWrite((f) => f.mm.mmap_lock),
      k.step('vma = find_vma(mm)', (f) => {
        f.vma = f.mm.vma;
      }),
      k.step('detach_vmas_to_be_unmapped(mm)', (f) => {
        f.mm.vma = null;
      }),
      k.step('unmap_region(mm)', (f) => {
        f.mm.pte = false;
      }),
      k.switch(zapBars, {
        'drops vma_lock': [],
        'keeps vma_lock': [],
        'keeps memory_lock': [],
        'by file': [
          k.downWrite((f) => f.vdev.i_mmap_rwsem),
          k.step('unlink_file_vma(vma)', (f) => f.vdev.i_mmap.remove(f.vma as BarVma)),
          k.upWrite((f) => f.vdev.i_mmap_rwsem),
        ],
      }),
      k.switch(mmapFault, { 'unlocks early': close, 'holds vma_lock': close, 'without list': [] }),
      k.kfree((f) => f.vma),
      k.upWrite((f) => f.mm.mmap_lock),
    ];
  },
);
