/** Breadth-first search: shortest counterexamples, counts and order that never change, limits that end undecided. */
import { describe, expect, test } from 'vitest';
import { type Body, does, int, type Kit, object, procedure, Violation } from '../../../../checker/lang/index.ts';
import { breadthFirst, namesOf, plainly, stateOf, text } from '../../../support/search.ts';
import { drop, lock, plain, race, source, take, tiny } from '../../../support/tiny.ts';

const Cell = object('cell', { value: int(0, 20), lock: lock() }, { permanent: true });

/** `n` actors run one body on one cell. */
function crowd(n: number, build: (k: Kit<any>) => Body<any>) {
  const p = procedure('p', { source, params: { cell: Cell }, locals: { seen: int(0, 20) } }, build as never);
  return tiny((s) => {
    const cell = s.object(Cell, 'cell');
    for (let i = 0; i < n; i++) s.task(`t${i}`, [does(p, { cell })]);
  });
}

const counter = (n: number) =>
  crowd(n, (k) => [
    k.step('read', (f) => {
      f.seen = f.cell.value;
    }),
    k.step('write', (f) => {
      f.cell.value = f.seen + 1;
    }),
  ]);
const locked = (n: number) =>
  crowd(n, (k) => [
    take('lock', (f: any) => f.cell.lock),
    k.step('count', (f) => {
      f.cell.value++;
    }),
    drop('unlock', (f: any) => f.cell.lock),
  ]);
const chooser = crowd(2, (k) => [
  k.choose('which', [
    {
      name: 'up',
      act: (f) => {
        f.cell.value++;
      },
    },
    { name: 'stay' },
    {
      name: 'down',
      when: (f) => f.cell.value > 0,
      act: (f) => {
        f.cell.value--;
      },
    },
  ]),
  k.step('end', () => {}),
]);

test.each([
  ['a racy counter', counter(3)],
  ['a locked counter', locked(3)],
  ['a choice', chooser],
])('states, levels and parents of %s are those of a plain queue, in its order', (_what, scenario) => {
  const { search } = breadthFirst(scenario);
  const twin = plainly(scenario);
  const states = Array.from({ length: search.store.count }, (_, i) => text(stateOf(search, i)));
  expect(states).toEqual(twin.states);
  expect(search.counts.levels).toEqual(twin.levels);
  expect(states.map((_, i) => search.store.parentOf(i))).toEqual(twin.parents);
  expect(search.incomplete).toBeNull();
});

test('n independent actors of m steps have (m + 1)^n states on n m + 1 levels', () => {
  const { search } = breadthFirst(
    race(...['p', 'q', 'r'].map((name) => plain(name, (k) => [k.step('x', () => {}), k.step('y', () => {})]))),
  );
  expect(search.counts).toMatchObject({
    states: 27,
    depth: 6,
    left: 0,
    transitions: 3 * 2 * 9,
    levels: [1, 3, 6, 7, 6, 3, 1],
  });
});

test('states are many more than one batch and one slice: the counts are exact', () => {
  const steps = (name: string) => plain(name, (k) => Array.from({ length: 24 }, (_, i) => k.step(`${i}`, () => {})));
  const { search } = breadthFirst(race(...['p', 'q', 'r', 's'].map(steps)));
  expect(search.counts).toMatchObject({ states: 25 ** 4, depth: 96, transitions: 4 * 24 * 25 ** 3 });
});

test('the moves to every state lead to that state', () => {
  const scenario = counter(2);
  const { search, model } = breadthFirst(scenario);
  const { words } = model;
  for (let i = 0; i < search.store.count; i++) {
    const moves = search.movesTo(i);
    model.load(model.initial, 0);
    for (const move of moves) expect(model.run(move >> 16, move & 0xffff)).toBeGreaterThanOrEqual(0);
    expect(text(model.memory.words.slice(0, words))).toBe(text(stateOf(search, i)));
    const level = search.levelStarts.findIndex((start) => start > i) - 1;
    expect(moves).toHaveLength(level);
  }
});

describe('a violation', () => {
  /** One way of three steps and one of two lead to it, and the longer one is tried first. */
  const twoWays = tiny((s) => {
    const cell = s.object(Cell, 'cell');
    const fail = () => {
      throw new Violation('assertion', 'reached');
    };
    s.actor(
      'long',
      plain('long', (k) => [k.step('1', () => {}), k.step('2', () => {}), k.step('bad', fail)]),
      {},
    );
    s.actor(
      'short',
      plain('short', (k) => [
        k.step('1', () => {
          cell.value = 1;
        }),
        k.step('bad', fail),
      ]),
      {},
    );
  });

  test('is found on a shortest way', () => {
    const { findings, model } = breadthFirst(twoWays, { stopAtFirst: true });
    expect(findings.violations.map((v) => [v.length, namesOf(model, v.moves), v.fault])).toEqual([
      [2, 'short short', true],
    ]);
  });

  test('ends the search with the level in which it is found', () => {
    const { search } = breadthFirst(twoWays, { stopAtFirst: true });
    expect(search.incomplete).toBe('stopped at the first violation');
    // Levels 0 and 1, and level 2 as far as the expansion of level 1 made it: both have moved, or long twice.
    expect(search.counts).toMatchObject({ states: 5, levels: [1, 2, 2] });
  });

  test('of every signature is collected when the search goes on', () => {
    const { findings, search } = breadthFirst(twoWays);
    expect(findings.violations.map((v) => v.length)).toEqual([2, 3]);
    expect(search.incomplete).toBeNull();
    // The faulty steps lead nowhere: long stands at 0, 1 or 2, short at 0 or 1.
    expect(search.counts.states).toBe(6);
  });

  test('of a step does not hide the successors of the others', () => {
    const scenario = race(
      plain('bad', (k) => [
        k.step('bad', () => {
          throw new Violation('assertion', 'at once');
        }),
      ]),
      plain('good', (k) => [k.step('1', () => {}), k.step('2', () => {})]),
      plain('bad_too', (k) => [
        k.step('bad', () => {
          throw new Violation('protocol', 'at once');
        }),
      ]),
    );
    const { search, findings } = breadthFirst(scenario);
    expect(search.counts).toMatchObject({ states: 3, transitions: 2 });
    expect(findings.violations.map((v) => v.evidence.kind)).toEqual(['assertion', 'protocol']);
  });

  test('of a step that is not checked neither stops nor leads on', () => {
    const { search, findings } = breadthFirst(twoWays, { stopAtFirst: true, only: ['deadlock'] });
    expect([findings.violations, search.incomplete, search.counts.states]).toEqual([[], null, 6]);
  });
});

describe('limits', () => {
  test('on states end undecided, between two slices', () => {
    const { search } = breadthFirst(counter(4), { limits: { maxStates: 50 } });
    expect(search.incomplete).toBe('limit of states');
    expect(search.counts.left).toBeGreaterThan(0);
    expect(search.counts.states).toBeGreaterThanOrEqual(50);
  });

  test('on states that are just enough change nothing', () => {
    const all = breadthFirst(counter(2)).search.counts;
    const enough = breadthFirst(counter(2), { limits: { maxStates: all.states + 1 } }).search;
    expect([enough.incomplete, enough.counts.states]).toEqual([null, all.states]);
  });

  test('on depth end undecided after that level', () => {
    const { search } = breadthFirst(counter(2), { limits: { maxDepth: 2 } });
    expect(search.incomplete).toBe('depth limit');
    expect(search.counts.levels).toEqual(plainly(counter(2)).levels.slice(0, 3));
    expect(breadthFirst(counter(2), { limits: { maxDepth: 4 } }).search.counts.levels).toEqual(
      plainly(counter(2)).levels,
    );
  });

  test('on memory end undecided before the store grows beyond them', () => {
    const steps = (name: string) => plain(name, (k) => Array.from({ length: 40 }, (_, i) => k.step(`${i}`, () => {})));
    const { search } = breadthFirst(race(...['p', 'q', 'r'].map(steps)), { limits: { maxMemoryBytes: 300_000 } });
    expect(search.incomplete).toBe('memory limit');
    expect(search.counts.states).toBeLessThan(41 ** 3);
  });
});

test('two searches of one scenario are the same in every number', () => {
  const once = () => {
    const { search, findings } = breadthFirst(counter(3));
    return { counts: search.counts, findings: findings.violations };
  };
  expect(once()).toEqual(once());
});
