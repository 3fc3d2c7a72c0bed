/**
 * The fault handler of an SVA domain and its worker.
 *
 * Source: spec (j); drivers/iommu/iommu-sva.c. mmput() here may run the whole end of an address space: that is allowed
 * because the release notifier waits for nobody. The mmap lock and the look at the vma are left out: they decide whether
 * a page comes, never in which address space.
 */

import { hw, LAST_PASID, type PageRequest, pageResponse } from '../iopf/hardware.ts';
import { IopfFault } from '../iopf/objects.ts';
import { containerOf, errno, incNotZero, int, oneOf, procedure, ptr, ref, Work, Workqueue } from '../kernel/index.ts';
import { iopfFreeGroup } from './fault-param.ts';
import { mmput } from './mm.ts';
import { Handle, IommuGroup, IopfGroup, IopfHandler, Mm, SvaDomain } from './objects.ts';
import { iommuAttachHandleGet } from './pasid-array.ts';
import { iopfGroupResponse } from './respond.ts';
import { SVA_C, v5_10_12, v6_14 } from './sources.ts';
import { domainLookup } from './switches.ts';

/** iommu_sva_handle_mm(): one fault, in one address space. */
const iommuSvaHandleMm = procedure(
  'iommu_sva_handle_mm',
  { source: v6_14(SVA_C), params: { evt: hw<PageRequest>(), mm: Mm }, returns: oneOf(...pageResponse) },
  (k) => [
    k.test('mmget_not_zero(mm)', (f) => incNotZero(f.mm.mm_users), [], [k.return('invalid')]),
    k.step(
      'handle_mm_fault()',
      (f, self) => {
        f.evt.handled_in = f.mm;
        f.evt.handled_by = self;
      },
      { note: 'both are ghost fields', sleeps: true },
    ),
    k.call(mmput, (f) => ({ mm: f.mm })),
    k.return('success'),
  ],
);

/** iommu_sva_handle_iopf(), the work function. After the first fault that fails the others are left alone. */
export const iommuSvaHandleIopf = procedure(
  'iommu_sva_handle_iopf',
  {
    source: v6_14(SVA_C),
    params: { work: Work },
    locals: {
      group: ptr(IopfGroup),
      handle: ref(Handle),
      domain: ref(SvaDomain),
      iommu_group: ptr(IommuGroup),
      pasid: int(0, LAST_PASID),
      mm: ptr(Mm),
      fault: ref(IopfFault),
      evt: hw<PageRequest>(),
      last: hw<PageRequest>(),
      status: oneOf(...pageResponse),
    },
  },
  (k) => {
    const lookUp = [
      k.step('pasid = fault->prm.pasid', (f) => {
        f.iommu_group = f.group.fault_param.dev.group;
        f.pasid = f.last.pasid;
      }),
    ];
    const get = k.call(
      iommuAttachHandleGet,
      (f) => ({ group: f.iommu_group, pasid: f.pasid }),
      (f, handle) => {
        f.handle = handle;
      },
    );
    return [
      k.step('group = container_of(work, struct iopf_group, work)', (f) => {
        f.group = containerOf(f.work, IopfGroup);
        f.last = f.group.last_fault;
        f.evt = f.last;
      }),
      k.switch(domainLookup, {
        'irq thread': [
          k.step('handle = group->attach_handle', (f) => {
            f.handle = f.group.attach_handle;
          }),
        ],
        worker: [...lookUp, get],
        'worker, under group->mutex': [
          ...lookUp,
          k.mutexLock((f) => f.iommu_group.mutex, { as: '&group->mutex', source: v5_10_12(SVA_C) }),
          get,
          k.mutexUnlock((f) => f.iommu_group.mutex, { as: '&group->mutex', source: v5_10_12(SVA_C) }),
        ],
      }),
      k.when(
        (f) => f.handle === null,
        [
          k.local((f) => {
            f.status = 'invalid';
          }),
          k.goto('respond'),
        ],
      ),
      k.step('domain = attach_handle->domain', (f) => {
        f.domain = (f.handle as Handle).domain;
      }),
      k.step('mm = domain->mm', (f) => {
        f.mm = (f.domain as SvaDomain).mm;
      }),
      k.loop([
        k.test(
          'next fault of the group',
          (f) => {
            f.fault = f.fault === null ? f.group.faults.first : f.group.faults.next(f.fault);
            f.evt = f.fault === null ? f.last : f.fault.event;
            return f.fault !== null;
          },
          [],
          [],
        ),
        k.call(
          iommuSvaHandleMm,
          (f) => ({ evt: f.evt, mm: f.mm }),
          (f, status) => {
            f.status = status;
          },
        ),
        k.when((f) => f.status !== 'success' || f.fault === null, [k.break()]),
      ]),
      k.label('respond'),
      k.call(iopfGroupResponse, (f) => ({ group: f.group, status: f.status })),
      k.call(iopfFreeGroup, (f) => ({ group: f.group })),
      k.return(),
    ];
  },
);

/** iommu_sva_iopf_handler(): leaves the group to a worker. */
export const iommuSvaIopfHandler = procedure(
  'iommu_sva_iopf_handler',
  {
    source: v6_14(SVA_C),
    params: IopfHandler.params,
    locals: { wq: ptr(Workqueue) },
    returns: errno(),
  },
  (k) => [
    k.step('INIT_WORK(&group->work, iommu_sva_handle_iopf)', (f) => {
      f.group.work_func = iommuSvaHandleIopf;
      f.wq = f.group.fault_param.queue.wq;
    }),
    k.queueWork(
      (f) => f.wq,
      (f) => f.group,
      { label: 'queue_work(fault_param->queue->wq, &group->work)' },
    ),
    k.return(0),
  ],
);
