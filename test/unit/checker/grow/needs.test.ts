/** Needs: the smallest bounds and the fewest injected failures at which a bug shows, and when that is proven. */
import { describe, expect, test } from 'vitest';
import { type NeedsOptions, needs } from '../../../../checker/grow/needs.ts';
import { int, object, type Scenario, sometimes, Violation } from '../../../../checker/lang/index.ts';
import { plain, rejectionOf, tiny } from '../../../support/tiny.ts';

const Cell = object('cell', { n: int(0, 99), failed: int(0, 9) }, { permanent: true });

interface Plan {
  readonly bounds: Record<string, number>;
  readonly failures?: Record<string, number>;
  /** Is the bug there with so many tasks having counted and so many failures? */
  readonly breaks: (counted: number, failed: number, bounds: Record<string, number>) => boolean;
  /** Another kind of the same property, which comes first. */
  readonly hides?: (counted: number, bounds: Record<string, number>) => boolean;
}

/** `tasks` actors that count, each with an allocation that may fail. */
const counting = ({ bounds, failures, breaks, hides }: Plan): Scenario =>
  tiny(
    (s) => {
      const cell = s.object(Cell, 'cell');
      const p = plain('p', (k) => [
        k.attempt('kmalloc', 'allocate', () => {}, [
          k.step('failed', () => {
            cell.failed++;
          }),
        ]),
        k.step('count', () => {
          cell.n++;
          if (hides?.(cell.n, s.bounds) === true) throw new Violation('protocol', 'comes first');
        }),
        k.step('look', () => {
          if (breaks(cell.n, cell.failed, s.bounds)) throw new Violation('assertion', 'broken');
        }),
      ]);
      for (let i = 0; i < (s.bounds['tasks'] as number); i++) s.actor(`t${i}`, p, {});
      if (failures !== undefined) s.failures(failures);
    },
    { bounds },
  );

const tried = async (scenario: Scenario, options: NeedsOptions = {}) =>
  (await needs(scenario, options)).cells.map(
    (c) =>
      `${Object.values(c.bounds).join(' ')}${c.failures === null ? '' : ` / ${Object.values(c.failures).join(' ')}`}: ${c.shows}`,
  );

describe('the smallest bounds', () => {
  const two = counting({ bounds: { tasks: 3, idle: 2 }, breaks: (n) => n >= 2 });

  test('are found, with every smaller cell searched', async () => {
    expect(await needs(two)).toMatchObject({
      schema: 'quiesce.needs/1',
      declared: { tasks: 3, idle: 2 },
      outcome: 'violated',
      bug: { property: 'model', kind: 'assertion' },
      bounds: { tasks: 2, idle: 0 },
      failures: {},
      // Both allocate, both count, one looks.
      steps: 5,
      proven: true,
      because: null,
    });
  });

  test('are looked for in the order of their sum, then of the scenario', async () => {
    expect(await tried(two)).toEqual([
      '3 2: true',
      '0 0: false',
      '0 1: false',
      '1 0: false',
      '0 2: false',
      '1 1: false',
      '2 0: true',
    ]);
  });

  // A descent that lowers one bound while the bug stays would stop at three.
  test('are found below cells that do not show it', async () => {
    const gap = counting({ bounds: { tasks: 3 }, breaks: (n, _failed, { tasks }) => n === 1 && tasks !== 2 });
    expect(await tried(gap)).toEqual(['3: true', '0: false', '1: true']);
    expect((await needs(gap)).bounds).toEqual({ tasks: 1 });
  });

  test('are the declared ones when nothing smaller shows it', async () => {
    const all = counting({ bounds: { tasks: 2 }, breaks: (n) => n === 2 });
    expect(await needs(all)).toMatchObject({ bounds: { tasks: 2 }, proven: true });
  });

  test('stay above what is given, and start where it is given', async () => {
    expect(await tried(two, { least: { tasks: 1, idle: 1 }, bounds: { idle: 1 } })).toEqual([
      '3 1: true',
      '1 1: false',
      '2 1: true',
    ]);
  });

  test('are found where another kind of the same property comes first', async () => {
    const hidden = counting({
      bounds: { tasks: 3 },
      breaks: (n) => n >= 2,
      hides: (n, { tasks }) => n === 1 && tasks === 2,
    });
    const found = await needs(hidden);
    expect(found.bounds).toEqual({ tasks: 3 });
    // With two tasks the first count always ends the schedule: the cell was searched for all violations.
    expect(found.cells.at(-1)).toMatchObject({ bounds: { tasks: 2 }, outcome: 'violated', shows: false });
    expect(found.proven).toBe(true);
  });
});

describe('the fewest injected failures', () => {
  test('are found at the smallest bounds', async () => {
    const one = counting({ bounds: { tasks: 2 }, failures: { kmalloc: 2 }, breaks: (_n, failed) => failed === 1 });
    expect(await tried(one)).toEqual(['2: true', '0: false', '1: true', '1 / 0: false', '1 / 1: true']);
    expect(await needs(one)).toMatchObject({ bounds: { tasks: 1 }, failures: { kmalloc: 1 }, proven: true });
  });

  test('are none where the bug shows without', async () => {
    const none = counting({ bounds: { tasks: 1 }, failures: { kmalloc: 2 }, breaks: (n) => n === 1 });
    expect(await needs(none)).toMatchObject({ failures: {}, proven: true });
  });

  test('are all where fewer do not do', async () => {
    const both = counting({ bounds: { tasks: 2 }, failures: { kmalloc: 2 }, breaks: (_n, failed) => failed === 2 });
    expect(await needs(both)).toMatchObject({ bounds: { tasks: 2 }, failures: { kmalloc: 2 }, proven: true });
  });
});

describe('nothing is proven', () => {
  const deep = counting({ bounds: { tasks: 6 }, breaks: (n, _failed, { tasks }) => tasks === 6 && n === 1 });

  test('by a cell that was cut at a limit, which is named', async () => {
    const found = await needs(deep, { maxStates: 200 });
    expect(found).toMatchObject({
      bounds: { tasks: 6 },
      proven: false,
      because: 'tasks=4 is undecided: limit of states',
    });
  });

  test('when it is interrupted', async () => {
    const stop = new AbortController();
    const found = await needs(deep, { signal: stop.signal, onCell: () => stop.abort() });
    expect(found).toMatchObject({
      bounds: { tasks: 6 },
      proven: false,
      because: 'interrupted',
      cells: [{ shows: true }],
    });
  });

  test('when the time is over', async () => {
    const found = await needs(deep, { maxSeconds: 0.000_001 });
    expect(found.proven).toBe(false);
  });
});

describe('there is nothing to make smaller', () => {
  test('where the scenario holds', async () => {
    const calm = counting({ bounds: { tasks: 1 }, breaks: () => false });
    expect(await needs(calm)).toMatchObject({
      outcome: 'holds',
      bug: null,
      bounds: null,
      proven: false,
      because: 'no violation at the declared bounds',
    });
  });

  test('where a goal is never reached', async () => {
    const goal = tiny((s) => {
      s.actor(
        'a',
        plain('p', (k) => [k.step('1', () => {})]),
        {},
      );
      s.property(sometimes('never', '', () => false));
    });
    expect(await needs(goal)).toMatchObject({
      outcome: 'violated',
      bounds: null,
      because: 'a goal is never reached, which has no counterexample',
    });
  });

  test('where the declared bounds are too large to finish', async () => {
    const calm = counting({ bounds: { tasks: 6 }, breaks: () => false });
    expect(await needs(calm, { maxStates: 50 })).toMatchObject({ outcome: 'undecided', because: 'limit of states' });
  });
});

test('two runs give the same document, but for the timing', async () => {
  const run = async () => {
    const scenario = counting({ bounds: { tasks: 3 }, failures: { kmalloc: 1 }, breaks: (n) => n === 2 });
    const { timing: _timing, ...rest } = await needs(scenario);
    return JSON.stringify(rest);
  };
  expect(await run()).toBe(await run());
});

test('a bound that does not exist is refused', async () => {
  const scenario = counting({ bounds: { tasks: 1 }, breaks: () => true });
  expect(await rejectionOf(needs(scenario, { least: { task: 1 } }))).toMatchObject({ code: 'usage' });
});
