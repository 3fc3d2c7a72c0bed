/**
 * Any number of workers gives the same document to the byte, apart from `timing`. Threads load compiled modules, so
 * the whole comparison uses `dist`.
 */
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
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
  // A goal that is reached early reads what is freed later: nobody may look at it then, whoever has reached it.
  ['mdev-shared-process', 'fixed'],
  ['iommufd-fault-vs-replace', 'freed-first'],
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

describe('the threads end with the search', () => {
  const scenario = scenarios.find((s) => s.name === 'riova-put-vs-get') as Scenario;
  const long = ({ expect: { verdict, states } }: Variant) => verdict === 'holds' && states > 100_000;
  const variant = Object.entries(scenario.variants).find(([, v]) => long(v))?.[0] as string;
  const module = { url, name: scenario.name };

  async function endsOf(act: () => Promise<void>): Promise<void> {
    const ends: Promise<unknown>[] = [];
    const follow = (worker: Worker) => ends.push(once(worker, 'exit'));
    process.on('worker', follow);
    await act();
    process.off('worker', follow);
    expect(ends).toHaveLength(2);
    await Promise.all(ends);
  }

  test('when its time is up', () =>
    endsOf(async () => {
      const verdict = await check(scenario, { variant, workers: 3, maxSeconds: 0.1, module });
      expect(verdict.incompleteBecause).toBe('time limit');
    }));

  test('when something throws in the middle', () =>
    endsOf(async () => {
      const onProgress = ({ states }: Progress) => {
        if (states > 10_000) throw new Error('no more');
      };
      await expect(check(scenario, { variant, workers: 3, onProgress, module })).rejects.toThrow('no more');
    }));
});
