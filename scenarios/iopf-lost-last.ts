/**
 * Corpus #20: the last request of a group is lost in a full PRI queue, and the faults before it wait for the next group
 * with the same index.
 */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  acquireDevice,
  closeContext,
  groupMatch,
  groupNoMemory,
  openContext,
  partialFaults,
  priqAccounting,
  priqFlushWait,
  releaseDevice,
} from '../model/iopf/index.ts';
import { does, makeMm, patch } from '../model/kernel/index.ts';
import {
  alreadyBound,
  commandsBySetting,
  context,
  faultPath,
  faultPathProperties,
  partialFaultsPool,
} from './iopf-parts.ts';

const soundFlush = [set(priqAccounting, 'counted'), set(priqFlushWait, 'uninterruptible')];

export default scenario('iopf-lost-last', {
  title: 'Group of page requests whose last one is lost',
  about:
    'The PRI queue is full when the last request of a group of process p arrives: the SMMU answers it by itself and ' +
    'drops it (or the driver cannot allocate the group). The first request is a partial fault already and stays ' +
    'on the list, through the flush and the unbind of ' +
    'p. Process q binds, gets the PASID, and its device context uses the same group index: the fault of p joins the ' +
    'group of q and is handled in the address space of q.',
  systems: ['iopf', 'smmu', 'pci'],
  source: patch('review of v2 07/40', '6bd83326-2da0-1250-3dfc-7d6fbf58d701@arm.com')('drivers/iommu/io-pgfault.c'),
  corpus: '#20',
  bounds: { groups_p: 2, group_p: 2, requests_q: 1, entries: 1, kmalloc_failures: 0 },
  assumptions: [
    'the driver stops the device context before it unbinds',
    'one user at a time has the device open',
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
        length: 74,
        states: 23_295,
      },
    },
    'match-pasid': {
      about: 'partial faults stay, and match by group index and PASID: no help when the PASID is used again',
      settings: [...soundFlush, set(groupMatch, 'index and PASID')],
      expect: {
        verdict: 'violated',
        kind: 'isolation',
        property: 'page-request-isolation',
        length: 74,
        states: 23_295,
      },
    },
    fixed: {
      about: 'a flush discards partial faults',
      settings: [...soundFlush, set(partialFaults, 'discarded')],
      expect: { verdict: 'holds', states: 61_237, depth: 218 },
    },
    'no-memory': {
      about:
        'the queue is large enough, but the group cannot be allocated: it is answered as failed, and its partial ' +
        'faults stay all the same',
      settings: soundFlush,
      bounds: { entries: 3, kmalloc_failures: 1 },
      expect: {
        verdict: 'violated',
        kind: 'isolation',
        property: 'page-request-isolation',
        length: 84,
        states: 44_021,
      },
    },
    'no-memory-freed': {
      about:
        'v4 frees the partial faults when their group cannot be allocated; but the copy of the last event, which is kept ' +
        'until it is answered, may fail before, and then nobody frees them (new)',
      settings: [...soundFlush, set(groupNoMemory, 'freed')],
      bounds: { entries: 3, kmalloc_failures: 1 },
      expect: {
        verdict: 'violated',
        kind: 'isolation',
        property: 'page-request-isolation',
        length: 84,
        states: 42_998,
      },
    },
    'no-memory-fixed': {
      about: 'the same with partial faults discarded by the flush',
      settings: [...soundFlush, set(partialFaults, 'discarded')],
      bounds: { entries: 3, kmalloc_failures: 1 },
      expect: { verdict: 'holds', states: 135_959, depth: 218 },
    },
  },
  setup: (s) => {
    const path = faultPath(s, { entries: s.bounds.entries, pooled: s.bounds.groups_p + s.bounds.requests_q });
    partialFaultsPool(s, Math.max(1, s.bounds.groups_p * (s.bounds.group_p - 1)));
    const { smmu, sva, dev } = path;
    const mmP = makeMm(s, 'mm_p', {});
    const mmQ = makeMm(s, 'mm_q', {});
    const p = context(s, path, 'p', { groups: Array.from({ length: s.bounds.groups_p }, () => s.bounds.group_p) });
    const q = context(s, path, 'q', { groups: Array.from({ length: s.bounds.requests_q }, () => 1) });
    commandsBySetting(s, path, [p, q]);
    alreadyBound(path, p, mmP, 1);
    s.failures({ kmalloc: s.bounds.kmalloc_failures });
    dev.opened = true;
    s.task('user_p', [does(closeContext, { sva, smmu, dev, ctx: p.ctx, pasid: 1 }), does(releaseDevice, { dev })]);
    s.task('user_q', [does(acquireDevice, { dev }), does(openContext, { sva, smmu, ctx: q.ctx, mm: mmQ })]);
    s.property(
      ...faultPathProperties(path, [p, q]),
      ...(s.bounds.kmalloc_failures === 0
        ? [
            sometimes('overflow', 'the queue is full, and the SMMU answers a last request by itself', () =>
              p.requests.some((r) => r.answer === 'overflow'),
            ),
          ]
        : [
            sometimes('failed', 'a last request is answered as failed for want of memory', () =>
              p.requests.some((r) => r.answer === 'failure'),
            ),
          ]),
      sometimes('pasid-reused', 'q gets the PASID that p had', () => q.ctx.pasid === 1),
      sometimes('q-answered', 'a page request of q succeeds', () => q.requests.some((r) => r.answer === 'success')),
    );
  },
});
