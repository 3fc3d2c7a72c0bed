/**
 * Page requests from the queue of the IOMMU to the handler of a domain, and answers back: the generic fault code and the
 * part of a driver that matters to iommufd.
 *
 * Source: drivers/iommu/io-pgfault.c of Linux 6.11 and later, drivers/iommu/intel/prq.c. Limits: every request is the last
 * of its group. A request under way is in the queue until it has been reported, so that whoever drains it waits for it.
 * A group that cannot be allocated is answered by the irq thread, where the kernel lends one from its stack.
 * `model/sva-mainline` has the whole of it.
 */
import {
  bool,
  decAndTest,
  ENOMEM,
  errno,
  incNotZero,
  nameOf,
  oneOf,
  opaque,
  pointerTo,
  procedure,
  ptr,
  Violation,
} from '../kernel/index.ts';
import {
  AttachHandle,
  Endpoint,
  type Endpoint as EndpointView,
  type Fault,
  FaultParam,
  type FaultParam as FaultParamView,
  IopfGroup,
  type IopfGroup as IopfGroupView,
  PageRequest,
} from './iopf-objects.ts';
import { IOMMU_NO_PASID, type IommuGroup, ioasid, type PagingDomain } from './objects.ts';
import { EVENTQ_C, groupOwner, IOPF_C, specH } from './sources.ts';
import { groupOwnership } from './switches.ts';

const source = specH(IOPF_C);
const PRQ_C = 'drivers/iommu/intel/prq.c';

/** ops->page_response(): the device gets its one answer. */
function pageResponse(request: PageRequest, code: 'success' | 'invalid'): void {
  if (request.answer !== 'none')
    throw new Violation('protocol', `${nameOf(request)} is answered a second time`, [nameOf(request)]);
  request.answer = code;
}

/** What a device translates through with a PASID. */
export const domainOf = (group: IommuGroup, pasid: number): PagingDomain | null =>
  pasid === IOMMU_NO_PASID ? group.domain : group.pasid_domain;

/** A device that misses a translation: it asks once, while a domain is there that lets it. */
export const deviceAsks = procedure(
  'page request',
  { source: specH(PRQ_C), params: { dev: Endpoint, req: PageRequest } },
  (k) => [
    k.blockUntil('page request message', (f) => domainOf(f.dev.group, f.req.pasid)?.iopf_handler === true, {
      idle: true,
      waiting: { kind: 'device', on: (f) => f.dev },
      do: (f) => {
        f.req.asked = true;
        f.dev.prq.add(f.req);
      },
      indivisible: 'the IOMMU translates and queues the request at once',
    }),
  ],
);

/** iopf_put_dev_fault_param(). */
const putDevFaultParam = procedure(
  'iopf_put_dev_fault_param',
  { source, params: { fault_param: ptr(FaultParam) } },
  (k) => [
    k.test('refcount_dec_and_test(&fault_param->users)', (f) => decAndTest(f.fault_param.users), [
      k.kfree((f) => f.fault_param),
    ]),
  ],
);

/** iopf_free_group(). */
export const iopfFreeGroup = procedure(
  'iopf_free_group',
  { source, params: { group: ptr(IopfGroup) }, locals: { fault_param: ptr(FaultParam) } },
  (k) => [
    k.step('fault_param = group->fault_param', (f) => {
      f.fault_param = f.group.fault_param;
    }),
    k.call(putDevFaultParam, (f) => ({ fault_param: f.fault_param })),
    k.kfree((f) => f.group),
  ],
);

/** iopf_group_response(): nothing for a group that has its answer. */
export const iopfGroupResponse = procedure(
  'iopf_group_response',
  {
    source,
    params: { group: ptr(IopfGroup), status: oneOf('invalid', 'success') },
    locals: { fault_param: ptr(FaultParam) },
  },
  (k) => [
    k.step('fault_param = group->fault_param', (f) => {
      f.fault_param = f.group.fault_param;
    }),
    k.mutexLock((f) => f.fault_param.lock),
    k.switch(groupOwnership, {
      'two lists': [
        k.test('!list_empty(&group->pending_node)', (f) => f.fault_param.faults.has(f.group), [
          k.step(
            'ops->page_response(), list_del_init(&group->pending_node)',
            (f) => {
              pageResponse(f.group.last_fault, f.status);
              f.fault_param.faults.remove(f.group);
            },
            { event: 'page response' },
          ),
        ]),
      ],
      iommufd: [
        k.test(
          'group->response_pending',
          (f) => f.group.response_pending,
          [
            k.step(
              'ops->page_response(), group->response_pending = false',
              (f) => {
                pageResponse(f.group.last_fault, f.status);
                f.group.response_pending = false;
                if (f.fault_param.faults.has(f.group)) f.fault_param.faults.remove(f.group);
              },
              { event: 'page response' },
            ),
          ],
          [],
          { source: groupOwner(IOPF_C) },
        ),
      ],
    }),
    k.mutexUnlock((f) => f.fault_param.lock),
  ],
);

/** iopf_queue_add_device(), when the first domain wants page requests. Callers hold igroup->lock. */
const iopfQueueAddDevice = procedure(
  'iopf_queue_add_device',
  { source, params: { dev: pointerTo<EndpointView>() }, returns: errno() },
  (k) => [
    k.kmalloc(
      FaultParam,
      (f, fresh) => {
        f.dev.fault_param = fresh;
      },
      { label: 'rcu_assign_pointer(param->fault_param, kzalloc())', orElse: [k.return(-ENOMEM)] },
    ),
    k.return(0),
  ],
);

/** iopf_queue_remove_device(): answers and frees what still waits for an answer. Callers hold igroup->lock. */
const iopfQueueRemoveDevice = procedure(
  'iopf_queue_remove_device',
  {
    source,
    params: { dev: pointerTo<EndpointView>() },
    locals: { fault_param: pointerTo<FaultParamView>(), group: opaque<IopfGroupView>() },
  },
  (k) => [
    k.step('fault_param = param->fault_param', (f) => {
      f.fault_param = f.dev.fault_param as FaultParamView;
    }),
    k.mutexLock((f) => f.fault_param.lock),
    k.loop([
      k.test(
        'list_for_each_entry_safe(group, &fault_param->faults)',
        (f) => {
          f.group = f.fault_param.faults.first;
          return f.group !== null;
        },
        [],
        [k.break()],
      ),
      k.step(
        'ops->page_response(), list_del_init(&group->pending_node)',
        (f) => {
          const group = f.group as IopfGroupView;
          pageResponse(group.last_fault, 'invalid');
          f.fault_param.faults.remove(group);
        },
        { event: 'page response' },
      ),
      k.call(iopfFreeGroup, (f) => ({ group: f.group as IopfGroupView })),
    ]),
    k.mutexUnlock((f) => f.fault_param.lock),
    k.step('rcu_assign_pointer(param->fault_param, NULL)', (f) => {
      f.dev.fault_param = null;
    }),
    k.call(putDevFaultParam, (f) => ({ fault_param: f.fault_param })),
  ],
);

/** iommufd_fault_iopf_enable(), or the driver in its attach: 0 or -ENOMEM. Callers hold igroup->lock. */
export const iopfEnable = procedure(
  'iommufd_fault_iopf_enable',
  {
    source: specH(EVENTQ_C),
    params: { dev: pointerTo<EndpointView>() },
    locals: { first: bool(), rc: errno() },
    returns: errno(),
  },
  (k) => [
    k.step('++idev->iopf_enabled', (f) => {
      f.dev.iopf_enabled++;
      f.first = f.dev.iopf_enabled === 1;
    }),
    k.when((f) => !f.first, [k.return(0)]),
    k.call(
      iopfQueueAddDevice,
      (f) => ({ dev: f.dev }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.when(
      (f) => f.rc !== 0,
      [
        k.step('--idev->iopf_enabled', (f) => {
          f.dev.iopf_enabled--;
        }),
      ],
    ),
    k.return((f) => f.rc),
  ],
);

/** iommufd_fault_iopf_disable(), or the driver. Callers hold igroup->lock. */
export const iopfDisable = procedure(
  'iommufd_fault_iopf_disable',
  { source: specH(EVENTQ_C), params: { dev: pointerTo<EndpointView>() }, locals: { last: bool() } },
  (k) => [
    k.step('--idev->iopf_enabled', (f) => {
      f.dev.iopf_enabled--;
      f.last = f.dev.iopf_enabled === 0;
    }),
    k.when((f) => f.last, [k.call(iopfQueueRemoveDevice, (f) => ({ dev: f.dev }))]),
  ],
);

/** iommufd_fault_iopf_handler(): the group goes to the fault queue of the HWPT that its handle names. */
export const iommufdFaultIopfHandler = procedure(
  'iommufd_fault_iopf_handler',
  {
    source: specH(EVENTQ_C),
    params: { group: ptr(IopfGroup) },
    locals: { handle: ptr(AttachHandle), fault: pointerTo<Fault>(), fault_param: ptr(FaultParam) },
  },
  (k) => [
    k.step('fault = group->attach_handle->domain->iommufd_hwpt->fault', (f) => {
      const domain = (f.group.attach_handle as AttachHandle).domain as PagingDomain;
      f.fault = domain.iommufd_hwpt?.fault as Fault;
      f.fault_param = f.group.fault_param;
    }),
    k.switch(groupOwnership, {
      'two lists': [],
      iommufd: [
        k.mutexLock((f) => f.fault_param.lock),
        k.step('list_del_init(&group->pending_node)', (f) => f.fault_param.faults.remove(f.group), {
          source: groupOwner(IOPF_C),
        }),
        k.mutexUnlock((f) => f.fault_param.lock),
      ],
    }),
    k.spinLock((f) => f.fault.lock, { as: '&fault->common.lock' }),
    k.step('list_add_tail(&group->node, &fault->common.deliver)', (f) => f.fault.deliver.add(f.group)),
    k.spinUnlock((f) => f.fault.lock, { as: '&fault->common.lock' }),
  ],
);

/** iommu_report_device_fault(): false when the caller has to answer. */
export const iommuReportDeviceFault = procedure(
  'iommu_report_device_fault',
  {
    source,
    params: { dev: Endpoint, req: PageRequest },
    locals: {
      iommu_group: pointerTo<IommuGroup>(),
      pasid: ioasid(),
      attach_handle: opaque<AttachHandle>(),
      domain: opaque<PagingDomain>(),
      handled: bool(),
      fault_param: opaque<FaultParamView>(),
      group: ptr(IopfGroup),
    },
    returns: bool(),
  },
  (k) => [
    k.step('attach_handle = iommu_attach_handle_get(dev->iommu_group, pasid)', (f) => {
      f.iommu_group = f.dev.group;
      f.pasid = f.req.pasid;
      f.attach_handle = f.iommu_group.pasid_array.at(f.pasid);
    }),
    k.when((f) => f.attach_handle === null, [k.return(false)]),
    k.step('domain = attach_handle->domain', (f) => {
      f.domain = (f.attach_handle as AttachHandle).domain;
    }),
    k.step('domain->iopf_handler', (f) => {
      f.handled = (f.domain as PagingDomain).iopf_handler;
    }),
    k.when((f) => !f.handled, [k.return(false)]),
    k.step(
      'fault_param = rcu_dereference(param->fault_param), refcount_inc_not_zero(&fault_param->users)',
      (f) => {
        f.fault_param = f.dev.fault_param;
        if (f.fault_param !== null && !incNotZero(f.fault_param.users)) f.fault_param = null;
      },
      { indivisible: 'under RCU: the memory stays until the count has been looked at, and a count of zero is refused' },
    ),
    k.when((f) => f.fault_param === null, [k.return(false)]),
    k.kmalloc(
      IopfGroup,
      (f, group) => {
        group.fault_param = f.fault_param as FaultParamView;
        group.last_fault = f.req;
        f.group = group;
      },
      {
        orElse: [k.call(putDevFaultParam, (f) => ({ fault_param: f.fault_param as FaultParamView })), k.return(false)],
      },
    ),
    k.mutexLock((f) => (f.fault_param as FaultParamView).lock, { as: '&fault_param->lock' }),
    k.step('list_add(&group->pending_node, &fault_param->faults)', (f) =>
      (f.fault_param as FaultParamView).faults.addFirst(f.group),
    ),
    k.mutexUnlock((f) => (f.fault_param as FaultParamView).lock, { as: '&fault_param->lock' }),
    k.step('group->attach_handle = attach_handle', (f) => {
      f.group.attach_handle = f.attach_handle;
    }),
    k.call(iommufdFaultIopfHandler, (f) => ({ group: f.group })),
    k.return(true),
  ],
);

/** prq_event_thread(). Runs for ever: the interrupt is its cause, an entry in the queue. */
export const irqThread = procedure(
  'prq_event_thread',
  { source: specH(PRQ_C), params: { dev: Endpoint }, locals: { req: ptr(PageRequest), reported: bool() } },
  (k) => [
    k.loop([
      k.blockUntil('page request queue interrupt', (f) => f.dev.prq.length > 0, {
        idle: true,
        waiting: { kind: 'device', on: (f) => f.dev },
        do: (f) => {
          f.req = f.dev.prq.first as PageRequest;
        },
      }),
      k.call(
        iommuReportDeviceFault,
        (f) => ({ dev: f.dev, req: f.req }),
        (f, reported) => {
          f.reported = reported;
        },
      ),
      k.when((f) => !f.reported, [k.step('handle_bad_prq_event(): invalid', (f) => pageResponse(f.req, 'invalid'))]),
      k.step('writeq(head, DMAR_PQH_REG)', (f) => f.dev.prq.remove(f.req)),
    ]),
  ],
);

/** intel_iommu_drain_pasid_prq(): waits until no request with that PASID is under way. */
export const drainPrq = procedure(
  'intel_iommu_drain_pasid_prq',
  { source: specH(PRQ_C), params: { dev: pointerTo<EndpointView>(), pasid: ioasid() } },
  (k) => [
    k.blockUntil(
      'wait_for_completion(&iommu->prq_complete), no entry of this PASID',
      (f) => [...f.dev.prq].every((req) => req.pasid !== f.pasid),
      { waiting: { kind: 'device', on: (f) => f.dev }, sleeps: true },
    ),
  ],
);
