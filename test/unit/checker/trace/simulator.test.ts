/** Driving a model by hand: steps, refusals and faults, the state with names, and what schedules are verified with. */
import { describe, expect, test } from 'vitest';
import { each, int, object, procedure, Violation } from '../../../../checker/lang/index.ts';
import { Findings } from '../../../../checker/search/findings.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { standingsOf } from '../../../../checker/trace/standings.ts';
import { canMove, outcomesOf } from '../../../../checker/trace/verify.ts';
import { attempt, drive, plain, race, source, tiny, values } from '../../../support/tiny.ts';

const Cell = object('cell', { n: int(0, 9) });

const scene = tiny((s) => {
  const cell = s.object(Cell, 'cell');
  s.actor(
    'a',
    plain('p', (k) => [
      k.step('add', () => {
        cell.n++;
      }),
      k.blockUntil('wait', () => cell.n > 1),
    ]),
    {},
  );
  s.actor(
    'b',
    plain('q', (k) => [
      k.step('add and fail', () => {
        cell.n++;
        if (cell.n === 2) throw new Violation('assertion', 'two');
      }),
    ]),
    {},
  );
});
const move = (actor: number, choice = 0) => (actor << 16) | choice;

describe('a step', () => {
  test('that is refused or breaks a promise leaves the state as it was', () => {
    const sim = drive(scene, 'a');
    const before = sim.state.slice();
    expect([attempt(sim, 'a'), attempt(sim, 'b')]).toEqual(['blocked', 'assertion: two']);
    expect(sim.state).toEqual(before);
    expect(values(sim)['cell.n']).toBe('1');
  });

  test('of an actor that has ended is refused', () => {
    expect(attempt(drive(race(plain('p', (k) => [k.step('x', () => {})])), 'a'), 'a')).toBe('blocked');
  });

  test('is listed among the moves when it can be taken, with its fault if it has one', () => {
    const sim = drive(scene, 'a');
    expect(sim.moves()).toMatchObject([{ actor: 1, choice: 0, fault: { kind: 'assertion' } }]);
    expect(values(sim)['cell.n']).toBe('1');
  });
});

test('asking whether an actor can move tells what its guard reads and changes nothing', () => {
  const sim = drive(scene, 'a');
  const before = sim.state.slice();
  expect([sim.isEnabled(0), sim.paths(sim.footprint.reads)]).toEqual([false, ['cell.n']]);
  expect([sim.isEnabled(1), sim.paths(sim.footprint.writes)]).toEqual([true, []]);
  expect(sim.state).toEqual(before);
});

test('options without a name are named by their value', () => {
  const p = procedure('p', { source, params: { cells: each(Cell) } }, (k) => [
    k.pick(
      'number',
      () => [3, 5],
      () => {},
    ),
    k.pick(
      'plain data',
      () => [{ pasid: 1 }, { pasid: 2 }],
      () => {},
    ),
  ]);
  const sim = new Simulator(tiny((s) => void s.actor('a', p, { cells: [] })));
  const names = () => [0, 1].map((c) => sim.choiceName(sim.point(0) as never, 0, c));
  expect(names()).toEqual(['3', '5']);
  drive(sim, 'a/1');
  expect(names()).toEqual(['{"pasid":1}', '{"pasid":2}']);
});

describe('the outcomes of a schedule', () => {
  const sim = new Simulator(scene);
  const findings = new Findings(sim.model, null);
  const outcomes = (...moves: number[]) =>
    outcomesOf(sim.model, findings, moves)?.map((o) => [o.property, o.evidence.kind]);

  test('are the promise its last step breaks', () => {
    expect(outcomes(move(0), move(1))).toEqual([['model', 'assertion']]);
  });

  test('are those of the state it ends in', () => {
    // Both have added, in the order that does not fail; a goes on, and nobody is left.
    expect(outcomes(move(1), move(0))).toEqual([]);
    expect(outcomes(move(1), move(0), move(0))).toEqual([]);
    const stuck = new Simulator(race(plain('p', (k) => [k.step('x', () => {}), k.blockUntil('never', () => false)])));
    expect(outcomesOf(stuck.model, new Findings(stuck.model, null), [move(0)])).toMatchObject([
      { property: 'deadlock' },
    ]);
  });

  test('are none when a step is refused or breaks a promise too early', () => {
    expect(outcomes(move(0), move(0))).toBeUndefined();
    expect(outcomes(move(0), move(1), move(0))).toBeUndefined();
  });
});

test('somebody can move also when the only step breaks a promise', () => {
  const bad = () => {
    throw new Violation('assertion', 'bad');
  };
  const { model } = new Simulator(race(plain('p', (k) => [k.step('bad', bad)])));
  model.load(model.initial, 0);
  expect(canMove(model)).toBe(true);
  const shut = new Simulator(race(plain('p', (k) => [k.blockUntil('never', () => false)]))).model;
  shut.load(shut.initial, 0);
  expect(canMove(shut)).toBe(false);
});

test('standings after some moves are those of the state before a step that breaks a promise', () => {
  const sim = new Simulator(scene);
  const standings = standingsOf(sim, [move(0), move(1)]);
  expect(standings.map((s) => [s.actor, s.status, s.next])).toEqual([
    ['a', 'blocked', 'wait'],
    ['b', 'running', 'add and fail'],
  ]);
  expect(values(sim)['cell.n']).toBe('1');
});
