/**
 * Random walks and PCT: seeded, reproducible, never a proof. PCT finds a bug that needs two orderings with the
 * probability its theorem promises, where uniform walks practically never do.
 */
import { describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import { int, object, type Scenario, sometimes, Violation } from '../../../../checker/lang/index.ts';
import { Findings } from '../../../../checker/search/findings.ts';
import { pctPolicy } from '../../../../checker/search/pct.ts';
import { randomPolicy } from '../../../../checker/search/random.ts';
import { type WalkPolicy, Walks } from '../../../../checker/search/walk.ts';
import { finish, namesOf } from '../../../support/search.ts';
import { plain, race, tiny } from '../../../support/tiny.ts';

interface Walked {
  readonly found: string[];
  readonly steps: number;
  readonly incomplete: string | null;
  readonly depth: number;
}

function walk(
  scenario: Scenario,
  policy: 'random' | 'pct',
  options: { seed?: string; runs?: number; depth?: number; d?: number; all?: boolean } = {},
): Walked {
  const model = compile(scenario);
  const findings = new Findings(model, null);
  const chosen = policy === 'random' ? randomPolicy() : pctPolicy(model.actors.length, options.d ?? 3);
  const limits = { runs: options.runs ?? 1000, maxDepth: options.depth ?? 10_000 };
  const search = finish(new Walks(model, findings, chosen, limits, options.seed ?? 'a seed', !(options.all ?? false)));
  return {
    found: findings.violations.map((v) => namesOf(model, v.moves)),
    steps: search.counts.transitions,
    incomplete: search.incomplete,
    depth: search.counts.depth,
  };
}

const Cell = object('cell', { open: int(0, 1) }, { permanent: true });

/** `a` opens a window and closes it at once; `b` looks into it at the end of its 21 steps. */
const window = tiny((s) => {
  const cell = s.object(Cell, 'cell');
  const set = (open: number) => () => {
    cell.open = open;
  };
  s.actor(
    'a',
    plain('a', (k) => [k.step('open', set(1)), k.step('close', set(0))]),
    {},
  );
  s.actor(
    'b',
    plain('b', (k) => [
      ...Array.from({ length: 20 }, (_, i) => k.step(`work ${i}`, () => {})),
      k.step('look', () => {
        if (cell.open === 1) throw new Violation('assertion', 'the window is open');
      }),
    ]),
    {},
  );
});

const steps = (name: string, n: number) =>
  plain(name, (k) => Array.from({ length: n }, (_, i) => k.step(`${i}`, () => {})));

describe('PCT against uniform walks', () => {
  // The bug needs two orderings: open before look, look before close. With n = 2 actors and walks of k = 20 steps (the
  // policy's first guess) the theorem promises at least 1 / (n k^(d-1)) = 1 / 40 for each walk. It is found when a has
  // the higher priority (1/2) and its change point falls on the second step (1/20): just that.
  // A thousand walks from fresh seeds thus find it 25 times on average, with a deviation of sqrt(25) = 5.
  test('one PCT walk of depth 2 finds a window of one step with probability 1/40', () => {
    let hits = 0;
    for (let i = 0; i < 1000; i++) hits += walk(window, 'pct', { seed: `walk ${i}`, runs: 1, d: 2 }).found.length;
    expect(hits).toBeGreaterThanOrEqual(25 - 4 * 5);
    expect(hits).toBeLessThanOrEqual(25 + 4 * 5);
  });

  // A PCT run misses it a thousand times with probability (39/40)^1000 < 10^-10.
  test('a thousand PCT walks find it', () => {
    expect(walk(window, 'pct', { d: 2 }).found).toEqual([`a ${'b '.repeat(21).trim()}`]);
  });

  // A uniform walk must take exactly one step of a before the 21st of b: 21 of the orders of 22 coin tosses, which is
  // 21 / 2^22 = 5 * 10^-6. A thousand walks find it with a probability of half a percent; these do not.
  test('a thousand uniform walks do not', () => {
    expect(walk(window, 'random').found).toEqual([]);
  });

  test('PCT of depth 1 never changes a priority, so it cannot find a bug that needs two orderings', () => {
    expect(walk(window, 'pct', { d: 1 }).found).toEqual([]);
  });
});

describe('what PCT promises', () => {
  test('is computed from the run: actors, longest walk, depth, and the walks that began after the longest', () => {
    const policy = pctPolicy(4, 3);
    for (const length of [10, 57, 30, 57, 12]) {
      policy.begin(() => 0.5);
      policy.end(length);
    }
    // 1 / (4 * 57^2), three walks after the one of 57 steps.
    const perWalk = 1 / (4 * 57 ** 2);
    expect(policy.bound()).toEqual({
      actors: 4,
      steps: 57,
      depth: 3,
      walks: 3,
      perWalk,
      together: expect.closeTo(1 - (1 - perWalk) ** 3, 12),
      choices: false,
    });
  });

  test('is nothing before a walk has ended, and certain for one actor and no ordering', () => {
    expect(pctPolicy(1, 1).bound()).toMatchObject({ walks: 0, together: 0 });
    const certain = pctPolicy(1, 1);
    certain.begin(() => 0);
    certain.end(3);
    expect(certain.bound()).toMatchObject({ walks: 1, perWalk: 1, together: 1 });
  });

  test('tells when an actor had a choice', () => {
    const policy = pctPolicy(2, 1);
    policy.begin(() => 0);
    policy.choose([0, 1 << 16], 0, () => 0);
    expect(policy.bound().choices).toBe(false);
    policy.choose([0, 1, 1 << 16, (1 << 16) | 1], 1, () => 0);
    expect(policy.bound().choices).toBe(true);
  });

  // The i-th point drawn lowers to i, wherever it lies in time, as in the paper. An actor lowered early may so end above
  // one that is lowered later; lowering by order in time would rule such schedules out, and the bound with them.
  test('rests on change points whose priorities do not follow their order in time', () => {
    const draws = [0, 0.6, 0.1]; // The order of two actors, then the points: 12 for priority 1, 2 for priority 2.
    let next = 0;
    const policy = pctPolicy(2, 3);
    policy.begin(() => draws[next++] as number);
    const both = [0, 1 << 16];
    const chosen = Array.from({ length: 15 }, (_, i) => policy.choose(both, i, () => 0));
    // The first actor falls to 2 at step 2, the other to 1 at step 12: then the first one is above it again.
    const [first, other] = [chosen[0] as number, chosen[2] as number];
    expect(first).not.toBe(other);
    expect(chosen).toEqual([first, first, ...Array(10).fill(other), first, first, first]);
  });

  test('is told by a search with PCT and not by one with uniform choices', () => {
    const model = compile(window);
    const limits = { runs: 5, maxDepth: 100 };
    const walks = (policy: WalkPolicy) =>
      finish(new Walks(model, new Findings(model, null), policy, limits, 's', true));
    expect(walks(pctPolicy(2, 2)).bound).toMatchObject({ actors: 2, depth: 2 });
    expect(walks(randomPolicy()).bound).toBeNull();
  });
});

describe.each(['random', 'pct'] as const)('%s walks', (policy) => {
  const racy = tiny((s) => {
    const cell = s.object(Cell, 'cell');
    const p = plain('p', (k) => [
      k.step('enter', () => {
        if (cell.open === 1) throw new Violation('assertion', 'two inside');
        cell.open = 1;
      }),
      k.step('leave', () => {
        cell.open = 0;
      }),
    ]);
    for (const name of ['x', 'y', 'z']) s.actor(name, p, {});
  });

  test('are the same for the same seed and others for another', () => {
    const run = (seed: string) => walk(racy, policy, { seed, runs: 30, all: true });
    expect(run('one')).toEqual(run('one'));
    const seen = new Set(['one', 'two', 'three', 'four', 'five'].map((seed) => JSON.stringify(run(seed))));
    expect(seen.size).toBeGreaterThan(1);
  });

  test('end undecided when nothing was found, however small the model is', () => {
    expect(walk(race(steps('p', 1)), policy, { runs: 7 })).toEqual({
      found: [],
      steps: 7,
      incomplete: '7 walks are not the whole space',
      depth: 1,
    });
  });

  test('stop at the first violation', () => {
    const { found, incomplete } = walk(racy, policy);
    expect([found.length, incomplete]).toEqual([1, 'stopped at the first violation']);
  });

  test('are cut at the depth that is given', () => {
    expect(walk(race(steps('p', 9)), policy, { runs: 3, depth: 4 })).toMatchObject({ steps: 12, depth: 4 });
  });

  test('find a deadlock where they end', () => {
    const stuck = race(
      plain('p', (k) => [k.step('1', () => {}), k.blockUntil('never', () => false)]),
      steps('q', 2),
    );
    const { found } = walk(stuck, policy, { runs: 1 });
    expect(found.map((moves) => moves.split(' ').sort())).toEqual([['a', 'b', 'b']]);
  });

  test('reach goals', () => {
    const model = compile(
      tiny((s) => {
        const cell = s.object(Cell, 'cell');
        s.actor(
          'a',
          plain('p', (k) => [
            k.step('open', () => {
              cell.open = 1;
            }),
          ]),
          {},
        );
        s.property(sometimes('opened', 'the window opens', () => cell.open === 1));
        s.property(sometimes('never', 'does not happen', () => false));
      }),
    );
    const findings = new Findings(model, null);
    const chosen = policy === 'random' ? randomPolicy() : pctPolicy(1);
    finish(new Walks(model, findings, chosen, { runs: 2, maxDepth: 10 }, 'seed', true));
    expect([...findings.reached]).toEqual(['opened']);
  });
});

test('uniform walks choose uniformly among the steps that can be taken', () => {
  const choices = tiny((s) => {
    const p = plain('p', (k) => [
      k.choose('which', [...['0', '1', '2', '3'].map((name) => ({ name })), { name: 'refused', when: () => false }]),
    ]);
    s.actor('a', p, {});
  });
  const model = compile(choices);
  const counts = [0, 0, 0, 0, 0];
  const policy = randomPolicy();
  const counting = {
    ...policy,
    choose: (moves: readonly number[], step: number, random: () => number) => {
      const chosen = policy.choose(moves, step, random);
      const arm = (moves[chosen] as number) & 0xffff;
      counts[arm] = (counts[arm] as number) + 1;
      return chosen;
    },
  };
  finish(new Walks(model, new Findings(model, null), counting, { runs: 4000, maxDepth: 10 }, 'coins', true));
  // 1000 each on average, with a deviation of sqrt(4000 * 1/4 * 3/4) = 27.
  for (const count of counts.slice(0, 4)) expect(Math.abs(count - 1000)).toBeLessThan(4 * 27);
  expect(counts[4]).toBe(0);
});
