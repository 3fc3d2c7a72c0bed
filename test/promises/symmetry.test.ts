/**
 * Symmetry loses nothing: the states of the quotient stand for exactly those of the full search, verdicts and lengths
 * agree, and a symmetry that is none is refused by name.
 */
import { describe, expect, test } from 'vitest';
import { check } from '../../checker/check.ts';
import {
  always,
  bool,
  each,
  object,
  patch,
  procedure,
  type Scenario,
  scenario,
  violated,
} from '../../checker/lang/index.ts';
import dining from '../../scenarios/peers/dining.ts';
import sva from '../../scenarios/peers/sva.ts';

describe('the quotient stands for the whole space', () => {
  test.each([
    ['fixed', 2, 94_998, 47_632],
    ['fixed-m', 8, 996_776, 165_865],
  ] as const)('teardown %s', async (variant, permutations, states, quotient) => {
    const verdict = await check(sva, { variant, symmetry: true });
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
    expect(verdict.counts.states).toBe(quotient);
    expect(verdict.reductions).toEqual([
      { name: `symmetry (${permutations} permutations)`, factor: states / quotient },
    ]);
  });

  test('a violation keeps its kind, length and signature, and replays under concrete names', async () => {
    const full = await check(sva, { variant: 'posted' });
    const folded = await check(sva, { variant: 'posted', symmetry: true });
    expect(folded.violations[0]?.signature).toBe(full.violations[0]?.signature);
    expect(folded.violations[0]?.steps).toHaveLength(full.violations[0]?.steps.length ?? -1);
    expect(folded.counts.states).toBeLessThan(full.counts.states);
  });
});

const source = patch('test')();
const Cell = object('cell', { set: bool() }, { permanent: true });

function cells(what: (all: readonly { set: boolean }[]) => void, watch = false): Scenario {
  const mark = procedure('mark', { source, params: { cell: Cell } }, (k) => [
    k.step('set the cell', (f) => {
      f.cell.set = true;
    }),
  ]);
  const sweep = procedure('sweep', { source, params: { all: each(Cell) } }, (k) => [
    k.step('sweep the cells', (f) => what(f.all)),
  ]);
  return scenario('cells', {
    title: 'Cells',
    about: 'Two actors set a cell each while a third sweeps them.',
    systems: ['test'],
    source,
    bounds: {},
    variants: { fixed: { about: 'as it is', expect: { verdict: 'holds', states: 0, depth: 0 } } },
    setup: (s) => {
      const all = s.objects(Cell, 'cell', 2);
      const actors = all.map((cell, i) => s.actor(`mark${i}`, mark, { cell }));
      s.actor('sweep', sweep, { all });
      s.interchangeable(all.map((cell, i) => [cell, actors[i] as (typeof actors)[number]]));
      if (watch)
        s.property(
          always('the first cell stays clear', 'speaks of one cell by name', () =>
            all[0]?.set ? violated('assertion', 'it is set') : null,
          ),
        );
    },
  });
}

const clear = (all: readonly { set: boolean }[]) => {
  for (const cell of all) cell.set = false;
};

describe('what is no symmetry is refused by name', () => {
  test('a step that treats all alike is accepted', async () => {
    const verdict = await check(cells(clear), { symmetry: true });
    expect(verdict.outcome).toBe('holds');
  });

  test('a step that singles out one object', async () => {
    const one = cells((all) => {
      (all[0] as { set: boolean }).set = false;
    });
    await expect(check(one, { symmetry: true })).rejects.toMatchObject({
      code: 'config',
      where: 'sweep/sweep the cells (actor sweep)',
    });
  });

  test('a property about one object', async () => {
    const watched = cells(clear, true);
    await expect(check(watched, { symmetry: true })).rejects.toThrow('the first cell stays clear');
  });

  test('a scenario that declares no blocks', async () => {
    await expect(check(dining, { symmetry: true })).rejects.toMatchObject({ code: 'config' });
  });
});
