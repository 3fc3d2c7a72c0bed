/**
 * Corpus #16, second part: partial faults are discarded after an overflow, without being taken off their list, and
 * under another lock than the one that guards it.
 */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  discardPartial,
  iopfQueueDiscardPartial,
  iopfQueueRemoveDevice,
  iopfRevision,
  overflowPartial,
  stopContext,
} from '../model/iopf/index.ts';
import { does, makeMm, patch } from '../model/kernel/index.ts';
import { returns } from '../properties/response.ts';
import { alreadyBound, context, faultPath, faultPathProperties, partialFaultsPool } from './iopf-parts.ts';

// `one-thread` has one producer by intent; `fixed` is the large form.
export default scenario('iopf-discard-partial', {
  title: 'Partial faults discarded after an overflow',
  about:
    'The last request of a group is lost in a full PRI queue, so the irq thread discards the partial faults of all ' +
    'devices in the fault queue; later the driver takes the device out of the queue. v4 and v5 free the faults and leave ' +
    'them on the list, so that the removal walks over freed memory and would free it again. 5.13 unlinks them, but ' +
    'under queue->lock, while the list belongs to the param lock: wrong as soon as a second irq thread reports faults.',
  systems: ['iopf', 'smmu', 'pci'],
  source: patch('v4 03/26', '20200224182401.353359-4-jean-philippe@linaro.org')('drivers/iommu/io-pgfault.c'),
  corpus: '#16',
  bounds: { group: 2, entries: 1, removals: 1, threads: 1 },
  assumptions: ['the device context has stopped before the device is removed from the queue'],
  variants: {
    posted: {
      about: 'v5: the faults are freed and stay on the list',
      settings: [set(iopfRevision, 'v5'), set(overflowPartial, 'discarded')],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 39, states: 1_281 },
    },
    unlinked: {
      about: '5.13: the faults are unlinked, under queue->lock only, by another irq thread than the one that reports',
      settings: [set(iopfRevision, '5.13'), set(discardPartial, 'unlinked')],
      bounds: { entries: 2, removals: 0, threads: 2 },
      expect: { verdict: 'violated', kind: 'list-corruption', length: 30, states: 610 },
    },
    'one-thread': {
      about: '5.13 as VT-d uses it: the only irq thread discards',
      settings: [set(iopfRevision, '5.13'), set(overflowPartial, 'discarded'), set(discardPartial, 'unlinked')],
      expect: { verdict: 'holds', states: 8_836, depth: 85 },
    },
    fixed: {
      about: 'the faults are unlinked under queue->lock and the param lock, by either thread',
      settings: [
        set(iopfRevision, 'v5'),
        set(overflowPartial, 'discarded'),
        set(discardPartial, 'unlinked under the param lock'),
      ],
      bounds: { threads: 2 },
      expect: { verdict: 'holds', states: 51_680, depth: 90 },
    },
  },
  setup: (s) => {
    const path = faultPath(s, { entries: s.bounds.entries, pooled: 1 });
    partialFaultsPool(s, s.bounds.group - 1);
    const { dev, queue } = path;
    const mm = makeMm(s, 'mm', {});
    const p = context(s, path, 'p', { groups: [s.bounds.group] });
    alreadyBound(path, p, mm, 1);
    s.property(
      ...faultPathProperties(path, [p]),
      sometimes('answered', 'a page request succeeds', () => p.requests.some((r) => r.answer === 'success')),
    );
    if (s.bounds.threads > 1) {
      const other = s.task('evtq_irq', [does(iopfQueueDiscardPartial, { queue })], { role: 'irq' });
      s.property(returns('iopf_queue_discard_partial', other));
    }
    if (s.bounds.removals > 0) {
      const remover = s.task('remover', [
        does(stopContext, { ctx: p.ctx }),
        does(iopfQueueRemoveDevice, { queue, dev }),
      ]);
      s.property(returns('iopf_queue_remove_device', remover));
    }
  },
});
