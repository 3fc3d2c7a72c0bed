/**
 * Hashed stores: what they report is real and the same as the exact search reports, as long as no two states have one
 * hash; what they may have missed stands in the verdict; and what they cannot do is refused by name.
 */
import { describe, expect, test } from 'vitest';
import { type CheckOptions, check } from '../../checker/check.ts';
import { compile } from '../../checker/compile/compile.ts';
import { isLiveness } from '../../checker/lang/property.ts';
import type { Scenario } from '../../checker/lang/scenario.ts';
import { CompactBreadthFirst } from '../../checker/search/compact.ts';
import { builtIn, Findings } from '../../checker/search/findings.ts';
import { CompactStore } from '../../checker/store/compact.ts';
import { hash64 } from '../../checker/store/hash64.ts';
import { outcomesOf } from '../../checker/trace/verify.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { html, verdictFromJson, verdictText, verdictToJson } from '../../reports/index.ts';
import { scenarios } from '../../scenarios/index.ts';
import dining from '../../scenarios/peers/dining.ts';
import peterson from '../../scenarios/peers/peterson.ts';
import sva from '../../scenarios/peers/sva.ts';

const SMALL = Number(process.env['QUIESCE_HASHED'] ?? 1000);
const small = scenarios.flatMap((scenario) =>
  Object.entries(scenario.variants)
    .filter(([, v]) => v.expect.states <= SMALL)
    .map(([variant]) => ({ name: scenario.name, scenario, variant, properties: safety(scenario, variant) })),
);

/** All but promises about what comes, which hashes cannot decide. */
function safety(scenario: Scenario, variant: string): string[] {
  const own = compile(scenario, { variant }).properties.filter((p) => !isLiveness(p));
  return [...Object.keys(builtIn), ...own.map((p) => p.name)];
}

/** A verdict without what may differ: how it was searched, and that a counterexample of hashes is not called shortest. */
function contents(verdict: Verdict): unknown {
  const { timing: _timing, options: _options, store: _store, hashing: _hashing, ...rest } = verdict;
  return { ...rest, violations: rest.violations.map((v) => ({ ...v, minimal: 'local' })) };
}

describe('the same as the exact search', () => {
  test('there are scenarios, with and without violations', () => {
    expect(small.length).toBeGreaterThan(5);
  });

  test.each(small)('compact: $name $variant', async ({ scenario, variant, properties }) => {
    for (const all of [false, true]) {
      const options: CheckOptions = { variant, properties, all, explain: false, maxStates: 2 * SMALL };
      const exact = await check(scenario, options);
      const compact = await check(scenario, { ...options, store: 'compact' });
      expect(contents(compact)).toEqual(contents(exact));
      expect(compact.store).toBe('compact');
    }
  });

  test.each(small)('bitstate: $name $variant', async ({ scenario, variant, properties }) => {
    const options: CheckOptions = { variant, properties, all: true, explain: false, maxStates: 2 * SMALL };
    const exact = await check(scenario, { ...options, strategy: 'dfs' });
    const bits = await check(scenario, { ...options, store: 'bitstate' });
    expect(bits.counts).toEqual(exact.counts);
    // Who is stuck is not looked for.
    const others = exact.violations.filter((v) => v.property !== 'stuck');
    expect(bits.violations).toEqual(others);
    expect(bits.complete).toBe(false);
    expect(bits.outcome).toBe(others.length > 0 ? 'violated' : 'undecided');
  });

  test('compact with symmetry', async () => {
    const exact = await check(sva, { variant: 'fixed', symmetry: true });
    const compact = await check(sva, { variant: 'fixed', symmetry: true, store: 'compact' });
    expect(contents(compact)).toEqual(contents(exact));
    const folded = await check(sva, { variant: 'posted', symmetry: true, store: 'compact', explain: false });
    const plain = await check(sva, { variant: 'posted', symmetry: true, explain: false });
    expect(contents(folded)).toEqual(contents(plain));
  });

  test('compact, where schedules never end', async () => {
    for (const scenario of [dining, peterson]) {
      const compact = await check(scenario, { variant: 'fixed', store: 'compact' });
      expect(contents(compact)).toEqual(contents(await check(scenario, { variant: 'fixed' })));
      expect(compact.properties.find((p) => p.name === 'stuck')?.result).toBe('holds');
    }
  });
});

describe('what was missed', () => {
  test('compact: a pass carries the probability, in the document and in words', async () => {
    const verdict = await check(dining, { variant: 'fixed', store: 'compact' });
    const { states } = verdict.counts;
    expect(verdict.hashing).toEqual({
      bits: 64,
      omissionProbability: (states * (states - 1)) / 2 / 2 ** 64,
      expectedCoverage: null,
    });
    expect(verdictFromJson(verdictToJson(verdict))).toEqual(verdict);
    const text = verdictText(verdict);
    expect(text).toContain('NO VIOLATION within bounds, by hashes');
    expect(text).toContain('compact: 64-bit hashes, omission probability at most 1.2e-12');
    expect(text).toContain('COMPLETE (HASHED)');
    // Nor does the page claim more.
    const page = html(verdict);
    const unless = 'unless two states had one hash, with probability at most 1.2e-12';
    expect(page).toContain(`within these bounds was visited, ${unless}`);
    expect(page).toContain(`every state within the bounds was seen, ${unless}`);
  });

  test('bitstate: a pass is undecided, and says how much it is expected to have seen', async () => {
    const full = await check(dining, { variant: 'fixed', store: 'bitstate' });
    expect(full).toMatchObject({ outcome: 'undecided', complete: false, hashing: { bits: 3 } });
    expect(full.incompleteBecause).toBe('bitstate: more than 99.9 % of the states are expected to be covered');
    expect(verdictFromJson(verdictToJson(full))).toEqual(full);
    expect(verdictText(full)).toContain('NO VIOLATION SO FAR');

    // With 14 kbit, and up to 6,561 states of three bits each, most are taken for others; it must not look better.
    const tight = await check(dining, {
      variant: 'fixed',
      store: 'bitstate',
      maxMemoryBytes: 400_000,
      maxStates: 6000,
    });
    const tiny = await check(dining, { variant: 'fixed-10', store: 'bitstate', maxMemoryBytes: 60_000 });
    for (const verdict of [tight, tiny]) {
      expect(verdict.outcome).toBe('undecided');
      expect(verdict.hashing?.expectedCoverage).toBeLessThanOrEqual(1);
    }
    expect(tiny.counts.states).toBeLessThan(59_049);
  });
});

describe('a hash that collides', () => {
  /** Of the usual hash only eight bits. */
  const eightBits = (words: number) => {
    const { hash } = hash64(words);
    return {
      bits: 8,
      hash: (w: Int32Array, from: number, n: number, x: Int32Array, y: Int32Array) => {
        hash(w, from, n, x, y);
        for (let i = 0; i < n; i++) {
          x[i] = (x[i] as number) & 0xff000000;
          y[i] = 0;
        }
      },
    };
  };

  test.each(small)('leaves out states, and what it reports is real: $name $variant', ({ scenario, variant }) => {
    const model = compile(scenario, { variant });
    const findings = new Findings(model, null);
    const store = new CompactStore(model.words, model.room + 1, true, 2, eightBits(model.words));
    const limits = { maxStates: 2 ** 31 - 1, maxDepth: 2 ** 31 - 1, maxMemoryBytes: Number.MAX_SAFE_INTEGER };
    const search = new CompactBreadthFirst(model, findings, limits, false, null, store);
    while (search.advance(1000));
    expect(search.incomplete).toBeNull();
    // All 256 hashes, or one less for the two zeros that share theirs with nobody here.
    expect(search.counts.states).toBeLessThanOrEqual(256);
    if (search.counts.states > 100) expect(store.omissions).toBeGreaterThan(1);
    for (const found of findings.violations)
      expect(outcomesOf(model, findings, found.moves)?.map((o) => o.signature)).toContain(found.signature);
  });
});

describe('is refused by name', () => {
  const live = scenarios.flatMap((scenario) =>
    Object.keys(scenario.variants).flatMap((variant) => {
      const found = compile(scenario, { variant }).properties.find(isLiveness);
      return found === undefined ? [] : [{ scenario, variant, property: found.name }];
    }),
  )[0];

  test('a promise about what comes', async () => {
    const { scenario, variant, property } = live as NonNullable<typeof live>;
    const message = (store: string) =>
      expect.stringMatching(`"${property}".* cannot be decided with the ${store} store`);
    await expect(check(scenario, { variant, store: 'compact' })).rejects.toMatchObject({ message: message('compact') });
    await expect(check(scenario, { variant, store: 'bitstate', properties: [property] })).rejects.toMatchObject({
      message: message('bitstate'),
    });
    const open = await check(scenario, { variant, store: 'bitstate', maxStates: 500, explain: false });
    expect(open.properties.find((p) => p.name === property)?.result).toBe('undecided');
  });

  test.each<[CheckOptions, string]>([
    [{ store: 'compact', strategy: 'dfs' }, 'the compact store has no meaning for the dfs strategy'],
    [{ store: 'bitstate', strategy: 'bfs' }, 'the bitstate store has no meaning for the bfs strategy'],
    [{ store: 'compressed', strategy: 'dfs' }, 'the compressed store has no meaning for the dfs strategy'],
    [{ store: 'compact', strategy: 'bounded' }, 'option store has no meaning for the bounded strategy'],
    [{ store: 'exact', strategy: 'random' }, 'option store has no meaning for the random strategy'],
    [{ store: 'bitstate', strategy: 'pct' }, 'option store has no meaning for the pct strategy'],
    [
      { store: 'bitstate', symmetry: true },
      'option symmetry has no meaning for the dfs strategy of the bitstate store',
    ],
    [
      { store: 'compact', workers: 2, module: { url: 'file:///nowhere.js', name: 'x' } },
      'option workers has no meaning for the compact store',
    ],
  ])('%j', async (options, what) => {
    await expect(check(dining, options)).rejects.toMatchObject({ code: 'config', message: what });
  });
});
