/**
 * iopf_queue_flush_dev(): returns when every page request that was in the hardware queue, under way in the irq thread
 * or queued for a worker at the call has been handled. That is its promise; whether it keeps it is what #3 asks.
 *
 * Source: v2 07/40, v4 03/26 and what followed. The workqueue is reached through the queue as long as it is waited for,
 * because it is destroyed with it. Up to v5 the param lock is not held while waiting, because the irq
 * thread needs it to get on; v4 and v5 mark the device as busy instead. 5.13 leaves the hardware queue to the caller, so
 * that the irq thread may wait, and holds the lock.
 */
import { ENODEV, type KernelKit, procedure, ptr, type Source, type Statement } from '../kernel/index.ts';
import { hw, type SmmuV3 } from './hardware.ts';
import { ArmSmmuQueue, Device, IopfDeviceParam, IopfFault, IopfQueue } from './objects.ts';
import { armSmmuFlushPriq } from './priq.ts';
import { v2_07, v4_03, v5_13 } from './sources.ts';
import { iopfRevision, partialFaults } from './switches.ts';

interface Frame {
  readonly dev: Device;
  param: IopfDeviceParam;
  queue: IopfQueue;
}

interface FrameWithHardware extends Frame {
  readonly smmu: SmmuV3;
  arg: ArmSmmuQueue;
}

/** Takes the param lock and finds the queue of the device under it; without one the flush ends here. */
const lockAndFindQueue = <F extends Frame>(k: KernelKit<F>, source: Source): Statement<F>[] => [
  k.mutexLock((f) => f.dev.iommu_param.lock, { source }),
  k.test(
    'queue = param->iopf_param->queue',
    (f) => {
      f.param = f.dev.iopf_param;
      if (f.param === null) return false;
      f.queue = f.param.queue;
      return true;
    },
    [],
    [k.mutexUnlock((f) => f.dev.iommu_param.lock), k.return(-ENODEV)],
    { source },
  ),
];

/** v4 and v5: what the flush uses is marked as busy, so that iopf_queue_remove_device() waits. */
function flushBusy<F extends FrameWithHardware>(k: KernelKit<F>, busy: 'flag' | 'counter'): Statement<F>[] {
  const source = v4_03('drivers/iommu/io-pgfault.c');
  return [
    ...lockAndFindQueue(k, source),
    k.step(
      busy === 'flag' ? 'iopf_param->busy = true' : 'iopf_param->busy++',
      (f) => {
        f.param.busy = busy === 'flag' ? 1 : f.param.busy + 1;
      },
      { source },
    ),
    k.mutexUnlock((f) => f.dev.iommu_param.lock, { source }),
    k.step(
      'queue->flush(queue->flush_arg)',
      (f) => {
        f.arg = f.queue.flush_arg;
      },
      { source },
    ),
    k.call(armSmmuFlushPriq, (f) => ({ smmu: f.smmu, q: f.arg })),
    k.flushWorkqueue((f) => f.queue.wq, { label: 'flush_workqueue(queue->wq)', source }),
    k.mutexLock((f) => f.dev.iommu_param.lock, { label: 'mutex_lock(&param->lock) after the flush', source }),
    k.step(
      busy === 'flag' ? 'iopf_param->busy = false' : 'iopf_param->busy--',
      (f) => {
        f.param.busy = busy === 'flag' ? 0 : f.param.busy - 1;
      },
      { source },
    ),
    k.wakeUpAll((f) => f.param.wq_head, { source }),
    k.mutexUnlock((f) => f.dev.iommu_param.lock, { label: 'mutex_unlock(&param->lock) after the flush', source }),
  ];
}

/** 5.13: the lock over everything. */
function flushLocked<F extends Frame>(k: KernelKit<F>): Statement<F>[] {
  const source = v5_13('drivers/iommu/io-pgfault.c');
  return [
    ...lockAndFindQueue(k, source),
    k.flushWorkqueue((f) => f.queue.wq, { label: 'flush_workqueue(iopf_param->queue->wq)', source }),
    k.mutexUnlock((f) => f.dev.iommu_param.lock, { source }),
  ];
}

/** iopf_queue_flush_dev() of 5.13, for drivers that have flushed their hardware queue before. */
export const iopfQueueFlushDevLocked = procedure(
  'iopf_queue_flush_dev',
  {
    source: v5_13('drivers/iommu/io-pgfault.c'),
    params: { dev: Device },
    locals: { param: ptr(IopfDeviceParam), queue: ptr(IopfQueue) },
  },
  (k) => [...flushLocked(k), k.return(0)],
);

export const iopfQueueFlushDev = procedure(
  'iopf_queue_flush_dev',
  {
    source: v2_07('drivers/iommu/io-pgfault.c'),
    params: { dev: Device, smmu: hw<SmmuV3>() },
    locals: { param: ptr(IopfDeviceParam), queue: ptr(IopfQueue), arg: ptr(ArmSmmuQueue), fault: ptr(IopfFault) },
  },
  (k) => [
    k.switch(iopfRevision, {
      v2: [
        k.mutexLock((f) => f.dev.iommu_param.lock),
        k.test(
          'queue = iopf_param->queue',
          (f) => {
            f.param = f.dev.iopf_param;
            if (f.param === null) return false;
            f.queue = f.param.queue;
            f.arg = f.queue.flush_arg;
            return true;
          },
          [],
          [k.mutexUnlock((f) => f.dev.iommu_param.lock), k.return(-ENODEV)],
        ),
        k.mutexUnlock((f) => f.dev.iommu_param.lock),
        // The result of the low-level flush is ignored.
        k.call(armSmmuFlushPriq, (f) => ({ smmu: f.smmu, q: f.arg })),
        k.flushWorkqueue((f) => f.queue.wq, { label: 'flush_workqueue(queue->wq)' }),
      ],
      v4: flushBusy(k, 'flag'),
      v5: flushBusy(k, 'counter'),
      '5.13': flushLocked(k),
    }),
    k.switch(partialFaults, {
      kept: [],
      discarded: [
        k.mutexLock((f) => f.dev.iommu_param.lock, { label: 'mutex_lock(&dev->iommu_param->lock) to discard' }),
        k.loop([
          k.test(
            'take a partial fault off the list',
            (f) => {
              f.param = f.dev.iopf_param;
              // The device may have left the queue since, with its partial faults.
              if (f.param === null) return false;
              const { partial } = f.param;
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
