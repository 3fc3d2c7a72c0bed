/** Spec (c): a fault record names a stream, and the master that has it is looked up while its device is released. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { PageRequest, PciFunction } from '../hw/pci/objects.ts';
import { SmmuCmdq, smmuCmdq } from '../hw/smmu/commands.ts';
import { SmmuEvtq, stallingStream } from '../hw/smmu/stalls.ts';
import { does, WorkFunc, Workqueue, worker } from '../model/kernel/index.ts';
import {
  ArmSmmuStreams,
  armSmmuEvtqStreams,
  armSmmuReleaseDevice,
  failedReport,
  handleStall,
  masterLookup,
  PendingStall,
  releaseOrder,
  responseMaster,
  SMMU_C,
  StallGroup,
  sidTree,
  streamIds,
  unknownStream,
} from '../model/smmu/index.ts';
import { releaseProperties, streamDevice } from './smmu-stream-parts.ts';

const streams = [set(streamIds, 'by stream id'), set(failedReport, 'driver answers')];
const held = [...streams, set(masterLookup, 'mutex held over the report')];
const known = [...streams, set(masterLookup, 'mutex held until the device is known')];

export default scenario('smmu-find-master', {
  title: 'Look-up of a master by stream id against the release of its device',
  about:
    'Two devices with a stream each share an event queue. The driver of one stops and releases it, while the record of a ' +
    'transaction that was terminated is still in the queue. As posted the look-up of the master by the stream id drops its ' +
    'mutex before it returns, and the release frees the master before it is used. Neighbours: a device that is released ' +
    'without being stopped, whose stalled transactions find no master any more.',
  systems: ['smmu'],
  source: sidTree(SMMU_C),
  corpus: 'new',
  bounds: { terminated: 1, stalled: 1, others: 1, entries: 1, kmalloc_failures: 0 },
  assumptions: [
    'the driver stops the device before it is released: no transaction of it is stalled then (not in ' +
      'not-stopped, master-first, unknown-left, unknown-aborted)',
  ],
  variants: {
    posted: {
      about: 'the mutex is dropped once the master is found',
      settings: streams,
      expect: { verdict: 'violated', kind: 'use-after-free', length: 52, states: 18_511 },
    },
    'not-stopped': {
      about:
        'as fixed, and the device was not stopped: a stall that is reported while it leaves the queue is answered by a ' +
        'worker through the master that was freed',
      settings: [...held, set(releaseOrder, 'queue, master')],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 36, states: 31_402 },
    },
    'response-locks': {
      about: 'page_response looks the master up under the same mutex: a report that fails waits for itself',
      settings: [...held, set(responseMaster, 'under the mutex')],
      bounds: { kmalloc_failures: 1 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 15, states: 624 },
    },
    'master-first': {
      about:
        'it may, where the report needs only the device; but if the master goes before the queue is left, page_response ' +
        'finds none, and -ENODEV resumes nothing',
      settings: [...known, set(responseMaster, 'under the mutex'), set(releaseOrder, 'master, queue')],
      expect: { verdict: 'violated', kind: 'protocol', length: 55, states: 64_254 },
    },
    'unknown-left': {
      about:
        'not stopped, the workers flushed before the master is freed: nobody resumes the stall of an unknown stream',
      settings: [...held, set(releaseOrder, 'queue, stream, flush, master')],
      bounds: { terminated: 0 },
      expect: { verdict: 'violated', kind: 'protocol', length: 55, states: 111_221 },
    },
    'unknown-aborted': {
      about: 'the same, and the irq thread aborts the stall of an unknown stream by what the record says (new)',
      settings: [...held, set(releaseOrder, 'queue, stream, flush, master'), set(unknownStream, 'aborted')],
      bounds: { terminated: 0 },
      expect: { verdict: 'holds', states: 170_944, depth: 81 },
    },
    'device-taken': {
      about: 'the mutex is held until the device is known, and page_response looks the master up under it',
      settings: [...known, set(responseMaster, 'under the mutex')],
      expect: { verdict: 'holds', states: 55_120, depth: 90 },
    },
    fixed: {
      about: 'as merged: who looks up a master holds the mutex as long as it uses it',
      settings: held,
      bounds: { kmalloc_failures: 1 },
      expect: { verdict: 'holds', states: 180_248, depth: 86 },
    },
  },
  setup: (s) => {
    const smmu = s.object(ArmSmmuStreams, 'smmu');
    const stalls = s.object(PciFunction, 'stalled_transactions');
    const evtq = s.object(SmmuEvtq, 'evtq', { entries: s.bounds.entries });
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    const wq = s.object(Workqueue, 'iopf_wq');
    s.pool(PendingStall, 3);
    s.pool(StallGroup, 4);
    s.implementations(WorkFunc, [handleStall]);
    s.failures({ kmalloc: s.bounds.kmalloc_failures });
    const sids = new Map<object, number>();
    const device = (sid: number, kinds: readonly boolean[]) => {
      const parts = streamDevice(s, smmu, sid);
      const { ctx } = parts;
      const transactions = s.objects(PageRequest, `transaction${sid}_`, kinds.length, (i) => ({
        context: ctx,
        last: kinds[i] ?? true,
      }));
      for (const t of transactions) sids.set(t, sid);
      s.actor(
        `device${sid}`,
        stallingStream,
        { master: stalls, ctx, evtq, transactions, whenFull: 'kept' },
        { role: 'hardware' },
      );
      return { ...parts, transactions };
    };
    const many = (count: number, stall: boolean) => Array.from({ length: count }, () => stall);
    const released = device(0, [...many(s.bounds.stalled, true), ...many(s.bounds.terminated, false)]);
    const stays = device(1, many(s.bounds.others, true));
    const sidOf = (event: object) => sids.get(event) ?? 0;
    const behind = { stalls, streamOf: sidOf };
    s.actor('cmdq_hw', smmuCmdq('RESUME'), { cmdq, behind }, { role: 'hardware' });
    s.actor('evtq_irq', armSmmuEvtqStreams, { smmu, cmdq, evtq, wq, sidOf }, { role: 'irq' });
    s.actor('worker', worker, { wq }, { role: 'worker' });
    const release = s.task('release', [
      does(armSmmuReleaseDevice, { smmu, cmdq, wq, dev: released.dev, ctx: released.ctx }),
    ]);
    const all = [...released.transactions, ...stays.transactions];
    s.property(
      ...releaseProperties(s, all, release, stays),
      sometimes(
        'late',
        'a record of the device is in the queue when its stream has no master',
        () => smmu.streams.at(0) === null && [...evtq.records].some((record) => sidOf(record) === 0),
      ),
    );
  },
});
