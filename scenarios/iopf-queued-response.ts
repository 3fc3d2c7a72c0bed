/**
 * Not in the corpus: the answer to a page request travels through the command queue of the SMMU, and nobody waits for
 * it.
 */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { SmmuCmdq, smmuCmdq } from '../hw/smmu/commands.ts';
import {
  acquireDevice,
  afterFlush,
  betweenUsers,
  closeContext,
  commandQueue,
  deviceStop,
  openContext,
  PageResponseOp,
  pageResponseBy,
  priqAccounting,
  priqFlushWait,
  releaseDevice,
  resetFunction,
  responsePasid,
  smmuPageResponse,
  unbindOrder,
} from '../model/iopf/index.ts';
import { does, makeMm, patch } from '../model/kernel/index.ts';
import { returns } from '../properties/response.ts';
import { alreadyBound, context, faultPath, faultPathProperties } from './iopf-parts.ts';

/** The flush itself works here (see smmu-flush-vs-priq), and every command goes through the queue. */
const queued = [
  set(priqAccounting, 'counted'),
  set(priqFlushWait, 'uninterruptible'),
  set(commandQueue, 'through the queue'),
  set(pageResponseBy, 'operation'),
];
const clearFirst = [...queued, set(deviceStop, 'after unbind'), set(unbindOrder, 'clear, then flush')];

export default scenario('iopf-queued-response', {
  title: 'An answer that is still in the command queue when unbind returns',
  about:
    'Process p unbinds from a device that has a page request open; the fault worker answers it with CMD_PRI_RESP, ' +
    'which no CMD_SYNC follows. p closes the device, which is reset for its next user q and forgets the groups it had ' +
    'open. If unbind clears the context descriptor first and flushes the fault queues last, as was proposed for devices ' +
    'that cannot be stopped, no command of unbind is behind the answer: it may be given when q has a request open under ' +
    'the same group index.',
  systems: ['iopf', 'smmu', 'pci'],
  source: patch('review of SVA, 28 Feb 2020', '20200228144420.GE2156@myrica')('drivers/iommu/iommu-sva.c'),
  corpus: 'new',
  bounds: { requests_p: 1, requests_q: 1, entries: 2, kmalloc_failures: 0 },
  assumptions: [
    'a CMD_SYNC completes when the answers before it have reached the function, as they stay in order on the link',
    'a function that was reset drops an answer to a group that it does not have open',
    'one user at a time has the device open, and its context has stopped when the next one gets it',
  ],
  variants: {
    posted: {
      about: 'clear, then flush, as proposed: the answer is behind every CMD_SYNC of unbind',
      settings: clearFirst,
      expect: { verdict: 'violated', kind: 'isolation', length: 89, states: 12_012 },
    },
    'pasid-named': {
      about: 'and the answer names the PASID as well, which q has got meanwhile',
      settings: [...clearFirst, set(responsePasid, 'named')],
      expect: { verdict: 'violated', kind: 'isolation', length: 89, states: 12_012 },
    },
    'not-reset': {
      about: 'clear, then flush; the function is not reset, so that it keeps the index until the answer has come',
      settings: [...clearFirst, set(betweenUsers, 'left as it is')],
      expect: { verdict: 'holds', states: 13_256, depth: 134 },
    },
    'flush-first': {
      about: 'as in the series: stop, flush, then clear: the CMD_SYNC of CFGI_CD is behind the answer',
      settings: queued,
      bounds: { requests_p: 2, kmalloc_failures: 1 },
      expect: { verdict: 'holds', states: 31_800, depth: 174 },
    },
    fixed: {
      about: 'clear, then flush, then one more CMD_SYNC',
      settings: [...clearFirst, set(afterFlush, 'SYNC')],
      bounds: { requests_p: 2, kmalloc_failures: 1 },
      expect: { verdict: 'holds', states: 99_970, depth: 180 },
    },
  },
  setup: (s) => {
    const path = faultPath(s, { entries: s.bounds.entries, pooled: s.bounds.requests_p + s.bounds.requests_q });
    const { smmu, fn, sva, dev } = path;
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    smmu.cmdq = cmdq;
    const respond = smmuPageResponse(cmdq);
    s.implementations(PageResponseOp, [respond]);
    dev.page_response = respond;
    const mmQ = makeMm(s, 'mm_q', {});
    const p = context(s, path, 'p', { groups: Array.from({ length: s.bounds.requests_p }, () => 1) });
    const q = context(s, path, 'q', { groups: Array.from({ length: s.bounds.requests_q }, () => 1) });
    alreadyBound(path, p, makeMm(s, 'mm_p', {}), 1);
    s.failures({ kmalloc: s.bounds.kmalloc_failures });
    const behind = { faultPath: { smmu, contexts: [p.ctx, q.ctx] }, pri: fn, priMayReset: true };
    s.actor('cmdq_hw', smmuCmdq('CFGI', 'ATC_INV', 'PRI_RESP'), { cmdq, behind }, { role: 'hardware' });
    dev.opened = true;
    const userP = s.task('user_p', [
      does(closeContext, { sva, smmu, dev, ctx: p.ctx, pasid: 1 }),
      does(resetFunction, { fn }),
      does(releaseDevice, { dev }),
    ]);
    s.task('user_q', [does(acquireDevice, { dev }), does(openContext, { sva, smmu, ctx: q.ctx, mm: mmQ })]);
    s.property(
      ...faultPathProperties(path, [p, q]),
      returns('unbind', userP),
      sometimes('pasid-reused', 'q gets the PASID that p had', () => q.ctx.pasid === 1),
      sometimes('q-answered', 'a page request of q succeeds', () => q.requests.some((r) => r.answer === 'success')),
      sometimes('answered-in-queue', 'the answer to p is in the queue while its context descriptor is invalid', () =>
        p.requests.some((r) => r.response !== 'none' && r.answer === 'none' && !smmu.cd.at(1).valid),
      ),
    );
  },
});
