/**
 * The fault handler that init installs and shutdown removes, with the faults that wait for their answer. A reduced form
 * of the fault path: `model/iopf` has the whole of it, but there the handler is installed for good.
 *
 * Source: iommu_register_device_fault_handler() and its opposite, iommu_report_device_fault(), iommu_page_response(); v2
 * 07/40, 09/40. Unregistering is refused with -EBUSY while an answer is due, and shutdown does not look at the result.
 *
 * Limits: one device; what the worker does about a fault is left out; three faults at a time.
 */
import {
  bool,
  containerOf,
  EBUSY,
  ENODEV,
  ENOMEM,
  errno,
  int,
  mutex,
  object,
  procedure,
  ptr,
  ref,
  type ViewOf,
  Work,
  Workqueue,
  workStruct,
} from '../kernel/index.ts';
import { FaultHandlerOp, IopfQueueFlushDev, SvaDeviceShutdown } from './callbacks.ts';
import { iommuSvaDeviceShutdown } from './device.ts';
import { Device } from './objects.ts';
import { v2_07, v2_09 } from './sources.ts';
import { leavesQueue, responseLock, unregisterPending } from './switches.ts';

const IOMMU_C = 'drivers/iommu/iommu.c';

/** struct iommu_fault_param: the handler, and how many faults wait for their answer. */
export const FaultParam = object('iommu_fault_param', { lock: mutex(), faults: int(0, 3) }, { source: v2_07(IOMMU_C) });

/** What the IOMMU driver and the fault queue know of the device: `iommu_priv` of the device. */
export const FaultMaster = object(
  'fault_master',
  {
    fault_param: ref(FaultParam),
    /** The device is in the fault queue, so that it can be flushed. */
    in_queue: bool(true),
    wq: ptr(Workqueue),
    /** Page requests of the device may still come. */
    active: bool(true),
    /** Ghost: page requests that were taken, and answers given. */
    taken: int(0, 3),
    answered: int(0, 6),
    /** Ghost: shutdown has returned 0. */
    closed: bool(),
  },
  { permanent: true, source: v2_07(IOMMU_C) },
);
export type FaultMaster = ViewOf<typeof FaultMaster>;

/** A fault on its way to the worker. */
export const QueuedFault = object(
  'iopf_group',
  { dev: ptr(Device), ...workStruct },
  { source: v2_07('drivers/iommu/io-pgfault.c') },
);

/** What hangs at the device. */
export const masterOf = (dev: { readonly iommu_priv: object | null }): FaultMaster => dev.iommu_priv as FaultMaster;

/** iommu_register_device_fault_handler(): one handler for each device. */
export const registerFaultHandler = procedure(
  'iommu_register_device_fault_handler',
  {
    source: v2_09(IOMMU_C),
    params: FaultHandlerOp.params,
    locals: { param: ptr(FaultParam) },
    returns: errno(),
  },
  (k) => [
    k.mutexLock((f) => f.dev.param_lock),
    k.test('param->fault_param', (f) => masterOf(f.dev).fault_param !== null, [
      k.mutexUnlock((f) => f.dev.param_lock),
      k.return(-EBUSY),
    ]),
    k.kmalloc(
      FaultParam,
      (f, fresh) => {
        f.param = fresh;
      },
      { orElse: [k.mutexUnlock((f) => f.dev.param_lock), k.return(-ENOMEM)] },
    ),
    k.step('param->fault_param = fault_param', (f) => {
      masterOf(f.dev).fault_param = f.param;
    }),
    k.mutexUnlock((f) => f.dev.param_lock),
    k.return(0),
  ],
);

/** iommu_unregister_device_fault_handler(). */
export const unregisterFaultHandler = procedure(
  'iommu_unregister_device_fault_handler',
  {
    source: v2_09(IOMMU_C),
    params: FaultHandlerOp.params,
    locals: { param: ptr(FaultParam) },
    returns: errno(),
  },
  (k) => [
    k.mutexLock((f) => f.dev.param_lock),
    k.test(
      'param->fault_param',
      (f) => {
        const { fault_param } = masterOf(f.dev);
        f.param = fault_param as typeof f.param;
        return fault_param !== null;
      },
      [],
      [k.mutexUnlock((f) => f.dev.param_lock), k.return(0)],
    ),
    k.switch(unregisterPending, {
      refused: [
        k.test(
          'list_empty(&param->fault_param->faults)',
          (f) => f.param.faults === 0,
          [],
          [k.mutexUnlock((f) => f.dev.param_lock), k.return(-EBUSY)],
        ),
      ],
      answered: [
        k.mutexLock((f) => f.param.lock),
        k.step(
          'answer all pending faults as invalid',
          (f) => {
            masterOf(f.dev).answered += f.param.faults;
            f.param.faults = 0;
          },
          { indivisible: 'the count of answers is a ghost field' },
        ),
        k.mutexUnlock((f) => f.param.lock),
      ],
    }),
    k.step('param->fault_param = NULL', (f) => {
      masterOf(f.dev).fault_param = null;
    }),
    k.kfree((f) => f.param),
    k.mutexUnlock((f) => f.dev.param_lock),
    k.return(0),
  ],
);

/** iommu_report_device_fault(): a page request comes in; without a handler the irq thread answers it itself. */
export const reportFault = procedure(
  'iommu_report_device_fault',
  {
    source: v2_07(IOMMU_C),
    params: { dev: Device },
    locals: { param: ptr(FaultParam), fault: ptr(QueuedFault), wq: ptr(Workqueue) },
  },
  (k) => [
    k.mutexLock((f) => f.dev.param_lock),
    k.test(
      'param->fault_param',
      (f) => {
        const { fault_param } = masterOf(f.dev);
        f.param = fault_param as typeof f.param;
        return fault_param !== null;
      },
      [],
      [k.mutexUnlock((f) => f.dev.param_lock), k.return(-ENODEV)],
    ),
    k.mutexLock((f) => f.param.lock),
    k.step(
      'list_add_tail(&pending->list, &fault_param->faults)',
      (f) => {
        f.param.faults++;
        masterOf(f.dev).taken++;
      },
      { indivisible: 'the count of requests is a ghost field' },
    ),
    k.mutexUnlock((f) => f.param.lock),
    k.kmalloc(QueuedFault, (f, fresh) => {
      fresh.dev = f.dev;
      fresh.work_func = handleFault;
      f.fault = fresh;
    }),
    k.step('queue->wq', (f) => {
      f.wq = masterOf(f.dev).wq;
    }),
    k.queueWork(
      (f) => f.wq,
      (f) => f.fault,
      { label: 'queue_work(queue->wq, &group->work)' },
    ),
    k.mutexUnlock((f) => f.dev.param_lock),
    k.return(0),
  ],
);

/** The irq thread has reported all that the device has sent, which is stopped. */
export const stopReporting = procedure('device_stopped', { source: v2_07(), params: { dev: Device } }, (k) => [
  k.step('the device has stopped', (f) => {
    masterOf(f.dev).active = false;
  }),
]);

/** The fault worker, as far as it answers: iommu_page_response(). */
export const handleFault = procedure(
  'iopf_handle_group',
  {
    source: v2_07('drivers/iommu/io-pgfault.c'),
    params: { work: Work },
    locals: { group: ptr(QueuedFault), dev: ptr(Device), param: ptr(FaultParam) },
  },
  (k) => {
    const respond = [
      k.test(
        'param->fault_param',
        (f) => {
          const { fault_param } = masterOf(f.dev);
          f.param = fault_param as typeof f.param;
          return fault_param !== null;
        },
        [
          k.mutexLock((f) => f.param.lock),
          k.test(
            'is there a pending event?',
            (f) => {
              if (f.param.faults === 0) return false;
              f.param.faults--;
              masterOf(f.dev).answered++;
              return true;
            },
            [],
            [],
            { indivisible: 'the count of answers is a ghost field' },
          ),
          k.mutexUnlock((f) => f.param.lock),
        ],
      ),
    ];
    return [
      k.step('group = container_of(work, struct iopf_group, work)', (f) => {
        f.group = containerOf(f.work, QueuedFault);
        f.dev = f.group.dev;
      }),
      k.switch(responseLock, {
        none: respond,
        'param lock': [k.mutexLock((f) => f.dev.param_lock), ...respond, k.mutexUnlock((f) => f.dev.param_lock)],
      }),
      k.kfree((f) => f.group),
      k.return(),
    ];
  },
);

/** iopf_queue_flush_dev(): -ENODEV, and nothing is waited for, when the device has left the fault queue. */
export const flushFaultQueue = procedure(
  'iopf_queue_flush_dev',
  {
    source: v2_07('drivers/iommu/io-pgfault.c'),
    params: IopfQueueFlushDev.params,
    locals: { wq: ptr(Workqueue) },
    returns: errno(),
  },
  (k) => [
    k.mutexLock((f) => f.dev.param_lock),
    k.test(
      'param->iopf_param',
      (f) => {
        f.wq = masterOf(f.dev).wq;
        return masterOf(f.dev).in_queue;
      },
      [],
      [k.mutexUnlock((f) => f.dev.param_lock), k.return(-ENODEV)],
    ),
    k.mutexUnlock((f) => f.dev.param_lock),
    k.flushWorkqueue((f) => f.wq),
    k.return(0),
  ],
);

/** iopf_queue_remove_device(), from the shutdown operation of the IOMMU driver or from its remove_device. */
export const leaveFaultQueue = procedure(
  'iopf_queue_remove_device',
  { source: v2_07('drivers/iommu/io-pgfault.c'), params: SvaDeviceShutdown.params, returns: errno() },
  (k) => [
    k.mutexLock((f) => f.dev.param_lock),
    k.step('param->iopf_param = NULL', (f) => {
      masterOf(f.dev).in_queue = false;
    }),
    k.mutexUnlock((f) => f.dev.param_lock),
    k.return(0),
  ],
);

/** The device is removed: it has stopped, and then everything that init has set up is taken down. */
export const removeDevice = procedure(
  'arm_smmu_remove_device',
  { source: v2_09('drivers/iommu/arm-smmu-v3.c'), params: { dev: Device }, locals: { rc: errno() } },
  (k) => [
    k.blockUntil('the device has stopped', (f) => !masterOf(f.dev).active, {
      waiting: { kind: 'device', on: (f) => f.dev },
    }),
    k.switch(leavesQueue, {
      'before shutdown': [k.call(leaveFaultQueue, (f) => ({ dev: f.dev }))],
      'in shutdown': [],
    }),
    k.call(
      iommuSvaDeviceShutdown,
      (f) => ({ dev: f.dev }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.when(
      (f) => f.rc === 0,
      [
        k.step('shutdown has returned 0', (f) => {
          masterOf(f.dev).closed = true;
        }),
      ],
    ),
    k.return((f) => f.rc),
  ],
);
