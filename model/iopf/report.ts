/**
 * From the irq thread to the workqueue: a fault event is reported to the device's fault handler, which collects the
 * faults of a group and queues the group when its last one arrives.
 */
import { bool, ENODEV, ENOMEM, errno, type KernelKit, procedure, ptr, type Statement } from '../kernel/index.ts';
import { iopfHandleGroup } from './handle.ts';
import { hw, type PageRequest, requestIsFixed } from './hardware.ts';
import { Device, FaultEvent, IopfFault, IopfGroup } from './objects.ts';
import { specB, v2_07, v4_03 } from './sources.ts';
import { groupMatch, groupNoMemory, iopfRevision } from './switches.ts';

/** Is the device in a queue? The scenarios of v2 have it in one as long as it reports faults. */
function inQueue<F extends { readonly dev: Device }>(k: KernelKit<F>): Statement<F> {
  const source = v4_03('drivers/iommu/io-pgfault.c');
  return k.test('iopf_param = param->iopf_param', (f) => f.dev.iopf_param !== null, [], [k.return(-ENODEV)], {
    source,
  });
}

/**
 * iommu_queue_iopf(), called with `iommu_param->lock` held. v2 leaves the partial faults where they are when the group
 * cannot be allocated; v4 frees them.
 */
export const iommuQueueIopf = procedure(
  'iommu_queue_iopf',
  {
    source: v2_07('drivers/iommu/io-pgfault.c'),
    params: { dev: Device, evt: hw<PageRequest>(), last: bool() },
    locals: { fault: ptr(IopfFault), group: ptr(IopfGroup) },
  },
  (k) => [
    k.switch(iopfRevision, { v2: [], v4: [inQueue(k)], v5: [inQueue(k)], '5.13': [inQueue(k)] }),
    k.when(
      (f) => !f.last,
      [
        k.kmalloc(
          IopfFault,
          (f, fresh) => {
            fresh.event = f.evt;
            f.fault = fresh;
          },
          { orElse: [k.return(-ENOMEM)] },
        ),
        k.step('list_add(&fault->head, &iopf_param->partial)', (f) => {
          f.dev.iopf_param.partial.add(f.fault);
        }),
        k.return(0),
      ],
    ),
    k.kmalloc(
      IopfGroup,
      (f, fresh) => {
        fresh.dev = f.dev;
        fresh.last_fault = f.evt;
        fresh.work_func = iopfHandleGroup;
        f.group = fresh;
      },
      {
        orElse: [
          k.switch(groupNoMemory, {
            kept: [],
            freed: [
              k.loop([
                k.test(
                  'take a partial fault of this group index off the list',
                  (f) => {
                    const { partial } = f.dev.iopf_param;
                    const fault = partial.find((other) => other.event.group === f.evt.group);
                    if (fault === null) return false;
                    f.fault = fault;
                    partial.remove(fault);
                    return true;
                  },
                  [],
                  [k.break()],
                  { source: v4_03('drivers/iommu/io-pgfault.c'), indivisible: requestIsFixed },
                ),
                k.kfree((f) => f.fault, { source: v4_03('drivers/iommu/io-pgfault.c') }),
              ]),
            ],
          }),
          k.return(-ENOMEM),
        ],
      },
    ),
    // The param lock covers the partial list; the group is known to nobody else yet.
    k.switch(groupMatch, {
      index: [
        k.step(
          'move the partial faults of this group index',
          (f) => {
            for (const fault of [...f.dev.iopf_param.partial])
              if (fault.event.group === f.evt.group) {
                f.dev.iopf_param.partial.remove(fault);
                f.group.faults.add(fault);
              }
          },
          { indivisible: requestIsFixed },
        ),
      ],
      'index and PASID': [
        k.step(
          'move the partial faults of this group index and PASID',
          (f) => {
            for (const fault of [...f.dev.iopf_param.partial])
              if (fault.event.group === f.evt.group && fault.event.pasid === f.evt.pasid) {
                f.dev.iopf_param.partial.remove(fault);
                f.group.faults.add(fault);
              }
          },
          { indivisible: requestIsFixed },
        ),
      ],
    }),
    k.queueWork(
      (f) => f.dev.iopf_param.queue.wq,
      (f) => f.group,
      { label: 'queue_work(queue->wq, &group->work)' },
    ),
    k.return(0),
  ],
);

/** iommu_report_device_fault(): keeps a copy of what must be answered, then calls the handler under the param lock. */
export const iommuReportDeviceFault = procedure(
  'iommu_report_device_fault',
  {
    source: specB('drivers/iommu/iommu.c'),
    params: { dev: Device, evt: hw<PageRequest>(), last: bool() },
    locals: { pending: ptr(FaultEvent), ret: errno() },
  },
  (k) => [
    k.mutexLock((f) => f.dev.iommu_param.lock),
    k.when(
      (f) => f.last,
      [
        k.kmalloc(
          FaultEvent,
          (f, fresh) => {
            fresh.event = f.evt;
            f.pending = fresh;
          },
          {
            orElse: [
              k.local((f) => {
                f.ret = -ENOMEM;
              }),
              k.goto('out_unlock'),
            ],
          },
        ),
        k.mutexLock((f) => f.dev.fault_param.lock),
        k.step('list_add_tail(&pending->list, &fault_param->faults)', (f) => {
          f.dev.fault_param.faults.add(f.pending);
        }),
        k.mutexUnlock((f) => f.dev.fault_param.lock),
      ],
    ),
    k.call(
      iommuQueueIopf,
      (f) => ({ dev: f.dev, evt: f.evt, last: f.last }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when(
      (f) => f.ret !== 0 && f.pending !== null,
      [
        k.mutexLock((f) => f.dev.fault_param.lock),
        k.step('list_del(&pending->list)', (f) => {
          f.dev.fault_param.faults.remove(f.pending);
        }),
        k.mutexUnlock((f) => f.dev.fault_param.lock),
        k.kfree((f) => f.pending),
      ],
    ),
    k.label('out_unlock'),
    k.mutexUnlock((f) => f.dev.iommu_param.lock),
    k.return((f) => f.ret),
  ],
);
