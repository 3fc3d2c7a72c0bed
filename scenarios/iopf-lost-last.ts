/**
 * Corpus #20: the last request of a group is lost in a full PRI queue, and the faults before it wait for the next group
 * with the same index.
 */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  closeContext,
  groupMatch,
  openContext,
  partialFaults,
  priqAccounting,
  priqFlushWait,
} from '../model/iopf/index.ts';
import { does, makeMm, patch } from '../model/kernel/index.ts';
import { alreadyBound, context, faultPath, faultPathProperties, partialFaultsPool } from './iopf-parts.ts';

const soundFlush = [set(priqAccounting, 'counted'), set(priqFlushWait, 'uninterruptible')];

export default scenario('iopf-lost-last', {
  title: 'Group of page requests whose last one is lost',
  about:
    'The PRI queue is full when the last request of a group of process p arrives: the SMMU answers it by itself and ' +
    'drops it. The first request is a partial fault already and stays on the list, through the flush and the unbind of ' +
    'p. Process q binds, gets the PASID, and its device context uses the same group index: the fault of p joins the ' +
    'group of q and is handled in the address space of q.',
  systems: ['iopf', 'smmu', 'pci'],
  source: patch('review of v2 07/40', '6bd83326-2da0-1250-3dfc-7d6fbf58d701@arm.com')('drivers/iommu/io-pgfault.c'),
  corpus: '#20',
  bounds: { group_p: 2, requests_q: 1, entries: 1 },
  assumptions: [
    'the driver stops the device context before it unbinds',
    'the flush of the PRI queue counts popped entries and ignores signals',
  ],
  variants: {
    posted: {
      about: 'partial faults stay, and match by group index',
      settings: soundFlush,
      expect: {
        verdict: 'violated',
        kind: 'isolation',
        property: 'page-request-isolation',
        length: 72,
        states: 194_979,
      },
    },
    'match-pasid': {
      about: 'partial faults stay, and match by group index and PASID: no help when the PASID is used again',
      settings: [...soundFlush, set(groupMatch, 'index and PASID')],
      expect: {
        verdict: 'violated',
        kind: 'isolation',
        property: 'page-request-isolation',
        length: 72,
        states: 195_827,
      },
    },
    fixed: {
      about: 'a flush discards partial faults',
      settings: [...soundFlush, set(partialFaults, 'discarded')],
      expect: { verdict: 'holds', states: 597_639, depth: 144 },
    },
  },
  setup: (s) => {
    const path = faultPath(s, { entries: s.bounds.entries, pooled: 1 + s.bounds.requests_q });
    partialFaultsPool(s, Math.max(1, s.bounds.group_p - 1));
    const { smmu, sva, dev } = path;
    const mmP = makeMm(s, 'mm_p', {});
    const mmQ = makeMm(s, 'mm_q', {});
    const p = context(s, path, 'p', { groups: [s.bounds.group_p] });
    const q = context(s, path, 'q', { groups: Array.from({ length: s.bounds.requests_q }, () => 1) });
    alreadyBound(path, p, mmP, 1);
    s.task('user_p', [does(closeContext, { sva, smmu, dev, ctx: p.ctx, pasid: 1 })]);
    s.task('user_q', [does(openContext, { sva, smmu, ctx: q.ctx, mm: mmQ })]);
    s.property(
      ...faultPathProperties(path, [p, q]),
      sometimes('overflow', 'the queue is full, and the SMMU answers a last request by itself', () =>
        p.requests.some((r) => r.answer === 'overflow'),
      ),
      sometimes('pasid-reused', 'q gets the PASID that p had', () => q.ctx.pasid === 1),
      sometimes('q-answered', 'a page request of q succeeds', () => q.requests.some((r) => r.answer === 'success')),
    );
  },
});
