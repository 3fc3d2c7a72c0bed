/**
 * Corpus #22: unbind flushes the fault queues first and clears the context descriptor afterwards, which is right only
 * for a device that has stopped.
 */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { pageRequestTiming } from '../hw/pci/context.ts';
import {
  acquireDevice,
  closeContext,
  deviceStop,
  openContext,
  priqAccounting,
  priqFlushWait,
  releaseDevice,
  unbindOrder,
} from '../model/iopf/index.ts';
import { does, makeMm, patch } from '../model/kernel/index.ts';
import { alreadyBound, commandsBySetting, context, faultPath, faultPathProperties } from './iopf-parts.ts';

/** The flush itself works here (see smmu-flush-vs-priq), so that the order alone is on trial. */
const soundFlush = [set(priqAccounting, 'counted'), set(priqFlushWait, 'uninterruptible')];

export default scenario('iopf-flush-then-clear', {
  title: 'Unbind of a device that is still running',
  about:
    'Process p drives the device from user space and unbinds while its context still runs; the device is reset when ' +
    'p closes it, then process q opens it and binds. A page request that p sends after the flush and before its ' +
    'context descriptor is cleared stays in the queue, and is handled in the address space of q, which got the PASID.',
  systems: ['iopf', 'smmu', 'pci'],
  source: patch('review of SVA, 28 Feb 2020', '20200228144420.GE2156@myrica')('drivers/iommu/iommu-sva.c'),
  corpus: '#22',
  bounds: { requests_p: 2, requests_q: 1, entries: 2, kmalloc_failures: 1 },
  assumptions: [
    'the flush of the PRI queue counts popped entries and ignores signals',
    'one user at a time has the device open, and its context has stopped when the next one gets it (not in ' +
      'variant never-stopped)',
  ],
  variants: {
    posted: {
      about: 'flush, then clear; the context stops only after unbind',
      settings: [...soundFlush, set(deviceStop, 'after unbind')],
      expect: {
        verdict: 'violated',
        kind: 'isolation',
        property: 'page-request-isolation',
        length: 49,
        states: 10_462,
      },
    },
    quiesced: {
      about: 'flush, then clear; the context has stopped before unbind, as the contract of unbind wants it',
      settings: soundFlush,
      expect: { verdict: 'holds', states: 20_702, depth: 153 },
    },
    fixed: {
      about: 'clear, then flush; the context stops only after unbind',
      settings: [...soundFlush, set(deviceStop, 'after unbind'), set(unbindOrder, 'clear, then flush')],
      expect: { verdict: 'holds', states: 29_557, depth: 155 },
    },
    'late-request': {
      about:
        'as fixed, but the function takes its time between the translation that missed and the page request: then ' +
        'no order of unbind is enough, and the context must be stopped before',
      settings: [
        ...soundFlush,
        set(deviceStop, 'after unbind'),
        set(unbindOrder, 'clear, then flush'),
        set(pageRequestTiming, 'later'),
      ],
      expect: {
        verdict: 'violated',
        kind: 'isolation',
        property: 'page-request-isolation',
        length: 52,
        states: 11_440,
      },
    },
    'never-stopped': {
      about: 'as fixed, but the context of p runs on while q uses the device: its PASID now leads into q',
      settings: [...soundFlush, set(deviceStop, 'never'), set(unbindOrder, 'clear, then flush')],
      expect: { verdict: 'violated', kind: 'isolation', property: 'page-request-isolation', length: 51, states: 8_617 },
    },
  },
  setup: (s) => {
    const path = faultPath(s, { entries: s.bounds.entries, pooled: s.bounds.requests_p + s.bounds.requests_q });
    const { smmu, sva, dev } = path;
    const posts = s.setting(pageRequestTiming);
    const mmP = makeMm(s, 'mm_p', {});
    const mmQ = makeMm(s, 'mm_q', {});
    const p = context(s, path, 'p', { groups: Array.from({ length: s.bounds.requests_p }, () => 1), posts });
    const q = context(s, path, 'q', { groups: Array.from({ length: s.bounds.requests_q }, () => 1), posts });
    commandsBySetting(s, path, [p, q]);
    alreadyBound(path, p, mmP, 1);
    s.failures({ kmalloc: s.bounds.kmalloc_failures });
    dev.opened = true;
    s.task('user_p', [does(closeContext, { sva, smmu, dev, ctx: p.ctx, pasid: 1 }), does(releaseDevice, { dev })]);
    s.task('user_q', [does(acquireDevice, { dev }), does(openContext, { sva, smmu, ctx: q.ctx, mm: mmQ })]);
    s.property(
      ...faultPathProperties(path, [p, q]),
      sometimes('pasid-reused', 'q gets the PASID that p had', () => q.ctx.pasid === 1),
      sometimes('q-answered', 'a page request of q succeeds', () => q.requests.some((r) => r.answer === 'success')),
    );
  },
});
