/**
 * Promises about what comes, `eventually` and leads-to, under weak fairness: after a complete search, exactly.
 *
 * A promise is open from a state that makes it until one that keeps it. It is broken when it can stay open on a fair
 * schedule for ever. Such a schedule in the end goes round in one strongly connected component of the states in which
 * the promise is open, and weak fairness asks of every fair actor that it moves in it again and again or is again and
 * again unable to. What a smaller cycle offers its component offers too, so it is enough to look at the components: one
 * is fair when each fair actor moves along one of its transitions or cannot move in one of its states. A state without
 * a transition is a component like any other; there everybody may stay for ever if no fair actor can move, which is how
 * schedules end.
 *
 * Source: E. A. Emerson, C.-L. Lei, Modalities for model checking, Sci. Comput. Program. 8 (1987), for weak fairness
 * on components. Deviation: moves are fair rather than states, and the promise of a state is carried along by a forward
 * closure instead of a product with an automaton.
 *
 * Cost: see `transitions.ts` for the graph; for each promise a byte a state, and while it is decided up to 60 bytes a
 * state. Limits: those of the graph. A schedule on which a step breaks another promise ends there and is not counted
 * here.
 */
import { type CompiledModel, NEXT } from '../compile/model.ts';
import type { Liveness } from '../lang/property.ts';
import { type Evidence, violated } from '../lang/violation.ts';
import type { Complete } from '../search/explored.ts';
import { listOf } from '../search/findings.ts';
import { KEEPS, MAKES, marksOf, nowOf } from '../search/promised.ts';
import { type RowRound, THREW } from '../search/rows.ts';
import { successors } from '../search/successors.ts';
import { componentsOf } from './scc.ts';
import { TransitionBuilder, type Transitions } from './transitions.ts';

/** Bytes a state needed beside the graph while one promise is decided. */
const BYTES_TO_DECIDE = 60;

/** A transition by the state it leaves and its place in the rows. */
export interface Edge {
  readonly from: number;
  readonly at: number;
}

/** A schedule that goes on for ever: a way from the initial state, and a cycle at its end. */
export interface Lasso {
  readonly stem: readonly Edge[];
  /** Empty where everybody may stay for ever. */
  readonly loop: readonly Edge[];
}

export type LivenessResult =
  | { readonly result: 'holds' }
  /** The moves from `loop` on are the cycle. */
  | { readonly result: 'violated'; readonly moves: readonly number[]; readonly loop: number }
  | { readonly result: 'undecided'; readonly because: string };

/** A bit for each actor that does not stop where it could go on. */
export function fairActors(model: CompiledModel): number {
  return model.actors.reduce((mask, a) => (a.view.fair ? mask | (1 << a.index) : mask), 0);
}

/** What the verdict says of the schedules that were looked at. */
export function fairnessOf(model: CompiledModel): string {
  const unfair = model.actors.filter((a) => !a.view.fair).map((a) => a.view.name);
  const others = unfair.length === 0 ? '' : `, except ${listOf(unfair)}, who may stop anywhere`;
  return `weak fairness: an actor that could move in every state from some point on does move${others}`;
}

/** Evidence that something never comes; `movers` are those who go round in the cycle. */
export function neverComes(property: Liveness, movers: readonly string[]): Evidence {
  const end =
    movers.length === 0
      ? 'and nobody has to move any more'
      : `while ${listOf(movers)} ${movers.length === 1 ? 'goes' : 'go'} round for ever`;
  return violated('liveness', `it never comes that ${property.about}, ${end}`, {
    objects: property.concerns.objects ?? [],
    actors: property.concerns.actors ?? movers,
  });
}

/** Decides promises over a finished search, in slices. */
export class LivenessPass {
  readonly #model: CompiledModel;
  readonly #search: Complete;
  readonly #live: readonly Liveness[];
  /** For each promise and state what the state is to it. */
  readonly marks: readonly Uint8Array[];
  readonly #builder: TransitionBuilder;

  /** @param search a complete one without reductions. */
  constructor(model: CompiledModel, search: Complete, live: readonly Liveness[], maxBytes: number) {
    const { count } = search.store;
    this.#model = model;
    this.#search = search;
    this.#live = live;
    this.marks = live.map(() => new Uint8Array(count));
    const now = nowOf(model);
    const room = maxBytes - count * (live.length + BYTES_TO_DECIDE);
    this.#builder = new TransitionBuilder(model, search, room, (state) => {
      for (const [i, property] of live.entries())
        (this.marks[i] as Uint8Array)[state] = marksOf(property, now, state === 0);
    });
  }

  /** Looks at about `states` more states, with all threads there are. False when all were seen, or it cannot be done. */
  advance(states: number): boolean {
    const builder = this.#builder;
    const { count } = this.#search.store;
    const until = Math.min(count, builder.done + states);
    while (builder.failed === null && builder.done < until) {
      const round = this.#search.rows?.(builder.done) ?? null;
      if (round === null) return builder.advance(until - builder.done);
      if (typeof round === 'string') builder.failed = round;
      else this.#take(round);
    }
    return builder.failed === null && builder.done < count;
  }

  #take({ part, marks, from, to, chunkStates, chunkRoom }: RowRound): void {
    const builder = this.#builder;
    for (let c = 0; from + c * chunkStates < to && builder.failed === null; c++) {
      const first = from + c * chunkStates;
      const place = c * chunkStates;
      const states = Math.min(chunkStates, to - first);
      if (part.ends[place] === THREW) {
        // Here it throws again, in the order of the states.
        builder.advance(states);
        continue;
      }
      builder.append(part, place, c * chunkRoom, states);
      for (const [i, own] of this.marks.entries())
        for (let k = 0; k < states; k++) own[first + k] = marks[(place + k) * this.marks.length + i] as number;
    }
  }

  /** All transitions, once `advance` has returned false. */
  get graph(): Transitions {
    return this.#builder.graph;
  }

  /** The answer for each promise, in their order, once `advance` has returned false. */
  results(): readonly LivenessResult[] {
    const { failed } = this.#builder;
    if (failed !== null) return this.#live.map(() => ({ result: 'undecided', because: failed }));
    const { graph } = this;
    const fair = fairActors(this.#model);
    return this.marks.map((marks): LivenessResult => {
      const lasso = findLasso(graph, fair, marks);
      if (lasso === null) return { result: 'holds' };
      const moves = [...lasso.stem, ...lasso.loop].map((edge) => this.#moveOf(graph, edge));
      return { result: 'violated', moves, loop: lasso.stem.length };
    });
  }

  /** The rows keep who moves; the choice is found by expanding the state once more. */
  #moveOf(graph: Transitions, { from, at }: Edge): number {
    const model = this.#model;
    const state = new Int32Array(model.words);
    this.#search.store.read(from, state, 0);
    model.registers[NEXT] = 0;
    successors(model, state, 0, []);
    model.registers[NEXT] = 0;
    return model.moves[at - (graph.first[from] as number)] as number;
  }
}

/**
 * A fair schedule on which a promise stays open for ever, null when there is none. State 0 is the initial one, from
 * which all can be reached. The stem is a shortest one; the cycle takes the nearest way to each thing that fairness
 * asks for.
 *
 * @param fair a bit for each fair actor.
 * @param marks for each state what it is to the promise.
 */
export function findLasso(graph: Transitions, fair: number, marks: Uint8Array): Lasso | null {
  const open = whereOpen(graph, marks);
  const { count, of } = componentsOf(graph, open);
  const isFair = fairComponents(graph, fair, of, count);
  if (!isFair.includes(1)) return null;
  const { stem, entry } = shortestStem(graph, marks, (state) => isFair[of[state] as number] === 1);
  return { stem, loop: cycleFrom(graph, fair, of, entry) };
}

/** The states in which the promise can be open: those that make it without keeping it, and what follows until it is kept. */
function whereOpen(graph: Transitions, marks: Uint8Array): Uint8Array {
  const { count, first, targets } = graph;
  const open = new Uint8Array(count);
  const queue = new Int32Array(count);
  let met = 0;
  for (let s = 0; s < count; s++)
    if (marks[s] === MAKES) {
      open[s] = 1;
      queue[met++] = s;
    }
  for (let next = 0; next < met; next++) {
    const s = queue[next] as number;
    for (let e = first[s] as number; e < (first[s + 1] as number); e++) {
      const t = targets[e] as number;
      if (open[t] === 1 || ((marks[t] as number) & KEEPS) !== 0) continue;
      open[t] = 1;
      queue[met++] = t;
    }
  }
  return open;
}

/** For each component: 1 when every fair actor moves in it or cannot move somewhere in it. */
function fairComponents(graph: Transitions, fair: number, of: Int32Array, count: number): Uint8Array {
  const { first, targets, movers, enabled } = graph;
  /** Fair actors that could move in every state seen so far, and those that do move. */
  const always = new Int32Array(count).fill(fair);
  const moves = new Int32Array(count);
  for (let s = 0; s < graph.count; s++) {
    const c = of[s] as number;
    if (c < 0) continue;
    always[c] = (always[c] as number) & (enabled[s] as number);
    for (let e = first[s] as number; e < (first[s + 1] as number); e++)
      if (of[targets[e] as number] === c) moves[c] = (moves[c] as number) | (1 << (movers[e] as number));
  }
  const isFair = new Uint8Array(count);
  for (let c = 0; c < count; c++) if (((always[c] as number) & ~(moves[c] as number)) === 0) isFair[c] = 1;
  return isFair;
}

/** A shortest way from the initial state to a state that is a goal while the promise is open. */
function shortestStem(
  graph: Transitions,
  marks: Uint8Array,
  isGoal: (state: number) => boolean,
): { readonly stem: readonly Edge[]; readonly entry: number } {
  const { count, first, targets } = graph;
  // A node is a state twice, plus one where the promise is open.
  const opens = (state: number, before: number) => {
    const m = marks[state] as number;
    return (m & KEEPS) !== 0 ? 0 : before | (m & MAKES);
  };
  const parent = new Int32Array(2 * count).fill(-1);
  const via = new Uint32Array(2 * count);
  const queue = new Int32Array(2 * count);
  const start = opens(0, 0);
  parent[start] = start;
  queue[0] = start;
  let met = 1;
  for (let next = 0; next < met; next++) {
    const node = queue[next] as number;
    const state = node >> 1;
    if ((node & 1) === 1 && isGoal(state)) {
      const stem: Edge[] = [];
      for (let n = node; n !== start; n = parent[n] as number)
        stem.push({ from: (parent[n] as number) >> 1, at: via[n] as number });
      return { stem: stem.reverse(), entry: state };
    }
    for (let e = first[state] as number; e < (first[state + 1] as number); e++) {
      const t = targets[e] as number;
      const child = 2 * t + opens(t, node & 1);
      if (parent[child] !== -1) continue;
      parent[child] = node;
      via[child] = e;
      queue[met++] = child;
    }
  }
  throw new Error('a fair component cannot be reached');
}

/** A fair cycle within the component of `entry`, back to it; empty when no fair actor can move there. */
function cycleFrom(graph: Transitions, fair: number, of: Int32Array, entry: number): Edge[] {
  const { count, first, targets, movers, enabled } = graph;
  const component = of[entry];
  const parent = new Int32Array(count);
  const via = new Uint32Array(count);
  const queue = new Int32Array(count);
  /** The nearest way from a state along a transition with `isGoal`. */
  const nearest = (start: number, isGoal: (edge: number) => boolean): Edge[] => {
    parent.fill(-1);
    parent[start] = start;
    queue[0] = start;
    let met = 1;
    for (let next = 0; next < met; next++) {
      const state = queue[next] as number;
      for (let e = first[state] as number; e < (first[state + 1] as number); e++) {
        const t = targets[e] as number;
        if (of[t] !== component) continue;
        if (isGoal(e)) {
          const path: Edge[] = [{ from: state, at: e }];
          for (let n = state; n !== start; n = parent[n] as number)
            path.push({ from: parent[n] as number, at: via[n] as number });
          return path.reverse();
        }
        if (parent[t] !== -1) continue;
        parent[t] = state;
        via[t] = e;
        queue[met++] = t;
      }
    }
    throw new Error('the cycle is not in one component');
  };
  const loop: Edge[] = [];
  let at = entry;
  let needed = fair & (enabled[entry] as number);
  while (needed !== 0) {
    const serves = (e: number) =>
      (needed & ((1 << (movers[e] as number)) | ~(enabled[targets[e] as number] as number))) !== 0;
    for (const edge of nearest(at, serves)) {
      loop.push(edge);
      at = targets[edge.at] as number;
      needed &= ~(1 << (movers[edge.at] as number)) & (enabled[at] as number);
    }
  }
  // Not by spreading: a cycle may have more steps than a call takes arguments.
  if (at !== entry) for (const edge of nearest(at, (e) => targets[e] === entry)) loop.push(edge);
  return loop;
}
