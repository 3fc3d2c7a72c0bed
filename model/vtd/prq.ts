/**
 * Page requests of VT-d: the irq thread that reports them, the response, and the drain that unbind relies on.
 *
 * Source: svm.c of Linux 5.14. The irq thread looks a PASID up without pasid_mutex; it may, because an svm is freed only
 * after a drain, and the drain waits while the ring has a request for its PASID.
 */
import {
  Device,
  IopfQueue,
  iommuReportDeviceFault,
  iopfQueueDiscardPartial,
  iopfQueueFlushDevLocked,
  LAST_PASID,
  oneResponse,
  type PageRequest,
  PageResponseOp,
  priResponse,
  requestIsFixed,
} from '../iopf/index.ts';
import {
  bool,
  constant,
  ENODEV,
  errno,
  int,
  type KernelKit,
  opaque,
  procedure,
  ptr,
  type Statement,
} from '../kernel/index.ts';
import { hw, IntelSvm, IntelSvmDev, SvmGlobals, type VtdDescriptor, type VtdPrq } from './objects.ts';
import { drainRepair, drainUnlocked, SVM_C, v5_14 } from './sources.ts';
import { drainMutex, drainWait, prqDrain, prqDrainWithout, prqOverflow } from './switches.ts';

/** The requester ID of a page request: which device sent it. */
export type Requester = (request: PageRequest) => Device;

/** What prq_event_thread() says of the svm that it looks up: it is not freed while a fault is outstanding. */
const notFreed = 'an RCU read section over the look-up; the list is walked, not changed';

/** DMA_PRS_PRO. */
const pro = (svms: SvmGlobals): boolean => svms.path.overflow;

interface Thread {
  readonly prq: VtdPrq;
  readonly svms: SvmGlobals;
  queue: IopfQueue;
}

const overflowInterrupt = <F extends Thread>(k: KernelKit<F>): Statement<F> =>
  k.blockUntil('page request interrupt, for an entry or for PRO', (f) => f.prq.entries.length > 0 || pro(f.svms), {
    idle: true,
    waiting: { kind: 'device', on: (f) => f.prq },
    indivisible: 'the interrupt is its cause, whichever it is',
  });

/** Requests were lost: their groups will never be whole. PRO is cleared when all that is left of them is gone. */
function handleOverflow<F extends Thread>(k: KernelKit<F>): Statement<F>[] {
  const clear = k.step('writel(DMA_PRS_PRO, DMAR_PRS_REG): cleared', (f: F) => {
    f.svms.path.overflow = false;
  });
  const discard = [
    k.step('iommu->iopf_queue', (f: F) => {
      f.queue = f.svms.iopf_queue;
    }),
    k.call(iopfQueueDiscardPartial, (f: F) => ({ queue: f.queue })),
  ];
  const ifLost = (then: readonly Statement<F>[]) => [
    k.test('readl(DMAR_PRS_REG) & DMA_PRS_PRO', (f: F) => pro(f.svms), then),
  ];
  const ifEmpty = (then: readonly Statement<F>[]) => [
    k.test('head == tail', (f: F) => f.prq.entries.length === 0, then),
  ];
  return [
    k.switch(prqOverflow, {
      'none are lost': [],
      'discards, clears PRO': ifLost(ifEmpty([...discard, clear])),
      'clears PRO': ifLost(ifEmpty([clear])),
    }),
  ];
}

/** prq_event_thread(). Runs for ever: the interrupt is modelled by its cause, a request in the ring. */
export const prqEventThread = procedure(
  'prq_event_thread',
  {
    source: v5_14(SVM_C),
    params: { prq: hw<VtdPrq>(), svms: SvmGlobals, requester: constant<Requester>() },
    locals: {
      tail: int(0, 4),
      at: int(0, 4),
      evt: opaque<PageRequest>(),
      last: bool(),
      svm: ptr(IntelSvm),
      sdev: ptr(IntelSvmDev),
      dev: ptr(Device),
      queue: ptr(IopfQueue),
      ret: errno(),
    },
  },
  (k) => [
    k.loop([
      k.switch(prqOverflow, {
        'none are lost': [
          k.blockUntil('page request interrupt', (f) => f.prq.entries.length > 0, {
            idle: true,
            waiting: { kind: 'device', on: (f) => f.prq },
          }),
        ],
        'discards, clears PRO': [overflowInterrupt(k)],
        'clears PRO': [overflowInterrupt(k)],
      }),
      k.step('tail = readq(DMAR_PQT_REG), head = readq(DMAR_PQH_REG)', (f) => {
        f.tail = f.prq.entries.length;
        f.at = 0;
      }),
      k.loop([
        k.when((f) => f.at === f.tail, [k.break()]),
        k.step(
          'svm = pasid_private_find(req->pasid)',
          (f) => {
            f.evt = f.prq.entries.at(f.at);
            f.last = f.evt.last;
            const svm = f.svms.pasid_private.at(f.evt.pasid);
            f.svm = svm as IntelSvm;
            f.at++;
            f.ret = svm === null ? -ENODEV : 0;
          },
          { indivisible: requestIsFixed },
        ),
        k.when(
          (f) => f.ret === 0,
          [
            k.step(
              'sdev = svm_lookup_device_by_sid(svm, req->rid)',
              (f) => {
                const sender = f.requester(f.evt as PageRequest);
                const sdev = f.svm.devs.find((d) => d.dev === sender);
                f.sdev = sdev as IntelSvmDev;
                f.ret = sdev === null ? -ENODEV : 0;
              },
              { indivisible: notFreed },
            ),
          ],
        ),
        k.when(
          (f) => f.ret === 0,
          [
            k.step('sdev->dev', (f) => {
              f.dev = f.sdev.dev;
            }),
            k.call(
              iommuReportDeviceFault,
              (f) => ({ dev: f.dev, evt: f.evt as PageRequest, last: f.last }),
              (f, ret) => {
                f.ret = ret;
              },
            ),
          ],
        ),
        k.when(
          (f) => f.ret !== 0 && f.last,
          [
            k.step(
              'handle_bad_prq_event: QI_RESP_INVALID',
              (f) => {
                const request = f.evt as PageRequest;
                priResponse(f.requester(request).fn, request, 'invalid');
              },
              { indivisible: oneResponse },
            ),
          ],
        ),
      ]),
      k.step('writeq(tail, DMAR_PQH_REG)', (f) => {
        for (; f.at > 0; f.at--) f.prq.entries.shift();
        f.evt = null;
        f.last = false;
      }),
      ...handleOverflow(k),
      k.switch(drainWait, {
        completion: [
          k.step('complete(&iommu->prq_complete) unless done', (f) => {
            if (f.svms.prq_complete.done === 0) f.svms.prq_complete.done = 1;
          }),
        ],
        'wait queue': [k.wakeUpAll((f) => f.svms.prq_wait, { source: drainRepair(SVM_C) })],
      }),
    ]),
  ],
);

const inRing = (prq: VtdPrq, pasid: number) => [...prq.entries].some((request) => request.pasid === pasid);

const descriptors = ['wait, fence', 'IOTLB', 'device TLB', 'wait, drain'] as const;

/**
 * The descriptors that drain the hardware: a wait with fence, the invalidations of IOTLB and device TLB, a wait with the
 * page-request drain flag. If requests were lost meanwhile, it waits until the irq thread has seen to that, and submits
 * them again.
 */
const drainHardware = procedure('qi_submit_sync', { source: v5_14(SVM_C), params: { svms: SvmGlobals } }, (k) => {
  const submit = (queued: readonly VtdDescriptor[]) =>
    k.step(
      'qi_submit_sync: descriptors that drain requests and responses',
      (f) => {
        f.svms.path.drained = false;
        for (const descriptor of queued) f.svms.path.queue.push(descriptor);
      },
      { indivisible: 'the hardware looks at nothing before the tail register, which is written last' },
    );
  const lost = (then: readonly Statement<{ readonly svms: SvmGlobals }>[]) =>
    k.test('PRO: were requests lost?', (f) => pro(f.svms), then, [k.break()]);
  const again = k.switch(drainWait, {
    completion: [lost([k.waitForCompletion((f) => f.svms.prq_complete)])],
    'wait queue': [
      lost([
        k.waitEvent(
          (f) => f.svms.prq_wait,
          (f) => !pro(f.svms),
          { source: drainRepair(SVM_C) },
        ),
      ]),
    ],
  });
  return [
    k.loop([
      k.switch(drainWait, { completion: [k.reinitCompletion((f) => f.svms.prq_complete)], 'wait queue': [] }),
      k.switch(prqDrainWithout, {
        none: [submit(descriptors)],
        'device TLB': [submit(descriptors.filter((d) => d !== 'device TLB'))],
        'drain flag': [submit(descriptors.map((d) => (d === 'wait, drain' ? 'wait' : d)))],
        PRO: [submit(descriptors)],
      }),
      k.blockUntil('wait for the status of the last descriptor', (f) => f.svms.path.drained, {
        waiting: { kind: 'device', on: (f) => f.svms.path },
      }),
      k.switch(prqDrainWithout, { none: [again], 'device TLB': [again], 'drain flag': [again], PRO: [k.break()] }),
    ]),
    k.return(),
  ];
});

/**
 * intel_svm_drain_prq(), called with pasid_mutex held unless switched: at its end no request for the PASID is in the
 * ring or with a worker.
 */
export const intelSvmDrainPrq = procedure(
  'intel_svm_drain_prq',
  {
    source: v5_14(SVM_C),
    params: { prq: hw<VtdPrq>(), svms: SvmGlobals, dev: Device, pasid: int(0, LAST_PASID) },
  },
  (k) => {
    const scanRing = k.switch(drainWait, {
      completion: [
        k.loop([
          k.reinitCompletion((f) => f.svms.prq_complete),
          k.test(
            'is there a request for the PASID between head and tail?',
            (f) => inRing(f.prq, f.pasid),
            [],
            [k.break()],
            { indivisible: requestIsFixed },
          ),
          k.waitForCompletion((f) => f.svms.prq_complete),
        ]),
      ],
      'wait queue': [
        k.waitEvent(
          (f) => f.svms.prq_wait,
          (f) => !inRing(f.prq, f.pasid),
          { source: drainRepair(SVM_C), indivisible: requestIsFixed },
        ),
      ],
    });
    const flush = k.switch(drainMutex, {
      'mutex held': [k.call(iopfQueueFlushDevLocked, (f) => ({ dev: f.dev }))],
      'mutex released': [k.call(iopfQueueFlushDevLocked, (f) => ({ dev: f.dev }))],
      'mutex released to flush': [
        k.mutexUnlock((f) => f.svms.pasid_mutex, {
          label: 'mutex_unlock(&pasid_mutex) for the flush',
          source: drainUnlocked(SVM_C),
        }),
        k.call(iopfQueueFlushDevLocked, (f) => ({ dev: f.dev })),
        k.mutexLock((f) => f.svms.pasid_mutex, {
          label: 'mutex_lock(&pasid_mutex) after the flush',
          source: drainUnlocked(SVM_C),
        }),
      ],
    });
    const hardware = k.call(drainHardware, (f) => ({ svms: f.svms }));
    return [
      k.switch(prqDrain, {
        'left out': [scanRing, flush],
        'after the ring': [scanRing, flush, hardware],
        'before the ring': [hardware, scanRing, flush],
      }),
      k.return(),
    ];
  },
);

/** intel_svm_page_response() over these globals; made in a scenario's set-up. */
export function pageResponseOf(svms: SvmGlobals) {
  return procedure(
    'intel_svm_page_response',
    {
      source: v5_14(SVM_C),
      params: PageResponseOp.params,
      locals: { svm: ptr(IntelSvm), ret: errno() },
    },
    (k) => [
      k.mutexLock(() => svms.pasid_mutex, { label: 'mutex_lock(&pasid_mutex)' }),
      k.test(
        'pasid_to_svm_sdev(dev, prm->pasid)',
        (f) => {
          const svm = svms.pasid_private.at(f.evt.pasid);
          return svm?.devs.find((sdev) => sdev.dev === f.dev) != null;
        },
        [
          k.step(
            'qi_submit_sync: page group response',
            (f) => {
              priResponse(f.dev.fn, f.evt, f.code);
            },
            { indivisible: oneResponse },
          ),
        ],
        [
          k.local((f) => {
            f.ret = -ENODEV;
          }),
        ],
        { indivisible: requestIsFixed },
      ),
      k.mutexUnlock(() => svms.pasid_mutex, { label: 'mutex_unlock(&pasid_mutex)' }),
      k.return((f) => f.ret),
    ],
  );
}
