/** Growth: which cells are tried, in which order, what is expected of each, and what ends it. */
import { describe, expect, test } from 'vitest';
import type { Cell as Tried } from '../../../../checker/grow/cell.ts';
import { type GrowOptions, grow } from '../../../../checker/grow/grow.ts';
import { int, object, type Scenario, sometimes, Violation } from '../../../../checker/lang/index.ts';
import { plain, rejectionOf, tiny } from '../../../support/tiny.ts';

const Cell = object('cell', { n: int(0, 99) }, { permanent: true });
const Part = object('part', {});

type Sizes = { readonly tasks: number; readonly steps: number; readonly idle: number };

/** `tasks` actors that take `steps` steps each, of which nobody sees another: (steps + 1)^tasks states. */
const counting = (bounds: Partial<Sizes>, more: (sizes: Sizes) => void = () => {}): Scenario =>
  tiny(
    (s) => {
      const sizes = { tasks: 1, steps: 1, idle: 0, ...s.bounds };
      more(sizes);
      const p = plain('p', (k) => Array.from({ length: sizes.steps }, (_, i) => k.step(`${i}`, () => {})));
      for (let i = 0; i < sizes.tasks; i++) s.actor(`t${i}`, p, {});
    },
    { bounds: bounds as Record<string, number> },
  );

const table = (cells: readonly Tried[]) =>
  cells.map((c) => `${Object.values(c.bounds).join(' ')}: ${c.outcome} ${c.states}`);
const contents = async (scenario: Scenario, options: GrowOptions) => {
  const { timing: _timing, ...rest } = await grow(scenario, options);
  return rest;
};

describe('one range', () => {
  test('is tried from its lower to its upper end, with exact counts, factors and what was expected', async () => {
    const growth = await grow(counting({ tasks: 2, steps: 2 }), { ranges: { tasks: { from: 1, to: 4 } } });
    expect(growth).toMatchObject({
      schema: 'quiesce.grow/1',
      scenario: 'tiny',
      variant: 'posted',
      ranges: { tasks: { from: 1, to: 4 } },
      fixed: { steps: 2 },
      largest: [{ tasks: 4, steps: 2 }],
      ended: 'every cell of the ranges was seen',
    });
    expect(growth.cells.map((c) => [c.bounds['tasks'], c.states, c.predicted, c.factors])).toEqual([
      [1, 3, null, {}],
      [2, 9, null, { tasks: 3 }],
      [3, 27, 27, { tasks: 3 }],
      [4, 81, 81, { tasks: 3 }],
    ]);
    expect(growth.timing.cells).toHaveLength(4);
  });

  test('may keep another bound at a value of its own', async () => {
    const growth = await grow(counting({ tasks: 1, steps: 1 }), {
      ranges: { tasks: { from: 1, to: 2 } },
      bounds: { steps: 4 },
    });
    expect(table(growth.cells)).toEqual(['1 4: holds 5', '2 4: holds 25']);
  });
});

describe('several bounds', () => {
  test('are raised one at a time first, then together, always the smallest expected cell next', async () => {
    const growth = await grow(counting({ tasks: 1, steps: 1 }), {
      ranges: { tasks: { from: 1, to: 3 }, steps: { from: 1, to: 3 } },
    });
    expect(table(growth.cells)).toEqual([
      '1 1: holds 2',
      '2 1: holds 4',
      '1 2: holds 3',
      '1 3: holds 4', // 3 * 3 / 2 expected, less than 4 * 3 / 2 and 4 * 4 / 2
      '2 2: holds 9',
      '3 1: holds 8',
      '2 3: holds 16', // 9 * 4 / 3 = 12 or 9 * 9 / 4 = 20 expected: the greater counts
      '3 2: holds 27', // 9 * 9 / 3 or 8 * 9 / 4
      '3 3: holds 64', // 27 * 16 / 9, 16 * 16 / 4 or 27 * 27 / 8
    ]);
    expect(growth.cells.map((c) => c.predicted)).toEqual([null, null, null, 5, 6, 8, 20, 27, 91]);
    expect(growth.largest).toEqual([{ tasks: 3, steps: 3 }]);
  });

  test('all of them grow without an end when no range is given', async () => {
    const growth = await grow(counting({ tasks: 1, steps: 1 }), { maxStates: 30 });
    expect(growth.ranges).toEqual({ tasks: { from: 1, to: null }, steps: { from: 1, to: null } });
    expect(growth.ended).toBe('every direction ends: a limit');
    for (const cell of growth.cells) expect(cell.outcome === 'holds').toBe(cell.states < 30);
    // No cell above one that was cut is tried.
    const cut = growth.cells.filter((c) => c.outcome === 'undecided');
    expect(cut.length).toBeGreaterThan(0);
    expect(cut.every((c) => c.because === 'limit of states' && Object.keys(c.factors).length === 0)).toBe(true);
    const above = (a: Tried, b: Tried) =>
      a !== b && Object.entries(a.bounds).every(([name, value]) => value >= (b.bounds[name] as number));
    for (const cell of growth.cells) expect(cut.some((c) => above(cell, c))).toBe(false);
    // Largest: below no other complete cell, most states first.
    const complete = growth.cells.filter((c) => c.outcome === 'holds');
    const maximal = complete.filter((c) => !complete.some((other) => above(other, c)));
    expect(growth.largest).toEqual(maximal.sort((a, b) => b.states - a.states).map((c) => c.bounds));
  });

  test('two runs try the same cells in the same order', async () => {
    const run = () => contents(counting({ tasks: 1, steps: 1 }), { maxStates: 30 });
    expect(JSON.stringify(await run())).toBe(JSON.stringify(await run()));
  });
});

describe('a direction ends', () => {
  test('at a violation, which is told with its schedule', async () => {
    const broken = tiny(
      (s) => {
        const cell = s.object(Cell, 'cell');
        const p = plain('p', (k) => [
          k.step('count', () => {
            cell.n++;
            if (cell.n === 3) throw new Violation('assertion', 'three');
          }),
        ]);
        for (let i = 0; i < (s.bounds['tasks'] as number); i++) s.actor(`t${i}`, p, {});
      },
      { bounds: { tasks: 1, idle: 0 } as Record<string, number> },
    );
    const told: [string, string | undefined][] = [];
    const growth = await grow(broken, {
      ranges: { tasks: { from: 1, to: 9 }, idle: { from: 0, to: 1 } },
      onCell: (cell, verdict) => told.push([cell.outcome, verdict?.violations[0]?.schedule.split('\n')[0]]),
    });
    expect(table(growth.cells)).toEqual([
      '1 0: holds 2',
      '2 0: holds 4',
      '1 1: holds 2',
      '2 1: holds 4',
      '3 0: violated 7', // so three tasks and one idle is not tried
    ]);
    expect(growth.cells[4]?.violation).toMatchObject({
      property: 'model',
      kind: 'assertion',
      steps: 3,
      switches: 2,
      schedule: null,
    });
    expect(growth.largest).toEqual([{ tasks: 2, idle: 1 }]);
    expect(growth.ended).toBe('every direction ends: a violation, the end of its range');
    expect(told.at(-1)?.[1]).toMatch(/schedule/);
  });

  test('where there is no model, with the reason', async () => {
    const pools = (sizes: Sizes) => {
      if (sizes.tasks === 3) throw new TypeError('there is no third device');
    };
    const growth = await grow(counting({ tasks: 1 }, pools), { ranges: { tasks: { from: 1, to: null } } });
    expect(growth.cells.at(-1)).toMatchObject({ outcome: 'refused', because: 'there is no third device', states: 0 });
    expect(growth.ended).toBe('every direction ends: a model that cannot be built');
  });

  test('where the model itself says that it is too large', async () => {
    const small = tiny(
      (s) => {
        s.pool(Part, 4 - (s.bounds['tasks'] as number));
        s.actor(
          'a',
          plain('p', (k) => [k.step('1', () => {})]),
          {},
        );
      },
      { bounds: { tasks: 3 } as Record<string, number> },
    );
    const growth = await grow(small, {});
    expect(growth.cells.at(-1)).toMatchObject({
      outcome: 'refused',
      because: expect.stringMatching(/at least one slot/),
    });
  });

  test('where raising a bound changed nothing, unless its range was given', async () => {
    const open = await grow(counting({ tasks: 1, idle: 0 }), { maxStates: 5, bounds: { tasks: 2 } });
    expect(table(open.cells)).toEqual(['2 0: holds 4', '2 1: holds 4']);
    expect(open.ended).toBe('every direction ends: a bound that changes nothing more');
    const given = await grow(counting({ tasks: 2, idle: 0 }), { ranges: { idle: { from: 0, to: 3 } } });
    expect(given.cells).toHaveLength(4);
  });

  test('but other bounds go on from there', async () => {
    const growth = await grow(counting({ tasks: 1, idle: 0 }), { maxStates: 20 });
    // At every number of tasks idle is raised once.
    expect(table(growth.cells)).toEqual([
      '1 0: holds 2',
      '2 0: holds 4',
      '1 1: holds 2',
      '2 1: holds 4',
      '3 0: holds 8',
      '3 1: holds 8',
      '4 0: holds 16',
      '4 1: holds 16',
      '5 0: undecided 26', // the limit is looked at between levels
    ]);
  });

  test('at a goal that is never reached', async () => {
    const goal = tiny(
      (s) => {
        const cell = s.object(Cell, 'cell', { n: s.bounds['n'] as number });
        s.actor(
          'a',
          plain('p', (k) => [k.step('1', () => {})]),
          {},
        );
        s.property(sometimes('one', '', () => cell.n === 1));
      },
      { bounds: { n: 1 } as Record<string, number> },
    );
    const growth = await grow(goal);
    expect(growth.cells.at(-1)).toMatchObject({
      outcome: 'violated',
      because: 'goal never reached: one',
      violation: null,
    });
  });
});

describe('everything ends', () => {
  test('when the time is over: the last cell is cut and undecided', async () => {
    const growth = await grow(counting({ tasks: 4, steps: 40 }), {
      maxSeconds: 0.2,
      ranges: { tasks: { from: 4, to: 9 } },
    });
    expect(growth.cells.at(-1)).toMatchObject({ outcome: 'undecided', because: 'time limit' });
    expect(growth.ended).toBe('time is spent');
    expect(growth.largest.length).toBeLessThanOrEqual(1);
  });

  test('when it is interrupted: what is known is returned', async () => {
    const stop = new AbortController();
    const growth = await grow(counting({ tasks: 1, steps: 1 }), {
      signal: stop.signal,
      onCell: (cell) => {
        if (cell.states === 4) stop.abort();
      },
    });
    expect(growth.ended).toBe('interrupted');
    expect(growth.cells.at(-1)?.states).toBe(4);
    expect(growth.largest).toHaveLength(1);
  });

  test('at once when there is nothing to raise', async () => {
    const growth = await grow(counting({}));
    expect(growth).toMatchObject({
      ended: 'the scenario has no bound to raise',
      largest: [{}],
      cells: [{ states: 2 }],
    });
  });
});

describe('refused is', () => {
  const refusal = (options: GrowOptions) => rejectionOf(grow(counting({ tasks: 1 }), options));

  test.each<[GrowOptions, string]>([
    [{ ranges: { tasks: { from: 3, to: 1 } } }, 'the range of bound tasks goes from 3 to 1'],
    [{ ranges: { task: { from: 1, to: 2 } } }, 'scenario tiny has no bound "task"'],
    [{ bounds: { task: 1 } }, 'scenario tiny has no bound "task"'],
    [{ ranges: { tasks: { from: 1, to: 2 } }, bounds: { tasks: 1 } }, 'bound tasks is given a value and a range'],
    [{ ranges: { tasks: { from: 0.5, to: 2 } } }, 'bound tasks must be a whole number, not 0.5'],
  ])('%j', async (options, what) => {
    expect(await refusal(options)).toMatchObject({ code: 'usage', what });
  });

  test('what is wrong at any bounds, by the search itself', async () => {
    expect(await refusal({ variant: 'fixed' })).toMatchObject({ what: 'scenario tiny has no variant "fixed"' });
    expect(await refusal({ workers: 2 })).toMatchObject({ code: 'config' });
    expect(await refusal({ properties: ['none'] })).toMatchObject({ code: 'usage' });
    expect(await rejectionOf(grow(counting({ tasks: 0 })))).toMatchObject({ code: 'model' });
  });
});
