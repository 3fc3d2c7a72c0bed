/** What may go one way or another: choices, picking from a list, injected failures. */
import { describe, expect, test } from 'vitest';
import { each, procedure } from '../../../../checker/lang/index.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { alone, Cell, digit } from '../../../support/one-actor.ts';
import { attempt, drive, plain, refused, source, tiny, values } from '../../../support/tiny.ts';

test('a choice without an arm is refused', () => {
  expect(refused(alone((k) => [k.choose('which', [])]))).toMatchObject({ what: 'choice "which" has no arm' });
});

test('a choice may take every arm, and an arm whose guard is false is blocked', () => {
  const scenario = alone((k) => [
    k.choose('which', [
      {
        name: 'left',
        act: (f) => {
          f.cell.value = 1;
        },
        body: [digit(k, 1)],
      },
      { name: 'right', when: (f) => f.cell.value > 0, body: [digit(k, 2)] },
    ]),
  ]);
  const sim = new Simulator(scenario);
  expect(attempt(sim, 'a/1')).toBe('blocked');
  expect(values(drive(sim, 'a/0 a'))).toMatchObject({ 'cell.value': '1', 'cell.log': '1' });
});

describe('picking', () => {
  const main = procedure('main', { source, params: { cells: each(Cell) } }, (k) => [
    k.pick(
      'one of them',
      (f) => f.cells,
      (_f, cell) => {
        cell.value = 5;
      },
      { when: (_f, cell) => cell.log === 0 },
    ),
  ]);
  const scene = tiny((s) => {
    const cells = s.objects(Cell, 'cell', 3, (i) => ({ log: i === 1 ? 1 : 0 }));
    s.actor('a', main, { cells });
  });

  test('tries every option for which the condition holds', () => {
    const sim = new Simulator(scene);
    expect(sim.moves().map((m) => m.choice)).toEqual([0, 2]);
    expect(values(drive(sim, 'a/2'))).toMatchObject({ 'cell0.value': '0', 'cell2.value': '5' });
  });

  test('names its options by their objects', () => {
    const sim = new Simulator(scene);
    const point = sim.point(0);
    expect(point && [0, 1, 2].map((c) => sim.choiceName(point, 0, c))).toEqual(['cell0', 'cell1', 'cell2']);
  });

  test('from a list that is not constant is refused', () => {
    const scenario = alone((k) => [
      k.pick(
        'any',
        (f) => (f.cell.value > 0 ? [1] : [2]),
        () => {},
      ),
    ]);
    expect(refused(scenario)).toMatchObject({
      what: '"any" picks from a list that is not constant',
      hint: 'use a parameter declared with each() or constant()',
    });
  });
});

describe('failures', () => {
  const scene = (budgets: Record<string, number>) =>
    tiny((s) => {
      s.failures(budgets);
      const main = procedure('main', { source, params: { cell: Cell } }, (k) => [
        k.attempt(
          'copy',
          'copy_to_user',
          (f) => {
            f.cell.value = 1;
          },
          [digit(k, 1), k.return(-14)],
        ),
        k.attempt(
          'copy',
          'copy again',
          (f) => {
            f.cell.value = 2;
          },
          [digit(k, 2), k.return(-14)],
        ),
      ]);
      s.actor('a', main, { cell: s.object(Cell, 'cell') });
    });

  test('never happen unless there is a budget', () => {
    expect(new Simulator(scene({})).moves().map((m) => m.choice)).toEqual([0]);
    expect(new Simulator(scene({ copy: 0 })).moves().map((m) => m.choice)).toEqual([0]);
  });

  test('take the other way and skip the effect', () => {
    const sim = drive(scene({ copy: 1 }), 'a/1 a');
    expect(values(sim)).toMatchObject({ 'cell.value': '0', 'cell.log': '1', 'failures left:copy': '0' });
    expect(sim.point(0)).toBeNull();
  });

  test('happen as often as the budget allows, whichever step they befall', () => {
    const sim = drive(scene({ copy: 1 }), 'a/0');
    expect(sim.moves().map((m) => m.choice)).toEqual([0, 1]);
    const other = tiny((s) => {
      s.failures({ copy: 1 });
      const p = (name: string) => plain(name, (k) => [k.attempt('copy', 'copy', () => {}, [])]);
      s.actor('a', p('p'), {});
      s.actor('b', p('q'), {});
    });
    expect(attempt(drive(other, 'a/1'), 'b/1')).toBe('blocked');
  });
});
