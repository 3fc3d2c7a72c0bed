/**
 * iopf_queue_flush_dev(): returns when every page request that was in the hardware queue, under way in the irq thread
 * or queued for a worker at the call has been handled. That is its promise; whether it keeps it is what #3 asks.
 *
 * Source: v2 07/40. The param lock is not held while waiting, because the irq thread needs it to get on.
 */
import { procedure, ptr, Workqueue } from '../kernel/index.ts';
import { hw, type SmmuV3 } from './hardware.ts';
import { ArmSmmuQueue, Device, IopfFault, IopfQueue } from './objects.ts';
import { armSmmuFlushPriq } from './priq.ts';
import { v2_07 } from './sources.ts';
import { partialFaults } from './switches.ts';

export const iopfQueueFlushDev = procedure(
  'iopf_queue_flush_dev',
  {
    source: v2_07('drivers/iommu/io-pgfault.c'),
    params: { dev: Device, smmu: hw<SmmuV3>() },
    locals: { queue: ptr(IopfQueue), wq: ptr(Workqueue), arg: ptr(ArmSmmuQueue), fault: ptr(IopfFault) },
  },
  (k) => [
    k.mutexLock((f) => f.dev.iommu_param.lock),
    k.step('queue = iopf_param->queue', (f) => {
      f.queue = f.dev.iopf_param.queue;
      f.wq = f.queue.wq;
      f.arg = f.queue.flush_arg;
    }),
    k.mutexUnlock((f) => f.dev.iommu_param.lock),
    // The result of the low-level flush is ignored.
    k.call(armSmmuFlushPriq, (f) => ({ smmu: f.smmu, q: f.arg })),
    k.flushWorkqueue((f) => f.wq, { label: 'flush_workqueue(queue->wq)' }),
    k.switch(partialFaults, {
      kept: [],
      discarded: [
        k.mutexLock((f) => f.dev.iommu_param.lock, { label: 'mutex_lock(&dev->iommu_param->lock) to discard' }),
        k.loop([
          k.test(
            'take a partial fault off the list',
            (f) => {
              const { partial } = f.dev.iopf_param;
              if (partial.first === null) return false;
              f.fault = partial.first;
              partial.remove(f.fault);
              return true;
            },
            [],
            [k.break()],
          ),
          k.kfree((f) => f.fault),
        ]),
        k.mutexUnlock((f) => f.dev.iommu_param.lock, { label: 'mutex_unlock(&dev->iommu_param->lock) after discard' }),
      ],
    }),
    k.return(0),
  ],
);
