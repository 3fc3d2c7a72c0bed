/** Spec (c): the driver takes a device out of the fault queue before it detaches it, and the flush is skipped. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { PciContext } from '../hw/pci/objects.ts';
import { SmmuV3 } from '../hw/smmu/objects.ts';
import {
  armSmmuRemoveDevice,
  iopfRevision,
  openContext,
  priqAccounting,
  priqFlushWait,
  removeOrder,
  stopContext,
} from '../model/iopf/index.ts';
import { does, makeMm, patch } from '../model/kernel/index.ts';
import { returns } from '../properties/response.ts';
import { alreadyBound, commandsBySetting, context, faultPath, faultPathProperties } from './iopf-parts.ts';

/** The flush itself works here (see smmu-flush-vs-priq and iopf-two-flushers). */
const soundFlush = [set(priqAccounting, 'counted'), set(priqFlushWait, 'uninterruptible'), set(iopfRevision, 'v5')];

export default scenario('smmu-remove-device', {
  title: 'Removal of a device whose page requests are being handled',
  about:
    'A device with an address space bound is stopped and removed, while a fault worker still has a page request of it. As ' +
    'posted the driver takes it out of the fault queue first: the flush in detach finds no queue and is skipped. The ' +
    'PASID goes to another process on another device, and the worker handles the fault in the address space of that.',
  systems: ['smmu', 'iopf', 'pci'],
  source: patch('v2 39/40', '20180511190641.23008-40-jean-philippe.brucker@arm.com')('drivers/iommu/arm-smmu-v3.c'),
  corpus: 'new',
  bounds: { requests: 2, entries: 2, kmalloc_failures: 0 },
  assumptions: [
    'the device has stopped before it is removed',
    'a context that has stopped has posted all its page requests',
    'a fault of a device that is in no queue is refused, and answered by the irq thread',
  ],
  variants: {
    posted: {
      about: 'out of the queue, then detached',
      settings: soundFlush,
      expect: {
        verdict: 'violated',
        kind: 'isolation',
        property: 'page-request-isolation',
        length: 53,
        states: 34_109,
      },
    },
    fixed: {
      about: 'detached, then out of the queue',
      settings: [...soundFlush, set(removeOrder, 'detach, then queue')],
      expect: { verdict: 'holds', states: 66_437, depth: 124 },
    },
  },
  setup: (s) => {
    const path = faultPath(s, { entries: s.bounds.entries, pooled: s.bounds.requests });
    const { smmu, sva, dev, queue } = path;
    const p = context(s, path, 'p', { groups: Array.from({ length: s.bounds.requests }, () => 1) });
    commandsBySetting(s, path, [p]);
    alreadyBound(path, p, makeMm(s, 'mm_p', {}), 1);
    s.failures({ kmalloc: s.bounds.kmalloc_failures });
    const removal = s.task('removal', [
      does(stopContext, { ctx: p.ctx }),
      does(armSmmuRemoveDevice, { sva, smmu, queue, dev, ctx: p.ctx, pasid: 1 }),
    ]);
    // The other device: nothing of it is needed but that its user gets a PASID.
    const other = s.object(PciContext, 'ctx_q');
    const mmQ = makeMm(s, 'mm_q', {});
    s.task('user_q', [does(openContext, { sva, smmu: s.object(SmmuV3, 'other_smmu'), ctx: other, mm: mmQ })]);
    s.property(
      ...faultPathProperties(path, [p]),
      returns('removal', removal),
      sometimes('pasid-reused', 'q gets the PASID that p had', () => other.pasid === 1),
      sometimes('answered', 'a page request of p succeeds', () => p.requests.some((r) => r.answer === 'success')),
    );
  },
});
