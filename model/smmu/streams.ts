/**
 * Masters and their streams: a fault record names a stream id, the irq thread looks up the master that has it, and a
 * device that is released takes its master away.
 *
 * Source: spec (c) (a record names a stream; page_response); arm_smmu_find_master(), arm_smmu_remove_master() and
 * arm_smmu_release_device() in the patch of 2020 and as merged in 2021; v2 30/40 of 2018 has the same look-up. A device
 * stands still when it is released, so no transaction of it is stalled; the record of one that was terminated may still be
 * in the queue. 5.13 reports those too, and nobody handles them.
 *
 * Limits: a master has one stream; the stream table entry, which detach sets to abort, is in `stream-table.ts`.
 */
import { stopContext } from '../iopf/driver.ts';
import {
  bool,
  constant,
  errno,
  int,
  type KernelKit,
  procedure,
  ptr,
  ref,
  type Statement,
  type ViewOf,
  Workqueue,
} from '../kernel/index.ts';
import { answerFailed, removeFromQueue, reportStall } from './evtq.ts';
import {
  type Command,
  hw,
  LAST_SID,
  type PageRequest,
  type PciContext,
  type SmmuCmdq,
  type SmmuEvtq,
  type SmmuV3,
} from './hardware.ts';
import { fixedEvent, type SidOf } from './master.ts';
import { ArmSmmuMaster, ArmSmmuPriq, ArmSmmuStreams, StallDevice } from './objects.ts';
import { priStreams, SMMU_C, sidTree, sidTreeMerged, v6_10 } from './sources.ts';
import { masterLookup, releaseOrder, unknownStream } from './switches.ts';

interface Record {
  readonly smmu: ArmSmmuStreams;
  readonly cmdq: SmmuCmdq;
  readonly wq: ViewOf<typeof Workqueue>;
  readonly event: PageRequest;
  readonly sid: number;
  master: ArmSmmuMaster | null;
  dev: StallDevice;
  ret: number;
}

/**
 * The look-up of the master that a record names, and the report of what it says to the device of that master. `reported`
 * says how; `unknown` is what becomes of a record of which there is no master.
 */
const byStream = <F extends Record>(
  k: KernelKit<F>,
  reported: readonly Statement<F>[],
  unknown: readonly Statement<F>[],
): Statement<F>[] => {
  const lock = k.mutexLock((f) => f.smmu.streams_mutex, { source: sidTree(SMMU_C) });
  const unlock = k.mutexUnlock((f) => f.smmu.streams_mutex, { source: sidTree(SMMU_C) });
  const find = k.step(
    'arm_smmu_find_master(smmu, sid)',
    (f) => {
      f.master = f.smmu.streams.at(f.sid);
    },
    { source: sidTree(SMMU_C) },
  );
  const device = k.step('dev = master->dev', (f) => {
    f.dev = (f.master as ArmSmmuMaster).dev;
  });
  const knowDevice = k.when((f) => f.master !== null, [device]);
  const report = k.when((f) => f.master !== null, reported, unknown);
  return [
    k.switch(masterLookup, {
      'mutex dropped': [lock, find, unlock, knowDevice, report],
      'mutex held over the report': [lock, find, knowDevice, report, unlock],
      'mutex held until the device is known': [lock, find, knowDevice, unlock, report],
    }),
    k.local((f) => {
      f.master = null;
    }),
  ];
};

const reportAndAnswer = <F extends Record>(k: KernelKit<F>): Statement<F>[] => [
  k.call(
    reportStall,
    (f) => ({ dev: f.dev, cmdq: f.cmdq, wq: f.wq, event: f.event }),
    (f, ret) => {
      f.ret = ret;
    },
  ),
  ...answerFailed(k),
];

/** What is said of a record that nobody has: a command that names what the record names. */
const unknownRecord = <F extends Record>(
  k: KernelKit<F>,
  label: string,
  command: (f: Record) => Command,
): Statement<F> =>
  k.switch(unknownStream, {
    'left alone': [],
    aborted: [
      k.step(label, (f) => f.cmdq.queue.push(command(f as Record)), {
        indivisible: fixedEvent,
        event: 'page response',
      }),
    ],
  });

const thread = {
  smmu: ArmSmmuStreams,
  cmdq: hw<SmmuCmdq>(),
  wq: Workqueue,
  sidOf: constant<SidOf>(),
};
const record = {
  event: hw<PageRequest>(),
  sid: int(0, LAST_SID),
  master: ref(ArmSmmuMaster),
  dev: ptr(StallDevice),
  ret: errno(),
};

/** arm_smmu_evtq_thread() and arm_smmu_handle_evt(): runs for ever, woken by what is in the queue. */
export const armSmmuEvtqStreams = procedure(
  'arm_smmu_evtq_thread',
  {
    source: v6_10(SMMU_C),
    params: { ...thread, evtq: hw<SmmuEvtq>() },
    locals: { ...record, stall: bool() },
  },
  (k) => [
    k.loop([
      k.blockUntil('event queue interrupt: queue_remove_raw(q, evt)', (f) => f.evtq.records.length > 0, {
        do: (f) => {
          f.event = f.evtq.records.shift();
          f.sid = f.sidOf(f.event);
          f.stall = f.event.last;
          f.ret = 0;
        },
        idle: true,
        waiting: { kind: 'device', on: (f) => f.evtq },
      }),
      ...byStream(
        k,
        // A fault that nothing is stalled for has no handler.
        [k.when((f) => f.stall, reportAndAnswer(k))],
        [
          k.when(
            (f) => f.stall,
            [
              unknownRecord(
                k,
                'CMDQ_OP_RESUME with abort: no master',
                (f) => `RESUME sid ${f.sid} stag ${f.event.group} abort`,
              ),
            ],
          ),
        ],
      ),
    ]),
  ],
);

/**
 * arm_smmu_priq_thread() and arm_smmu_handle_ppr(): the same for page requests, each of which is a group by itself. What the
 * queue and its flush do wrong is the business of `model/iopf`: here an entry that was taken out counts until it is reported.
 */
export const armSmmuPriqStreams = procedure(
  'arm_smmu_priq_thread',
  {
    source: priStreams(SMMU_C),
    params: { ...thread, queue: hw<SmmuV3>(), priq: ArmSmmuPriq },
    locals: record,
  },
  (k) => [
    k.loop([
      k.blockUntil('PRI queue interrupt: queue_remove_raw(q, evt)', (f) => f.queue.priq.length > 0, {
        do: (f) => {
          f.event = f.queue.priq.shift();
          f.sid = f.sidOf(f.event);
          f.ret = 0;
          f.priq.in_flight = true;
        },
        idle: true,
        waiting: { kind: 'device', on: (f) => f.queue },
        indivisible: 'under q->wq.lock',
      }),
      ...byStream(k, reportAndAnswer(k), [
        unknownRecord(
          k,
          'CMDQ_OP_PRI_RESP with failure: no master',
          (f) => `PRI_RESP sid ${f.sid} group ${f.event.group} failure`,
        ),
      ]),
      k.step('the entry is reported', (f) => {
        f.priq.in_flight = false;
      }),
    ]),
  ],
);

/** arm_smmu_flush_priq(): what is in the queue, or was just taken out, has been reported. */
export const armSmmuFlushPriqStreams = procedure(
  'arm_smmu_flush_priq',
  { source: priStreams(SMMU_C), params: { queue: hw<SmmuV3>(), priq: ArmSmmuPriq } },
  (k) => [
    k.blockUntil('wait until the queue is empty', (f) => f.queue.priq.length === 0 && !f.priq.in_flight, {
      waiting: { kind: 'device', on: (f) => f.queue },
      indivisible: 'under q->wq.lock',
    }),
    k.return(),
  ],
);

/** arm_smmu_remove_master(): nobody finds the master any more. */
const removeMaster = procedure(
  'arm_smmu_remove_master',
  {
    source: sidTree(SMMU_C),
    params: { smmu: ArmSmmuStreams, dev: StallDevice },
    locals: { master: ptr(ArmSmmuMaster), sid: int(0, LAST_SID) },
  },
  (k) => [
    k.step('master = dev_iommu_priv_get(dev)', (f) => {
      f.master = f.dev.priv;
    }),
    k.step('sid = master->streams[i].id', (f) => {
      f.sid = f.master.sid;
    }),
    k.mutexLock((f) => f.smmu.streams_mutex),
    k.step('rb_erase(&master->streams[i].node, &smmu->streams)', (f) => f.smmu.streams.set(f.sid, null)),
    k.mutexUnlock((f) => f.smmu.streams_mutex),
    k.return(),
  ],
);

/** arm_smmu_release_device(), with what the driver of the device does before it. */
export const armSmmuReleaseDevice = procedure(
  'arm_smmu_release_device',
  {
    source: sidTreeMerged(SMMU_C),
    params: { smmu: ArmSmmuStreams, cmdq: hw<SmmuCmdq>(), wq: Workqueue, dev: StallDevice, ctx: hw<PciContext>() },
    locals: { master: ptr(ArmSmmuMaster) },
  },
  (k) => {
    const stop = k.call(stopContext, (f) => ({ ctx: f.ctx }));
    const queue = k.call(removeFromQueue, (f) => ({ dev: f.dev, cmdq: f.cmdq }));
    const stream = k.call(removeMaster, (f) => ({ smmu: f.smmu, dev: f.dev }));
    const flush = k.flushWorkqueue((f) => f.wq, { label: 'flush_workqueue(queue->wq)' });
    const master = [
      k.step('dev_iommu_priv_set(dev, NULL)', (f) => {
        f.master = f.dev.priv;
        f.dev.priv = null as never;
      }),
      k.kfree((f) => f.master),
    ];
    return [
      k.switch(releaseOrder, {
        'stopped, queue, master': [stop, queue, stream, ...master],
        'queue, master': [queue, stream, ...master],
        'queue, stream, flush, master': [queue, stream, flush, ...master],
        'master, queue': [stream, ...master, queue],
      }),
      k.return(),
    ];
  },
);
