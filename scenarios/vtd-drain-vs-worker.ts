/**
 * Corpus #5: unbind drains page requests under pasid_mutex, which the fault worker needs for its response.
 */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { PageRequest, PciContext } from '../hw/pci/objects.ts';
import { PasidEntry, vtdContext } from '../hw/vtd/prq.ts';
import { acquireDevice, type Device, FaultEvent, IopfGroup, releaseDevice, stopContext } from '../model/iopf/index.ts';
import { does, makeMm, worker } from '../model/kernel/index.ts';
import {
  drainMutex,
  drainUnlocked,
  IntelSvm,
  IntelSvmDev,
  intelSvmBind,
  intelSvmUnbind,
  prqEventThread,
  SVM_C,
  svmAfterDrain,
  svmDevUnlink,
} from '../model/vtd/index.ts';
import { pageRequestsStayHome } from '../properties/isolation.ts';
import { everyGroupAnswered, everyRequestAnswered, returns } from '../properties/response.ts';
import { released, repaired, svmDriver, vtd } from './vtd-parts.ts';

const merged = [...vtd, set(drainMutex, 'mutex released to flush')];

// `looked-up-again` repairs one hole at the bounds where it shows; `fixed` is the large form.
export default scenario('vtd-drain-vs-worker', {
  title: 'Drain of page requests against the fault worker',
  about:
    'A process unbinds from a device while a fault worker handles its page request and the irq thread reports another. ' +
    'As posted, unbind holds pasid_mutex while it flushes the fault queue; the worker needs pasid_mutex for its ' +
    'response, holding fault_param->lock, and the irq thread waits for that lock, holding the param lock that the flush ' +
    'takes. The merged repair releases pasid_mutex around the flush, but by then the device has left the list of the ' +
    'svm: responses find it no more, and another device of the same process may free the svm meanwhile. Where the drain ' +
    'waits for the irq thread, the mutex is still held.',
  systems: ['vtd', 'iopf', 'pci'],
  source: drainUnlocked(SVM_C),
  corpus: '#5',
  bounds: { devices: 1, requests: 1, others: 0, binders: 0 },
  assumptions: [
    'the driver stops the device context before it unbinds; the context need not wait for a response to stop',
    'the IOMMU core makes one bind or unbind of a device at a time (group->mutex)',
  ],
  variants: {
    posted: {
      about: 'pasid_mutex is held over the drain; the irq thread reports a request of another process',
      settings: vtd,
      bounds: { others: 1 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 45, states: 24_744 },
    },
    merged: {
      about: 'as merged: pasid_mutex is released around the flush; a response meanwhile is dropped (new)',
      settings: merged,
      expect: { verdict: 'violated', kind: 'protocol', property: 'every-group-answered', length: 66, states: 1_744 },
    },
    'merged-two-devices': {
      about: 'as merged, with a process on two devices: whoever retakes pasid_mutex last uses an svm that is freed',
      settings: merged,
      bounds: { devices: 2, requests: 0 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 44, states: 582 },
    },
    'looked-up-again': {
      about: 'and unbind looks the svm up again once it has retaken pasid_mutex; no page request is under way',
      settings: [...merged, set(svmAfterDrain, 'looked up again')],
      bounds: { devices: 2, requests: 0 },
      expect: { verdict: 'holds', states: 616, depth: 48 },
    },
    'merged-other-process': {
      about:
        'as merged, but the device leaves the list after the drain: the drain still waits for the irq thread with ' +
        'pasid_mutex held, which waits for the worker, which waits for pasid_mutex (new)',
      settings: [...merged, set(svmDevUnlink, 'after the drain')],
      bounds: { others: 1 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 46, states: 22_633 },
    },
    'released-two-devices': {
      about:
        'pasid_mutex is released over all of the drain, but two drains share one completion: one resets it, or takes it, ' +
        'and the other sleeps on (new)',
      settings: released,
      bounds: { devices: 2 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 72, states: 36_844 },
    },
    fixed: {
      about:
        'pasid_mutex is released over all of the drain, which waits on a wait queue, and the device leaves the list of ' +
        'the svm after it',
      settings: repaired,
      bounds: { devices: 2 },
      expect: { verdict: 'holds', states: 40_267, depth: 86 },
    },
    'fixed-other-process': {
      about: 'as fixed, and another process uses the device, while a third one binds to it and gets the PASID',
      settings: repaired,
      bounds: { others: 1, binders: 1 },
      expect: { verdict: 'holds', states: 93_079, depth: 162 },
    },
  },
  setup: (s) => {
    const { prq, svms, sva, wq, device } = svmDriver(s);
    const mm = makeMm(s, 'mm', {});
    const svm = s.object(IntelSvm, 'svm', { pasid: 1, mm });
    svms.pasid_private.set(1, svm);
    sva.pasids.set(1, mm);

    const senders = new Map<PageRequest, Device>();
    const users = Array.from({ length: s.bounds.devices }, (_, i) => {
      const { fn, dev } = device(`${i}`);
      const entry = s.object(PasidEntry, `entry${i}`, { present: true, pgd: mm });
      svm.devs.add(s.object(IntelSvmDev, `sdev${i}`, { dev }));
      const ctx = s.object(PciContext, `ctx${i}`, { pasid: 1, owner: mm, run: true, active: true });
      const requests = s.objects(PageRequest, `request${i}_`, i === 0 ? s.bounds.requests : 0, () => ({
        context: ctx,
        last: true,
      }));
      for (const request of requests) senders.set(request, dev);
      s.actor(`device${i}`, vtdContext, { prq, fn, ctx, entry, requests }, { role: 'hardware' });
      const task = s.task(`user${i}`, [
        does(stopContext, { ctx }),
        does(intelSvmUnbind, { svms, prq, sva, dev, entry, pasid: 1 }),
        does(releaseDevice, { dev }),
      ]);
      return { fn, dev, entry, requests, task };
    });
    const all = users.flatMap((u) => u.requests);
    const [first] = users;
    if (s.bounds.binders > 0 && first !== undefined) {
      const { dev, fn, entry } = first;
      const mmQ = makeMm(s, 'mm_q', {});
      const ctx = s.object(PciContext, 'ctx_q');
      const requests = s.objects(PageRequest, 'request_q', 1, () => ({ context: ctx, last: true }));
      for (const request of requests) senders.set(request, dev);
      s.pool(IntelSvm, 1);
      s.pool(IntelSvmDev, 1);
      s.actor('device_q', vtdContext, { prq, fn, ctx, entry, requests }, { role: 'hardware' });
      s.task('binder', [does(acquireDevice, { dev }), does(intelSvmBind, { svms, sva, dev, entry, ctx, mm: mmQ })]);
      all.push(...requests);
      s.property(
        sometimes('pasid-reused', 'the other process gets the PASID', () => ctx.pasid === 1),
        sometimes('other-answered', 'its page request succeeds', () => requests.every((r) => r.answer === 'success')),
      );
    }
    if (s.bounds.others > 0 && first !== undefined) {
      const { dev, fn } = first;
      const mmO = makeMm(s, 'mm_o', {});
      const entry = s.object(PasidEntry, 'entry_o', { present: true, pgd: mmO });
      const other = s.object(IntelSvm, 'svm_o', { pasid: 2, mm: mmO });
      other.devs.add(s.object(IntelSvmDev, 'sdev_o', { dev }));
      svms.pasid_private.set(2, other);
      sva.pasids.set(2, mmO);
      const ctx = s.object(PciContext, 'ctx_o', { pasid: 2, owner: mmO, run: true, active: true });
      const requests = s.objects(PageRequest, 'request_o', s.bounds.others, () => ({ context: ctx, last: true }));
      for (const request of requests) senders.set(request, dev);
      s.actor('device_o', vtdContext, { prq, fn, ctx, entry, requests }, { role: 'hardware' });
      all.push(...requests);
    }
    if (all.length > 0) {
      s.pool(FaultEvent, Math.min(4, all.length));
      s.pool(IopfGroup, Math.min(4, all.length));
    }
    s.actor('prq_irq', prqEventThread, { prq, svms, requester: (r) => senders.get(r) as Device }, { role: 'irq' });
    s.actor('worker', worker, { wq }, { role: 'worker' });
    s.property(
      pageRequestsStayHome(all),
      everyGroupAnswered(all),
      ...everyRequestAnswered(all),
      ...users.map((u) => returns(u.task.name, u.task)),
    );
  },
});
