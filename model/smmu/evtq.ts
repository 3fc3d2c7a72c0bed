/**
 * Stalled transactions: from the event queue to the fault queue of the device, and back by CMD_RESUME.
 *
 * Source: spec (c), evtq thread; arm_smmu_evtq_thread() and iommu_report_device_fault() of Linux 6.10 and the repair
 * b58b133e680b. Each stalled transaction must be resumed exactly once, whoever finds out that it cannot be handled.
 *
 * Limits: the fault itself is not handled (whose page it is, is the business of `model/iopf`); one device, which may be
 * removed from its fault queue while its transactions go on.
 */
import {
  containerOf,
  EINVAL,
  ENOMEM,
  errno,
  inc,
  type KernelKit,
  object,
  procedure,
  ptr,
  ref,
  type Statement,
  type ViewOf,
  Work,
  Workqueue,
  workStruct,
} from '../kernel/index.ts';
import { type Command, hw, type PageRequest, type ResumeCode, type SmmuCmdq, type SmmuEvtq } from './hardware.ts';
import { armSmmuPageResponse, fixedEvent } from './master.ts';
import { FaultParam, PendingStall, StallDevice } from './objects.ts';
import { badSetup, IOPF_C, SMMU_C, v6_10 } from './sources.ts';
import { failedReport, queueRemoval, streamIds } from './switches.ts';

/** A fault on its way to the worker. */
export const StallGroup = object(
  'iopf_group',
  {
    event: hw<PageRequest>(),
    dev: ptr(StallDevice),
    fault_param: ptr(FaultParam),
    cmdq: hw<SmmuCmdq>(),
    ...workStruct,
  },
  { source: v6_10(IOPF_C) },
);

/** arm_smmu_page_response() for a master that stalls: one command, where there is one stream, or by way of the master. */
const resume = <F extends { cmdq: SmmuCmdq }>(
  k: KernelKit<F>,
  label: string,
  event: (f: F) => PageRequest,
  dev: (f: F) => StallDevice,
  code: ResumeCode,
): Statement<F> =>
  k.switch(streamIds, {
    'one stream': [
      k.step(label, (f) => f.cmdq.queue.push(`RESUME stag ${event(f as F).group} ${code}` satisfies Command), {
        indivisible: fixedEvent,
        event: 'page response',
      }),
    ],
    'by stream id': [
      k.call(armSmmuPageResponse, (f) => ({ dev: dev(f as F), cmdq: f.cmdq, event: event(f as F), code })),
    ],
  });

const put = <F extends { param: ViewOf<typeof FaultParam> | null }>(k: KernelKit<F>, label: string): Statement<F> =>
  k.refcountDecAndTest((f) => (f.param as ViewOf<typeof FaultParam>).users, [k.kfree((f) => f.param)], [], { label });

/** iommu_report_device_fault() of a stall. An error means that nobody will handle it. */
export const reportStall = procedure(
  'iommu_report_device_fault',
  {
    source: v6_10(IOPF_C),
    params: { dev: StallDevice, cmdq: hw<SmmuCmdq>(), wq: Workqueue, event: hw<PageRequest>() },
    locals: { param: ref(FaultParam), pending: ptr(PendingStall), group: ptr(StallGroup), ret: errno() },
  },
  (k) => {
    // The report answers what it cannot queue, unless that is left to its caller.
    const abort = (why: string) => {
      const answer = resume(
        k,
        `CMDQ_OP_RESUME with abort: ${why}`,
        (f) => f.event,
        (f) => f.dev,
        'abort',
      );
      return k.switch(failedReport, {
        'report answers what it knows': [answer],
        'report and driver answer': [answer],
        'driver answers': [],
      });
    };
    return [
      k.step(
        'iopf_get_dev_fault_param()',
        (f) => {
          f.param = f.dev.fault_param;
          if (f.param !== null) inc(f.param.users);
        },
        {
          indivisible:
            'RCU keeps what was read, and the pointer is cleared before the reference of the device is dropped',
        },
      ),
      k.when((f) => f.param === null, [k.return(-EINVAL)]),
      k.mutexLock((f) => (f.param as ViewOf<typeof FaultParam>).lock),
      k.kmalloc(
        PendingStall,
        (f, fresh) => {
          fresh.event = f.event;
          f.pending = fresh;
        },
        {
          orElse: [
            k.mutexUnlock((f) => (f.param as ViewOf<typeof FaultParam>).lock, { label: 'mutex_unlock(), no memory' }),
            abort('no memory for the event'),
            put(k, 'iopf_put_dev_fault_param(), no memory'),
            k.return(-ENOMEM),
          ],
        },
      ),
      k.kmalloc(
        StallGroup,
        (f, fresh) => {
          fresh.event = f.event;
          fresh.dev = f.dev;
          fresh.fault_param = f.param as ViewOf<typeof FaultParam>;
          fresh.cmdq = f.cmdq;
          fresh.work_func = handleStall;
          f.group = fresh;
        },
        {
          orElse: [
            k.kfree((f) => f.pending, { label: 'kfree(pending), no group' }),
            k.mutexUnlock((f) => (f.param as ViewOf<typeof FaultParam>).lock, { label: 'mutex_unlock(), no group' }),
            abort('no memory for the group'),
            put(k, 'iopf_put_dev_fault_param(), no group'),
            k.return(-ENOMEM),
          ],
        },
      ),
      k.step('list_add_tail(&pending->list, &fault_param->faults)', (f) => {
        (f.param as ViewOf<typeof FaultParam>).faults.add(f.pending);
      }),
      k.mutexUnlock((f) => (f.param as ViewOf<typeof FaultParam>).lock),
      k.queueWork(
        (f) => f.wq,
        (f) => f.group,
        { label: 'queue_work(queue->wq, &group->work)' },
      ),
      k.return(0),
    ];
  },
);

/** The work function: the fault is handled, the group answered unless somebody has done so. */
export const handleStall = procedure(
  'iopf_group_response',
  {
    source: v6_10(IOPF_C),
    params: { work: Work },
    locals: {
      group: ptr(StallGroup),
      event: hw<PageRequest>(),
      dev: ptr(StallDevice),
      param: ptr(FaultParam),
      cmdq: hw<SmmuCmdq>(),
      pending: ref(PendingStall),
    },
  },
  (k) => [
    k.step('group = container_of(work, struct iopf_group, work)', (f) => {
      f.group = containerOf(f.work, StallGroup);
      f.event = f.group.event;
      f.dev = f.group.dev;
      f.param = f.group.fault_param;
      f.cmdq = f.group.cmdq;
    }),
    k.mutexLock((f) => f.param.lock),
    k.step('is it still pending?', (f) => {
      const { event } = f;
      f.pending = f.param.faults.find((p) => p.event === event);
    }),
    k.when(
      (f) => f.pending !== null,
      [
        resume(
          k,
          'CMDQ_OP_RESUME with retry',
          (f) => f.event,
          (f) => f.dev,
          'retry',
        ),
        k.step('list_del(&pending->list)', (f) => {
          if (f.pending !== null) f.param.faults.remove(f.pending);
        }),
        k.kfree((f) => f.pending),
      ],
    ),
    k.mutexUnlock((f) => f.param.lock),
    k.kfree((f) => f.group),
    put(k, 'iopf_put_dev_fault_param()'),
    k.return(),
  ],
);

/** What the driver does about a stall whose report failed. */
export const answerFailed = <
  F extends { readonly dev: StallDevice; readonly cmdq: SmmuCmdq; readonly event: PageRequest; readonly ret: number },
>(
  k: KernelKit<F>,
): Statement<F>[] => {
  const answer = () => [
    k.when(
      (f) => f.ret !== 0,
      [
        resume(
          k,
          'CMDQ_OP_RESUME with abort',
          (f) => f.event,
          (f) => f.dev,
          'abort',
        ),
      ],
    ),
  ];
  return [
    k.switch(failedReport, {
      'report answers what it knows': [],
      'report and driver answer': answer(),
      'driver answers': answer(),
    }),
  ];
};

/** arm_smmu_evtq_thread(): runs for ever, woken by what is in the queue. */
export const armSmmuEvtqThread = procedure(
  'arm_smmu_evtq_thread',
  {
    source: v6_10(SMMU_C),
    params: { dev: StallDevice, cmdq: hw<SmmuCmdq>(), evtq: hw<SmmuEvtq>(), wq: Workqueue },
    locals: { event: hw<PageRequest>(), ret: errno() },
  },
  (k) => [
    k.loop([
      k.blockUntil('event queue interrupt: queue_remove_raw(q, evt)', (f) => f.evtq.records.length > 0, {
        do: (f) => {
          f.event = f.evtq.records.shift();
        },
        idle: true,
        waiting: { kind: 'device', on: (f) => f.evtq },
      }),
      k.call(
        reportStall,
        (f) => ({ dev: f.dev, cmdq: f.cmdq, wq: f.wq, event: f.event }),
        (f, ret) => {
          f.ret = ret;
        },
      ),
      ...answerFailed(k),
    ]),
  ],
);

/** iopf_queue_remove_device(): answers what is pending, and takes the parameters away from the device. */
export const removeFromQueue = procedure(
  'iopf_queue_remove_device',
  {
    source: badSetup(IOPF_C),
    params: { dev: StallDevice, cmdq: hw<SmmuCmdq>() },
    locals: { param: ptr(FaultParam), pending: ref(PendingStall), event: hw<PageRequest>() },
  },
  (k) => [
    k.mutexLock((f) => f.dev.lock),
    k.step('fault_param = param->fault_param', (f) => {
      if (f.dev.fault_param !== null) f.param = f.dev.fault_param;
    }),
    k.mutexLock((f) => f.param.lock),
    k.loop([
      k.test(
        'list_for_each_entry_safe(iopf, next, &fault_param->faults)',
        (f) => {
          f.pending = f.param.faults.first;
          if (f.pending !== null) f.event = f.pending.event;
          return f.pending !== null;
        },
        [],
        [k.break()],
      ),
      k.switch(queueRemoval, {
        'answers what is pending': [
          resume(
            k,
            'CMDQ_OP_RESUME with abort: removed',
            (f) => f.event,
            (f) => f.dev,
            'abort',
          ),
        ],
        'forgets what is pending': [],
      }),
      k.step('list_del(&iopf->list)', (f) => {
        if (f.pending !== null) f.param.faults.remove(f.pending);
      }),
      k.kfree((f) => f.pending),
    ]),
    k.mutexUnlock((f) => f.param.lock),
    k.step('rcu_assign_pointer(param->fault_param, NULL)', (f) => {
      f.dev.fault_param = null;
    }),
    put(k, 'iopf_put_dev_fault_param() of the device'),
    k.mutexUnlock((f) => f.dev.lock),
    k.return(0),
  ],
);
