/**
 * Symmetry on random models, each with interchangeable actors or blocks and a heap whose slots are folded: verdicts,
 * violations and shortest lengths are those of brute force.
 *
 * `QUIESCE_SYMMETRIC_MODELS` sets how many models are compared, `QUIESCE_SEED` the seed.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { loadCompiled } from '../support/compiled.ts';

const MODELS = Number(process.env['QUIESCE_SYMMETRIC_MODELS'] ?? 200);
const SEED = Number(process.env['QUIESCE_SEED'] ?? 19_960_801);
const MAX_STATES = 800;

describe(`random symmetric models, seed ${SEED}`, async () => {
  const { module } = await loadCompiled<typeof import('../support/soundness.ts')>('soundness');
  const { build, compareWays, print, randomModel, ways } = module;
  const folding = ways.filter((way) => way.options.symmetry === true && !way.needsModule);
  let reduced = 0;

  test(`${MODELS} models`, { timeout: 3_600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        randomModel
          .map((model) => ({ ...model, symmetric: true }))
          .map((model) => ({ model, [fc.toStringMethod]: () => print(model) })),
        async ({ model }) => {
          const subject = {
            scenario: build(model),
            variant: 'posted',
            symmetric: true,
            module: () => ({ url: '', name: '' }),
          };
          const { wrong, leftOut, met } = await compareWays(subject, folding, MAX_STATES);
          if (met.some((what) => what.endsWith(' reduces'))) reduced++;
          if (wrong.length > 0) throw new Error(`${wrong.join('\n')}\nin this model:\n${print(model)}`);
          fc.pre(leftOut === null);
        },
      ),
      { numRuns: MODELS, seed: SEED, maxSkipsPerRun: 20 },
    );
  });

  afterAll(() => {
    expect(reduced).toBeGreaterThan(MODELS / 2);
  });
});
