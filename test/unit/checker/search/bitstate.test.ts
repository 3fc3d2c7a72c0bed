/** Depth-first search that keeps bits: the states and ways of the depth-first search, and honest limits. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import { always, int, object, type Scenario, violated } from '../../../../checker/lang/index.ts';
import { BitstateDepthFirst } from '../../../../checker/search/bitstate.ts';
import { DepthFirst } from '../../../../checker/search/dfs.ts';
import { Findings } from '../../../../checker/search/findings.ts';
import type { Limits } from '../../../../checker/search/strategy.ts';
import { outcomesOf } from '../../../../checker/trace/verify.ts';
import { plain, race, tiny } from '../../../support/tiny.ts';

const noLimits: Limits = { maxStates: 2 ** 31 - 1, maxDepth: 2 ** 31 - 1, maxMemoryBytes: Number.MAX_SAFE_INTEGER };

function bitstate(scenario: Scenario, limits: Partial<Limits> = {}, stopAtFirst = false) {
  const model = compile(scenario);
  const findings = new Findings(model, null);
  const search = new BitstateDepthFirst(
    model,
    findings,
    { ...noLimits, maxMemoryBytes: 2 ** 23, ...limits },
    stopAtFirst,
  );
  while (search.advance(1000));
  return { model, findings, search };
}

const steps = (name: string, n: number) =>
  plain(name, (k) => Array.from({ length: n }, (_, i) => k.step(`${i}`, () => {})));
const grid = race(steps('p', 5), steps('q', 4), steps('r', 3));
const large = race(steps('p', 40), steps('q', 40), steps('r', 40));

const Cell = object('cell', { value: int(0, 9) }, { permanent: true });
const counting = tiny((s) => {
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

test('it visits what the depth-first search visits, in the same order', () => {
  for (const scenario of [grid, large, counting])
    for (const maxStates of [7, 100, 2 ** 31 - 1]) {
      const model = compile(scenario);
      const findings = new Findings(model, null);
      const exact = new DepthFirst(model, findings, { ...noLimits, maxStates }, false);
      while (exact.advance(1000));
      const hashed = bitstate(scenario, { maxStates });
      const { memoryBytes: _a, ...counts } = hashed.search.counts;
      const { memoryBytes: _b, ...expected } = exact.counts;
      expect(counts).toEqual(expected);
      expect(hashed.findings.violations).toEqual(findings.violations);
    }
});

describe('a violation', () => {
  test('has moves that lead to it', () => {
    const { findings, model } = bitstate(counting);
    expect(findings.violations).not.toEqual([]);
    for (const found of findings.violations) {
      expect(found.moves).toHaveLength(found.length);
      expect(outcomesOf(model, findings, found.moves)?.map((o) => o.signature)).toContain(found.signature);
    }
  });

  test('stops the search when that is wanted', () => {
    expect(bitstate(counting, {}, true).search.incomplete).toBe('stopped at the first violation');
  });
});

describe('limits', () => {
  test('on states and depth are told', () => {
    expect(bitstate(grid, { maxStates: 10 }).search.incomplete).toBe('limit of states');
    expect(bitstate(grid, { maxDepth: 3 }).search.incomplete).toMatch(/^depth limit; bitstate: /);
  });

  test('a search to the end is incomplete all the same', () => {
    expect(bitstate(grid).search.incomplete).toMatch(/^bitstate: more than 99.9 % /);
  });

  test('the bits take their part of the memory, and the stack ends the search when it takes more than the rest', () => {
    const { search } = bitstate(large, { maxMemoryBytes: 100_000 });
    expect(search.store.bytes).toBe(87_500);
    expect(search.incomplete).toBe('memory limit, for the stack');
  });

  test('an array that is too small leaves out states, and the estimate tells about how many', () => {
    const all = 41 ** 3;
    const small = bitstate(large, { maxMemoryBytes: 400_000 }).search;
    expect(small.counts.states).toBeLessThan(all);
    expect(small.store.coverage).toBeLessThan(1);
    expect(Math.abs(small.counts.states / all - small.store.coverage)).toBeLessThan(0.02);
  });
});
