/**
 * Results depend on the model alone: not on the run, not on where a batch of candidates ends, not on the size of the
 * visited set at the start, not on its hash.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { check } from '../../checker/check.ts';
import { compile } from '../../checker/compile/compile.ts';
import type { CompiledModel } from '../../checker/compile/model.ts';
import { QuiesceError, type Scenario } from '../../checker/lang/index.ts';
import { BreadthFirst, type BreadthFirstOptions } from '../../checker/search/breadth/bfs.ts';
import { Findings } from '../../checker/search/findings.ts';
import { ExactStore } from '../../checker/store/exact.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { scenarios } from '../../scenarios/index.ts';
import { build } from '../support/random-build.ts';
import { randomModel } from '../support/random-model.ts';
import { stateOf } from '../support/search.ts';

const SEED = Number(process.env['QUIESCE_SEED'] ?? 20_180_511);
const LIMITS = { maxStates: 3000, maxDepth: 2 ** 31 - 1, maxMemoryBytes: Number.MAX_SAFE_INTEGER };

interface Subject {
  readonly name: string;
  readonly scenario: Scenario;
  readonly variant: string;
}

const registered: readonly Subject[] = scenarios.flatMap((scenario) =>
  Object.entries(scenario.variants)
    .filter(([, v]) => v.expect.states <= 1500)
    .map(([variant]) => ({ name: `${scenario.name} ${variant}`, scenario, variant })),
);

/** Random models whose pools are large enough. */
const random: readonly Subject[] = fc
  .sample(randomModel, { numRuns: 30, seed: SEED })
  .map((model, i) => ({ name: `random ${i}`, scenario: build(model), variant: 'posted' }))
  .filter(({ scenario, variant }) => {
    try {
      explore(compile(scenario, { variant }));
      return true;
    } catch (error) {
      if (error instanceof QuiesceError && error.code === 'model-threw') return false;
      throw error;
    }
  });

const subjects = [...registered, ...random];

/** All that a search tells, as text, with a hash of the states in their order: they come to megabytes. */
function explore(model: CompiledModel, options: Partial<BreadthFirstOptions> = {}): string {
  const findings = new Findings(model, null);
  const search = new BreadthFirst(model, findings, { limits: LIMITS, stopAtFirst: false, ...options });
  while (search.advance(1000));
  const { states, transitions, depth, levels } = search.counts;
  const words = createHash('sha256');
  for (let i = 0; i < states; i++) words.update(stateOf(search, i));
  return JSON.stringify({
    states,
    transitions,
    depth,
    levels,
    incomplete: search.incomplete,
    // Those found in one batch may change places, not more.
    violations: findings.violations.map((v) => `${v.property} ${v.signature} in ${v.length}`).sort(),
    parents: Array.from({ length: states }, (_, i) => search.store.parentOf(i)),
    words: words.digest('hex'),
    ahead: [...search.ahead.subarray(0, states)],
  });
}

/** The verdict without what may differ between runs. */
const document = (verdict: Verdict): string => JSON.stringify({ ...verdict, timing: null });

describe(`the same results always, seed ${SEED}`, () => {
  test('there are subjects', () => {
    expect(registered.length).toBeGreaterThan(0);
    expect(random.length).toBeGreaterThan(10);
  });

  // Scenarios: brute force compares the documents of all that may differ in nothing, see `every-way.ts`.
  test.each(random)('two checks of $name', async ({ scenario, variant }) => {
    const options = { variant, all: true, maxStates: 3000, explain: false };
    expect(document(await check(scenario, options))).toBe(document(await check(scenario, options)));
  });

  test.each(subjects)('batches of any size: $name', ({ scenario, variant }) => {
    const model = compile(scenario, { variant });
    const whole = explore(model);
    for (const batch of [1, 2, 7]) {
      const small = { ...model, room: model.branching + batch };
      expect(explore(small)).toBe(whole);
    }
  });

  test.each(subjects)(
    'a store that starts at two slots, and one whose hash always collides: $name',
    ({ scenario, variant }) => {
      const model = compile(scenario, { variant });
      const usual = explore(model);
      expect(explore(model, { slots: 2 })).toBe(usual);
      expect(explore(model, { hash: () => 'let x = 7;' })).toBe(usual);
      expect(explore(model, { slots: 2, hash: ([word]) => `let x = ${word} & 1;` })).toBe(usual);
      expect(explore(model, { slots: 2, uncompressed: true })).toBe(usual);
      expect(explore(model, { uncompressed: true, hash: () => 'let x = 7;' })).toBe(usual);
    },
  );
});

describe('the exact store', () => {
  test.each([1, 3, 48, 49, 60])('keeps what a map keeps, for vectors of %i words', (words) => {
    const batch = 5;
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: batch }), { maxLength: 60 }),
        fc.integer({ min: 0, max: 5 }),
        fc.boolean(),
        (batches, log2Slots, collide) => {
          const store = new ExactStore(words, batch, log2Slots, ...(collide ? ['const x = 0;'] : []));
          const known = new Map<number, number>();
          for (const values of batches) {
            const w = new Int32Array(batch * words);
            // States differ in the last word only.
            values.forEach((value, i) => {
              w[i * words + words - 1] = value;
            });
            store.lookup(w, values.length);
            expect([...store.found.subarray(0, values.length)]).toEqual(values.map((v) => known.get(v) ?? 0));
            store.insert(w, values.length);
            const expected = values.map((value) => {
              const index = known.get(value);
              if (index !== undefined) return index;
              known.set(value, known.size + 1);
              return -known.size;
            });
            expect([...store.found.subarray(0, values.length)]).toEqual(expected);
            expect(store.count).toBe(known.size);
          }
          for (const [value, index] of known) expect(store.arena[index * words - 1]).toBe(value);
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
  });
});
