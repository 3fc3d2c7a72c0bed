/**
 * Random small models in the whole of the modelling language: the engine and brute force agree on states, transitions,
 * violations with their shortest lengths, deadlocks and stuck actors, and what the engine finds replays.
 *
 * `QUIESCE_MODELS` sets how many models are compared, `QUIESCE_SEED` the seed.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type CheckOptions, check } from '../../checker/check.ts';
import { QuiesceError, type Scenario } from '../../checker/lang/index.ts';
import { replay } from '../../checker/trace/replay.ts';
import { parseSchedule } from '../../checker/trace/schedule.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { type BruteForce, bruteForce, TooLarge } from '../support/brute-force.ts';
import { differences } from '../support/compare.ts';
import { build } from '../support/random-build.ts';
import { type RandomModel, randomModel } from '../support/random-model.ts';
import { print } from '../support/random-print.ts';

const MODELS = Number(process.env['QUIESCE_MODELS'] ?? 500);
const SEED = Number(process.env['QUIESCE_SEED'] ?? 20_180_511);

/** Models with more states are left out: the twin would take too long. */
const MAX_STATES = 600;

/** How often each thing was met, to know that the generator makes it. */
const met = new Map<string, number>();
const meet = (what: string): void => {
  met.set(what, (met.get(what) ?? 0) + 1);
};

describe(`random models, seed ${SEED}`, () => {
  test(`engine and brute force agree on ${MODELS} models`, { timeout: 3_600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        randomModel.map((model) => ({ model, [fc.toStringMethod]: () => print(model) })),
        async ({ model }) => {
          const wrong = await compare(model);
          if (wrong.length > 0) throw new Error(`${wrong.join('\n')}\nin this model:\n${print(model)}`);
        },
      ),
      { numRuns: MODELS, seed: SEED, maxSkipsPerRun: 20 },
    );
  });

  afterAll(() => {
    if (MODELS < 500) return;
    const missing = [...wanted].filter((what) => !met.has(what));
    expect(missing, `not made by the generator: ${[...met].map(([w, n]) => `${w} ${n}`).join(', ')}`).toEqual([]);
  });
});

/** What 500 models must have shown at least once. */
const wanted = [
  'holds',
  'deadlock',
  'stuck',
  'use-after-free',
  'double-free',
  'invalid-free',
  'null-dereference',
  'list-corruption',
  'refcount',
  'lock-misuse',
  'sleep-in-atomic',
  'leak',
  'assertion',
  'goal missed',
  'more than 100 states',
  'symmetric',
];

/** Everything in which engine and brute force differ on a model. */
async function compare(model: RandomModel): Promise<string[]> {
  const scenario = build(model);
  const all = await attempt(() => check(scenario, { all: true, explain: false, maxStates: MAX_STATES }));
  if (all instanceof Error) {
    // Its pool is too small for what it allocates. Brute force must come to the same conclusion.
    const twin = await attempt(() => bruteForce(scenario, 'posted', { maxStates: 20 * MAX_STATES }));
    fc.pre(!(twin instanceof TooLarge));
    meet('model error');
    const agreed = [all, twin].every((e) => e instanceof QuiesceError && e.message.includes('no slot is left'));
    return agreed ? [] : [`engine: ${all.message}; brute force: ${twin instanceof Error ? twin.message : 'no error'}`];
  }
  fc.pre(all.complete);
  const twin = bruteForce(scenario, 'posted');
  takeNote(twin);
  const wrong = differences(all, twin);
  const also = async (what: string, options: CheckOptions) => {
    const verdict = await check(scenario, { explain: false, ...options });
    wrong.push(...differences(verdict, twin).map((d) => `${what}: ${d}`));
  };
  await also('depth first', { strategy: 'dfs', all: true });
  await also('by preemptions', { strategy: 'bounded', all: true });
  if (model.symmetric) {
    meet('symmetric');
    // Who is stuck is not decided while actors are exchanged.
    const properties = all.properties.map((p) => p.name).filter((name) => name !== 'stuck');
    await also('with symmetry', { symmetry: true, all: true, properties });
  }
  if (twin.broken.length > 0) await also('first violation', {});
  wrong.push(...replayed(scenario, all));
  return wrong;
}

/** The result, or the error when the model is malformed or too large. */
async function attempt<T>(run: () => T | Promise<T>): Promise<T | QuiesceError | TooLarge> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof TooLarge || (error instanceof QuiesceError && error.code.startsWith('model'))) return error;
    throw error;
  }
}

/** Stored schedules of some of the counterexamples that do not lead to the same violation again. */
function replayed(scenario: Scenario, verdict: Verdict): string[] {
  const wrong: string[] = [];
  const stuck = verdict.violations.filter((v) => v.property === 'stuck');
  const others = verdict.violations.filter((v) => v.property !== 'stuck').slice(0, 2);
  for (const v of [...others, ...stuck]) {
    const result = replay(scenario, parseSchedule(v.schedule));
    if (result.result === 'diverged')
      wrong.push(`${v.property} does not replay: step ${result.divergence.step}, ${result.divergence.reason}`);
    else if (result.counterexample.signature !== v.signature || result.counterexample.steps.length !== v.steps.length)
      wrong.push(`${v.property} (${v.signature}) replays as ${result.counterexample.property}`);
  }
  return wrong;
}

function takeNote(twin: BruteForce): void {
  for (const b of twin.broken) meet(b.kind);
  if (twin.stuck !== null) meet('stuck');
  if (twin.goalsMissed.length > 0) meet('goal missed');
  if (twin.broken.length === 0 && twin.stuck === null && twin.goalsMissed.length === 0) meet('holds');
  if (twin.states > 100) meet('more than 100 states');
}
