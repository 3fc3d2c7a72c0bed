/**
 * Promises decided in the plainest way, to test the fast pass against: the fixed point of Emerson and Lei on sets of
 * states, nothing shared with the checker.
 *
 * A state belongs to the greatest set Z of open states from each of which, for every fair actor, one can reach within Z
 * a state where the actor cannot move, or a transition of the actor that stays within Z. Staying in a state counts, so
 * schedules that end need no case of their own.
 */

/** A transition: who moves, and where to. */
export interface Move {
  readonly actor: number;
  readonly to: number;
}

export interface LabelledGraph {
  /** For each state what can be done; state 0 is the initial one. */
  readonly moves: readonly (readonly Move[])[];
  /** For each state who could move. */
  readonly able: readonly ReadonlySet<number>[];
  readonly fair: readonly number[];
}

/** Does a fair schedule exist, from a state that makes the promise, on which it is never kept? */
export function staysOpen(
  graph: LabelledGraph,
  makes: (state: number) => boolean,
  keeps: (state: number) => boolean,
): boolean {
  const states = graph.moves.map((_, s) => s);
  let z = new Set(states.filter((s) => !keeps(s)));
  for (;;) {
    let next = z;
    for (const actor of graph.fair) next = intersection(next, reaching(graph, z, actor));
    if (next.size === z.size) break;
    z = next;
  }
  // From a state that makes the promise, without ever keeping it, into Z.
  const reachable = from(graph, [0], () => true);
  const open = from(
    graph,
    states.filter((s) => reachable.has(s) && makes(s) && !keeps(s)),
    (s) => !keeps(s),
  );
  return [...z].some((s) => open.has(s));
}

/** States of Z from which, within Z, the actor moves or is unable to. */
function reaching(graph: LabelledGraph, z: ReadonlySet<number>, actor: number): Set<number> {
  const found = new Set<number>();
  for (let grew = true; grew; ) {
    grew = false;
    for (const s of z) {
      if (found.has(s)) continue;
      const here =
        !(graph.able[s] as ReadonlySet<number>).has(actor) ||
        (graph.moves[s] ?? []).some((m) => z.has(m.to) && (m.actor === actor || found.has(m.to)));
      if (!here) continue;
      found.add(s);
      grew = true;
    }
  }
  return found;
}

function intersection(a: ReadonlySet<number>, b: ReadonlySet<number>): Set<number> {
  return new Set([...a].filter((x) => b.has(x)));
}

function from(graph: LabelledGraph, starts: readonly number[], inside: (s: number) => boolean): Set<number> {
  const found = new Set<number>();
  const work = [...starts];
  for (let s = work.pop(); s !== undefined; s = work.pop()) {
    if (found.has(s)) continue;
    found.add(s);
    work.push(...(graph.moves[s] ?? []).map((m) => m.to).filter(inside));
  }
  return found;
}
