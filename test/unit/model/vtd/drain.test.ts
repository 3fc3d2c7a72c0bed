/** The drain of page requests: who takes part in its deadlock, and what each of its parts is there for. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import scenario from '../../../../scenarios/vtd-drain-vs-worker.ts';

const deadlocks = async (variant: string, bounds = {}) => {
  const verdict = await check(scenario, { variant, bounds, all: true, explain: false });
  return verdict.violations
    .filter((v) => v.property === 'deadlock')
    .map((v) => [...v.evidence.actors].sort().join(' '))
    .sort();
};

describe('as posted', () => {
  test('unbind and worker are enough for a deadlock', async () => {
    expect(await deadlocks('posted', { others: 0 })).toEqual(['user0 worker']);
  });

  test('and with a request of another process there are all three: unbind, irq thread, worker', async () => {
    const found = await deadlocks('posted');
    expect(found).toContain('user0 worker');
    expect(found.filter((actors) => actors === 'prq_irq user0 worker').length).toBeGreaterThanOrEqual(1);
  });
});

test('as merged, unbind no longer waits for the worker with the mutex held, but for the irq thread', async () => {
  expect(await deadlocks('merged', { others: 0 })).toEqual([]);
  expect(await deadlocks('merged-other-process')).toContain('prq_irq user0 worker');
});
