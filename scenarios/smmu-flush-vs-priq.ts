/**
 * Corpus #3: a page request is taken out of the PRI queue before it is reported, and the flush in between sees an empty
 * queue.
 */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { closeContext, killTask, openContext, priqAccounting, priqFlushWait } from '../model/iopf/index.ts';
import { does, makeMm, patch } from '../model/kernel/index.ts';
import { returns } from '../properties/response.ts';
import { alreadyBound, commandsBySetting, context, faultPath, faultPathProperties } from './iopf-parts.ts';

export default scenario('smmu-flush-vs-priq', {
  title: 'Flush of the PRI queue against the irq thread',
  about:
    'Process p stops its device context and unbinds, while the irq thread works on its last page request; process q ' +
    'binds the same device. The flush must wait for the request, because its PASID is given to q next. As posted, the ' +
    'consumer index moves when an entry is popped, so the flush sees an empty queue, and the fault of p is handled in ' +
    'the address space of q. A pending signal has the same effect, since the interrupted wait is taken for a flush.',
  systems: ['iopf', 'smmu', 'pci'],
  source: patch('v2 30/40', '20180511190641.23008-31-jean-philippe.brucker@arm.com')('drivers/iommu/arm-smmu-v3.c'),
  corpus: '#3',
  bounds: { requests_p: 1, requests_q: 1, entries: 2, kills: 0 },
  assumptions: [
    'the driver stops the device context before it unbinds',
    'a context that has stopped has posted all its page requests',
  ],
  variants: {
    posted: {
      about: 'a popped entry is forgotten until it is queued for the worker',
      expect: {
        verdict: 'violated',
        kind: 'isolation',
        property: 'page-request-isolation',
        length: 46,
        states: 31_738,
      },
    },
    signal: {
      about: 'popped entries are counted, but the wait is interruptible and p is being killed',
      settings: [set(priqAccounting, 'counted')],
      bounds: { kills: 1 },
      expect: {
        verdict: 'violated',
        kind: 'isolation',
        property: 'page-request-isolation',
        length: 46,
        states: 56_426,
      },
    },
    fixed: {
      about: 'popped entries are counted and the wait is not interruptible; p is being killed all the same',
      settings: [set(priqAccounting, 'counted'), set(priqFlushWait, 'uninterruptible')],
      bounds: { kills: 1 },
      expect: { verdict: 'holds', states: 298_294, depth: 114 },
    },
  },
  setup: (s) => {
    const path = faultPath(s, { entries: s.bounds.entries, pooled: s.bounds.requests_p + s.bounds.requests_q });
    const { smmu, sva, dev } = path;
    const mmP = makeMm(s, 'mm_p', {});
    const mmQ = makeMm(s, 'mm_q', {});
    const p = context(s, path, 'p', { groups: Array.from({ length: s.bounds.requests_p }, () => 1) });
    const q = context(s, path, 'q', { groups: Array.from({ length: s.bounds.requests_q }, () => 1) });
    commandsBySetting(s, path, [p, q]);
    alreadyBound(path, p, mmP, 1);
    const userP = s.task('user_p', [does(closeContext, { sva, smmu, dev, ctx: p.ctx, pasid: 1 })]);
    s.task('user_q', [does(openContext, { sva, smmu, ctx: q.ctx, mm: mmQ })]);
    if (s.bounds.kills > 0) s.task('killer', [does(killTask, { task: userP })]);
    s.property(
      ...faultPathProperties(path, [p, q]),
      returns('unbind', userP),
      sometimes('pasid-reused', 'q gets the PASID that p had', () => q.ctx.pasid === 1),
      sometimes('both-answered', 'the page requests of both processes succeed', () =>
        [...p.requests, ...q.requests].every((r) => !r.last || r.answer === 'success'),
      ),
    );
  },
});
