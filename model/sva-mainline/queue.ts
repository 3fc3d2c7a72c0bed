/**
 * Adding a device to the fault queue and removing it.
 *
 * Source: spec (j); drivers/iommu/io-pgfault.c. Removal has a contract, which its comment spells out: the device does
 * not ask any more, the hardware queue is empty, the workqueue flushed. What is still waiting for an answer then is
 * answered here.
 */

import { hw, type PageRequest, type PciFunction } from '../iopf/hardware.ts';
import { IopfFault } from '../iopf/objects.ts';
import { oneResponse, priResponse } from '../iopf/respond.ts';
import { EBUSY, ENOMEM, errno, opaque, procedure, ptr, ref } from '../kernel/index.ts';
import { faultParamPut, iopfFreeGroup } from './fault-param.ts';
import { DevIommu, Device, FaultParam, IntelIommu, type IopfGroup, IopfQueue } from './objects.ts';
import { IOPF_C, v6_14 } from './sources.ts';
import { removeGroups } from './switches.ts';

/** iopf_queue_add_device() */
export const iopfQueueAddDevice = procedure(
  'iopf_queue_add_device',
  {
    source: v6_14(IOPF_C),
    params: { dev: Device },
    locals: { queue: ptr(IopfQueue), param: ptr(DevIommu), fault_param: ref(FaultParam), ret: errno() },
  },
  (k) => [
    k.step('queue = iommu->iopf_queue', (f) => {
      f.queue = f.dev.vtd.iopf_queue;
      f.param = f.dev.iommu as DevIommu;
    }),
    k.mutexLock((f) => f.queue.lock),
    k.mutexLock((f) => f.param.lock),
    k.test('param->fault_param', (f) => f.param.fault_param !== null, [
      k.local((f) => {
        f.ret = -EBUSY;
      }),
      k.goto('done_unlock'),
    ]),
    k.kmalloc(
      FaultParam,
      (f, fresh) => {
        fresh.dev = f.dev;
        fresh.queue = f.queue;
        fresh.rcu = f.dev.group.rcu;
        f.fault_param = fresh;
      },
      {
        orElse: [
          k.local((f) => {
            f.ret = -ENOMEM;
          }),
          k.goto('done_unlock'),
        ],
      },
    ),
    k.step('list_add(&fault_param->queue_list, &queue->devices)', (f) =>
      f.queue.devices.addFirst(f.fault_param as FaultParam),
    ),
    k.step('rcu_assign_pointer(param->fault_param, fault_param)', (f) => {
      f.param.fault_param = f.fault_param;
    }),
    k.label('done_unlock'),
    k.mutexUnlock((f) => f.param.lock),
    k.mutexUnlock((f) => f.queue.lock),
    k.return((f) => f.ret),
  ],
);

/** iopf_queue_remove_device() */
export const iopfQueueRemoveDevice = procedure(
  'iopf_queue_remove_device',
  {
    source: v6_14(IOPF_C),
    params: { dev: Device },
    locals: {
      queue: ptr(IopfQueue),
      param: ptr(DevIommu),
      fault_param: ptr(FaultParam),
      fault: ptr(IopfFault),
      group: opaque<IopfGroup>(),
      fn: hw<PciFunction>(),
      evt: hw<PageRequest>(),
      iommu: ptr(IntelIommu),
    },
  },
  (k) => [
    k.step('queue = iommu->iopf_queue', (f) => {
      f.iommu = f.dev.vtd;
      f.queue = f.iommu.iopf_queue;
      f.fn = f.iommu.fn;
      f.param = f.dev.iommu as DevIommu;
    }),
    k.mutexLock((f) => f.queue.lock),
    k.mutexLock((f) => f.param.lock),
    k.step('fault_param = param->fault_param', (f) => {
      f.fault_param = f.param.fault_param as FaultParam;
    }),
    k.when((f) => f.fault_param === null, [k.goto('unlock')]),
    k.mutexLock((f) => f.fault_param.lock),
    k.loop([
      k.test(
        'a partial fault?',
        (f) => {
          const { first } = f.fault_param.partial;
          if (first === null) return false;
          f.fault_param.partial.remove(first);
          f.fault = first;
          return true;
        },
        [],
        [k.break()],
      ),
      k.kfree((f) => f.fault),
    ]),
    k.loop([
      k.test(
        'a group that waits for an answer?',
        (f) => {
          f.group = f.fault_param.faults.first;
          if (f.group === null) return false;
          f.evt = f.group.last_fault;
          return true;
        },
        [],
        [k.break()],
      ),
      k.step('page_response: invalid', (f) => priResponse(f.fn, f.evt, 'invalid'), {
        event: 'page response',
        indivisible: oneResponse,
      }),
      k.step('list_del_init(&group->pending_node)', (f) => f.fault_param.faults.remove(f.group as IopfGroup)),
      k.switch(removeGroups, {
        'answers and frees': [k.call(iopfFreeGroup, (f) => ({ group: f.group as IopfGroup }))],
        answers: [],
      }),
    ]),
    k.mutexUnlock((f) => f.fault_param.lock),
    k.step('list_del(&fault_param->queue_list)', (f) => f.queue.devices.remove(f.fault_param)),
    k.step('rcu_assign_pointer(param->fault_param, NULL)', (f) => {
      f.param.fault_param = null;
    }),
    k.call(faultParamPut, (f) => ({ fault_param: f.fault_param })),
    k.label('unlock'),
    k.mutexUnlock((f) => f.param.lock),
    k.mutexUnlock((f) => f.queue.lock),
    k.return(),
  ],
);
