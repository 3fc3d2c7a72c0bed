/** iopf_queue_flush_dev() of mainline: only the workqueue. The driver has emptied the hardware queue before. */
import { ENODEV, errno, opaque, procedure, ptr, Workqueue } from '../kernel/index.ts';
import { type DevIommu, Device, type FaultParam } from './objects.ts';
import { IOPF_C, v6_14 } from './sources.ts';

export const iopfQueueFlushDev = procedure(
  'iopf_queue_flush_dev',
  {
    source: v6_14(IOPF_C),
    params: { dev: Device },
    locals: { fault_param: opaque<FaultParam>(), wq: ptr(Workqueue) },
    returns: errno(),
  },
  (k) => [
    k.step('fault_param = dev->iommu->fault_param', (f) => {
      f.fault_param = (f.dev.iommu as DevIommu).fault_param;
      if (f.fault_param !== null) f.wq = f.fault_param.queue.wq;
    }),
    // WARN_ON: a driver that has removed the device from the queue has nothing to flush.
    k.when((f) => f.fault_param === null, [k.return(-ENODEV)]),
    k.flushWorkqueue((f) => f.wq, { label: 'flush_workqueue(fault_param->queue->wq)' }),
    k.return(0),
  ],
);
