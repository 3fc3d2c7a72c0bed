/**
 * The promise of the flush: when it returns, every page request that was in the hardware queue, under way in the irq
 * thread or queued for a worker at the call has been answered.
 */
import { describe, expect, test } from 'vitest';
import { set } from '../../../../checker/lang/index.ts';
import { PageRequest } from '../../../../hw/pci/objects.ts';
import { SmmuV3 } from '../../../../hw/smmu/objects.ts';
import {
  Device,
  iopfQueueFlushDev,
  killTask,
  partialFaults,
  priqAccounting,
  priqFlushWait,
} from '../../../../model/iopf/index.ts';
import { type Actor, bool, does, procedure, sometimes, Violation } from '../../../../model/kernel/index.ts';
import { resultOf, small, source } from '../../hw/small.ts';
import { poster, world } from './world.ts';

/** Flushes, and compares with what was there at the call. */
const flusher = procedure(
  'flusher',
  { source, params: { dev: Device, smmu: SmmuV3, request: PageRequest }, locals: { posted: bool() } },
  (k) => [
    k.step('is the request posted?', (f) => {
      f.posted = f.request.pasid !== 0;
    }),
    k.call(iopfQueueFlushDev, (f) => ({ dev: f.dev, smmu: f.smmu })),
    k.step('is it answered?', (f) => {
      if (f.posted && f.request.answer === 'none') throw new Violation('assertion', 'the flush left a request behind');
    }),
  ],
);

const counted = set(priqAccounting, 'counted');
const uninterruptible = set(priqFlushWait, 'uninterruptible');

describe('a flush', () => {
  const run = (settings: Parameters<typeof small>[1], { flushers = 1, kill = false, requests = 1, entries = 3 } = {}) =>
    small((s) => {
      const w = world(
        s,
        Array.from({ length: requests }, () => true),
        { entries },
      );
      const [request] = w.requests as [PageRequest];
      let first: Actor | undefined;
      for (let i = 0; i < flushers; i++) {
        const task = s.task(`flusher${i}`, [does(flusher, { dev: w.dev, smmu: w.smmu, request })]);
        first ??= task;
      }
      s.actor('poster', poster, { smmu: w.smmu, fn: w.fn, requests: w.requests }, { role: 'hardware' });
      if (kill) s.task('killer', [does(killTask, { task: first as Actor })]);
      s.property(sometimes('answered', 'all requests succeed', () => w.requests.every((r) => r.answer === 'success')));
    }, settings);

  test('forgets a popped entry as posted, and waits for it where it is counted', async () => {
    const posted = await run([uninterruptible]);
    expect(posted.violations[0]?.evidence.message).toBe('the flush left a request behind');
    const fixed = await run([counted, uninterruptible]);
    expect(fixed).toMatchObject({ outcome: 'holds', complete: true });
    expect(resultOf(fixed, 'answered')).toBe('reached');
  });

  test('is cut short by a signal while the wait is interruptible', async () => {
    const posted = await run([counted], { kill: true });
    expect(posted.violations[0]?.evidence.message).toBe('the flush left a request behind');
    expect(await run([counted], { kill: false })).toMatchObject({ outcome: 'holds', complete: true });
    expect(await run([counted, uninterruptible], { kill: true })).toMatchObject({ outcome: 'holds', complete: true });
  });

  test('keeps its promise to two callers at once', async () => {
    const verdict = await run([counted, uninterruptible], { flushers: 2 });
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  });

  test('keeps it when more requests follow, with a queue of one entry and of three', async () => {
    for (const entries of [1, 3]) {
      const verdict = await run([counted, uninterruptible], { requests: 2, entries });
      expect(verdict.violations, `${entries} entries`).toEqual([]);
      expect(verdict.complete).toBe(true);
    }
  });
});

describe('partial faults', () => {
  const flushing = procedure(
    'flushing',
    { source, params: { dev: Device, smmu: SmmuV3, request: PageRequest } },
    (k) => [
      k.blockUntil('the request is posted', (f) => f.request.pasid !== 0, { idle: true }),
      k.call(iopfQueueFlushDev, (f) => ({ dev: f.dev, smmu: f.smmu })),
      k.step('is the list empty?', (f) => {
        if (f.dev.iopf_param.partial.length > 0) throw new Violation('assertion', 'a partial fault is left');
      }),
    ],
  );
  const run = (value: 'kept' | 'discarded') =>
    small(
      (s) => {
        const w = world(s, [false]);
        s.task('flusher', [does(flushing, { dev: w.dev, smmu: w.smmu, request: w.requests[0] as PageRequest })]);
        s.actor('poster', poster, { smmu: w.smmu, fn: w.fn, requests: w.requests }, { role: 'hardware' });
      },
      [counted, uninterruptible, set(partialFaults, value)],
    );

  test('survive a flush as posted, and are freed where they are discarded', async () => {
    expect((await run('kept')).violations[0]?.evidence.message).toBe('a partial fault is left');
    expect(await run('discarded')).toMatchObject({ outcome: 'holds', complete: true });
  });
});
