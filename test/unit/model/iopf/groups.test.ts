/** Groups of page requests, from the irq thread through the worker to the one answer. */
import { describe, expect, test } from 'vitest';
import { always, type Property, sometimes, violated } from '../../../../checker/lang/index.ts';
import { everyGroupAnswered } from '../../../../properties/response.ts';
import { small } from '../../hw/small.ts';
import { poster, type World, world } from './world.ts';

describe('a group', () => {
  const run = (
    lasts: readonly boolean[],
    options: Parameters<typeof world>[2],
    more: (w: World) => readonly Property[],
  ) =>
    small((s) => {
      const w = world(s, lasts, options);
      s.actor('poster', poster, { smmu: w.smmu, fn: w.fn, requests: w.requests }, { role: 'hardware' });
      s.property(everyGroupAnswered(w.requests), ...more(w));
    });

  test('is handled in order, and answered once, after its last fault', async () => {
    const verdict = await run([false, false, true], {}, ({ requests: [first, second, last] }) => [
      sometimes('answered', 'success', () => last?.answer === 'success'),
      always('order', 'faults are handled in the order they came in, and answered after all of them', () => {
        const handled = [first, second, last].map((r) => r?.handled_in !== null);
        const inOrder = handled.join() === [...handled].sort((a, b) => Number(b) - Number(a)).join();
        return inOrder && (last?.answer === 'none' || handled.every(Boolean))
          ? null
          : violated('assertion', 'disorder');
      }),
      always('one-answer', 'only the last request is answered', () =>
        first?.answer === 'none' && second?.answer === 'none'
          ? null
          : violated('assertion', 'a partial fault is answered'),
      ),
    ]);
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  });

  test('whose PASID belongs to nobody is answered as invalid, and no fault of it is handled', async () => {
    const verdict = await run([false, true], { owned: false }, ({ requests }) => [
      sometimes('answered', 'invalid', () => requests[1]?.answer === 'invalid'),
      always('unhandled', 'no fault is handled', () =>
        requests.every((r) => r.handled_in === null) ? null : violated('assertion', 'handled'),
      ),
    ]);
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  });

  test('that cannot be allocated is answered as failed, whichever allocation it is', async () => {
    const verdict = await run([true], { kmalloc: 1 }, ({ requests: [only] }) => [
      sometimes('failed', 'failure', () => only?.answer === 'failure'),
      sometimes('succeeded', 'success', () => only?.answer === 'success'),
    ]);
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
    const notTaken = verdict.coverage.neverTaken.map((e) => `${e.label} ${e.choice ?? ''}`);
    expect(notTaken).not.toContain('kmalloc(struct iommu_fault_event) fail');
    expect(notTaken).not.toContain('kmalloc(struct iopf_group) fail');
  });

  test('is not confused with another that is under way', async () => {
    const verdict = await run([true, true], {}, ({ requests }) => [
      sometimes('both', 'both succeed', () => requests.every((r) => r.answer === 'success')),
    ]);
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  });
});
