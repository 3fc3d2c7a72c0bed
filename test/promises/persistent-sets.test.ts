/**
 * `--persistent-sets`: the verdict is that of the plain search, on fewer states, and the same for any number of
 * workers. Threads load compiled modules, so everything here uses `dist`.
 */
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { CheckOptions } from '../../checker/check.ts';
import type { Scenario } from '../../checker/lang/index.ts';
import type { Verdict } from '../../checker/verdict.ts';

const dist = (path: string) => pathToFileURL(`${import.meta.dirname}/../../dist/${path}`).href;
const { check } = (await import(dist('checker/check.js'))) as {
  check: (scenario: Scenario, options: CheckOptions) => Promise<Verdict>;
};
const url = dist('scenarios/index.js');
const { scenarios } = (await import(url)) as { scenarios: readonly Scenario[] };

function verdictOf(name: string, variant: string, options: CheckOptions): Promise<Verdict> {
  const scenario = scenarios.find((s) => s.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return check(scenario, { variant, module: { url, name }, explain: false, ...options });
}

const signatures = (verdict: Verdict) => verdict.violations.map((v) => `${v.property} ${v.signature}`).sort();
const contents = ({ timing: _, ...document }: Verdict) => JSON.stringify(document);

describe('the same verdict on fewer states', () => {
  test.each([
    ['sva-bond-late-waiter', 'fixed', 2],
    ['sva-bond-two-waiters', 'posted', 2],
    ['vfio-detach-vs-mm-exit', 'posted', 2],
    ['sva-early-shutdown', 'posted', 4],
    ['vfio-shutdown-order', 'posted', 1.5],
  ])('%s %s', async (name, variant, factor) => {
    const { properties: known } = await verdictOf(name, variant, { all: true });
    // What must come is decided on the whole graph only.
    const properties = known.filter((p) => !['eventually', 'leads-to'].includes(p.kind)).map((p) => p.name);
    const plain = await verdictOf(name, variant, { all: true, properties });
    const reduced = await verdictOf(name, variant, { all: true, properties, persistentSets: true });
    expect(reduced.outcome).toBe(plain.outcome);
    expect(signatures(reduced)).toEqual(signatures(plain));
    expect(reduced.properties).toEqual(plain.properties);
    expect(reduced.coverage.neverTaken).toEqual(plain.coverage.neverTaken);
    expect(reduced.complete).toBe(true);
    expect(reduced.counts.states * factor).toBeLessThan(plain.counts.states);
    expect(reduced.reductions).toEqual([
      {
        name: expect.stringMatching(/^persistent sets: about \d+\.\d times fewer transitions by estimate$/),
        factor: null,
      },
    ]);
    // What it cannot know it does not tell.
    expect(reduced.coverage.neverBlocked).toEqual([]);
    for (const v of reduced.violations) expect(v.minimal).toBe('local');
  });
});

test('1, 2 and 4 workers agree to the byte', async () => {
  const of = async (workers: number) =>
    contents(await verdictOf('sva-bond-late-waiter', 'fixed', { persistentSets: true, workers }));
  const one = await of(1);
  expect(await of(2)).toBe(one);
  expect(await of(4)).toBe(one);
});

test('a first violation ends the search, and its schedule replays', async () => {
  const verdict = await verdictOf('sva-early-shutdown', 'posted', { persistentSets: true, explain: true });
  expect(verdict.outcome).toBe('violated');
  expect(verdict.violations).toHaveLength(1);
  expect(verdict.asExpected).toBeNull();
});

test('where it does not pay it is off, and the verdict says so', async () => {
  const verdict = await verdictOf('peers-dining', 'fixed', { persistentSets: true });
  expect(verdict.reductions).toEqual([
    { name: 'persistent sets off: about 1.2 times fewer transitions', factor: null },
  ]);
  expect(verdict.counts.states).toBe(6561);
  const forced = await verdictOf('peers-dining', 'fixed', { persistentSets: 'always' });
  expect(forced.reductions).toEqual([
    {
      name: expect.stringMatching(/^persistent sets: about \d+\.\d times fewer transitions by estimate$/),
      factor: null,
    },
  ]);
  expect(forced.outcome).toBe('holds');
});

test('together with symmetry', async () => {
  const folded = await verdictOf('peers-sva', 'fixed', { symmetry: true });
  const both = await verdictOf('peers-sva', 'fixed', { symmetry: true, persistentSets: 'always' });
  expect(both.outcome).toBe(folded.outcome);
  expect(both.counts.states).toBeLessThan(folded.counts.states);
  expect(both.reductions.map((r) => r.name)).toContainEqual(expect.stringMatching(/^persistent sets: about/));
});

test('a depth limit is kept, and leaves the verdict open', async () => {
  const verdict = await verdictOf('sva-bond-late-waiter', 'fixed', { persistentSets: true, depth: 20 });
  expect(verdict).toMatchObject({ outcome: 'undecided', incompleteBecause: 'depth limit' });
  expect(verdict.counts.depth).toBe(20);
});

test.each<[CheckOptions, string]>([
  [{ strategy: 'dfs' }, 'option persistent-sets has no meaning for the dfs strategy'],
  [{ store: 'compact' }, 'option persistent-sets has no meaning for the compact store'],
])('%j is refused beside it', async (options, what) => {
  await expect(verdictOf('peers-dining', 'fixed', { persistentSets: true, ...options })).rejects.toMatchObject({
    message: what,
  });
});

test('promises about what comes are refused beside it', async () => {
  const scenario = scenarios.find((s) => s.name === 'vtd-remove-vs-pull') as Scenario;
  await expect(check(scenario, { persistentSets: true })).rejects.toThrow('cannot be decided with persistent sets');
});
