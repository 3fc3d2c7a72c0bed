/** Spec (j), VT-d drain: page requests that are on their way, or lost, while a PASID is drained. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { PageRequest, PciContext } from '../hw/pci/objects.ts';
import { drainQueue, postingContext, requestWriter, VtdRequestPath } from '../hw/vtd/page-requests.ts';
import { PasidEntry } from '../hw/vtd/prq.ts';
import {
  acquireDevice,
  discardPartial,
  FaultEvent,
  IopfFault,
  IopfGroup,
  releaseDevice,
  stopContext,
} from '../model/iopf/index.ts';
import { does, makeMm, worker } from '../model/kernel/index.ts';
import {
  IntelSvm,
  IntelSvmDev,
  intelSvmBind,
  intelSvmUnbind,
  prqDrain,
  prqDrainWithout,
  prqEventThread,
  prqOverflow,
  SVM_C,
  v5_14,
} from '../model/vtd/index.ts';
import { pageRequestsStayHome } from '../properties/isolation.ts';
import { everyGroupAnswered, everyRequestAnswered, returns } from '../properties/response.ts';
import { released, repaired, svmDriver } from './vtd-parts.ts';

const seesOverflow = [set(prqOverflow, 'discards, clears PRO'), set(discardPartial, 'unlinked')];
const overflow = [...repaired, ...seesOverflow];
const after = [...overflow, set(prqDrain, 'after the ring')];
const before = [...overflow, set(prqDrain, 'before the ring')];

/** Groups of one request. */
const singles = (count: number) => Array.from({ length: count }, () => 1);

export default scenario('vtd-prq-overflow', {
  title: 'Drain of a PASID whose page requests are on their way, or lost',
  about:
    'Process p stops its context and unbinds; what it has asked for is on the link, in a buffer of the IOMMU, in the ' +
    'page request queue, or lost because that was full. Process q opens the device next and gets the PASID. Unbind drains: ' +
    'it waits until the ring has no request of the PASID, flushes the fault queue, and submits descriptors that push out ' +
    'what the hardware still has. As posted in that order, what they push out comes into a ring that nobody looks at any ' +
    'more before the PASID is given away. Of a group whose last request is lost the first parts are left over, until the ' +
    'irq thread discards them and clears PRO.',
  systems: ['vtd', 'iopf', 'pci'],
  source: v5_14(SVM_C),
  corpus: 'new',
  bounds: { parts_p: 2, more_p: 0, requests_q: 1, entries: 1 },
  assumptions: [
    'the driver stops the device context before it unbinds; the context need not wait for a response to stop',
    'one user at a time has the device open',
    'a request that is posted may stay in the IOMMU until it is drained',
    'the interrupt comes for PRO as well',
  ],
  variants: {
    posted: {
      about:
        'the hardware is drained last: a request that was in the IOMMU when the ring was looked at stays in it (new)',
      settings: after,
      bounds: { parts_p: 1, entries: 2 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 33, states: 996 },
    },
    'no-drain': {
      about: 'the hardware is not drained',
      settings: overflow,
      bounds: { parts_p: 1, entries: 2 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 26, states: 477 },
    },
    'no-device-tlb': {
      about: 'drained before the ring, without the invalidation whose answer pushes requests off the link',
      settings: [...before, set(prqDrainWithout, 'device TLB')],
      bounds: { parts_p: 1, entries: 2 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 32, states: 894 },
    },
    'no-drain-flag': {
      about: 'drained before the ring, with an ordinary wait descriptor at the end',
      settings: [...before, set(prqDrainWithout, 'drain flag')],
      bounds: { parts_p: 1, entries: 2 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 33, states: 961 },
    },
    'not-discarded': {
      about: 'the irq thread clears PRO and keeps the parts of a group whose end was lost: they join the next group',
      settings: [...before, set(prqOverflow, 'clears PRO')],
      expect: { verdict: 'violated', kind: 'isolation', length: 93, states: 5_360 },
    },
    'pro-not-looked-at': {
      about:
        'the drain does not look whether requests were lost: not missed, none gets into the ring until PRO is cleared',
      settings: [...before, set(prqDrainWithout, 'PRO')],
      expect: { verdict: 'holds', states: 6_109, depth: 157 },
    },
    completion: {
      about: 'as fixed, but the drain waits for the completion that it shares with others: enough while it is alone',
      settings: [...released, ...seesOverflow, set(prqDrain, 'before the ring')],
      expect: { verdict: 'holds', states: 7_860, depth: 160 },
    },
    fixed: {
      about: 'the hardware is drained first, then the ring, then the fault queue; p sends one group more',
      settings: before,
      bounds: { more_p: 1 },
      expect: { verdict: 'holds', states: 18_444, depth: 202 },
    },
  },
  setup: (s) => {
    const { prq, svms, sva, wq, queue, device } = svmDriver(s);
    const { fn, dev } = device('');
    const path = s.object(VtdRequestPath, 'path', { entries: s.bounds.entries });
    Object.assign(svms, { path, iopf_queue: queue });
    const entry = s.object(PasidEntry, 'entry', { present: true });
    const context = (name: string, groups: readonly number[]) => {
      const ctx = s.object(PciContext, `ctx_${name}`);
      const lasts = groups.flatMap((size) => Array.from({ length: size }, (_, i) => i === size - 1));
      const requests = s.objects(PageRequest, `request_${name}`, lasts.length, (i) => ({
        context: ctx,
        last: lasts[i] ?? true,
      }));
      s.actor(`device_${name}`, postingContext, { path, prq, fn, ctx, entry, requests }, { role: 'hardware' });
      return { ctx, requests };
    };
    const p = context('p', [s.bounds.parts_p, ...singles(s.bounds.more_p)]);
    const q = context('q', singles(s.bounds.requests_q));
    const all = [...p.requests, ...q.requests];

    // p is bound already: PASID 1.
    const mm = makeMm(s, 'mm_p', {});
    const svm = s.object(IntelSvm, 'svm_p', { pasid: 1, mm });
    svms.pasid_private.set(1, svm);
    sva.pasids.set(1, mm);
    entry.pgd = mm;
    svm.devs.add(s.object(IntelSvmDev, 'sdev_p', { dev }));
    Object.assign(p.ctx, { pasid: 1, owner: mm, run: true, active: true });

    s.pool(IntelSvm, 1);
    s.pool(IntelSvmDev, 1);
    s.pool(FaultEvent, Math.max(1, all.length));
    s.pool(IopfGroup, Math.max(1, all.length));
    if (s.bounds.parts_p > 1) s.pool(IopfFault, s.bounds.parts_p - 1);
    s.actor('writer', requestWriter, { path, prq, fn }, { role: 'hardware' });
    s.actor('queue', drainQueue, { path }, { role: 'hardware' });
    s.actor('prq_irq', prqEventThread, { prq, svms, requester: () => dev }, { role: 'irq' });
    s.actor('worker', worker, { wq }, { role: 'worker' });
    const userP = s.task('user_p', [
      does(stopContext, { ctx: p.ctx }),
      does(intelSvmUnbind, { svms, prq, sva, dev, entry, pasid: 1 }),
      does(releaseDevice, { dev }),
    ]);
    s.task('user_q', [
      does(acquireDevice, { dev }),
      does(intelSvmBind, { svms, sva, dev, entry, ctx: q.ctx, mm: makeMm(s, 'mm_q', {}) }),
    ]);
    s.property(
      pageRequestsStayHome(all),
      everyGroupAnswered(all),
      ...everyRequestAnswered(all),
      returns('unbind', userP),
      sometimes('pasid-reused', 'q gets the PASID', () => q.ctx.pasid === 1),
      sometimes('q-answered', 'a page request of q succeeds', () => q.requests.some((r) => r.answer === 'success')),
      sometimes('on-its-way', 'p has stopped while a request of its is not yet in the ring', () =>
        [...path.link, ...path.buffer].some((r) => p.requests.includes(r) && !p.ctx.active),
      ),
      ...(s.bounds.parts_p > 1
        ? [sometimes('lost', 'the ring is full, and a request is lost', () => path.overflow)]
        : []),
    );
  },
});
