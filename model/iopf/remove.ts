/**
 * The SMMUv3 driver parts with a device: it leaves the fault queue, and whatever is still bound to it is unbound.
 *
 * Source: spec (c), init and shutdown operations: as posted the device leaves the queue first, so that the flush in
 * detach finds no queue, returns -ENODEV, and is skipped.
 */
import { int, procedure } from '../kernel/index.ts';
import { svaUnbind } from './bind.ts';
import { hw, LAST_PASID, type PciContext, type SmmuV3 } from './hardware.ts';
import { Device, IommuSva, IopfQueue } from './objects.ts';
import { iopfQueueRemoveDevice } from './queue.ts';
import { specC } from './sources.ts';
import { removeOrder } from './switches.ts';

/** arm_smmu_remove_device() of a device that has stopped, and has one address space bound. */
export const armSmmuRemoveDevice = procedure(
  'arm_smmu_remove_device',
  {
    source: specC('drivers/iommu/arm-smmu-v3.c'),
    params: {
      sva: IommuSva,
      smmu: hw<SmmuV3>(),
      queue: IopfQueue,
      dev: Device,
      ctx: hw<PciContext>(),
      pasid: int(0, LAST_PASID),
    },
  },
  (k) => {
    const leave = k.call(iopfQueueRemoveDevice, (f) => ({ queue: f.queue, dev: f.dev }));
    const detach = k.call(svaUnbind, (f) => ({ sva: f.sva, smmu: f.smmu, dev: f.dev, ctx: f.ctx, pasid: f.pasid }));
    return [
      k.switch(removeOrder, { 'queue, then detach': [leave, detach], 'detach, then queue': [detach, leave] }),
      k.return(),
    ];
  },
);
