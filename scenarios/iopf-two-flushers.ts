/**
 * Corpus #16: two flushes of one device and a boolean that says that the device is busy.
 */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  IopfDeviceParam,
  iopfQueueAddDevice,
  iopfQueueFlushDev,
  iopfQueueFree,
  iopfQueueRemoveDevice,
  iopfRevision,
  priqAccounting,
  priqFlushWait,
  stopContext,
} from '../model/iopf/index.ts';
import { does, makeMm, patch } from '../model/kernel/index.ts';
import { returns } from '../properties/response.ts';
import { alreadyBound, context, faultPath, faultPathProperties } from './iopf-parts.ts';

const soundFlush = [set(priqAccounting, 'counted'), set(priqFlushWait, 'uninterruptible')];

export default scenario('iopf-two-flushers', {
  title: 'Removal of a device from the fault queue while two flushes run',
  about:
    'Two PASIDs of a device are unbound at the same time, so iopf_queue_flush_dev() runs twice, while the driver takes ' +
    'the device out of the fault queue and frees the queue. A flush marks the device as busy, because it may not hold ' +
    'the param lock. The first flush that ends clears the mark of the other, and the removal frees what that one still ' +
    'uses.',
  systems: ['iopf', 'smmu', 'pci'],
  source: patch('v4 03/26', '20200224182401.353359-4-jean-philippe@linaro.org')('drivers/iommu/io-pgfault.c'),
  corpus: '#16',
  bounds: { flushers: 2, requests: 1, entries: 2, readds: 0, kmalloc_failures: 0 },
  assumptions: [
    'the device context has stopped before the device is removed from the queue',
    'the flush of the PRI queue counts popped entries and ignores signals',
  ],
  variants: {
    posted: {
      about: 'v4: busy is a flag',
      settings: [...soundFlush, set(iopfRevision, 'v4')],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 37, states: 51_357 },
    },
    v2: {
      about: 'v2: nothing but the promise that no flush runs; one flush is enough',
      settings: soundFlush,
      bounds: { flushers: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 21, states: 1_205 },
    },
    fixed: {
      about: 'v5: busy is a count',
      settings: [...soundFlush, set(iopfRevision, 'v5')],
      expect: { verdict: 'holds', states: 634_649, depth: 88 },
    },
    merged: {
      about: '5.13: the param lock is held while the workqueue is flushed; the hardware queue is left to the caller',
      settings: [...soundFlush, set(iopfRevision, '5.13')],
      expect: { verdict: 'holds', states: 39_744, depth: 68 },
    },
    'added-again': {
      about: 'v5, and the device is added again after it was removed, so that iopf_queue_free() has to remove it',
      settings: [...soundFlush, set(iopfRevision, 'v5')],
      bounds: { flushers: 1, readds: 1, kmalloc_failures: 1 },
      expect: { verdict: 'holds', states: 88_948, depth: 92 },
    },
  },
  setup: (s) => {
    const path = faultPath(s, { entries: s.bounds.entries, pooled: s.bounds.requests });
    const { smmu, dev, queue } = path;
    const mm = makeMm(s, 'mm', {});
    const p = context(s, path, 'p', { groups: Array.from({ length: s.bounds.requests }, () => 1) });
    alreadyBound(path, p, mm, 1);
    if (s.bounds.readds > 0) s.pool(IopfDeviceParam, 1);
    s.failures({ kmalloc: s.bounds.kmalloc_failures });
    const flushers = Array.from({ length: s.bounds.flushers }, (_, i) =>
      s.task(`flusher${i}`, [does(iopfQueueFlushDev, { dev, smmu })]),
    );
    const remover = s.task('remover', [
      does(stopContext, { ctx: p.ctx }),
      does(iopfQueueRemoveDevice, { queue, dev }),
      ...Array.from({ length: s.bounds.readds }, () => does(iopfQueueAddDevice, { queue, dev })),
      does(iopfQueueFree, { queue }),
    ]);
    s.interchangeable(flushers.map((flusher) => [flusher]));
    s.property(
      ...faultPathProperties(path, [p]),
      returns('iopf_queue_remove_device', remover),
      ...flushers.map((flusher) => returns(`${flusher.name}`, flusher)),
      sometimes('answered', 'a page request succeeds', () => p.requests.some((r) => r.answer === 'success')),
      sometimes(
        'removed-before-report',
        'a page request is answered as failed, because the device has left the queue',
        () => p.requests.some((r) => r.answer === 'failure'),
      ),
    );
  },
});
