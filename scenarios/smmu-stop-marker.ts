/** Must not be reported, case 7: a Stop Marker that comes late is dropped, and nobody waits for an answer to it. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { PageRequest } from '../hw/pci/objects.ts';
import { stopMarker } from '../hw/pci/stop-marker.ts';
import { closeContext, openContext, priqAccounting, priqFlushWait, stopMarkers } from '../model/iopf/index.ts';
import { does, makeMm, patch } from '../model/kernel/index.ts';
import { returns } from '../properties/response.ts';
import { alreadyBound, context, faultPath, faultPathProperties } from './iopf-parts.ts';

/** The flush itself works here (see smmu-flush-vs-priq). */
const soundFlush = [set(priqAccounting, 'counted'), set(priqFlushWait, 'uninterruptible')];

export default scenario('smmu-stop-marker', {
  title: 'A Stop Marker that comes after unbind',
  about:
    'Process p stops its context and unbinds; the function sends the Stop Marker of its PASID some time later, when ' +
    'process q may already have that PASID. The marker expects no answer: the irq thread drops it, a full queue ' +
    'discards it, and neither leaves anybody waiting. A driver that answers it like a page request is the neighbour ' +
    'that must be reported.',
  systems: ['iopf', 'smmu', 'pci'],
  source: patch('v2 39/40', '20180511190641.23008-40-jean-philippe.brucker@arm.com')('drivers/iommu/arm-smmu-v3.c'),
  corpus: 'guard 7',
  bounds: { requests_p: 0, requests_q: 1, entries: 2 },
  assumptions: [
    'the driver stops the device context before it unbinds',
    'a context that has stopped has posted all its page requests',
  ],
  variants: {
    dropped: {
      about: 'as in the series: the irq thread drops a marker',
      settings: [...soundFlush, set(stopMarkers, 'dropped')],
      expect: { verdict: 'holds', states: 36_251, depth: 85 },
    },
    discarded: {
      about: 'the queue has room for one entry, so that a marker may meet a full one',
      settings: [...soundFlush, set(stopMarkers, 'dropped')],
      bounds: { entries: 1 },
      expect: { verdict: 'holds', states: 42_341, depth: 87 },
    },
    answered: {
      about: 'the neighbour: a marker is taken for a page request, handled and answered',
      settings: [...soundFlush, set(stopMarkers, 'answered')],
      expect: { verdict: 'violated', kind: 'isolation', length: 31, states: 4_821 },
    },
  },
  setup: (s) => {
    const pooled = s.bounds.requests_p + s.bounds.requests_q + 1;
    const path = faultPath(s, { entries: s.bounds.entries, pooled });
    const { smmu, sva, dev } = path;
    const p = context(s, path, 'p', { groups: Array.from({ length: s.bounds.requests_p }, () => 1) });
    const q = context(s, path, 'q', { groups: Array.from({ length: s.bounds.requests_q }, () => 1) });
    alreadyBound(path, p, makeMm(s, 'mm_p', {}), 1);
    const mmQ = makeMm(s, 'mm_q', {});
    const marker = s.object(PageRequest, 'marker_p', { last: true });
    s.actor('marker', stopMarker, { ctx: p.ctx, smmu, marker }, { role: 'hardware', fair: false });
    const userP = s.task('user_p', [does(closeContext, { sva, smmu, dev, ctx: p.ctx, pasid: 1 })]);
    s.task('user_q', [does(openContext, { sva, smmu, ctx: q.ctx, mm: mmQ })]);
    s.property(
      ...faultPathProperties(path, [p, q]),
      returns('unbind', userP),
      ...(s.bounds.entries > 1
        ? []
        : [
            sometimes('met-full-queue', 'the marker came when a page request of q filled the queue', () => {
              const [entry] = [...smmu.priq];
              return entry !== undefined && entry !== marker && marker.pasid !== 0 && smmu.priq_overflow;
            }),
          ]),
      sometimes(
        'late',
        'the marker is in the queue when q has the PASID of p',
        () => q.ctx.pasid === 1 && [...smmu.priq].includes(marker),
      ),
    );
  },
});
