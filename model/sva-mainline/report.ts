/**
 * From the irq thread to the handler of the domain: faults are collected, and with the last of its group a group is made
 * that owns the reference to the fault_param.
 *
 * Source: spec (j); drivers/iommu/io-pgfault.c. `fault_param->lock` covers the two lists only. A group that cannot be
 * allocated: the kernel lends one from the stack for the answer; here the irq thread answers.
 */

import { hw, LAST_PASID, type PageRequest, requestIsFixed } from '../iopf/hardware.ts';
import { IopfFault } from '../iopf/objects.ts';
import { bool, EINVAL, ENOMEM, errno, int, op, opaque, procedure, ptr, ref } from '../kernel/index.ts';
import { iopfFreeGroup, iopfGetDevFaultParam, reportPut } from './fault-param.ts';
import { iommuSvaIopfHandler } from './handle.ts';
import { Device, FaultParam, Handle, IommuGroup, IopfGroup, IopfHandler, type SvaDomain } from './objects.ts';
import { iommuAttachHandleGet } from './pasid-array.ts';
import { iopfGroupResponse } from './respond.ts';
import { IOPF_C, v6_14 } from './sources.ts';
import { domainLookup, partialReport } from './switches.ts';

/** report_partial_fault(): keeps a fault until the last one of its group comes. */
const reportPartialFault = procedure(
  'report_partial_fault',
  {
    source: v6_14(IOPF_C),
    params: { fault_param: FaultParam, evt: hw<PageRequest>() },
    locals: { fault: ptr(IopfFault) },
    returns: errno(),
  },
  (k) => [
    k.kmalloc(
      IopfFault,
      (f, fresh) => {
        fresh.event = f.evt;
        f.fault = fresh;
      },
      { orElse: [k.return(-ENOMEM)] },
    ),
    k.mutexLock((f) => f.fault_param.lock),
    k.step('list_add(&fault->list, &fault_param->partial)', (f) => f.fault_param.partial.add(f.fault)),
    k.mutexUnlock((f) => f.fault_param.lock),
    k.return(0),
  ],
);

/** What becomes of the partial faults of a group that cannot be allocated. */
const dropPartial = procedure(
  'iopf_free_group',
  {
    source: v6_14(IOPF_C),
    params: { fault_param: FaultParam, evt: hw<PageRequest>() },
    locals: { fault: ref(IopfFault) },
  },
  (k) => [
    k.loop([
      k.mutexLock((f) => f.fault_param.lock),
      k.step(
        'take a partial fault of this group index off',
        (f) => {
          f.fault = f.fault_param.partial.find((fault) => fault.event.group === f.evt.group);
          if (f.fault !== null) f.fault_param.partial.remove(f.fault);
        },
        { indivisible: requestIsFixed },
      ),
      k.mutexUnlock((f) => f.fault_param.lock),
      k.when((f) => f.fault === null, [k.break()]),
      k.kfree((f) => f.fault),
    ]),
    k.return(),
  ],
);

/** find_fault_handler() and the call of what it finds. Not 0 when nobody takes the group. */
const handToDomain = procedure(
  'find_fault_handler',
  {
    source: v6_14(IOPF_C),
    params: { dev: Device, group: IopfGroup, evt: hw<PageRequest>() },
    locals: {
      iommu_group: ptr(IommuGroup),
      pasid: int(0, LAST_PASID),
      handle: ref(Handle),
      domain: opaque<SvaDomain>(),
      handler: op(IopfHandler),
      ret: errno(),
    },
    returns: errno(),
  },
  (k) => [
    k.step('pasid = fault->prm.pasid', (f) => {
      f.iommu_group = f.dev.group;
      f.pasid = f.evt.pasid;
    }),
    k.call(
      iommuAttachHandleGet,
      (f) => ({ group: f.iommu_group, pasid: f.pasid }),
      (f, handle) => {
        f.handle = handle;
      },
    ),
    k.when((f) => f.handle === null, [k.return(-EINVAL)]),
    k.step('domain = attach_handle->domain', (f) => {
      f.domain = (f.handle as Handle).domain;
    }),
    k.step('handler = domain->iopf_handler', (f) => {
      f.handler = (f.domain as SvaDomain).iopf_handler;
    }),
    k.when((f) => f.handler === null, [k.return(-EINVAL)]),
    k.step('group->attach_handle = attach_handle', (f) => {
      f.group.attach_handle = f.handle;
    }),
    k.callback(
      IopfHandler,
      (f) => f.handler,
      (f) => ({ group: f.group }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.return((f) => f.ret),
  ],
);

/** iommu_report_device_fault(). What is not 0 is for the caller to answer, if it was the last of its group. */
export const iommuReportDeviceFault = procedure(
  'iommu_report_device_fault',
  {
    source: v6_14(IOPF_C),
    params: { dev: Device, evt: hw<PageRequest>(), last: bool() },
    locals: { fault_param: opaque<FaultParam>(), group: ptr(IopfGroup), ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.call(
      iopfGetDevFaultParam,
      (f) => ({ dev: f.dev }),
      (f, fault_param) => {
        f.fault_param = fault_param;
      },
    ),
    k.when((f) => f.fault_param === null, [k.return(-EINVAL)]),
    k.when(
      (f) => !f.last,
      [
        k.call(
          reportPartialFault,
          (f) => ({ fault_param: f.fault_param as FaultParam, evt: f.evt }),
          (f, ret) => {
            f.ret = ret;
          },
        ),
        k.call(reportPut, (f) => ({ fault_param: f.fault_param as FaultParam })),
        k.switch(partialReport, { returns: [k.return((f) => f.ret)], 'goes on': [] }),
      ],
    ),
    k.kmalloc(
      IopfGroup,
      (f, fresh) => {
        fresh.fault_param = f.fault_param as FaultParam;
        fresh.last_fault = f.evt;
        f.group = fresh;
      },
      {
        orElse: [
          k.call(dropPartial, (f) => ({ fault_param: f.fault_param as FaultParam, evt: f.evt })),
          k.call(reportPut, (f) => ({ fault_param: f.fault_param as FaultParam })),
          k.return(-ENOMEM),
        ],
      },
    ),
    k.mutexLock((f) => (f.fault_param as FaultParam).lock, { as: '&fault_param->lock' }),
    k.step(
      'move the partial faults of this group index',
      (f) => {
        const { partial } = f.fault_param as FaultParam;
        for (const fault of [...partial])
          if (fault.event.group === f.evt.group) {
            partial.remove(fault);
            f.group.faults.add(fault);
          }
      },
      { indivisible: requestIsFixed },
    ),
    k.step('list_add(&group->pending_node, &fault_param->faults)', (f) =>
      (f.fault_param as FaultParam).faults.add(f.group),
    ),
    k.mutexUnlock((f) => (f.fault_param as FaultParam).lock, { as: '&fault_param->lock' }),
    k.switch(domainLookup, {
      'irq thread': [
        k.call(
          handToDomain,
          (f) => ({ dev: f.dev, group: f.group, evt: f.evt }),
          (f, ret) => {
            f.ret = ret;
          },
        ),
      ],
      worker: [
        k.call(
          iommuSvaIopfHandler,
          (f) => ({ group: f.group }),
          (f, ret) => {
            f.ret = ret;
          },
        ),
      ],
      'worker, under group->mutex': [
        k.call(
          iommuSvaIopfHandler,
          (f) => ({ group: f.group }),
          (f, ret) => {
            f.ret = ret;
          },
        ),
      ],
    }),
    k.when(
      (f) => f.ret !== 0,
      [
        k.call(iopfGroupResponse, (f) => ({ group: f.group, status: 'invalid' as const })),
        k.call(iopfFreeGroup, (f) => ({ group: f.group })),
      ],
    ),
    k.return(0),
  ],
);
