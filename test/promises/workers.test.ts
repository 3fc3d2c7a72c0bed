/**
 * Any number of workers gives the same document to the byte, apart from `timing`. Threads load compiled modules, so
 * the whole comparison uses `dist`.
 */
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { CheckOptions, Progress } from '../../checker/check.ts';
import type { Scenario, Variant } from '../../checker/lang/index.ts';
import type { Verdict } from '../../checker/verdict.ts';

const dist = (path: string) => pathToFileURL(`${import.meta.dirname}/../../dist/${path}`).href;
const { check } = (await import(dist('checker/check.js'))) as {
  check: (scenario: Scenario, options: CheckOptions) => Promise<Verdict>;
};
const url = dist('scenarios/index.js');
const { scenarios } = (await import(url)) as { scenarios: readonly Scenario[] };

/** States that are enough for several rounds, growth of the store, and a level that ends in the middle of a round. */
const cases = [
  ['peers-sva', 'posted'],
  ['peers-sva', 'fixed'],
  ['peers-dining', 'fixed-10'],
  ['vfio-detach-vs-mm-exit', 'posted'],
  ['sva-bond-two-waiters', 'posted'],
  ['sva-unbind-all-vs-exits', 'posted'],
  ['iopf-lost-last', 'posted'],
  ['smmu-flush-vs-priq', 'posted'],
  ['vfio-init-leak', 'fixed'],
] as const;

async function documentOf(name: string, variant: string, options: CheckOptions): Promise<string> {
  const scenario = scenarios.find((s) => s.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const verdict = await check(scenario, { variant, module: { url, name }, ...options });
  const { timing: _, ...document } = verdict;
  return JSON.stringify(document);
}

describe('1, 2 and 4 workers agree', () => {
  test.each(cases)('%s %s', async (name, variant) => {
    const one = await documentOf(name, variant, { workers: 1 });
    expect(await documentOf(name, variant, { workers: 2 })).toBe(one);
    expect(await documentOf(name, variant, { workers: 4 })).toBe(one);
  });

  test('with symmetry', async () => {
    const one = await documentOf('peers-sva', 'fixed', { workers: 1, symmetry: true });
    expect(await documentOf('peers-sva', 'fixed', { workers: 2, symmetry: true })).toBe(one);
  });

  test('when every violation is wanted', async () => {
    const one = await documentOf('peers-dining', 'posted', { workers: 1, all: true });
    expect(await documentOf('peers-dining', 'posted', { workers: 2, all: true })).toBe(one);
  });
});

test('a thread that cannot find the scenario ends the search as undecided, never as a pass', async () => {
  const scenario = scenarios.find((s) => s.name === 'peers-peterson');
  const verdict = await check(scenario as Scenario, {
    variant: 'fixed-4',
    workers: 2,
    module: { url, name: 'no-such-scenario' },
  });
  expect(verdict.outcome).toBe('undecided');
  expect(verdict.incompleteBecause).toMatch(/worker thread failed/);
});

describe('the threads are free again after a search, and the next one takes them', () => {
  const scenario = scenarios.find((s) => s.name === 'riova-put-vs-get') as Scenario;
  const long = ({ expect: { verdict, states } }: Variant) => verdict === 'holds' && states > 100_000;
  const variant = Object.entries(scenario.variants).find(([, v]) => long(v))?.[0] as string;
  const module = { url, name: scenario.name };

  /** Threads that start meanwhile. */
  async function startedBy(act: () => Promise<unknown>): Promise<number> {
    let started = 0;
    const count = () => started++;
    process.on('worker', count);
    await act();
    process.off('worker', count);
    return started;
  }

  /** One that is not free never will be, and another is started each time. */
  async function expectThreeToBeFree(): Promise<void> {
    const again = () => check(scenario, { variant, workers: 4, maxSeconds: 0.05, module });
    for (let tries = 0; tries < 20; tries++) {
      await setTimeout(50);
      if ((await startedBy(again)) === 0) return;
    }
    expect.fail('every search starts threads');
  }

  test('when its time is up', async () => {
    const verdict = await check(scenario, { variant, workers: 4, maxSeconds: 0.1, module });
    expect(verdict.incompleteBecause).toBe('time limit');
    await expectThreeToBeFree();
  });

  test('when something throws in the middle', async () => {
    const onProgress = ({ states }: Progress) => {
      if (states > 10_000) throw new Error('no more');
    };
    await expect(check(scenario, { variant, workers: 4, onProgress, module })).rejects.toThrow('no more');
    await expectThreeToBeFree();
  });

  test('one that has died is not taken again', async () => {
    await expectThreeToBeFree();
    const lost = await check(scenario, { variant, workers: 2, module: { url, name: 'no-such-scenario' } });
    expect(lost.incompleteBecause).toMatch(/worker thread failed/);
    const documents = [1, 2, 4].map((workers) => documentOf('peers-dining', 'posted', { workers }));
    expect(new Set(await Promise.all(documents)).size).toBe(1);
  });
});
