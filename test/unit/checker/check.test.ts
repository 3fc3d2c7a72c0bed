/** `check`: one verdict for every way a search can end, and a refusal for every option that would have no effect. */
import { describe, expect, test } from 'vitest';
import { type CheckOptions, check, type Progress } from '../../../checker/check.ts';
import {
  always,
  atEnd,
  each,
  int,
  object,
  procedure,
  type Scenario,
  type Setup,
  scenario,
  set,
  sometimes,
  switchOf,
  Violation,
  violated,
} from '../../../checker/lang/index.ts';
import type { CoverageEntry, Verdict } from '../../../checker/verdict.ts';
import { anything, plain, race, rejectionOf, source, tiny } from '../../support/tiny.ts';

const Cell = object('cell', { n: int(0, 9) }, { permanent: true });

/** Two actors that add one to a cell, twice each, and what else a test adds. */
const counter = (more: (s: Setup<any>, cell: { n: number }) => void = () => {}, expectation = anything): Scenario =>
  tiny(
    (s) => {
      const cell = s.object(Cell, 'cell');
      const p = plain('count', (k) =>
        ['once', 'twice'].map((label) =>
          k.step(label, () => {
            cell.n++;
          }),
        ),
      );
      s.actor('a', p, {});
      s.actor('b', p, {});
      more(s, cell);
    },
    { expect: expectation },
  );
const steps = (name: string, n: number) =>
  plain(name, (k) => Array.from({ length: n }, (_, i) => k.step(`${i}`, () => {})));
const large = race(...['p', 'q', 'r', 's'].map((name) => steps(name, 45)));
const resultOf = (verdict: Verdict, name: string) => verdict.properties.find((p) => p.name === name)?.result;

describe('the outcome', () => {
  test('is "holds" when the whole space was seen and nothing is broken', async () => {
    expect(await check(counter())).toMatchObject({
      schema: 'quiesce.verdict/1',
      outcome: 'holds',
      complete: true,
      incompleteBecause: null,
      violations: [],
      store: 'exact',
      counts: { states: 9, transitions: 12, depth: 4, left: 0, levels: [1, 2, 3, 2, 1] },
    });
  });

  test('is "violated" when a goal is never reached, with the goal named', async () => {
    const verdict = await check(
      counter((s, cell) => {
        s.property(sometimes('four', 'it counts to four', () => cell.n === 4));
        s.property(sometimes('five', 'it counts to five', () => cell.n === 5));
      }),
    );
    expect(verdict).toMatchObject({ outcome: 'violated', complete: true, violations: [] });
    expect([resultOf(verdict, 'four'), resultOf(verdict, 'five')]).toEqual(['reached', 'never reached']);
  });

  test('is "undecided" when a goal was not reached within a limit', async () => {
    const verdict = await check(
      counter((s, cell) => s.property(sometimes('four', '', () => cell.n === 4))),
      { depth: 2 },
    );
    expect(verdict).toMatchObject({ outcome: 'undecided', complete: false, incompleteBecause: 'depth limit' });
    expect(resultOf(verdict, 'four')).toBe('undecided');
  });

  test('is "violated" by what was found even when a limit was met', async () => {
    const verdict = await check(
      counter((s, cell) => s.property(always('one', '', () => (cell.n < 2 ? null : violated('assertion', 'two'))))),
      { depth: 2 },
    );
    expect(verdict).toMatchObject({ outcome: 'violated', violations: [{ property: 'one' }] });
  });

  test('is "undecided" for every limit, with the limit named', async () => {
    const because = async (options: CheckOptions) => {
      const verdict = await check(large, options);
      expect([verdict.outcome, verdict.complete]).toEqual(['undecided', false]);
      expect(verdict.counts.states).toBeLessThan(46 ** 4);
      return verdict.incompleteBecause;
    };
    expect(await because({ maxStates: 5000 })).toBe('limit of states');
    expect(await because({ maxMemoryBytes: 1_000_000 })).toBe('memory limit');
    expect(await because({ depth: 9 })).toBe('depth limit');
    expect(await because({ maxSeconds: 0.01 })).toBe('time limit');
    expect(await because({ signal: AbortSignal.abort() })).toBe('interrupted');
    expect(await because({ strategy: 'dfs', maxStates: 5000 })).toBe('limit of states');
    expect(await because({ strategy: 'random', runs: 3 })).toBe('3 walks are not the whole space');
  });

  test('is never "holds" for walks, which store nothing', async () => {
    for (const strategy of ['random', 'pct'] as const)
      expect(await check(counter(), { strategy, runs: 5 })).toMatchObject({
        outcome: 'undecided',
        store: 'none',
        options: { strategy, seed: 'quiesce', runs: 5 },
      });
  });

  test('of a property of the end is told where everybody has ended', async () => {
    const verdict = await check(
      counter((s, cell) => s.property(atEnd('four', '', () => (cell.n === 4 ? violated('protocol', 'four') : null)))),
    );
    expect(verdict.violations[0]).toMatchObject({
      property: 'four',
      steps: { length: 4 },
      evidence: { kind: 'protocol' },
    });
  });
});

describe('violations', () => {
  const many = () =>
    race(
      plain('p', (k) => [
        k.choose('which', [
          { name: 'deep', body: [k.step('on', () => {}), k.step('deep', () => throwing('deep'))] },
          { name: 'flat', body: [k.step('flat', () => throwing('flat'))] },
          { name: 'wait', body: [k.blockUntil('never', () => false)] },
        ]),
      ]),
    );
  const throwing = (text: string) => {
    throw new Violation('assertion', text);
  };

  test('end the search at the shortest one', async () => {
    const verdict = await check(many());
    expect(verdict.violations.map((v) => v.evidence.message)).toEqual(['a can never move again']);
    expect(verdict.incompleteBecause).toBe('stopped at the first violation');
  });

  test('are all collected, one for each signature, the shortest first', async () => {
    const verdict = await check(many(), { all: true });
    expect(verdict.violations.map((v) => [v.evidence.message, v.steps.length])).toEqual([
      ['a can never move again', 1],
      ['flat', 2],
      ['deep', 3],
    ]);
    expect(verdict.complete).toBe(true);
  });

  test('of properties that are not asked for are passed over', async () => {
    const verdict = await check(many(), { properties: ['leak'] });
    expect(verdict).toMatchObject({ outcome: 'holds', violations: [] });
    expect(verdict.properties.map((p) => p.name)).toEqual(['leak']);
  });

  test.each(['dfs', 'random', 'pct'] as const)('are found by %s with the same signature', async (strategy) => {
    const one = race(
      steps('p', 1),
      plain('q', (k) => [k.step('x', () => {}), k.step('bad', () => throwing('bad'))]),
    );
    const [wide, other] = [await check(one), await check(one, { strategy })];
    expect(other.violations.map((v) => v.signature)).toEqual(wide.violations.map((v) => v.signature));
    // What walks find is shrunk.
    expect(other.violations[0]?.minimal).toBe(strategy === 'dfs' ? 'local' : 'proven');
  });
});

describe('refused is', () => {
  const refusal = (options: CheckOptions) => rejectionOf(check(counter(), options));

  test.each<[CheckOptions, string, string]>([
    [{ seed: 'x' }, 'option seed has no meaning for the bfs strategy', 'only random, pct and anytime use a seed'],
    [
      { strategy: 'dfs', seed: 'x' },
      'option seed has no meaning for the dfs strategy',
      'only random, pct and anytime use a seed',
    ],
    [{ runs: 3 }, 'option runs has no meaning for the bfs strategy', 'only random, pct and anytime make runs'],
    [
      { strategy: 'random', maxStates: 3 },
      'option states has no meaning for the random strategy',
      'walks store no states: use runs or time',
    ],
    [
      { strategy: 'pct', maxMemoryBytes: 3 },
      'option mem has no meaning for the pct strategy',
      'walks store no states: use runs or time',
    ],
    [
      { strategy: 'dfs', symmetry: true },
      'option symmetry has no meaning for the dfs strategy',
      'only bfs and anytime fold symmetric states',
    ],
    [
      { strategy: 'pct', workers: 2 },
      'option workers has no meaning for the pct strategy',
      'only bfs and anytime run on several threads',
    ],
    [
      { preemptions: 1 },
      'option preemptions has no meaning for the bfs strategy',
      'only bounded and anytime count them',
    ],
  ])('%j', async (options, what, hint) => {
    expect(await refusal(options)).toMatchObject({ code: 'config', what, hint });
  });

  test('an unknown property, with the nearest one', async () => {
    expect(await refusal({ properties: ['deadlok'] })).toMatchObject({
      code: 'usage',
      what: 'scenario tiny has no property "deadlok"',
      hint: 'did you mean "deadlock"?',
    });
    expect(await refusal({ properties: ['elsewhere'] })).toMatchObject({
      hint: 'properties are deadlock, stuck, memory, refcount, locking, leak, model',
    });
  });

  test('an unknown variant or bound', async () => {
    expect(await refusal({ variant: 'fixed' })).toMatchObject({ code: 'usage' });
    expect(await refusal({ bounds: { n: 1 } })).toMatchObject({ code: 'usage' });
  });
});

describe('what was expected', () => {
  const expecting = (expectation: Parameters<typeof counter>[1]) => counter(() => {}, expectation);

  test('is compared in every number', async () => {
    const verdict = await check(expecting({ verdict: 'holds', states: 9, depth: 4 }));
    expect([verdict.asExpected, verdict.unexpected]).toEqual([true, []]);
    const wrong = await check(expecting({ verdict: 'holds', states: 8, depth: 5 }));
    expect(wrong.asExpected).toBe(false);
    expect(wrong.unexpected).toEqual(['number of states is 9, expected 8', 'depth is 4, expected 5']);
  });

  test('is another verdict', async () => {
    const verdict = await check(expecting({ verdict: 'violated', kind: 'deadlock', length: 1, states: 2 }));
    expect(verdict.unexpected).toEqual(['the verdict is holds, expected violated']);
  });

  test('of a violation is its kind, its length and its property', async () => {
    const broken = (expectation: Parameters<typeof counter>[1]) =>
      counter(
        (s, cell) => s.property(always('small', '', () => (cell.n < 3 ? null : violated('protocol', '')))),
        expectation,
      );
    const right = await check(
      broken({ verdict: 'violated', kind: 'protocol', property: 'small', length: 3, states: 8 }),
    );
    expect(right.unexpected).toEqual([]);
    const wrong = await check(broken({ verdict: 'violated', kind: 'leak', property: 'large', length: 2, states: 7 }));
    expect(wrong.unexpected).toEqual([
      'number of states is 8, expected 7',
      'kind of the violation is protocol, expected leak',
      'length of the counterexample is 3, expected 2',
      'violated property is small, expected large',
    ]);
  });

  test('says nothing of other bounds, of other strategies and of a part', async () => {
    const bounded = tiny(
      (s) => {
        for (let i = 0; i < (s.bounds['n'] as number); i++) s.actor(`t${i}`, steps('p', 1), {});
      },
      { bounds: { n: 1 } as Record<string, number>, expect: { verdict: 'holds', states: 2, depth: 1 } },
    );
    const expected = async (options: CheckOptions) => (await check(bounded, options)).asExpected;
    expect(await expected({})).toBe(true);
    expect(await expected({ bounds: { n: 1 } })).toBe(true);
    for (const options of [
      { bounds: { n: 2 } },
      { strategy: 'dfs' },
      { properties: ['deadlock'] },
      { depth: 5 },
      { all: true },
    ] as const)
      expect(await expected(options)).toBeNull();
  });
});

describe('coverage', () => {
  test('names the steps that were never taken and the guards that were never false', async () => {
    const verdict = await check(
      race(
        plain('p', (k) => [
          k.blockUntil('always open', () => true),
          k.test('which', () => true, [k.step('yes', () => {})], [k.step('no', () => {})]),
          k.choose('arm', [{ name: 'left' }, { name: 'right', when: () => false }]),
        ]),
      ),
    );
    const at = (label: string, choice: string | null = null) => ({ actor: 'a', procedure: 'p', label, choice });
    expect(verdict.coverage).toEqual({
      steps: 6,
      taken: 4,
      neverTaken: [at('arm', 'right'), at('no')],
      neverBlocked: [at('always open')],
      neverTrue: [at('arm', 'right')],
      neverFalse: [at('which')],
    });
  });

  test('tells what a condition never was, of what was looked at', async () => {
    const Box = object('box', { n: int(0, 3) }, { permanent: true });
    const verdict = await check(
      tiny((s) => {
        const box = s.object(Box, 'box');
        s.actor(
          'a',
          procedure('p', { source, params: { all: each(Box) } }, (k) => [
            k.test('both', () => box.n === 0, []),
            k.test('never', () => box.n === 3, [k.test('not looked at', () => true, [])]),
            k.choose('arm', [{ name: 'open', when: () => box.n < 3 }, { name: 'without a condition' }]),
            k.pick(
              'one',
              (f) => f.all,
              () => {},
              { when: (_f, one) => one.n < 3 },
            ),
            k.blockUntil('never more', () => box.n === 3, { idle: true }),
          ]),
          { all: [box] },
        );
        s.actor(
          'b',
          plain('count', (k) => [
            k.step('one', () => {
              box.n = 1;
            }),
          ]),
          {},
        );
      }),
    );
    const words = (list: readonly CoverageEntry[]) => list.map((e) => `${e.label}${e.choice ? ` ${e.choice}` : ''}`);
    expect(words(verdict.coverage.neverTrue)).toEqual(['never', 'never more']);
    expect(words(verdict.coverage.neverFalse)).toEqual(['arm open', 'one option 1']);
    expect(words(verdict.coverage.neverBlocked)).toEqual([]);
    expect(words(verdict.coverage.neverTaken)).toEqual(['not looked at', 'never more']);
  });
});

test('the verdict names every switch, bound and budget in effect', async () => {
  const how = switchOf('how', '', 'posted', 'fixed');
  const s = scenario('switched', {
    title: 'a title',
    about: 'about it',
    systems: ['sva'],
    source,
    corpus: '#7',
    bounds: { n: 2 },
    assumptions: ['nobody else is there'],
    variants: {
      posted: { about: 'as posted', expect: anything },
      fixed: { about: 'as fixed', settings: [set(how, 'fixed')], bounds: { n: 3 }, expect: anything },
    },
    setup: (setup) => {
      setup.failures({ kmalloc: 1 });
      const body = plain('p', (k) => [
        k.switch(how, { posted: [k.step('x', () => {})], fixed: [k.attempt('kmalloc', 'y', () => {}, [])] }),
      ]);
      for (let i = 0; i < setup.bounds.n; i++) setup.actor(`t${i}`, body, {});
    },
  });
  expect(await check(s, { variant: 'fixed' })).toMatchObject({
    scenario: { name: 'switched', title: 'a title', corpus: '#7', assumptions: ['nobody else is there'] },
    variant: 'fixed',
    variantAbout: 'as fixed',
    settings: { how: 'fixed' },
    bounds: { n: 3 },
    failures: { kmalloc: 1 },
  });
  // The first variant is the one that is checked when none is named.
  expect(await check(s)).toMatchObject({ variant: 'posted', settings: { how: 'posted' }, bounds: { n: 2 } });
});

test('two checks of one scenario give the same document, but for the timing', async () => {
  const document = async () => {
    const { timing: _timing, ...rest } = await check(
      counter((s, cell) => s.property(always('small', '', () => (cell.n < 3 ? null : violated('protocol', 'three'))))),
    );
    return JSON.stringify(rest);
  };
  expect(await document()).toBe(await document());
});

test('progress tells of a search while it runs, with numbers that only grow', async () => {
  const told: Progress[] = [];
  await check(large, { maxStates: 800_000, onProgress: (p) => told.push(p) });
  const search = told.filter((p) => p.phase === 'search');
  expect(search.length).toBeGreaterThan(0);
  for (let i = 1; i < search.length; i++) {
    expect(search[i]?.states).toBeGreaterThanOrEqual(search[i - 1]?.states as number);
    expect(search[i]?.depth).toBeGreaterThanOrEqual(search[i - 1]?.depth as number);
  }
  expect(search.at(-1)).toMatchObject({ memoryLimitBytes: null, memoryBytes: expect.any(Number) });
});

test('a search can be interrupted while it runs', async () => {
  const stop = new AbortController();
  const verdict = await check(large, { signal: stop.signal, onProgress: () => stop.abort() });
  expect(verdict).toMatchObject({ outcome: 'undecided', incompleteBecause: 'interrupted' });
  expect(verdict.counts.states).toBeGreaterThan(1);
});

test('stuck actors that cannot be decided leave the verdict open, unless nobody asked', async () => {
  const loop = plain('loop', (k) => [k.loop([k.step('tick', () => {}), k.step('tock', () => {})])]);
  const crowd = tiny((s) => {
    s.actor('loop', loop, {});
    for (let i = 0; i < 31; i++)
      s.actor(
        `t${i}`,
        plain('empty', () => []),
        {},
      );
  });
  expect(await check(crowd)).toMatchObject({
    outcome: 'undecided',
    incompleteBecause: 'stuck actors: more than 31 actors',
  });
  expect(await check(crowd, { properties: ['deadlock'] })).toMatchObject({ outcome: 'holds', complete: true });
});
