/** Depth-first search: the same states as breadth-first, long counterexamples that are real, honest limits. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import { always, int, object, type Scenario, Violation, violated } from '../../../../checker/lang/index.ts';
import { DepthFirst } from '../../../../checker/search/dfs.ts';
import { Findings } from '../../../../checker/search/findings.ts';
import type { Limits } from '../../../../checker/search/strategy.ts';
import { outcomesOf } from '../../../../checker/trace/verify.ts';
import { breadthFirst, finish, namesOf, noLimits } from '../../../support/search.ts';
import { plain, race, tiny } from '../../../support/tiny.ts';

function depthFirst(scenario: Scenario, limits: Partial<Limits> = {}, stopAtFirst = false) {
  const model = compile(scenario);
  const findings = new Findings(model, null);
  const search = finish(new DepthFirst(model, findings, { ...noLimits, ...limits }, stopAtFirst));
  return { model, findings, search };
}

const steps = (name: string, n: number) =>
  plain(name, (k) => Array.from({ length: n }, (_, i) => k.step(`${i}`, () => {})));
const grid = race(steps('p', 5), steps('q', 4), steps('r', 3));

test('it finds exactly the states and transitions that breadth-first search finds', () => {
  const { counts } = depthFirst(grid).search;
  const wide = breadthFirst(grid).search.counts;
  expect(counts).toMatchObject({ states: wide.states, transitions: wide.transitions, left: 0, levels: [] });
  expect(depthFirst(grid).search.incomplete).toBeNull();
});

test('it goes down before it goes wide', () => {
  const { search } = depthFirst(grid, { maxStates: 13 });
  // Thirteen states in a row: one way to the very end, with the siblings on the way still to be expanded.
  expect(search.counts.depth).toBeGreaterThan(breadthFirst(grid, { limits: { maxStates: 13 } }).search.counts.depth);
});

describe('a violation', () => {
  const Cell = object('cell', { value: int(0, 9) }, { permanent: true });
  const scenario = tiny((s) => {
    const cell = s.object(Cell, 'cell');
    const p = plain('p', (k) =>
      [1, 2, 3].map((i) =>
        k.step(`add ${i}`, () => {
          cell.value++;
        }),
      ),
    );
    s.actor('a', p, {});
    s.actor('b', p, {});
    s.property(always('small', 'below five', () => (cell.value < 5 ? null : violated('assertion', 'five'))));
  });

  test('has moves that lead to it', () => {
    const { findings, model } = depthFirst(scenario);
    expect(findings.violations).not.toEqual([]);
    for (const found of findings.violations) {
      expect(found.moves).toHaveLength(found.length);
      expect(outcomesOf(model, findings, found.moves)?.map((o) => o.signature)).toContain(found.signature);
    }
  });

  test('stops the search when that is wanted', () => {
    const { search, findings } = depthFirst(scenario, {}, true);
    expect(search.incomplete).toBe('stopped at the first violation');
    expect(findings.violations).toHaveLength(1);
  });

  test('of a step is found beside the steps that lead on', () => {
    const bad = race(
      steps('p', 2),
      plain('q', (k) => [
        k.step('1', () => {}),
        k.step('bad', () => {
          throw new Violation('assertion', 'reached');
        }),
      ]),
    );
    const { findings, model, search } = depthFirst(bad);
    expect(findings.violations.map((v) => [v.fault, namesOf(model, v.moves).split(' ').at(-1)])).toEqual([[true, 'b']]);
    expect(search.counts.states).toBe(breadthFirst(bad).search.counts.states);
  });
});

describe('limits', () => {
  test('on states and depth end undecided', () => {
    expect(depthFirst(grid, { maxStates: 10 }).search.incomplete).toBe('limit of states');
    expect(depthFirst(grid, { maxDepth: 3 }).search.incomplete).toBe('depth limit');
  });

  test('on depth that is never reached leave the search complete', () => {
    expect(depthFirst(grid, { maxDepth: 13 }).search.incomplete).toBeNull();
  });

  test('on memory end undecided', () => {
    const large = race(steps('p', 40), steps('q', 40), steps('r', 40));
    expect(depthFirst(large, { maxMemoryBytes: 300_000 }).search.incomplete).toBe('memory limit');
  });
});
