/**
 * Life of an io_mm: allocation, references, release. Its PASID can be handed out again as soon as it has left the
 * table; its memory lives until the SRCU sections of the mmu notifier have ended.
 *
 * Source: spec (a), bind step 4 and io_mm_release; patches v2 03/40 and 05/40.
 * Limits: io_mm_alloc() returns NULL where C returns an error pointer, so that its caller returns -ENOMEM for all.
 */
import { containerOf, errno, int, MmStruct, opaque, orNothing, procedure, ptr, Rcu, ref } from '../kernel/index.ts';
import { type IommuSvaParam, MmAlloc, MmFree } from './callbacks.ts';
import { lockSva, unlockSva } from './lock.ts';
import { iommuNotifierRelease } from './notifier.ts';
import { Device, IoMm, IommuSva } from './objects.ts';
import { IOMMU_SVA_C, v2_03, v2_05 } from './sources.ts';

/** The RCU callback of an io_mm: nobody can be in a notifier of it any more. */
export const ioMmFree = procedure(
  'io_mm_free',
  { source: v2_05(IOMMU_SVA_C), params: { head: Rcu }, locals: { io_mm: ptr(IoMm), mm: ptr(MmStruct) } },
  (k) => [
    k.local((f) => {
      f.io_mm = containerOf(f.head, IoMm);
    }),
    k.step('mm = io_mm->mm', (f) => {
      f.mm = f.io_mm.mm;
    }),
    k.callback(
      MmFree,
      (f) => f.io_mm.ops.mm_free,
      (f) => ({ io_mm: f.io_mm }),
      undefined,
      orNothing,
    ),
    k.kfree((f) => f.io_mm),
    k.mmdrop((f) => f.mm),
  ],
);

/** The last reference is gone; called with the SVA lock held. */
export const ioMmRelease = procedure('io_mm_release', { source: v2_05(IOMMU_SVA_C), params: { io_mm: IoMm } }, (k) => [
  k.idrRemove(
    (f) => f.io_mm.sva.pasid_idr,
    (f) => f.io_mm.pasid,
    { as: '&iommu_pasid_idr' },
  ),
  ...k.mmuNotifierUnregisterNoRelease(
    (f) => f.io_mm,
    (f) => f.io_mm.mm,
  ),
  k.callSrcu(
    (f) => f.io_mm.mm.srcu,
    (f) => f.io_mm,
    ioMmFree,
  ),
]);

/** Drops a reference with the SVA lock held. */
export const ioMmPutLocked = procedure(
  'io_mm_put_locked',
  { source: v2_03(IOMMU_SVA_C), params: { io_mm: IoMm } },
  (k) => [k.refcountDecAndTest((f) => f.io_mm.kref, [k.call(ioMmRelease, (f) => ({ io_mm: f.io_mm }))])],
);

/** Drops a reference. */
export const ioMmPut = procedure(
  'io_mm_put',
  { source: v2_03(IOMMU_SVA_C), params: { io_mm: IoMm }, locals: { sva: ptr(IommuSva) } },
  (k) => [
    lockSva(
      (f) => f.io_mm.sva,
      (f) => {
        // The io_mm may be freed before the unlock.
        f.sva = f.io_mm.sva;
      },
    ),
    k.call(ioMmPutLocked, (f) => ({ io_mm: f.io_mm })),
    unlockSva((f) => f.sva),
  ],
);

/** Creates the io_mm of an address space; the caller holds a user reference. NULL when something could not be had. */
export const ioMmAlloc = procedure(
  'io_mm_alloc',
  {
    source: v2_03(IOMMU_SVA_C),
    params: { dev: Device, mm: MmStruct, flags: int(0, 3) },
    locals: { param: opaque<IommuSvaParam>(), io_mm: ref(IoMm), rc: errno() },
    returns: ref(IoMm),
  },
  (k) => [
    k.step('param = dev->iommu_param->sva_param', (f) => {
      f.param = f.dev.sva_param;
    }),
    k.kmalloc(
      IoMm,
      (f, io_mm) => {
        io_mm.mm = f.mm;
        io_mm.flags = f.flags;
        io_mm.sva = f.dev.sva;
        io_mm.ops = f.dev.ops;
        f.io_mm = io_mm;
      },
      { orElse: [k.return(null)] },
    ),
    k.callback(
      MmAlloc,
      (f) => f.dev.ops.mm_alloc,
      (f) => ({ io_mm: f.io_mm as IoMm }),
      (f, rc) => {
        f.rc = rc;
      },
      orNothing,
    ),
    k.when((f) => f.rc < 0, [k.goto('err_free')]),
    k.mmgrab((f) => f.mm),
    lockSva((f) => f.dev.sva),
    k.idrAlloc(
      (f) => f.dev.sva.pasid_idr,
      (f) => f.io_mm as IoMm,
      (f, id) => {
        f.rc = id;
      },
      { as: '&iommu_pasid_idr', most: (f) => (f.param as IommuSvaParam).max_pasid },
    ),
    k.when(
      (f) => f.rc > 0,
      [
        k.step('io_mm->pasid = pasid', (f) => {
          (f.io_mm as IoMm).pasid = f.rc;
        }),
      ],
    ),
    unlockSva((f) => f.dev.sva),
    k.when((f) => f.rc < 0, [k.goto('err_drop')]),
    k.mmuNotifierRegister(
      (f) => f.io_mm as IoMm,
      (f) => f.mm,
      iommuNotifierRelease,
      { orElse: [k.goto('err_remove')] },
    ),
    k.refcountSet((f) => (f.io_mm as IoMm).kref, 1, { note: 'complete: lookups may take references from now on' }),
    k.return((f) => f.io_mm),

    k.label('err_remove'),
    lockSva((f) => f.dev.sva),
    k.idrRemove(
      (f) => f.dev.sva.pasid_idr,
      (f) => f.rc,
      { as: '&iommu_pasid_idr' },
    ),
    unlockSva((f) => f.dev.sva),
    k.label('err_drop'),
    k.callback(
      MmFree,
      (f) => f.dev.ops.mm_free,
      (f) => ({ io_mm: f.io_mm as IoMm }),
      undefined,
      orNothing,
    ),
    k.mmdrop((f) => f.mm),
    k.label('err_free'),
    k.kfree((f) => f.io_mm),
    k.return(null),
  ],
);
