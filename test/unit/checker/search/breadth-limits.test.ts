/**
 * The breadth-first engine near the limits of what its arrays hold: more goals than a word has bits, orbits above 65,535,
 * more successors than a byte counts, vectors of one word, many tries to draw a task.
 */
import seedrandom from 'seedrandom';
import { describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import {
  does,
  int,
  type Kit,
  type None,
  object,
  procedure,
  type Scenario,
  sometimes,
} from '../../../../checker/lang/index.ts';
import { Symmetry } from '../../../../checker/reduce/symmetry.ts';
import { BreadthFirst, type BreadthFirstOptions } from '../../../../checker/search/breadth/bfs.ts';
import { draw, makeRound, TICKET, ticket } from '../../../../checker/search/breadth/round.ts';
import { Findings } from '../../../../checker/search/findings.ts';
import { StoreFull } from '../../../../checker/store/tuples.ts';
import { finish, noLimits, plainly, stateOf, text } from '../../../support/search.ts';
import { plain, race, source, tiny } from '../../../support/tiny.ts';

const Cell = object('cell', { value: int(0, 199), more: int(0, 2) }, { permanent: true });

type Options = Partial<BreadthFirstOptions>;
const several = (): Options => ({ chunkStates: 4, shuffle: { lanes: 3, random: seedrandom('limits') } });
const ways: readonly (readonly [string, () => Options])[] = [
  ['one lane', () => ({})],
  ['three lanes', several],
  ['three lanes, whole states', () => ({ ...several(), uncompressed: true })],
];

function run(scenario: Scenario, options: Options, symmetric = false) {
  const model = compile(scenario);
  const findings = new Findings(model, null);
  const symmetry = symmetric ? new Symmetry(model) : null;
  const search = finish(
    new BreadthFirst(model, findings, { limits: noLimits, stopAtFirst: false, symmetry, ...options }),
  );
  return { findings, search };
}

/** Actors choose one of `n` values, each for a cell of its own. */
const choosing = (n: number, goals = 0, actors = 1) =>
  tiny((s) => {
    const cells = Array.from({ length: actors }, (_, i) => s.object(Cell, `cell${i}`));
    const cell = cells[0] as (typeof cells)[0];
    const p = procedure('p', { source, params: { cell: Cell } }, (k) => [
      k.choose(
        'which',
        Array.from({ length: n }, (_, i) => ({
          name: `value ${i + 1}`,
          act: (f: { cell: { value: number; more: number } }) => {
            f.cell.value = (i + 1) % 200;
            f.cell.more = Math.floor((i + 1) / 200);
          },
        })),
      ),
      k.step('end', () => {}),
    ]);
    for (const [i, own] of cells.entries()) s.task(`t${i}`, [does(p, { cell: own })]);
    for (let i = 0; i < goals; i++) s.property(sometimes(`goal ${i}`, 'the value is 99', () => cell.value === 99));
    if (goals > 0) s.property(sometimes('last', 'the value is 1', () => cell.value === 1));
  });

test.each(ways)('a goal that is reached is not taken for another one: %s', (_name, options) => {
  for (const others of [31, 32, 33, 64]) {
    const { findings } = run(choosing(2, others), options());
    expect([...findings.reached]).toEqual(['last']);
  }
});

test.each(ways)('a goal that is reached early may throw later: %s', (_name, options) => {
  const scenario = tiny((s) => {
    const cell = s.object(Cell, 'cell');
    const steps = (k: Kit<None>) => Array.from({ length: 20 }, (_, i) => k.step(`${i}`, () => {}));
    const count = (k: Kit<None>, label: string) => k.step(label, () => void cell.value++);
    s.task('counter', [
      does(
        plain('counts', (k) => [count(k, 'one'), count(k, 'two'), ...steps(k)]),
        {},
      ),
    ]);
    s.task('other', [does(plain('works', steps), {})]);
    const one = () => {
      if (cell.value > 1) throw new RangeError('too late');
      return cell.value === 1;
    };
    s.property(sometimes('one', 'it is one', one));
  });
  const { findings, search } = run(scenario, options());
  expect(search.incomplete).toBeNull();
  expect([...findings.reached]).toEqual(['one']);
});

test('orbits above 65,535 are counted by several lanes as by one', () => {
  const scenario = tiny((s) => {
    const cell = s.object(Cell, 'cell');
    const p = procedure('p', { source, params: { cell: Cell } }, (k) =>
      Array.from({ length: 9 }, (_, i) => k.step(`${i}`, () => {})),
    );
    s.interchangeable(Array.from({ length: 9 }, (_, i) => [s.task(`t${i}`, [does(p, { cell })])]));
  });
  const one = run(scenario, {}, true);
  expect(one.search.incomplete).toBeNull();
  // Each of nine actors stands at one of ten points.
  expect(one.search.unreduced).toBe(10 ** 9);
  expect(run(scenario, several(), true).search.unreduced).toBe(10 ** 9);
});

describe.each(ways)('as a plain queue does it, with %s', (_name, options) => {
  test.each([
    ['300 successors of a state', choosing(300)],
    ['255 successors of a state', choosing(255)],
    ['250 successors of a state', choosing(250)],
    ['a vector of one word', race(plain('p', (k) => [k.step('x', () => {}), k.step('y', () => {})]))],
  ])('%s', (_what, scenario) => {
    const { search } = run(scenario, options());
    const twin = plainly(scenario);
    const states = Array.from({ length: search.store.count }, (_, i) => text(stateOf(search, i)));
    expect(states).toEqual(twin.states);
    expect(states.map((_, i) => search.store.parentOf(i))).toEqual(twin.parents);
    expect(search.incomplete).toBeNull();
  });
});

test('each task of a phase is drawn once, however often one is asked for', () => {
  const { control } = makeRound({ root: 2, branching: 1, symmetric: false, goals: 0, alone: false, promises: 0 });
  for (let phase = 1; phase < 3000; phase += 700) {
    control[TICKET] = ticket(phase, 3);
    const drawn = Array.from({ length: 5000 }, () => draw(control)).filter((task) => task >= 0);
    expect(drawn).toEqual([0, 1, 2]);
  }
});

describe.each(ways)('a full memory ends the search as undecided, with %s', (_name, options) => {
  /** The table cannot grow the `which`-th time; batches of one, so that it grows in the middle of a round as well. */
  const begin = (which: number) => {
    const compiled = compile(choosing(12, 0, 3));
    const model = { ...compiled, room: compiled.branching + 1 };
    const search = new BreadthFirst(model, new Findings(model, null), {
      limits: noLimits,
      stopAtFirst: false,
      slots: 8,
      ...options(),
    });
    const makeRoom = search.store.makeRoom.bind(search.store);
    let calls = 0;
    search.store.makeRoom = (more) => {
      if (++calls === which) throw new StoreFull('no memory');
      return makeRoom(more);
    };
    return search;
  };
  const times = [1, 2, 3, 4];

  test.each(times)('and nothing can be saved after growth %i failed', (which) => {
    const search = finish(begin(which));
    expect(search.incomplete).toBe('no memory');
    expect(search.save()).toBeNull();
  });

  test.each(times)('also when growth %i fails while the search is saved', (which) => {
    const search = begin(which);
    for (let saved = search.save(); saved !== null; saved = search.save()) search.advance(0);
    expect(search.incomplete).toBe('no memory');
    expect(search.advance(1000)).toBe(false);
  });
});

test('a search that was given up stays so', () => {
  const model = compile(choosing(3));
  const search = new BreadthFirst(model, new Findings(model, null), { limits: noLimits, stopAtFirst: false });
  search.advance(0);
  search.close('time limit');
  expect(search.advance(1000)).toBe(false);
  expect(search.incomplete).toBe('time limit');
  search.close('another reason');
  expect(search.incomplete).toBe('time limit');
});
