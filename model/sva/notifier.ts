/**
 * The mmu notifier of an io_mm: release at the exit of the address space, and invalidation.
 *
 * Source: spec (a) release notifier and invalidate_range; patches v2 04/40 and 05/40.
 */
import { containerOf, int, MmStruct, MmuNotifier, opaque, orNothing, procedure, ptr, ref } from '../kernel/index.ts';
import { type IommuSvaParam, IopfQueueFlushDev, MmExit, MmInvalidate } from './callbacks.ts';
import { ioMmDetachLocked } from './detach.ts';
import { ioMmPut } from './io-mm.ts';
import { lockSva, unlockSva } from './lock.ts';
import { type Bond, Device, IoMm, IommuBond, IommuDomain, IommuSva, MAX_PASID } from './objects.ts';
import { IOMMU_SVA_C, v2_05 } from './sources.ts';
import { flushOrder, releaseWalk } from './switches.ts';

/**
 * Tells the driver of one bonded device. sva_param is read without a lock: that it still exists is owed to
 * shutdown, which waits for the bonds, and the bond is kept by `mm_exit_active`.
 */
const iommuSignalMmExit = procedure(
  'iommu_signal_mm_exit',
  {
    source: v2_05(IOMMU_SVA_C),
    params: { io_mm: IoMm, bond: IommuBond },
    locals: { dev: ptr(Device), param: opaque<IommuSvaParam>(), pasid: int(0, MAX_PASID), drvdata: opaque() },
  },
  (k) => [
    k.step('param = dev->iommu_param->sva_param', (f) => {
      f.dev = f.bond.dev;
      f.param = f.dev.sva_param;
      // These three never change once the bond is linked.
      f.pasid = f.io_mm.pasid;
      f.drvdata = f.bond.drvdata;
    }),
    k.when((f) => f.param === null, [k.return(0)]),
    k.callback(
      MmExit,
      (f) => (f.param as IommuSvaParam).mm_exit,
      (f) => ({ dev: f.dev, pasid: f.pasid, drvdata: f.drvdata }),
      undefined,
      orNothing,
    ),
  ],
);

/**
 * Tells the driver of every bonded device that the address space goes away (mm_exit), without the lock, and takes
 * the bond apart. The next bond is looked up after the lock is held again, so the walk survives whatever others
 * did meanwhile.
 */
export const iommuNotifierRelease = procedure(
  'iommu_notifier_release',
  {
    source: v2_05(IOMMU_SVA_C),
    params: { mn: MmuNotifier, mm: MmStruct },
    locals: {
      io_mm: ptr(IoMm),
      sva: ptr(IommuSva),
      bond: ref(IommuBond),
      next: ref(IommuBond),
      dev: ptr(Device),
    },
  },
  (k) => [
    k.local((f) => {
      f.io_mm = containerOf(f.mn, IoMm);
    }),
    lockSva(
      (f) => f.io_mm.sva,
      (f) => {
        f.sva = f.io_mm.sva;
      },
    ),
    k.refcountIncNotZero((f) => f.io_mm.kref, [], [unlockSva((f) => f.sva), k.return()], {
      note: 'an io_mm that is not complete or already released has no bonds',
    }),
    k.step('first bond of io_mm', (f) => {
      f.bond = f.io_mm.devices.first;
    }),
    k.loop([
      k.when((f) => f.bond === null, [k.break()]),
      k.switch(releaseWalk, {
        'after mm_exit': [],
        'before mm_exit': [
          k.step('next bond of io_mm', (f) => {
            f.next = f.io_mm.devices.next(f.bond as Bond);
          }),
        ],
      }),
      k.step('bond->mm_exit_active = true', (f, self) => {
        const bond = f.bond as Bond;
        bond.mm_exit_active = true;
        bond.mm_exit_by = self;
        f.dev = bond.dev;
      }),
      unlockSva((f) => f.sva),
      k.call(iommuSignalMmExit, (f) => ({ io_mm: f.io_mm, bond: f.bond as Bond })),
      k.switch(flushOrder, {
        'flush, then clear': [
          k.callback(
            IopfQueueFlushDev,
            (f) => f.dev.ops.iopf_queue_flush_dev,
            (f) => ({ dev: f.dev }),
            undefined,
            orNothing,
          ),
        ],
        'clear, then flush': [],
      }),
      lockSva((f) => f.sva),
      k.switch(releaseWalk, {
        'after mm_exit': [
          k.step('next bond of io_mm', (f) => {
            f.next = f.io_mm.devices.next(f.bond as Bond);
          }),
        ],
        'before mm_exit': [],
      }),
      k.step('bond->mm_exit_active = false', (f) => {
        const bond = f.bond as Bond;
        bond.mm_exit_active = false;
        bond.mm_exit_by = null;
      }),
      k.wakeUpAll((f) => (f.bond as Bond).mm_exit_wq),
      k.call(ioMmDetachLocked, (f) => ({ dev: f.dev, bond: f.bond as Bond, wait: false })),
      k.switch(flushOrder, {
        'flush, then clear': [],
        'clear, then flush': [
          // The reference taken above keeps the PASID until the flush is done.
          unlockSva((f) => f.sva),
          k.callback(
            IopfQueueFlushDev,
            (f) => f.dev.ops.iopf_queue_flush_dev,
            (f) => ({ dev: f.dev }),
            undefined,
            orNothing,
          ),
          lockSva(
            (f) => f.sva,
            (f) => {
              // The lock was dropped: what `next` pointed to may be gone.
              f.next = f.io_mm.devices.first;
            },
          ),
        ],
      }),
      k.local((f) => {
        f.bond = f.next;
        f.next = null;
      }),
    ]),
    unlockSva((f) => f.sva),
    k.call(ioMmPut, (f) => ({ io_mm: f.io_mm })),
  ],
);

/** invalidate_range(): the CPU changed mappings. May be called in atomic context, so nothing here sleeps. */
export const iommuNotifierInvalidateRange = procedure(
  'iommu_notifier_invalidate_range',
  {
    source: v2_05(IOMMU_SVA_C),
    params: { mn: MmuNotifier },
    locals: { io_mm: ptr(IoMm), bond: ref(IommuBond), dev: ptr(Device), domain: ptr(IommuDomain) },
  },
  (k) => [
    k.local((f) => {
      f.io_mm = containerOf(f.mn, IoMm);
    }),
    lockSva((f) => f.io_mm.sva),
    k.listForEachEntry(
      (f) => f.io_mm.devices,
      {
        get: (f) => f.bond,
        set: (f, bond) => {
          f.bond = bond;
        },
      },
      [
        k.step('device and domain of the bond', (f) => {
          f.dev = (f.bond as Bond).dev;
          f.domain = (f.bond as Bond).domain;
        }),
        k.callback(
          MmInvalidate,
          (f) => f.dev.ops.mm_invalidate,
          (f) => ({ domain: f.domain, dev: f.dev, io_mm: f.io_mm }),
          undefined,
          orNothing,
        ),
      ],
    ),
    unlockSva((f) => f.io_mm.sva),
  ],
);
