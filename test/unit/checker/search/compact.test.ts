/** Breadth-first search that keeps hashes: stuck actors are still found, limits are honest, memory is small. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { compile } from '../../../../checker/compile/compile.ts';
import { type Body, bool, int, type Kit, object, type Scenario, type View } from '../../../../checker/lang/index.ts';
import { CompactBreadthFirst } from '../../../../checker/search/compact.ts';
import { Findings } from '../../../../checker/search/findings.ts';
import type { Limits } from '../../../../checker/search/strategy.ts';
import { replay } from '../../../../checker/trace/replay.ts';
import { parseSchedule } from '../../../../checker/trace/schedule.ts';
import { plain, race, tiny } from '../../../support/tiny.ts';

const noLimits: Limits = {
  maxStates: 2 ** 31 - 1,
  maxDepth: 2 ** 31 - 1,
  maxMemoryBytes: Number.MAX_SAFE_INTEGER,
};

function compact(scenario: Scenario, limits: Partial<Limits> = {}, only: readonly string[] | null = null) {
  const model = compile(scenario);
  const search = new CompactBreadthFirst(model, new Findings(model, only), { ...noLimits, ...limits }, false);
  while (search.advance(1000));
  return search;
}

const World = object('w', { flag: bool(), n: int(0, 9) }, { permanent: true });
type World = View<typeof World.shape>;

function scene(bodies: Record<string, (k: Kit<any>, w: World) => Body<any>>): Scenario {
  return tiny((s) => {
    const w = s.object(World, 'w');
    for (const [name, body] of Object.entries(bodies))
      s.actor(
        name,
        plain(`${name}_fn`, (k) => body(k, w)),
        {},
      );
  });
}

const forever = (k: Kit<any>) => [k.loop([k.step('tick', () => {}), k.step('tock', () => {})])];
const steps = (name: string, n: number) =>
  plain(name, (k) => Array.from({ length: n }, (_, i) => k.step(`${i}`, () => {})));
const large = race(steps('p', 40), steps('q', 40), steps('r', 40));

describe('stuck actors', () => {
  const missed = scene({
    a: (k, w) => [k.step('go', () => {}), k.blockUntil('chance', () => w.n === 1)],
    b: (k, w) => [
      k.loop([
        k.step('on', () => {
          if (w.n < 2) w.n++;
        }),
        k.step('nothing', () => {}),
      ]),
    ],
  });

  test.each<[string, Scenario, readonly string[]]>([
    ['from the start', scene({ a: (k) => [k.blockUntil('never', () => false)], b: forever }), ['a']],
    ['after the only chance', missed, ['a']],
    [
      'two that wait for each other',
      scene({
        a: (k, w) => [k.blockUntil('b first', () => w.n === 2)],
        b: (k, w) => [k.blockUntil('a first', () => w.n === 1)],
        c: forever,
      }),
      ['a', 'b'],
    ],
  ])('%s', async (_name, scenario, actors) => {
    const verdict = await check(scenario, { store: 'compact' });
    const [found] = verdict.violations;
    expect(verdict).toMatchObject({ outcome: 'violated', complete: true });
    expect(found).toMatchObject({ property: 'stuck', evidence: { actors }, minimal: 'local' });
    const exact = await check(scenario);
    // It may be found later than the nearest one, but not where an earlier step on its way would do.
    expect(found?.steps.length).toBeGreaterThanOrEqual(exact.violations[0]?.steps.length ?? -1);
    const again = replay(scenario, parseSchedule(found?.schedule ?? ''));
    expect(again).toMatchObject({ result: 'reproduced', counterexample: { signature: found?.signature } });
  });

  test.each<[string, Scenario]>([
    ['who loops', scene({ a: forever, b: forever })],
    [
      'who waits for something that comes again and again',
      scene({
        a: (k, w) => [k.loop([k.blockUntil('up', () => w.flag), k.step('seen', () => {})])],
        b: (k, w) => [
          k.loop([
            k.step('flip', () => {
              w.flag = !w.flag;
            }),
          ]),
        ],
      }),
    ],
    ['who ends', race(steps('p', 3), steps('q', 3))],
  ])('are not those %s', async (_name, scenario) => {
    const verdict = await check(scenario, { store: 'compact' });
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
    expect(verdict.properties.find((p) => p.name === 'stuck')?.result).toBe('holds');
  });

  test('leave the coverage as the search itself made it', async () => {
    const options = { maxStates: 10, explain: false } as const;
    const hashed = await check(missed, { ...options, store: 'compact' });
    expect(hashed.coverage).toEqual((await check(missed, options)).coverage);
  });
});

describe('limits', () => {
  test('on states and depth end undecided', () => {
    expect(compact(large, { maxStates: 10 }).incomplete).toBe('limit of states');
    expect(compact(large, { maxDepth: 3 }).incomplete).toBe('depth limit');
  });

  test('on memory end undecided, before it is taken', () => {
    const search = compact(large, { maxMemoryBytes: 600_000 });
    expect(search.incomplete).toBe('memory limit');
    expect(search.counts.memoryBytes).toBeLessThanOrEqual(600_000);
  });

  test('that are never reached leave the search complete', () => {
    const search = compact(large, { maxDepth: 121 });
    expect(search.incomplete).toBeNull();
    expect(search.counts).toMatchObject({ states: 41 ** 3, depth: 120, left: 0 });
  });
});

test('a way is found from any part of the search', () => {
  const search = compact(large);
  for (const index of [0, 1, 1000, 40_000, 68_920]) {
    const moves = search.movesTo(index);
    expect(moves).toHaveLength(levelOf(search.counts.levels, index));
  }
});

/** The level of a state by its number. */
function levelOf(levels: readonly number[], index: number): number {
  let before = 0;
  return levels.findIndex((n) => {
    before += n;
    return index < before;
  });
}
