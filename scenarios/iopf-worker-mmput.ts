/**
 * Corpus #21: the fault worker drops the last reference to an address space, and the teardown flushes the queue whose
 * item the worker is.
 */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  IoMm,
  iommuNotifierRelease,
  priqAccounting,
  priqFlushWait,
  releaseFlush,
  workerMmput,
} from '../model/iopf/index.ts';
import {
  AsyncPuts,
  asyncPutWorker,
  does,
  inc,
  MmuRelease,
  makeMm,
  mmputProcedure,
  patch,
  Srcu,
} from '../model/kernel/index.ts';
import { alreadyBound, commandsBySetting, context, faultPath, faultPathProperties } from './iopf-parts.ts';

const soundFlush = [set(priqAccounting, 'counted'), set(priqFlushWait, 'uninterruptible')];

export default scenario('iopf-worker-mmput', {
  title: 'Fault worker that drops the last user of an mm',
  about:
    'A fault worker takes a user reference of the mm it handles a fault in; the process exits meanwhile, so the worker ' +
    'has the last one. If it drops it with mmput(), the teardown runs in the worker: the release notifier flushes the ' +
    'fault queue and waits for the item that the worker itself is running. The series uses mmput_async() for that ' +
    'reason; mainline took the flush out of the release notifier and went back to mmput().',
  systems: ['iopf', 'smmu', 'pci'],
  source: patch('v2 08/40', '20180511190641.23008-9-jean-philippe.brucker@arm.com')('drivers/iommu/io-pgfault.c'),
  corpus: '#21',
  bounds: { requests: 2, entries: 2 },
  assumptions: ['the flush of the PRI queue counts popped entries and ignores signals'],
  variants: {
    'plain-mmput': {
      about: 'the worker ends with mmput(), and release flushes: what 12/40 exports mmput_async() to avoid',
      settings: [...soundFlush, set(workerMmput, 'plain')],
      expect: { verdict: 'violated', kind: 'deadlock', length: 52, states: 8_213 },
    },
    posted: {
      about: 'the worker ends with mmput_async()',
      settings: soundFlush,
      expect: { verdict: 'holds', states: 38_146, depth: 112 },
    },
    fixed: {
      about: 'the worker ends with mmput(), and release only clears the context, as in mainline',
      settings: [...soundFlush, set(workerMmput, 'plain'), set(releaseFlush, 'only clears the context')],
      corpus: '#21, guard 6',
      expect: { verdict: 'holds', states: 33_120, depth: 106 },
    },
  },
  setup: (s) => {
    const path = faultPath(s, { entries: s.bounds.entries, pooled: s.bounds.requests });
    const { smmu, sva, dev } = path;
    const srcu = s.object(Srcu, 'srcu');
    const asyncPuts = s.object(AsyncPuts, 'system_wq');
    const mm = makeMm(s, 'mm_p', { srcu, asyncPuts });
    const p = context(s, path, 'p', { groups: Array.from({ length: s.bounds.requests }, () => 1) });
    commandsBySetting(s, path, [p]);
    alreadyBound(path, p, mm, 1);
    s.implementations(MmuRelease, [iommuNotifierRelease]);
    const ioMm = s.object(IoMm, 'io_mm', { pasid: 1, dev, sva, smmu, ctx: p.ctx, mn_release: iommuNotifierRelease });
    mm.has_notifiers = true;
    mm.notifiers.add(ioMm);
    inc(mm.mm_count);
    s.task('exit_p', [does(mmputProcedure, { mm })]);
    s.actor('mmput_worker', asyncPutWorker, { puts: asyncPuts }, { role: 'worker' });
    s.property(
      ...faultPathProperties(path, [p]),
      sometimes('fault-outlives-mm', 'the mm has no user left while a fault handled in it is not answered yet', () =>
        p.requests.some((r) => r.handled_in !== null && r.answer === 'none' && mm.mm_users.counter === 0),
      ),
    );
  },
});
