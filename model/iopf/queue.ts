/**
 * The fault queue itself: a device is added and removed, leftover partial faults are discarded, the queue is freed.
 *
 * Source: spec (b) for v2; v4 03/26, the review of it, v5 and Linux 5.13. In v2 the queue counts its devices and only the
 * param lock is taken; from v4 on it has a list of them under `queue->lock`, which is taken first.
 */
import {
  EBUSY,
  EINVAL,
  ENOMEM,
  errno,
  type KernelKit,
  procedure,
  ptr,
  ref,
  type Source,
  type Statement,
} from '../kernel/index.ts';
import { Device, IopfDeviceParam, IopfFault, IopfQueue } from './objects.ts';
import { specB, v4_03, v4_03_review, v5_13 } from './sources.ts';
import { discardPartial, iopfRevision } from './switches.ts';

const IO_PGFAULT_C = 'drivers/iommu/io-pgfault.c';

/** iopf_queue_add_device(): -EINVAL when the device is in a queue already. */
export const iopfQueueAddDevice = procedure(
  'iopf_queue_add_device',
  {
    source: v4_03(IO_PGFAULT_C),
    params: { queue: IopfQueue, dev: Device },
    locals: { param: ptr(IopfDeviceParam), ret: errno() },
  },
  (k) => {
    const publish = [
      k.mutexLock((f) => f.dev.iommu_param.lock),
      k.test(
        'param->iopf_param is NULL: publish',
        (f) => {
          if (f.dev.iopf_param !== null) return false;
          f.dev.iopf_param = f.param;
          return true;
        },
        [
          k.local((f) => {
            f.ret = 0;
          }),
        ],
        [
          k.local((f) => {
            f.ret = -EINVAL;
          }),
        ],
      ),
    ];
    const listed = [
      k.mutexLock((f) => f.queue.lock),
      ...publish,
      k.when(
        (f) => f.ret === 0,
        [k.step('list_add(&iopf_param->queue_list, &queue->devices)', (f) => f.queue.devices.addFirst(f.param))],
      ),
      k.mutexUnlock((f) => f.dev.iommu_param.lock),
      k.mutexUnlock((f) => f.queue.lock),
    ];
    return [
      k.kmalloc(
        IopfDeviceParam,
        (f, fresh) => {
          fresh.dev = f.dev;
          fresh.queue = f.queue;
          f.param = fresh;
        },
        { orElse: [k.return(-ENOMEM)] },
      ),
      k.switch(iopfRevision, {
        v2: [
          ...publish,
          k.when((f) => f.ret === 0, [k.refcountInc((f) => f.queue.refs)]),
          k.mutexUnlock((f) => f.dev.iommu_param.lock),
        ],
        v4: listed,
        v5: listed,
        '5.13': listed,
      }),
      k.when((f) => f.ret !== 0, [k.kfree((f) => f.param)]),
      k.return((f) => f.ret),
    ];
  },
);

interface Removal {
  readonly queue: IopfQueue;
  readonly dev: Device;
  param: IopfDeviceParam;
  ret: number;
}

/** Takes the device out under both locks, or finds that it is not in this queue, or busy. */
function takeOut<F extends Removal>(k: KernelKit<F>, source: Source, looksAtBusy: boolean): Statement<F>[] {
  const unlink = [
    k.step('list_del(&iopf_param->queue_list)', (f) => f.queue.devices.remove(f.param), { source }),
    k.step(
      'param->iopf_param = NULL',
      (f) => {
        f.dev.iopf_param = null as never;
      },
      { source },
    ),
    k.local((f) => {
      f.ret = 0;
    }),
  ];
  return [
    k.local((f) => {
      f.ret = -EINVAL;
    }),
    k.mutexLock((f) => f.queue.lock, { source }),
    k.mutexLock((f) => f.dev.iommu_param.lock, { source }),
    k.test(
      'iopf_param && iopf_param->queue == queue',
      (f) => {
        f.param = f.dev.iopf_param;
        return f.param !== null && f.param.queue === f.queue;
      },
      looksAtBusy
        ? [
            k.test(
              'iopf_param->busy',
              (f) => f.param.busy !== 0,
              [
                k.local((f) => {
                  f.ret = -EBUSY;
                }),
              ],
              unlink,
              { source },
            ),
          ]
        : unlink,
      [],
      { source },
    ),
    k.mutexUnlock((f) => f.dev.iommu_param.lock, { source }),
    k.mutexUnlock((f) => f.queue.lock, { source }),
  ];
}

/**
 * iopf_queue_remove_device(): the caller makes sure that no fault is reported any more. Whether a flush may run is what
 * the revisions differ in; v4 and v5 wait for it with both locks dropped.
 */
export const iopfQueueRemoveDevice = procedure(
  'iopf_queue_remove_device',
  {
    source: v4_03(IO_PGFAULT_C),
    params: { queue: IopfQueue, dev: Device },
    locals: { param: ptr(IopfDeviceParam), fault: ref(IopfFault), next: ref(IopfFault), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const waitsForFlush = (source: Source) => [
      k.loop([
        ...takeOut(k, source, true),
        k.when((f) => f.ret !== -EBUSY, [k.break()]),
        k.waitEvent(
          (f) => f.param.wq_head,
          (f) => f.param.busy === 0,
          { source },
        ),
      ]),
    ];
    return [
      k.switch(iopfRevision, {
        v2: [
          k.mutexLock((f) => f.dev.iommu_param.lock, { source: specB(IO_PGFAULT_C) }),
          k.test(
            'take iopf_param and clear the pointer',
            (f) => {
              f.param = f.dev.iopf_param;
              if (f.param === null) return false;
              f.dev.iopf_param = null as never;
              return true;
            },
            [],
            [k.mutexUnlock((f) => f.dev.iommu_param.lock, { source: specB(IO_PGFAULT_C) }), k.return(-EINVAL)],
            { source: specB(IO_PGFAULT_C) },
          ),
          k.refcountDecAndTest((f) => f.queue.refs, [], [], { source: specB(IO_PGFAULT_C) }),
          k.mutexUnlock((f) => f.dev.iommu_param.lock, { source: specB(IO_PGFAULT_C) }),
        ],
        v4: waitsForFlush(v4_03(IO_PGFAULT_C)),
        v5: waitsForFlush(v4_03_review(IO_PGFAULT_C)),
        '5.13': takeOut(k, v5_13(IO_PGFAULT_C), false),
      }),
      k.when((f) => f.ret !== 0, [k.return((f) => f.ret)]),
      // Just in case some are left; the list goes with the parameter.
      k.listForEachEntrySafe(
        (f) => f.param.partial,
        {
          get: (f) => f.fault,
          set: (f, fault) => {
            f.fault = fault;
          },
        },
        {
          get: (f) => f.next,
          set: (f, next) => {
            f.next = next;
          },
        },
        [k.kfree((f) => f.fault)],
        { label: 'list_for_each_entry_safe(iopf, next, &iopf_param->partial)' },
      ),
      k.kfree((f) => f.param),
      k.return(0),
    ];
  },
);

/**
 * iopf_queue_discard_partial(): the hardware queue overflowed, so last requests may be lost; called by an irq thread.
 * The driver should not be adding faults to this queue meanwhile, which is kept by a driver with one irq thread.
 */
export const iopfQueueDiscardPartial = procedure(
  'iopf_queue_discard_partial',
  {
    source: v4_03(IO_PGFAULT_C),
    params: { queue: IopfQueue },
    locals: { param: ref(IopfDeviceParam), fault: ref(IopfFault), next: ref(IopfFault) },
  },
  (k) => {
    const perFault = (body: Statement<any>[]) =>
      k.listForEachEntrySafe(
        (f) => (f.param as IopfDeviceParam).partial,
        {
          get: (f) => f.fault,
          set: (f, fault) => {
            f.fault = fault;
          },
        },
        {
          get: (f) => f.next,
          set: (f, next) => {
            f.next = next;
          },
        },
        body,
        { label: 'list_for_each_entry_safe(iopf, next, &iopf_param->partial)' },
      );
    const free = k.kfree((f) => f.fault, { label: 'kfree(iopf)' });
    const unlink = k.step('list_del(&iopf->list)', (f) =>
      (f.param as IopfDeviceParam).partial.remove(f.fault as NonNullable<typeof f.fault>),
    );
    return [
      k.mutexLock((f) => f.queue.lock),
      k.listForEachEntry(
        (f) => f.queue.devices,
        {
          get: (f) => f.param,
          set: (f, param) => {
            f.param = param;
          },
        },
        [
          k.switch(discardPartial, {
            'freed only': [perFault([free])],
            unlinked: [perFault([unlink, free])],
            'unlinked under the param lock': [
              k.mutexLock((f) => (f.param as IopfDeviceParam).dev.iommu_param.lock, {
                label: 'mutex_lock(&param->lock)',
              }),
              perFault([unlink, free]),
              k.mutexUnlock((f) => (f.param as IopfDeviceParam).dev.iommu_param.lock, {
                label: 'mutex_unlock(&param->lock)',
              }),
            ],
          }),
        ],
        { label: 'list_for_each_entry(iopf_param, &queue->devices)' },
      ),
      k.mutexUnlock((f) => f.queue.lock),
      k.return(0),
    ];
  },
);

/**
 * iopf_queue_free(): nobody queues faults or adds and removes devices any more. destroy_workqueue() waits for what is
 * still queued. v2 gives up, and the queue is lost, when a device is left in it; later revisions remove it.
 */
export const iopfQueueFree = procedure(
  'iopf_queue_free',
  {
    source: v4_03(IO_PGFAULT_C),
    params: { queue: IopfQueue },
    locals: { param: ref(IopfDeviceParam), next: ref(IopfDeviceParam), dev: ptr(Device) },
  },
  (k) => {
    const removeAll = k.listForEachEntrySafe(
      (f) => f.queue.devices,
      {
        get: (f) => f.param,
        set: (f, param) => {
          f.param = param;
        },
      },
      {
        get: (f) => f.next,
        set: (f, next) => {
          f.next = next;
        },
      },
      [
        k.step('iopf_param->dev', (f) => {
          f.dev = (f.param as IopfDeviceParam).dev;
        }),
        k.call(iopfQueueRemoveDevice, (f) => ({ queue: f.queue, dev: f.dev })),
      ],
      { label: 'list_for_each_entry_safe(iopf_param, next, &queue->devices)' },
    );
    return [
      k.switch(iopfRevision, {
        v2: [
          k.refcountDecAndTest((f) => f.queue.refs, [], [k.return()], {
            label: 'WARN_ON(!refcount_dec_and_test(&queue->refs))',
            source: specB(IO_PGFAULT_C),
          }),
        ],
        v4: [removeAll],
        v5: [removeAll],
        '5.13': [removeAll],
      }),
      k.flushWorkqueue((f) => f.queue.wq, { label: 'destroy_workqueue(queue->wq)' }),
      k.kfree((f) => f.queue),
      k.return(),
    ];
  },
);
