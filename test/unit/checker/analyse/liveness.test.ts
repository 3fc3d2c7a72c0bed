/** Fair cycles on graphs as such: against the plain fixed point on random ones, and on chains too long for recursion. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findLasso, type Lasso } from '../../../../checker/analyse/liveness.ts';
import { componentsOf } from '../../../../checker/analyse/scc.ts';
import type { Transitions } from '../../../../checker/analyse/transitions.ts';
import { KEEPS, MAKES } from '../../../../checker/search/promised.ts';
import { type LabelledGraph, type Move, staysOpen } from '../../../support/fair-cycles.ts';

const SEED = 20_180_511;

/** Rows of a graph; who can move is who does, plus those given. */
function rowsOf(moves: readonly (readonly Move[])[], also: readonly (readonly number[])[] = []): Transitions {
  const flat = moves.flat();
  const first = [0];
  for (const row of moves) first.push((first[first.length - 1] as number) + row.length);
  return {
    count: moves.length,
    first: Uint32Array.from(first),
    targets: Int32Array.from(flat, (m) => m.to),
    movers: Uint8Array.from(flat, (m) => m.actor),
    enabled: Int32Array.from(moves, (row, s) =>
      [...row.map((m) => m.actor), ...(also[s] ?? [])].reduce((mask, a) => mask | (1 << a), 0),
    ),
  };
}

const bits = (actors: readonly number[]) => actors.reduce((mask, a) => mask | (1 << a), 0);

interface Case {
  readonly moves: readonly (readonly Move[])[];
  readonly also: readonly (readonly number[])[];
  readonly fair: readonly number[];
  readonly marks: readonly number[];
}

/** Graphs in which every state can be reached: state n is entered from one before it, the other edges are free. */
const cases = fc.integer({ min: 1, max: 9 }).chain(
  (size): fc.Arbitrary<Case> =>
    fc
      .record({
        tree: fc.array(fc.record({ from: fc.nat(), actor: fc.nat(3) }), { minLength: size - 1, maxLength: size - 1 }),
        edges: fc.array(fc.record({ from: fc.nat(size - 1), to: fc.nat(size - 1), actor: fc.nat(3) }), {
          maxLength: 14,
        }),
        also: fc.array(fc.subarray([0, 1, 2, 3], { maxLength: 1 }), { minLength: size, maxLength: size }),
        alsoAnywhere: fc.boolean(),
        fair: fc.subarray([0, 1, 2, 3]),
        marks: fc.array(fc.constantFrom(0, 0, MAKES, MAKES, KEEPS, MAKES | KEEPS), {
          minLength: size,
          maxLength: size,
        }),
        eventually: fc.boolean(),
      })
      .map((g) => {
        const moves: Move[][] = Array.from({ length: size }, () => []);
        for (const [i, e] of g.tree.entries()) moves[e.from % (i + 1)]?.push({ actor: e.actor, to: i + 1 });
        for (const e of g.edges) moves[e.from]?.push({ actor: e.actor, to: e.to });
        const marks = g.eventually ? g.marks.map((m, s) => (s === 0 ? MAKES : 0) | (m & KEEPS)) : g.marks;
        return { moves, also: g.alsoAnywhere ? g.also : [], fair: g.fair, marks };
      }),
);

/** Everything that is wrong with a lasso, in sentences. */
function faults(c: Case, graph: Transitions, lasso: Lasso): string[] {
  const wrong: string[] = [];
  let state = 0;
  let open = false;
  const look = () => {
    const m = c.marks[state] as number;
    open = (m & KEEPS) === 0 && (open || (m & MAKES) !== 0);
  };
  const take = (edge: { from: number; at: number }) => {
    if (edge.from !== state) wrong.push(`a step leaves ${edge.from} instead of ${state}`);
    if (edge.at < (graph.first[state] as number) || edge.at >= (graph.first[state + 1] as number))
      wrong.push(`state ${state} has no such transition`);
    state = graph.targets[edge.at] as number;
    look();
  };
  look();
  for (const edge of lasso.stem) take(edge);
  const entry = state;
  if (!open) wrong.push('the promise is not open where the loop begins');
  let waiting = bits(c.fair) & (graph.enabled[entry] as number);
  for (const edge of lasso.loop) {
    waiting &= ~(1 << (graph.movers[edge.at] as number));
    take(edge);
    waiting &= graph.enabled[state] as number;
    if (!open) wrong.push('the loop keeps the promise');
  }
  if (state !== entry) wrong.push('the loop does not close');
  if (waiting !== 0) wrong.push('the loop is not fair');
  return wrong;
}

test(`random graphs, seed ${SEED}: the pass agrees with the fixed point, and its lassos are what they claim`, () => {
  let broken = 0;
  let kept = 0;
  fc.assert(
    fc.property(cases, (c) => {
      const graph = rowsOf(c.moves, c.also);
      const lasso = findLasso(graph, bits(c.fair), Uint8Array.from(c.marks));
      const able = c.moves.map((row, s) => new Set([...row.map((m) => m.actor), ...(c.also[s] ?? [])]));
      const plain: LabelledGraph = { moves: c.moves, able, fair: c.fair };
      const marks = (s: number) => c.marks[s] as number;
      const open = staysOpen(
        plain,
        (s) => (marks(s) & MAKES) !== 0,
        (s) => (marks(s) & KEEPS) !== 0,
      );
      expect(lasso !== null).toBe(open);
      if (lasso === null) kept++;
      else {
        broken++;
        expect(faults(c, graph, lasso)).toEqual([]);
      }
    }),
    { numRuns: 4000, seed: SEED },
  );
  // Both answers are common, or the test would show little.
  expect(broken).toBeGreaterThan(500);
  expect(kept).toBeGreaterThan(500);
});

describe('components', () => {
  test('agree with mutual reachability on random graphs', () => {
    fc.assert(
      fc.property(cases, fc.infiniteStream(fc.boolean()), ({ moves }, stream) => {
        const inside = Uint8Array.from(moves, () => (stream.next().value ? 1 : 0));
        const { of, count } = componentsOf(rowsOf(moves), inside);
        const reach = moves.map((_, s) => {
          const found = new Set<number>();
          const work = inside[s] === 1 ? [s] : [];
          for (let n = work.pop(); n !== undefined; n = work.pop()) {
            if (found.has(n)) continue;
            found.add(n);
            work.push(...(moves[n] ?? []).map((m) => m.to).filter((t) => inside[t] === 1));
          }
          return found;
        });
        for (const [s, row] of moves.entries()) {
          expect(of[s] === -1).toBe(inside[s] === 0);
          for (const t of moves.keys()) {
            if (inside[s] === 0 || inside[t] === 0) continue;
            expect(of[s] === of[t]).toBe(reach[s]?.has(t) === true && reach[t]?.has(s) === true);
          }
          for (const { to } of row)
            if (inside[s] === 1 && inside[to] === 1) expect(of[to] as number).toBeLessThanOrEqual(of[s] as number);
        }
        expect(new Set(of.filter((c) => c >= 0)).size).toBe(count);
      }),
      { numRuns: 1000, seed: SEED },
    );
  });

  test.each([
    ['a chain', false],
    ['a ring', true],
  ])('%s of 200,000 states is walked without recursion', (_, closed) => {
    const size = 200_000;
    const moves = Array.from({ length: size }, (__, s): Move[] =>
      s + 1 < size ? [{ actor: 0, to: s + 1 }] : closed ? [{ actor: 0, to: 0 }] : [],
    );
    const graph = rowsOf(moves);
    expect(componentsOf(graph, new Uint8Array(size).fill(1)).count).toBe(closed ? 1 : size);
    const marks = new Uint8Array(size);
    marks[0] = MAKES;
    const lasso = findLasso(graph, 1, marks);
    expect([lasso?.stem.length, lasso?.loop.length]).toEqual(closed ? [0, size] : [size - 1, 0]);
    marks[size - 1] = KEEPS;
    expect(findLasso(graph, 1, marks)).toBeNull();
  });
});

describe('fairness', () => {
  /** Actor 0 goes round between 0 and 1; actor 1 can leave from the states given. */
  const ring = (leave: readonly number[], fair: readonly number[]) => {
    const moves: Move[][] = [[{ actor: 0, to: 1 }], [{ actor: 0, to: 0 }], []];
    for (const s of leave) moves[s]?.push({ actor: 1, to: 2 });
    return findLasso(rowsOf(moves), bits(fair), Uint8Array.of(MAKES, 0, KEEPS));
  };

  test('an actor that could leave all the time does', () => expect(ring([0, 1], [0, 1])).toBeNull());
  test('an actor that could leave now and then may be late each time', () => expect(ring([1], [0, 1])).not.toBeNull());
  test('an actor that need not be fair may stay', () => expect(ring([0, 1], [0])?.loop.length).toBe(2));
  test('where no fair actor can move everybody may stay', () =>
    expect(ring([0, 1], [])).toEqual({ stem: [], loop: [] }));
});
