/**
 * Persistent sets against the full search: on random models of two kinds, on the small registered scenarios, and with
 * mistakes made on purpose, each of which must be noticed.
 *
 * `QUIESCE_MODELS` sets how many random models are compared, `QUIESCE_SEED` the seed. What fails is shrunk and printed.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import { int, object, procedure, QuiesceError, type Scenario, sometimes } from '../../../../checker/lang/index.ts';
import { Learning, searchUntilLearned } from '../../../../checker/reduce/learning.ts';
import type { Mistakes } from '../../../../checker/reduce/persistent.ts';
import { Symmetry } from '../../../../checker/reduce/symmetry.ts';
import { scenarios } from '../../../../scenarios/index.ts';
import { type Broken, bruteForce } from '../../../support/brute-force.ts';
import { print } from '../../../support/random-print.ts';
import { explore, type Seen, type SeenOptions, seenDifferently, TooMany } from '../../../support/reduced.ts';
import { buildSparse, sparseModel } from '../../../support/sparse-model.ts';
import { drop, lock, source, take, tiny } from '../../../support/tiny.ts';
import { buildWaiting, type WaitingModel, waitingModel } from '../../../support/waiting-model.ts';

const MODELS = Number(process.env['QUIESCE_MODELS'] ?? 600);
const SEED = Number(process.env['QUIESCE_SEED'] ?? 20_180_511);
const MAX_STATES = 1500;
/** Nothing is learned beforehand, so that the searches themselves have to. */
const HASTE = { walks: 0, trial: 0 };

function reduced(scenario: Scenario, variant?: string, mistakes: Mistakes = {}, options: SeenOptions = {}): Seen {
  const model = compile(scenario, { marks: true, ...(variant === undefined ? {} : { variant }) });
  const learning = new Learning(model, HASTE, mistakes);
  return searchUntilLearned(learning, (reducer) => explore(model, reducer, options));
}

/** The full search of the plain model; null when it is too large or malformed. */
function full(scenario: Scenario, variant?: string): Seen | null {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return explore(compile(scenario, variant === undefined ? {} : { variant }), null, { maxStates: MAX_STATES });
  } catch (error) {
    if (error instanceof TooMany || (error instanceof QuiesceError && error.code.startsWith('model'))) return null;
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** In what brute force, which shares no code with the engine, differs. */
function differsFromBruteForce(scenario: Scenario, seen: Seen): string[] {
  const twin = bruteForce(scenario, 'posted');
  const wrong: string[] = [];
  const about = (b: Broken) => [...b.about].sort().join('; ');
  const brute = twin.broken.map((b) => `${b.property}: ${b.kind}: ${about(b)}`).sort();
  const ours = [...seen.broken].map(([key, texts]) => `${key}: ${[...texts].sort().join('; ')}`).sort();
  if (brute.join() !== ours.join()) wrong.push(`brute force finds ${brute.join(', ')}, not ${ours.join(', ')}`);
  const goals = [...seen.goals].sort().join();
  if ([...twin.goalsReached].sort().join() !== goals)
    wrong.push(`brute force reaches ${twin.goalsReached.join()}, not ${goals}`);
  const stuck = [...new Set(twin.stuck?.anywhere.flat() ?? [])].sort().join();
  if (stuck !== [...seen.stuck].sort().join())
    wrong.push(`brute force sees ${stuck} stuck, not ${[...seen.stuck].join()}`);
  return wrong;
}

/** Both searches fold states; one of them also explores actors alone. */
function folded(scenario: Scenario, closed = true): { all: number; some: number; wrong: string[] } | null {
  try {
    const model = compile(scenario, { marks: true });
    const symmetry = new Symmetry(model);
    const all = explore(model, null, { symmetry, maxStates: MAX_STATES });
    const learning = new Learning(model, { ...HASTE, symmetry: closed ? symmetry : null });
    const some = searchUntilLearned(learning, (reducer) => explore(model, reducer, { symmetry }));
    return { all: all.states, some: some.states, wrong: seenDifferently(all, some) };
  } catch (error) {
    if (error instanceof TooMany || (error instanceof QuiesceError && error.code.startsWith('model'))) return null;
    throw error;
  }
}

describe(`random models, seed ${SEED}`, () => {
  test(`${MODELS} models of locks and waits: the same is found`, { timeout: 3_600_000 }, () => {
    let states = 0;
    let kept = 0;
    fc.assert(
      fc.property(waitingModel, (model) => {
        const scenario = buildWaiting(model);
        const all = full(scenario);
        fc.pre(all !== null);
        const some = reduced(scenario);
        states += all.states;
        kept += some.states;
        expect([...seenDifferently(all, some), ...differsFromBruteForce(scenario, some)]).toEqual([]);
      }),
      { numRuns: MODELS, seed: SEED, maxSkipsPerRun: 20 },
    );
    // Else nothing was tested.
    expect(kept).toBeLessThan(0.85 * states);
  });

  const whole = Math.ceil(MODELS / 5);
  test(`${whole} models in the whole language: the same is found`, { timeout: 3_600_000 }, () => {
    let states = 0;
    let kept = 0;
    fc.assert(
      fc.property(
        sparseModel.map((model) => ({ model, [fc.toStringMethod]: () => print(model) })),
        ({ model }) => {
          const scenario = buildSparse(model);
          const all = full(scenario);
          fc.pre(all !== null);
          const some = reduced(scenario);
          states += all.states;
          kept += some.states;
          expect(seenDifferently(all, some)).toEqual([]);
        },
      ),
      { numRuns: whole, seed: SEED, maxSkipsPerRun: 20 },
    );
    expect(kept).toBeLessThan(0.6 * states);
  });
});

describe(`together with symmetry, seed ${SEED}`, () => {
  const total = { all: 0, some: 0 };
  const same = (scenario: Scenario): void => {
    const result = folded(scenario);
    fc.pre(result !== null);
    total.all += result.all;
    total.some += result.some;
    expect(result.wrong).toEqual([]);
  };

  test('interchangeable actors: the same is found', { timeout: 3_600_000 }, () => {
    fc.assert(
      fc.property(waitingModel, (model) => same(buildWaiting(model, { symmetric: true }))),
      { numRuns: Math.ceil(MODELS / 2), seed: SEED, maxSkipsPerRun: 20 },
    );
    expect(total.some).toBeLessThan(0.9 * total.all);
  });

  test('slots of the heap: the same is found', { timeout: 3_600_000 }, () => {
    fc.assert(
      fc.property(
        sparseModel.map((model) => ({ model, [fc.toStringMethod]: () => print(model) })),
        ({ model }) => same(buildSparse(model)),
      ),
      { numRuns: Math.ceil(MODELS / 5), seed: SEED, maxSkipsPerRun: 20 },
    );
  });
});

describe('mistakes are noticed', () => {
  const mistakes: Readonly<Record<string, readonly [Mistakes, SeenOptions]>> = {
    'no cycle condition': [{}, { cycleCondition: false }],
    'guards are forgotten': [{ forgetGuards: true }, {}],
    'nobody is woken': [{ neverWake: true }, {}],
    'locks that somebody else holds cut the walk': [{ cutAnyLock: true }, {}],
    'properties are forgotten': [{ forgetProperties: true }, {}],
  };

  test.each(Object.entries(mistakes))('%s', (_what, [mistake, options]) => {
    let compared = 0;
    const caught = (model: WaitingModel): boolean => {
      const scenario = buildWaiting(model);
      const all = full(scenario);
      if (all === null) return false;
      compared++;
      return seenDifferently(all, reduced(scenario, undefined, mistake, options)).length > 0;
    };
    const models = fc.sample(waitingModel, { numRuns: 500, seed: SEED });
    expect(models.some(caught), `not noticed in ${compared} models`).toBe(true);
  });

  test('footprints are not closed under the symmetry', () => {
    const models = fc.sample(waitingModel, { numRuns: 1000, seed: SEED });
    const caught = (model: WaitingModel): boolean =>
      (folded(buildWaiting(model, { symmetric: true }), false)?.wrong.length ?? 0) > 0;
    expect(models.some(caught)).toBe(true);
  });
});

describe('registered scenarios', () => {
  const small = scenarios.flatMap((s) =>
    Object.entries(s.variants)
      .filter(([, { expect: e }]) => e.states > 0 && e.states <= MAX_STATES)
      .map(([variant]) => [s.name, variant, s] as const),
  );

  test.each(small)('%s %s: the same is found', (_name, variant, scenario) => {
    const all = full(scenario, variant);
    // A variant that stops at its first violation may be larger than what it expects.
    if (all === null) return;
    expect(seenDifferently(all, reduced(scenario, variant))).toEqual([]);
  });

  test('some of them become much smaller', () => {
    const scenario = scenarios.find((s) => s.name === 'sva-early-shutdown') as Scenario;
    const all = full(scenario, 'posted') as Seen;
    expect(reduced(scenario, 'posted').states).toBeLessThan(all.states / 4);
  });
});

describe('what it can do', () => {
  const Box = object('box', { n: int(0, 3), m: int(0, 3), lock: lock() }, { permanent: true });
  const inside = procedure('inside', { source, params: { box: Box } }, (k) => [
    take('lock', (f) => f.box.lock),
    k.step('n = 1', (f) => {
      f.box.n = 1;
    }),
    k.step('n = 2', (f) => {
      f.box.n = 2;
    }),
    drop('unlock', (f) => f.box.lock),
  ]);

  test('who has nothing to do with the others adds its steps instead of multiplying by them', () => {
    const scenario = tiny((s) => {
      const box = s.object(Box, 'box');
      const other = s.object(Box, 'other');
      for (const name of ['a', 'b']) s.actor(name, inside, { box });
      s.actor('c', inside, { box: other });
    });
    // Two sections of one lock make 16 states, the third actor stands at 5 places.
    expect(full(scenario)?.states).toBe(16 * 5);
    expect(reduced(scenario).states).toBe(16 + 4);
  });

  test('a property that reads what the section writes makes it visible', () => {
    const scenario = (goal: boolean) =>
      tiny((s) => {
        const box = s.object(Box, 'box');
        const other = s.object(Box, 'other');
        s.actor('a', inside, { box });
        s.actor('b', inside, { box: other });
        if (goal) s.property(sometimes('both', 'both are in the middle', () => box.n === 1 && other.n === 1));
      });
    expect(reduced(scenario(false)).states).toBe(9);
    const seen = reduced(scenario(true));
    expect(seen.states).toBeGreaterThan(9);
    expect([...seen.goals]).toEqual(['both']);
  });
});

test('an estimate tells where it does not pay', () => {
  const estimate = (name: string, variant: string) => {
    const scenario = scenarios.find((s) => s.name === name) as Scenario;
    return new Learning(compile(scenario, { marks: true, variant }));
  };
  const dining = estimate('peers-dining', 'fixed');
  expect(dining.estimate).toBeLessThan(1.4);
  expect(dining.pays).toBe(false);
  const shutdown = estimate('sva-early-shutdown', 'posted');
  expect(shutdown.estimate).toBeGreaterThan(1.8);
  expect(shutdown.pays).toBe(true);
});
