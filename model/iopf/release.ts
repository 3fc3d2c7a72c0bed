/**
 * The release notifier of an address space that is bound, reduced to the fault path: the driver stops the device, the
 * fault queues are flushed, the context is cleared, the PASID is given up.
 *
 * Source: spec (a), release notifier, as far as #21 needs it. It runs in the context of whoever drops the last user of
 * the mm: an exiting task, the worker of mmput_async(), or a fault worker.
 */
import { containerOf, int, MmStruct, MmuNotifier, mmuNotifier, object, procedure, ptr } from '../kernel/index.ts';
import { clearContext } from './bind.ts';
import { stopContext } from './driver.ts';
import { iopfQueueFlushDev } from './flush.ts';
import { hw, LAST_PASID, type PciContext, type SmmuV3 } from './hardware.ts';
import { Device, IommuSva } from './objects.ts';
import { reducedSva } from './sources.ts';
import { releaseFlush } from './switches.ts';

/** What the core knows of a bound mm. Permanent: its lifetime is the business of the core, not of the fault path. */
export const IoMm = object(
  'io_mm',
  {
    pasid: int(0, LAST_PASID),
    dev: ptr(Device),
    sva: ptr(IommuSva),
    smmu: hw<SmmuV3>(),
    ctx: hw<PciContext>(),
    ...mmuNotifier,
  },
  { permanent: true, source: reducedSva('drivers/iommu/iommu-sva.c') },
);

/** iommu_notifier_release() with the mm_exit callback of a driver that stops its device. */
export const iommuNotifierRelease = procedure(
  'iommu_notifier_release',
  {
    source: reducedSva('drivers/iommu/iommu-sva.c'),
    params: { mn: MmuNotifier, mm: MmStruct },
    locals: {
      pasid: int(0, LAST_PASID),
      dev: ptr(Device),
      sva: ptr(IommuSva),
      smmu: hw<SmmuV3>(),
      ctx: hw<PciContext>(),
    },
  },
  (k) => [
    k.step('io_mm = container_of(mn, struct io_mm, notifier)', (f) => {
      const ioMm = containerOf(f.mn, IoMm);
      f.pasid = ioMm.pasid;
      f.dev = ioMm.dev;
      f.sva = ioMm.sva;
      f.smmu = ioMm.smmu;
      f.ctx = ioMm.ctx;
    }),
    k.call(stopContext, (f) => ({ ctx: f.ctx })),
    k.switch(releaseFlush, {
      flushes: [k.call(iopfQueueFlushDev, (f) => ({ dev: f.dev, smmu: f.smmu }))],
      'only clears the context': [],
    }),
    k.spinLock((f) => f.sva.lock),
    k.call(clearContext, (f) => ({ smmu: f.smmu, ctx: f.ctx, pasid: f.pasid })),
    k.step('idr_remove(&iommu_pasid_idr): the PASID may be given out again', (f) => {
      f.sva.pasids.set(f.pasid, null);
    }),
    k.spinUnlock((f) => f.sva.lock),
  ],
);
