/** Spec (c): a page request names a stream, and the master that has it is looked up while its device is released. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { askingContext } from '../hw/pci/asking.ts';
import { PageRequest, PciFunction } from '../hw/pci/objects.ts';
import { SmmuCmdq, smmuCmdq } from '../hw/smmu/commands.ts';
import { SmmuV3 } from '../hw/smmu/objects.ts';
import { stopContext } from '../model/iopf/index.ts';
import { does, WorkFunc, Workqueue, worker } from '../model/kernel/index.ts';
import {
  ArmSmmuPriq,
  ArmSmmuStreams,
  armSmmuFlushPriqStreams,
  armSmmuPriqStreams,
  armSmmuReleaseDevice,
  failedReport,
  handleStall,
  masterFaults,
  masterLookup,
  PendingStall,
  priStreams,
  releaseOrder,
  SMMU_C,
  StallGroup,
  streamIds,
  unknownStream,
} from '../model/smmu/index.ts';
import { releaseProperties, streamDevice } from './smmu-stream-parts.ts';

const posted = [
  set(streamIds, 'by stream id'),
  set(masterFaults, 'page request'),
  set(failedReport, 'driver answers'),
  set(releaseOrder, 'queue, master'),
];
const held = [...posted, set(masterLookup, 'mutex held over the report')];
const flushedWorkers = [...held, set(releaseOrder, 'queue, stream, flush, master')];

export default scenario('smmu-ppr-vs-release', {
  title: 'Look-up of a master for a page request against the release of its device',
  about:
    'Two functions with a stream each ask for pages through one PRI queue, each with group indices of its own, so that an ' +
    'answer must name the stream. The driver of one stops it and releases the device. Other than with stalls, a function ' +
    'that has stopped may have requests in the queue: the look-up by stream id meets a master that is being freed, or ' +
    'none, unless the queue was flushed before.',
  systems: ['smmu', 'pci'],
  source: priStreams(SMMU_C),
  corpus: 'new',
  bounds: { requests: 1, others: 1, entries: 2, flush: 0, kmalloc_failures: 0 },
  assumptions: [
    'the driver stops the device before it is released; what it had open it does not forget',
    'with flush=1 what is in the PRI queue is waited for before the device leaves its fault queue',
    'answers take effect when the command queue comes to them; a page request is a group by itself',
  ],
  variants: {
    posted: {
      about: 'the look-up drops the mutex before the master is read, and nothing flushes the queue',
      settings: posted,
      expect: { verdict: 'violated', kind: 'use-after-free', length: 25, states: 2_203 },
    },
    'mutex-held': {
      about:
        'the mutex is held over the report, which is enough for stalls: here a worker answers a request that was ' +
        'reported while the device left its fault queue, through the master that was freed',
      settings: held,
      expect: { verdict: 'violated', kind: 'use-after-free', length: 38, states: 15_686 },
    },
    'unknown-left': {
      about: 'the workers are flushed before the master is freed as well: who answers a request of an unknown stream?',
      settings: flushedWorkers,
      expect: { verdict: 'violated', kind: 'protocol', length: 58, states: 60_340 },
    },
    'unknown-answered': {
      about:
        'the same, and the irq thread answers a request of an unknown stream by what the record says, as mainline does',
      settings: [...flushedWorkers, set(unknownStream, 'aborted')],
      bounds: { kmalloc_failures: 1 },
      expect: { verdict: 'holds', states: 172_554, depth: 83 },
    },
    fixed: {
      about: 'the queue is flushed before the device leaves its fault queue: the look-up as posted meets no release',
      settings: posted,
      bounds: { requests: 2, flush: 1 },
      expect: { verdict: 'holds', states: 93_404, depth: 113 },
    },
  },
  setup: (s) => {
    const { requests, others, entries, flush, kmalloc_failures } = s.bounds;
    const smmu = s.object(ArmSmmuStreams, 'smmu');
    const queue = s.object(SmmuV3, 'smmu_hw', { priq_entries: entries });
    const priq = s.object(ArmSmmuPriq, 'priq');
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    const wq = s.object(Workqueue, 'iopf_wq');
    s.pool(PendingStall, requests + others);
    s.pool(StallGroup, requests + others);
    s.implementations(WorkFunc, [handleStall]);
    s.failures({ kmalloc: kmalloc_failures });
    const sids = new Map<object, number>();
    const device = (sid: number, count: number) => {
      const parts = streamDevice(s, smmu, sid);
      const { ctx } = parts;
      const fn = s.object(PciFunction, `function${sid}`);
      const asked = s.objects(PageRequest, `request${sid}_`, count, () => ({ context: ctx, last: true }));
      for (const request of asked) sids.set(request, sid);
      s.actor(`device${sid}`, askingContext, { fn, ctx, smmu: queue, requests: asked }, { role: 'hardware' });
      return { ...parts, fn, asked };
    };
    const released = device(0, requests);
    const stays = device(1, others);
    const sidOf = (event: object) => sids.get(event) ?? 0;
    const behind = { priOf: [released.fn, stays.fn] };
    s.actor('cmdq_hw', smmuCmdq('PRI_RESP'), { cmdq, behind }, { role: 'hardware' });
    s.actor('priq_irq', armSmmuPriqStreams, { smmu, cmdq, queue, priq, wq, sidOf }, { role: 'irq' });
    s.actor('worker', worker, { wq }, { role: 'worker' });
    const release = s.task('release', [
      does(stopContext, { ctx: released.ctx }),
      ...(flush > 0 ? [does(armSmmuFlushPriqStreams, { queue, priq })] : []),
      does(armSmmuReleaseDevice, { smmu, cmdq, wq, dev: released.dev, ctx: released.ctx }),
    ]);
    const all = [...released.asked, ...stays.asked];
    s.property(
      ...releaseProperties(s, all, release, stays),
      sometimes('same-index', 'both functions have a group of the same index open', () =>
        [...released.fn.prg].some((request, group) => request !== null && stays.fn.prg.at(group) !== null),
      ),
      ...(flush > 0
        ? []
        : [
            sometimes(
              'late',
              'a page request of the device is in the queue when its stream has no master',
              () => smmu.streams.at(0) === null && [...queue.priq].some((request) => sidOf(request) === 0),
            ),
          ]),
    );
  },
});
