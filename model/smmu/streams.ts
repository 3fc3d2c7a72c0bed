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
import { bool, constant, errno, int, procedure, ptr, ref, Workqueue } from '../kernel/index.ts';
import { answerFailed, removeFromQueue, reportStall } from './evtq.ts';
import {
  type Command,
  hw,
  LAST_SID,
  type PageRequest,
  type PciContext,
  type SmmuCmdq,
  type SmmuEvtq,
} from './hardware.ts';
import { fixedEvent, type SidOf } from './master.ts';
import { ArmSmmuMaster, ArmSmmuStreams, StallDevice } from './objects.ts';
import { SMMU_C, sidTree, sidTreeMerged, v6_10 } from './sources.ts';
import { masterLookup, releaseOrder, unknownStream } from './switches.ts';

/** arm_smmu_evtq_thread() and arm_smmu_handle_evt(): runs for ever, woken by what is in the queue. */
export const armSmmuEvtqStreams = procedure(
  'arm_smmu_evtq_thread',
  {
    source: v6_10(SMMU_C),
    params: {
      smmu: ArmSmmuStreams,
      cmdq: hw<SmmuCmdq>(),
      evtq: hw<SmmuEvtq>(),
      wq: Workqueue,
      sidOf: constant<SidOf>(),
    },
    locals: {
      event: hw<PageRequest>(),
      sid: int(0, LAST_SID),
      stall: bool(),
      master: ref(ArmSmmuMaster),
      dev: ptr(StallDevice),
      ret: errno(),
    },
  },
  (k) => {
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
    const report = k.when(
      (f) => f.master !== null,
      [
        // A fault that nothing is stalled for has no handler.
        k.when(
          (f) => f.stall,
          [
            k.call(
              reportStall,
              (f) => ({ dev: f.dev, cmdq: f.cmdq, wq: f.wq, event: f.event }),
              (f, ret) => {
                f.ret = ret;
              },
            ),
            ...answerFailed(k),
          ],
        ),
      ],
      [
        k.when(
          (f) => f.stall,
          [
            k.switch(unknownStream, {
              'left alone': [],
              aborted: [
                k.step(
                  'CMDQ_OP_RESUME with abort: no master',
                  (f) => f.cmdq.queue.push(`RESUME sid ${f.sid} stag ${f.event.group} abort` satisfies Command),
                  { indivisible: fixedEvent, event: 'page response' },
                ),
              ],
            }),
          ],
        ),
      ],
    );
    return [
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
        k.switch(masterLookup, {
          'mutex dropped': [lock, find, unlock, knowDevice, report],
          'mutex held over the report': [lock, find, knowDevice, report, unlock],
          'mutex held until the device is known': [lock, find, knowDevice, unlock, report],
        }),
        k.local((f) => {
          f.master = null;
        }),
      ]),
    ];
  },
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
