/**
 * The simplest of the shortest: among all counterexamples of the least length that end in a violation of the same
 * signature, one with the fewest context switches; ties by the fixed order of states and actors.
 *
 * Every state on such a counterexample lies on the level of its distance, so a dynamic program over the levels of
 * the finished breadth-first search is exact: cost[state][actor] is the least number of switches with which the
 * state is reached when that actor moved last. What costs more than a schedule that is known already is left out, which
 * changes nothing. Time: at most about twice that of the search up to the violation. Memory: one byte for each state and
 * actor.
 *
 * With symmetry the states are stored under other names, so the one who moved is renamed with each successor. The
 * states on the best way through the quotient are known then, and the moves are found by following them once more
 * under the names that they really have.
 */
import { type CompiledModel, MOVED, NEXT } from '../compile/model.ts';
import type { Symmetry } from '../reduce/symmetry.ts';
import type { Explored } from '../search/explored.ts';
import { checkOf, type Finding, type Findings } from '../search/findings.ts';
import { type Fault, successors } from '../search/successors.ts';
import { actorOf } from './simulator.ts';
import { countSwitches } from './size.ts';

const NEVER = 255;
const FAULT = -2;
const MAX_BYTES = 512 * 2 ** 20;
/** States of one orbit and who moved last, at one depth of the way. */
const MAX_NAMINGS = 10_000;

/**
 * The moves, or null when the search is too large for the table.
 *
 * @param known another schedule of the violation: the fewer switches, the less is looked at.
 */
export function fewestSwitches(
  model: CompiledModel,
  search: Explored,
  findings: Findings,
  finding: Finding,
  known: readonly number[] = finding.moves,
): number[] | null {
  const actors = model.actors.length;
  const { length, fault } = finding;
  const targetLevel = fault ? length - 1 : length;
  const starts = search.levelStarts;
  const end = starts[targetLevel + 1];
  if (length === 0 || end === undefined || end * actors > MAX_BYTES) return null;
  const cost = new Uint8Array(end * actors).fill(NEVER);
  const store = search.store;
  const state = new Int32Array(model.words);
  const faults: Fault[] = [];
  const { symmetry } = search;
  const movers = new Uint8Array(model.branching + 1);
  // Under symmetry the switches of a schedule are not those of the way through the quotient that it stands for.
  const atMost =
    symmetry === null
      ? Math.min(...[known, finding.moves].filter((m) => m.length === length).map(countSwitches), NEVER - 1)
      : NEVER - 1;

  /**
   * Calls back for each move of a state: its successor's index, or `FAULT` for a fault with the wanted signature, and
   * the actor that moved, by the name that it has in the stored successor.
   */
  const eachMove = (index: number, visit: (move: number, to: number, mover: number) => void): void => {
    model.registers[NEXT] = 0;
    faults.length = 0;
    store.read(index, state, 0);
    successors(model, state, 0, faults);
    const made = model.registers[NEXT] as number;
    for (let i = 0; i < made; i++) {
      const actor = actorOf(model.moves[i] as number);
      const names = symmetry?.canonicaliseActors(model.memory.bytes, i * model.stateBytes);
      movers[i] = names === undefined ? actor : (names[actor + 1] as number) - 1;
    }
    store.lookup(model.memory.words, made);
    for (let i = 0; i < made; i++) visit(model.moves[i] as number, (store.found[i] as number) - 1, movers[i] as number);
    for (const f of faults) {
      const property = checkOf(f.evidence.kind);
      model.load(state, 0);
      if (findings.signature(property, f.evidence, f.actor) === finding.signature)
        visit((f.actor << 16) | f.choice, FAULT, f.actor);
    }
  };
  /** Least cost of continuing a state with a move of this actor. */
  const through = (index: number, actor: number): number => {
    if (index === 0) return 0;
    let least = NEVER;
    for (let b = 0; b < actors; b++) {
      const c = cost[index * actors + b] as number;
      if (c === NEVER) continue;
      const total = c + (b === actor ? 0 : 1);
      if (total < least) least = total;
    }
    return least;
  };

  /** Was the state come to without more switches than are known to do? */
  const withinReach = (index: number): boolean => {
    for (let actor = 0; actor < actors; actor++) if (cost[index * actors + actor] !== NEVER) return true;
    return false;
  };

  for (let level = 0; level < targetLevel; level++) {
    const from = starts[level] as number;
    const to = starts[level + 1] as number;
    const nextEnd = starts[level + 2] as number;
    for (let index = from; index < to; index++) {
      if (index > 0 && !withinReach(index)) continue;
      eachMove(index, (move, successor, mover) => {
        if (successor < to || successor >= nextEnd) return;
        const total = Math.min(NEVER - 1, through(index, actorOf(move)));
        if (total > atMost) return;
        const at = successor * actors + mover;
        if (total < (cost[at] as number)) cost[at] = total;
      });
    }
  }

  // The best end: a fault of a state of the last level, or a state of it.
  let best: { index: number; last: number; move: number | null; cost: number } | null = null;
  for (let index = starts[targetLevel] as number; index < end; index++) {
    if (index > 0 && !withinReach(index)) continue;
    if (fault)
      eachMove(index, (move, successor) => {
        if (successor !== FAULT) return;
        const total = through(index, actorOf(move));
        if (best === null || total < best.cost) best = { index, last: actorOf(move), move, cost: total };
      });
    else if (endsHere(model, search, findings, finding, index))
      for (let actor = 0; actor < actors; actor++) {
        const total = cost[index * actors + actor] as number;
        if (total !== NEVER && (best === null || total < best.cost))
          best = { index, last: actor, move: null, cost: total };
      }
  }
  if (best === null) return null;

  // Walk back: at each level the first predecessor that explains the cost.
  const found: { index: number; last: number; move: number | null; cost: number } = best;
  const moves: number[] = found.move === null ? [] : [found.move];
  const way: number[] = [found.index];
  let { index, last } = found;
  let remaining = found.cost;
  if (found.move !== null && index !== 0) {
    // The actor that moved last before the fault, as cheaply as the cost says.
    const step = cheapestLast(cost, index, actors, found.last, remaining);
    last = step.actor;
    remaining = step.cost;
  }
  for (let level = targetLevel - 1; level >= 0; level--) {
    let chosen: { index: number; move: number; last: number; cost: number } | null = null;
    for (let p = starts[level] as number; p < (starts[level + 1] as number) && chosen === null; p++) {
      // Without symmetry the one who moves is known, and so what it must have cost: most states need not be expanded.
      if (symmetry === null && through(p, last) !== remaining) continue;
      eachMove(p, (move, successor, mover) => {
        if (chosen !== null || successor !== index || mover !== last) return;
        const actor = actorOf(move);
        if (through(p, actor) !== remaining) return;
        const step = p === 0 ? { actor, cost: 0 } : cheapestLast(cost, p, actors, actor, remaining);
        chosen = { index: p, move, last: step.actor, cost: step.cost };
      });
    }
    if (chosen === null) return null;
    const taken: { index: number; move: number; last: number; cost: number } = chosen;
    moves.unshift(taken.move);
    way.unshift(taken.index);
    index = taken.index;
    last = taken.last;
    remaining = taken.cost;
  }
  return symmetry === null ? moves : underOwnNames(model, search, symmetry, findings, finding, way, found.cost);
}

/** A concrete state on the way, and how it was come to. */
interface Naming {
  readonly state: Int32Array;
  readonly last: number;
  readonly cost: number;
  readonly moves: readonly number[];
}

/**
 * The moves of a schedule through states that are stored as those of `way`, with no more than `most` switches; null
 * when too many namings would have to be followed. Every way through the quotient has one.
 */
function underOwnNames(
  model: CompiledModel,
  search: Explored,
  symmetry: Symmetry,
  findings: Findings,
  finding: Finding,
  way: readonly number[],
  most: number,
): number[] | null {
  const { words } = model;
  const wanted = new Int32Array(words);
  const switched = (naming: Naming, actor: number) =>
    naming.cost + Number(naming.moves.length > 0 && naming.last !== actor);
  let namings: Naming[] = [{ state: model.initial.slice(), last: 0, cost: 0, moves: [] }];
  for (const index of way.slice(1)) {
    search.store.read(index, wanted, 0);
    const next = new Map<string, Naming>();
    for (const naming of namings) {
      if (next.size > MAX_NAMINGS) return null;
      model.registers[NEXT] = 0;
      successors(model, naming.state, 0, []);
      for (let i = 0; i < (model.registers[NEXT] as number); i++) {
        const move = model.moves[i] as number;
        const cost = switched(naming, actorOf(move));
        if (cost > most) continue;
        const state = model.memory.words.slice(i * words, (i + 1) * words);
        const form = state.slice();
        symmetry.canonicalise(new Uint8Array(form.buffer), 0);
        if (!form.every((word, k) => word === wanted[k])) continue;
        const key = `${actorOf(move)} ${state.join()}`;
        const known = next.get(key);
        if (known === undefined || cost < known.cost)
          next.set(key, { state, last: actorOf(move), cost, moves: [...naming.moves, move] });
      }
    }
    namings = [...next.values()];
  }
  let best: { readonly cost: number; readonly moves: readonly number[] } | null = null;
  for (const naming of namings) {
    const ends = finding.fault ? faultsLike(model, findings, finding, naming.state) : [null];
    for (const end of ends) {
      const cost = end === null ? naming.cost : switched(naming, actorOf(end));
      if (best === null || cost < best.cost)
        best = { cost, moves: end === null ? naming.moves : [...naming.moves, end] };
    }
  }
  return best === null ? null : [...best.moves];
}

/** Steps of a state that break the promise in the way that was found. */
function faultsLike(model: CompiledModel, findings: Findings, finding: Finding, state: Int32Array): number[] {
  const faults: Fault[] = [];
  model.registers[NEXT] = 0;
  successors(model, state, 0, faults);
  return faults
    .filter((f) => {
      model.load(state, 0);
      return findings.signature(checkOf(f.evidence.kind), f.evidence, f.actor) === finding.signature;
    })
    .map((f) => (f.actor << 16) | f.choice);
}

/** Who moved last before the state, when the next mover is `next` and the total so far is `total`. */
function cheapestLast(
  cost: Uint8Array,
  index: number,
  actors: number,
  next: number,
  total: number,
): { actor: number; cost: number } {
  const same = cost[index * actors + next] as number;
  if (same === total) return { actor: next, cost: same };
  for (let b = 0; b < actors; b++) {
    const c = cost[index * actors + b] as number;
    if (b !== next && c !== NEVER && c + 1 === total) return { actor: b, cost: c };
  }
  return { actor: next, cost: same };
}

/** Does a stored state violate the same property with the same signature? */
function endsHere(
  model: CompiledModel,
  search: Explored,
  findings: Findings,
  finding: Finding,
  index: number,
): boolean {
  const state = new Int32Array(model.words);
  search.store.read(index, state, 0);
  const property = findings.always.find((p) => p.name === finding.property);
  if (property !== undefined) {
    model.load(state, 0);
    const evidence = property.check();
    return evidence !== null && findings.signature(property.name, evidence, null) === finding.signature;
  }
  model.registers[NEXT] = 0;
  successors(model, state, 0, []);
  if (model.registers[MOVED] !== 0) return false;
  model.load(state, 0);
  for (const [name, evidence] of findings.atRest())
    if (findings.signature(name, evidence, null) === finding.signature) return true;
  return false;
}
