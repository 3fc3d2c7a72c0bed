/**
 * Would the comparisons notice a mistake in the engine? Each of these is made in a copy of the compiled checker, and
 * random models are compared as in every run of the tests until one of them shows it.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadCompiled, type Mistake, wrongTree } from '../support/compiled.ts';

const SEED = Number(process.env['QUIESCE_SEED'] ?? 20_180_511);

/** Models of each family in which a mistake must show. */
const MODELS = 400;
const MAX_STATES = 800;

interface Mutant {
  readonly mistakes: readonly Mistake[];
  /** Ways to search, or settings of the breadth-first engine, that run into it. */
  readonly ways?: RegExp;
  readonly settings?: RegExp;
  /** The models that show it soonest. */
  readonly first?: string;
}

const persistent = (is: string, becomes: string): Mistake => ({ file: 'checker/reduce/persistent.js', is, becomes });
const lane = (is: string, becomes: string): Mistake => ({ file: 'checker/search/breadth/lane.js', is, becomes });
const settle = (is: string, becomes: string): Mistake => ({ file: 'checker/search/breadth/settle.js', is, becomes });
const names = (is: string, becomes: string): Mistake => ({ file: 'checker/reduce/names.js', is, becomes });

const alone = /^persistent sets$/;
const folded = /^symmetry$/;

const mutants: Readonly<Record<string, Mutant>> = {
  'persistent sets without the cycle condition': {
    mistakes: [lane('known > 0 && known <= levelEnd', 'false')],
    ways: alone,
    first: 'seldom',
  },
  'persistent sets that forget what guards read': {
    mistakes: [persistent('mistakes.forgetGuards ?', 'true ?')],
    ways: alone,
  },
  'persistent sets that stop at locks whoever holds them': {
    mistakes: [
      persistent('this.#tablesOf(mistakes.cutAnyLock ? -1 : 0)', 'this.#tablesOf(-1)'),
      persistent('this.#mistakes.cutAnyLock ? -1 : held', '-1'),
    ],
    ways: alone,
  },
  'persistent sets that properties cannot see': {
    mistakes: [persistent('!mistakes.forgetProperties &&', 'false &&')],
    ways: alone,
  },
  'symmetry that forgets who owns a lock': {
    mistakes: [names("identity === 'actor' ? ACTOR : MASK", "identity === 'actor' ? PLAIN : MASK")],
    ways: folded,
  },
  'symmetry that forgets a pointer in a frame': {
    mistakes: [names("slot.spec.kind === 'ref' ? OBJECT :", "slot.spec.kind === 'ref' ? PLAIN :")],
    ways: folded,
    first: 'whole',
  },
  'a hash of three bits': {
    mistakes: [{ file: 'checker/store/hash64.js', is: 'xs[i] = x;', becomes: 'xs[i] = x & 7; y = 0;' }],
    ways: /^compact$/,
  },
  'states with one hash are taken for one': {
    mistakes: [settle("'held', 'b', 'roots', 'at')})) {", "'roots', 'at', 'roots', 'at')})) {")],
    settings: /two lanes, all collide/,
  },
  'candidates of one lane: the first to come stays': {
    mistakes: [settle('(q >= 0 && q < base + count)', 'q >= 0')],
    settings: /lanes/,
  },
  'candidates of two lanes: the first to come stays': {
    mistakes: [settle('if (isState || other !== setIndex || q < position) {', 'if (true) {')],
    settings: /lanes/,
  },
};

describe(`mistakes that are noticed, seed ${SEED}`, () => {
  test.each(Object.entries(mutants))('%s', { timeout: 3_600_000 }, async (_what, mutant) => {
    const { module } = await loadCompiled<typeof import('../support/soundness.ts')>(
      'soundness',
      wrongTree(mutant.mistakes),
    );
    const ways = module.ways.filter((way) => mutant.ways?.test(way.name));
    const settings = module.settings.filter((setting) => mutant.settings?.test(setting.name));
    expect(ways.length + settings.length).toBeGreaterThan(0);
    let noticed: string | null = null;
    let compared = 0;
    // Those of few words first: there are more of them in a second.
    const early = (name: string) => Number(name.includes(mutant.first ?? 'waits'));
    const inOrder = [...module.families].sort((a, b) => early(b.name) - early(a.name));
    for (const { name, models, build, isSymmetric } of inOrder)
      for (const model of fc.sample(models, { numRuns: MODELS, seed: SEED })) {
        if (noticed !== null) break;
        const subject = { scenario: build(model), variant: 'posted', symmetric: isSymmetric(model), module: noModule };
        compared++;
        try {
          const { wrong, leftOut } = await module.compareWays(subject, ways, MAX_STATES);
          if (leftOut !== null) continue;
          const others = module.settingsThatDiffer(build(model), 'posted', settings, isSymmetric(model));
          noticed = [...wrong, ...others].map((what) => `${what}, in ${name}`)[0] ?? null;
        } catch (error) {
          // A search that lost its way, or a symmetry that is found to be none.
          noticed = String(error);
        }
      }
    expect(noticed, `not noticed in ${compared} models`).not.toBeNull();
  });
});

function noModule(): never {
  throw new Error('no threads here');
}
