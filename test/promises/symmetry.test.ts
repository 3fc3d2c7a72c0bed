/**
 * Symmetry loses nothing: the states of the quotient stand for exactly those of the full search, verdicts and lengths
 * agree, and a symmetry that is none is refused by name.
 */
import { describe, expect, test } from 'vitest';
import { check } from '../../checker/check.ts';
import { compile } from '../../checker/compile/compile.ts';
import {
  always,
  atEnd,
  bool,
  each,
  eventually,
  int,
  list,
  object,
  type Pool,
  type Property,
  patch,
  procedure,
  ref,
  type Scenario,
  scenario,
  sometimes,
  type View,
  violated,
} from '../../checker/lang/index.ts';
import dining from '../../scenarios/peers/dining.ts';
import sva from '../../scenarios/peers/sva.ts';
import twoGets from '../../scenarios/riova-two-gets.ts';
import bindVsBind from '../../scenarios/sva-bind-vs-bind.ts';
import twoPasids from '../../scenarios/sva-two-pasids.ts';
import unbindVsExit from '../../scenarios/vfio-unbind-vs-exit.ts';

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

/** The same scenario with nothing declared, so that only heap slots are folded. */
const withoutBlocks = (scene: Scenario): Scenario => ({
  ...scene,
  setup: (s) => scene.setup({ ...s, interchangeable: () => {} }),
});

describe('heap slots', () => {
  test.each([
    ['sva-bind-vs-bind', bindVsBind, 'posted', 30_905, 11_933, 6_117],
    ['sva-two-pasids', twoPasids, 'fixed', 89, 89, 45],
    ['vfio-unbind-vs-exit', unbindVsExit, 'posted', 12_869, 12_869, 3_112],
    ['riova-two-gets', twoGets, 'map-under-lock', 30_803, 7_458, 1_430],
  ] as const)(
    '%s: blocks fold what the heap leaves, and the orbits add up',
    async (_, scene, variant, all, few, fewer) => {
      const options = { variant, explain: false } as const;
      const full = await check(scene, options);
      const heap = await check(withoutBlocks(scene), { ...options, symmetry: true });
      const both = await check(scene, { ...options, symmetry: true });
      expect([full, heap, both].map((v) => v.counts.states)).toEqual([all, few, fewer]);
      expect(new Set([full, heap, both].map((v) => v.outcome)).size).toBe(1);
      expect(new Set([full, heap, both].map((v) => v.violations[0]?.signature)).size).toBe(1);
      expect(heap.reductions).toHaveLength(1);
      // The heap's own factor is not known without the full search.
      expect(heap.reductions[0]).toMatchObject({
        name: expect.stringMatching(/^symmetry of \d+ heap slots$/),
        factor: null,
      });
      expect((both.reductions[0]?.factor ?? 0) * fewer).toBeCloseTo(few);
    },
  );

  test('which of two nodes was allocated first is forgotten', async () => {
    const scene = nodes(() => null);
    const full = await check(scene);
    const folded = await check(scene, { symmetry: true });
    expect(folded.outcome).toBe(full.outcome);
    expect(folded.counts.states).toBeLessThan(full.counts.states);
  });

  test('the model is the same with and without what is declared', () => {
    expect(compile(withoutBlocks(bindVsBind)).hash).toBe(compile(bindVsBind).hash);
  });
});

describe('a ring', () => {
  test('the orbits of the rotations add up to the part of the space that was seen', async () => {
    const full = await check(dining, { variant: 'posted' });
    const folded = await check(dining, { variant: 'posted', symmetry: true });
    expect(folded.counts.states).toBe(509);
    expect((folded.reductions[0]?.factor ?? 0) * 509).toBeCloseTo(full.counts.states);
    expect(folded.violations[0]?.signature).toBe(full.violations[0]?.signature);
    expect(folded.violations[0]?.steps).toHaveLength(8);
  });
});

const source = patch('test')();
const Cell = object('cell', { set: bool() }, { permanent: true });

type Cells = readonly { set: boolean }[];

const isFirst = (all: Cells, which: number): boolean => all.every((cell, i) => cell.set === (i === which));

const theFirst = (all: Cells): Property =>
  always('the first cell stays clear', 'speaks of one cell by name', () =>
    all[0]?.set ? violated('assertion', 'it is set') : null,
  );

function cells(
  what: (all: Cells) => void,
  watch: ((all: Cells) => Property) | null = null,
  blocksOf = (all: readonly object[], actors: readonly object[]) => all.map((cell, i) => [cell, actors[i]]),
): Scenario {
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
      s.interchangeable(blocksOf(all, actors) as object[][]);
      if (watch !== null) s.property(watch(all));
    },
  });
}

/** Four who hand a cell on to their right, in a ring. */
function ring(by: 'exchange' | 'rotation'): Scenario {
  const pass = procedure('pass', { source, params: { left: Cell, right: Cell } }, (k) => [
    k.step('set the left one', (f) => {
      f.left.set = true;
    }),
    k.step('clear the right one', (f) => {
      f.right.set = false;
    }),
  ]);
  return scenario('ring', {
    title: 'Ring',
    about: 'Each sets its left cell and clears its right one.',
    systems: ['test'],
    source,
    bounds: {},
    variants: { fixed: { about: 'as it is', expect: { verdict: 'holds', states: 0, depth: 0 } } },
    setup: (s) => {
      const all = s.objects(Cell, 'cell', 4);
      const blocks = all.map((left, i) => [
        left,
        s.actor(`pass${i}`, pass, { left, right: all[(i + 1) % 4] as typeof left }),
      ]);
      s.interchangeable(blocks, { by });
    },
  });
}

const Node = object('node', { mark: int(0, 3) });
type Nodes = Pool<View<typeof Node.shape>>;

/** Two actors allocate and mark a node each; another takes one of them, as the test says. */
function nodes(
  choose: (pool: Nodes) => View<typeof Node.shape> | null,
  watch: ((pool: Nodes) => Property) | null = null,
): Scenario {
  const Shelf = object('shelf', { kept: list(Node, 2) }, { permanent: true });
  return scenario('nodes', {
    title: 'Nodes',
    about: 'Two actors put a node on a shelf each.',
    systems: ['test'],
    source,
    bounds: {},
    variants: { fixed: { about: 'as it is', expect: { verdict: 'holds', states: 0, depth: 0 } } },
    setup: (s) => {
      const shelf = s.object(Shelf, 'shelf');
      const pool = s.pool(Node, 2);
      const maker = procedure(
        'maker',
        { source, params: { mark: int(0, 3), shelf: Shelf }, locals: { node: ref(Node) } },
        (k) => [
          k.alloc(Node, (f, node) => {
            f.node = node;
          }),
          k.step('mark it', (f) => {
            if (f.node) f.node.mark = f.mark;
          }),
          k.step('put it on the shelf', (f) => {
            if (f.node) f.shelf.kept.add(f.node);
          }),
        ],
      );
      const taker = procedure('taker', { source, params: { shelf: Shelf } }, (k) => [
        k.step('take one', (f) => {
          const one = choose(pool);
          if (one !== null) one.mark = 3;
          else f.shelf.kept.clear();
        }),
      ]);
      s.actor('maker1', maker, { mark: 1, shelf });
      s.actor('maker2', maker, { mark: 2, shelf });
      s.actor('taker', taker, { shelf });
      s.mayOutlive(Node);
      if (watch !== null) s.property(watch(pool));
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
    const watched = cells(clear, theFirst);
    await expect(check(watched, { symmetry: true })).rejects.toThrow('the first cell stays clear');
  });

  test('a scenario that declares no blocks', async () => {
    const swapped = check(dining, { variant: 'fixed', symmetry: true });
    await expect(swapped).rejects.toThrow('scenario peers-dining declares no interchangeable blocks');
  });

  test('a property of the end about one object', async () => {
    const watched = cells(clear, (all) =>
      atEnd('the first cell ends clear', 'speaks of one cell by name', () =>
        all[0]?.set ? violated('assertion', 'it is set') : null,
      ),
    );
    await expect(check(watched, { symmetry: true })).rejects.toMatchObject({
      code: 'config',
      message: 'property "the first cell ends clear" tells interchangeable blocks apart',
    });
  });

  test('a goal about one actor', async () => {
    const watched = cells(clear, (all) => sometimes('the second is set first', 'one cell', () => isFirst(all, 1)));
    await expect(check(watched, { symmetry: true })).rejects.toThrow('the second is set first');
  });

  test('a promise about what comes', async () => {
    const watched = cells(clear, (all) =>
      eventually('all are set', 'for once', () => all.every((cell) => cell.set), {}),
    );
    await expect(check(watched, { symmetry: true })).rejects.toThrow(
      'property "all are set" (eventually) cannot be decided with symmetry',
    );
  });

  test('a ring in which only one direction is the same', async () => {
    const exchanged = ring('exchange');
    await expect(check(exchanged, { symmetry: true })).rejects.toThrow('parameter right of pass does not go over');
    expect((await check(ring('rotation'), { symmetry: true })).reductions[0]?.name).toBe('symmetry (4 permutations)');
  });

  test('a part that stands in two blocks', async () => {
    const twice = cells(clear, null, (all, actors) => [
      [all[0], actors[0]],
      [all[0], actors[1]],
    ]);
    await expect(check(twice, { symmetry: true })).rejects.toThrow('cell0 stands in the interchangeable blocks twice');
  });

  test('a step that takes the first object of a pool', async () => {
    const first = nodes((pool) => [...pool][0] ?? null);
    await expect(check(first, { symmetry: true })).rejects.toMatchObject({
      code: 'config',
      message: 'the slots of a pool, which symmetry takes for interchangeable, are not',
      where: 'taker/take one (actor taker)',
    });
  });

  test('a property about the first object of a pool', async () => {
    const watched = nodes(
      () => null,
      (pool) =>
        always('the first node is clean', 'speaks of one slot', () =>
          [...pool][0]?.mark === 1 ? violated('assertion', 'it is marked') : null,
        ),
    );
    await expect(check(watched, { symmetry: true })).rejects.toThrow(
      'property "the first node is clean" tells the slots of a pool apart',
    );
  });
});
