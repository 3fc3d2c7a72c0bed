/**
 * Anytime: the stages in their order, what each proves, and that the first violation is told at once and only ever
 * replaced by a better schedule of the same signature.
 */
import { describe, expect, test } from 'vitest';
import { type CheckOptions, check } from '../../../../checker/check.ts';
import { compile } from '../../../../checker/compile/compile.ts';
import { int, object, type Scenario, sometimes, Violation } from '../../../../checker/lang/index.ts';
import { type Stage, walksFor } from '../../../../checker/search/anytime.ts';
import type { Counterexample } from '../../../../checker/trace/counterexample.ts';
import type { Verdict } from '../../../../checker/verdict.ts';
import { plain, race, tiny } from '../../../support/tiny.ts';

const Cell = object('cell', { open: int(0, 9) }, { permanent: true });

/** `a` opens and closes a window; `b` looks into it after some work. The bug needs one preemption. */
const window = tiny((s) => {
  const cell = s.object(Cell, 'cell');
  s.actor(
    'a',
    plain('a', (k) => [
      k.step('open', () => {
        cell.open = 1;
      }),
      k.step('close', () => {
        cell.open = 0;
      }),
    ]),
    {},
  );
  s.actor(
    'b',
    plain('b', (k) => [
      ...Array.from({ length: 6 }, (_, i) => k.step(`work ${i}`, () => {})),
      k.step('look', () => {
        if (cell.open === 1) throw new Violation('assertion', 'the window is open');
      }),
      k.step('look again', () => {
        if (cell.open === 1) throw new Violation('protocol', 'the window is open again');
      }),
    ]),
    {},
  );
});
const steps = (name: string, n: number) =>
  plain(name, (k) => Array.from({ length: n }, (_, i) => k.step(`${i}`, () => {})));
const calm = race(steps('p', 3), steps('q', 3), steps('r', 3));
const large = race(...['p', 'q', 'r', 's'].map((name) => steps(name, 45)));

interface Told {
  readonly verdict: Verdict;
  readonly stages: readonly Stage[];
  readonly violations: readonly Counterexample[];
}

async function anytime(scenario: Scenario, options: CheckOptions = {}): Promise<Told> {
  const stages: Stage[] = [];
  const violations: Counterexample[] = [];
  const verdict = await check(scenario, {
    ...options,
    strategy: 'anytime',
    onStage: (stage) => stages.push(stage),
    onViolation: (violation) => violations.push(violation),
  });
  return { verdict, stages, violations };
}

const names = (stages: readonly Stage[]) => stages.map((s) => [s.strategy, s.preemptions, s.finished]);

describe('without a violation', () => {
  test('runs walks, then the bounds 0, 1 and 2, then everything, and ends as breadth-first search does', async () => {
    const { verdict, stages, violations } = await anytime(calm);
    expect(names(stages)).toEqual([
      ['pct', null, false],
      ['bounded', 0, true],
      ['bounded', 1, true],
      ['bounded', 2, true],
      ['bfs', null, true],
    ]);
    expect(stages.map((s) => s.proven)).toEqual([
      null,
      'every schedule without a preemption was searched: no step or state breaks a promise',
      'every schedule with at most 1 preemption was searched: no step or state breaks a promise',
      'every schedule with at most 2 preemptions was searched: no step or state breaks a promise',
      'every schedule was searched: no step or state breaks a promise',
    ]);
    // Without a preemption at most one actor stands between its first and its last step: the 8 corners of a cube of
    // three steps a side, and 2 places inside each of its 12 edges.
    expect(stages[1]?.states).toBe(8 + 12 * 2);
    expect(violations).toEqual([]);
    expect(verdict.stages).toEqual(stages);
    const bfs = await check(calm);
    for (const key of ['outcome', 'complete', 'counts', 'store', 'properties', 'coverage'] as const)
      expect(verdict[key]).toEqual(bfs[key]);
    expect(verdict.counts.states).toBe(64);
  });

  test('raises bounds as far as it is told', async () => {
    const { verdict, stages } = await anytime(calm, { preemptions: 0 });
    expect(names(stages)).toEqual([
      ['pct', null, false],
      ['bounded', 0, true],
      ['bfs', null, true],
    ]);
    expect(verdict.options['preemptions']).toBe(0);
  });

  test('is undecided at a limit, and says what is proven so far', async () => {
    const { verdict, stages } = await anytime(large, { maxStates: 5000, runs: 3 });
    expect(verdict).toMatchObject({ outcome: 'undecided', complete: false, incompleteBecause: 'limit of states' });
    expect(names(stages)).toEqual([
      ['pct', null, false],
      ['bounded', 0, true],
      ['bounded', 1, false],
      ['bfs', null, false],
    ]);
    expect(stages.map((s) => s.because)).toEqual([
      '3 walks are not the whole space',
      null,
      'limit of states',
      'limit of states',
    ]);
    expect(verdict.stages?.findLast((s) => s.proven !== null)?.preemptions).toBe(0);
  });

  test('an interrupt ends the stage that runs, and the stage is told', async () => {
    const stop = new AbortController();
    const verdict = await check(large, {
      strategy: 'anytime',
      runs: 3,
      signal: stop.signal,
      onStage: (stage) => {
        if (stage.preemptions === 0) stop.abort();
      },
    });
    expect(verdict).toMatchObject({ outcome: 'undecided', incompleteBecause: 'interrupted' });
    expect(verdict.stages?.at(-1)).toMatchObject({ strategy: 'bounded', preemptions: 1, because: 'interrupted' });
  });

  test('cut among its walks it has proven nothing and compared no states', async () => {
    const verdict = await check(large, { strategy: 'anytime', signal: AbortSignal.abort() });
    expect(verdict).toMatchObject({ outcome: 'undecided', store: 'none' });
    expect(verdict.stages).toMatchObject([{ strategy: 'pct', proven: null, because: 'interrupted' }]);
  });

  test('keeps the goals that earlier stages reached', async () => {
    const far = tiny((s) => {
      const cell = s.object(Cell, 'cell');
      const p = plain('p', (k) => [
        ...Array.from({ length: 30 }, (_, i) => k.step(`${i}`, () => {})),
        k.step('arrive', () => {
          cell.open++;
        }),
      ]);
      for (const name of ['a', 'b', 'c']) s.actor(name, p, {});
      s.property(sometimes('all there', '', () => cell.open === 3));
    });
    const { verdict } = await anytime(far, { maxStates: 500 });
    expect(verdict).toMatchObject({ outcome: 'undecided', incompleteBecause: 'limit of states' });
    // The last stage does not come that far.
    expect(verdict.counts.depth).toBeLessThan(93);
    expect(verdict.properties.find((p) => p.name === 'all there')?.result).toBe('reached');
  });

  test('a goal that no schedule reaches is known at the end, one that walks reach is kept', async () => {
    const goals = tiny((s) => {
      const cell = s.object(Cell, 'cell');
      s.actor(
        'a',
        plain('a', (k) => [
          k.step('open', () => {
            cell.open = 1;
          }),
        ]),
        {},
      );
      s.property(sometimes('opened', '', () => cell.open === 1));
      s.property(sometimes('never', '', () => cell.open === 2));
    });
    const { verdict } = await anytime(goals);
    expect(verdict.outcome).toBe('violated');
    expect(verdict.properties.filter((p) => p.kind === 'sometimes').map((p) => p.result)).toEqual([
      'reached',
      'never reached',
    ]);
  });
});

describe('a violation', () => {
  test('is told at once, then with ever shorter schedules of its signature, and ends as short as can be', async () => {
    const { verdict, violations } = await anytime(window);
    const first = violations[0] as Counterexample;
    expect(violations.every((v) => v.signature === first.signature)).toBe(true);
    for (let i = 1; i < violations.length; i++) {
      const [before, now] = [violations[i - 1] as Counterexample, violations[i] as Counterexample];
      const better =
        now.steps.length < before.steps.length ||
        (now.steps.length === before.steps.length && now.switches < before.switches);
      expect(better).toBe(true);
    }
    const last = violations.at(-1) as Counterexample;
    expect(verdict.violations.map((v) => [v.signature, v.steps.length, v.switches])).toEqual([
      [first.signature, last.steps.length, last.switches],
    ]);
    // Opened, six times work, and the look, or one more look: whichever the walks met first.
    const shortest = first.evidence.kind === 'assertion' ? 8 : 9;
    expect(verdict.violations[0]).toMatchObject({ minimal: 'proven', steps: { length: shortest }, switches: 1 });
  });

  // One walk misses a window of one step with probability 1 - 1/(n k^(d-1)); this one does, whatever it finds later.
  test('that walks miss is found with the fewest preemptions', async () => {
    const { verdict, stages, violations } = await anytime(window, { runs: 1, seed: 'misses' });
    expect(stages[0]).toMatchObject({ strategy: 'pct', found: [], transitions: 10 });
    expect(stages[1]).toMatchObject({ preemptions: 0, finished: true, found: [] });
    expect(stages[2]).toMatchObject({ preemptions: 1, finished: false, because: 'stopped at the first violation' });
    expect(stages[2]?.found).toHaveLength(1);
    expect(violations[0]?.needed).toBeNull();
    expect(verdict.violations[0]?.needed).not.toBeNull();
    expect(verdict).toMatchObject({ outcome: 'violated', incompleteBecause: 'stopped at the first violation' });
  });

  test('of another signature is passed over, and counted', async () => {
    const only = await anytime(window, { properties: ['model'] });
    const later = only.stages.filter((s) => s.strategy !== 'pct');
    const wanted = only.verdict.violations[0]?.signature;
    for (const stage of later) for (const f of stage.found) expect(f.signature).toBe(wanted);
  });

  test('of every signature is kept with `all`, each as short as breadth-first search finds it', async () => {
    const sizes = (v: Verdict) => v.violations.map((f) => [f.signature, f.steps.length, f.switches, f.minimal]);
    const { verdict, stages } = await anytime(window, { all: true });
    expect(sizes(verdict)).toEqual(sizes(await check(window, { all: true })));
    expect(verdict.violations).toHaveLength(2);
    expect(verdict.complete).toBe(true);
    expect(stages.at(-1)).toMatchObject({ strategy: 'bfs', proven: 'every schedule was searched' });
  });
});

test('two runs give the same document, but for the timing', async () => {
  const document = async (scenario: Scenario) => {
    const { timing: _timing, ...rest } = (await anytime(scenario)).verdict;
    return JSON.stringify(rest);
  };
  for (const scenario of [window, calm]) expect(await document(scenario)).toBe(await document(scenario));
});

test('the number of walks follows from the size of the model alone', () => {
  expect(walksFor(compile(race(steps('p', 3))))).toEqual({ runs: 1000, maxDepth: 100 });
  expect(walksFor(compile(race(steps('p', 200), steps('q', 300))))).toEqual({ runs: 200, maxDepth: 2000 });
  expect(walksFor(compile(race(...['p', 'q', 'r'].map((n) => steps(n, 1000)))))).toEqual({
    runs: 100,
    maxDepth: 10_000,
  });
});
