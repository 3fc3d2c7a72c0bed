/**
 * Actors that can never move again although others go on: after a complete search, exactly.
 *
 * An actor is stuck in a state when it has not ended there and moves in no state that can be reached from it. If
 * from every state a resting state can be reached, where everybody has legally ended, nobody is ever stuck. The
 * search notes for each state whether it has a newer successor, which nearly every state has; the others are looked at
 * one by one. Only when that fails are all transitions computed again and the set of actors that may yet move
 * propagated backwards to a fixed point.
 *
 * With symmetry a successor is stored under other names. Each transition then carries who is who (Emerson and Sistla,
 * Symmetry and model checking, 1996, call that an annotated quotient), and the set is renamed on the way back; schedules
 * from a state and ways from it in the quotient correspond one to one, so the answer is exact.
 *
 * With persistent sets, what the search has not stored is left out here as well: who can move after a state can do so
 * within what is stored (`reduce/persistent.ts`).
 *
 * Limits: the second part takes 4 bytes for each transition, 8 with symmetry, and is refused above `MAX_TRANSITIONS`.
 */
import { type CompiledModel, NEXT } from '../compile/model.ts';
import type { Symmetry } from '../reduce/symmetry.ts';
import type { Complete } from '../search/explored.ts';
import { type Fault, successors } from '../search/successors.ts';

const MAX_TRANSITIONS = 200_000_000;
const MAX_ACTORS = 31;
/** States looked at in search of a newer one. */
const MAX_DETOUR = 200_000;

export type StuckResult =
  | { readonly result: 'nobody' }
  /** The actors have the names of the stored state. */
  | { readonly result: 'stuck'; readonly state: number; readonly actors: readonly number[] }
  | { readonly result: 'undecided'; readonly because: string };

/** The search must be complete. States without a successor are ends; those that are deadlocks are reported elsewhere. */
export function findStuck(model: CompiledModel, search: Complete): StuckResult {
  if (reachesRest(model, search)) return { result: 'nobody' };
  if (model.actors.length > MAX_ACTORS) return { result: 'undecided', because: `more than ${MAX_ACTORS} actors` };
  if (search.transitions > MAX_TRANSITIONS) return { result: 'undecided', because: 'too many transitions' };
  return byTransitions(model, search);
}

/**
 * Can a state without successors be reached from every state? A state with a successor of greater index leads, by
 * greater and greater ones, to an end or to a state whose successors all come before it. So it is enough that each of
 * these few, taken from the newest to the oldest, reaches an end or a state newer than itself.
 *
 * From each, the way always takes the newest successor: it falls back once and climbs again, in a few steps. What lies
 * on a way that arrived leads on for every older state too, so that no state is expanded twice.
 */
function reachesRest(model: CompiledModel, search: Complete): boolean {
  const { ahead, store } = search;
  const expander = new Expander(model, search);
  const leadsOn = new Marks(store.count);
  for (let start = store.count - 1; start >= 0; start--) {
    if ((ahead !== null && ahead[start] !== 0) || leadsOn.has(start)) continue;
    const way: number[] = [];
    const onTheWay = new Set<number>();
    let s = start;
    while (s <= start && !leadsOn.has(s) && !onTheWay.has(s)) {
      onTheWay.add(s);
      way.push(s);
      s = expander.newest(s);
    }
    if (s > start || leadsOn.has(s)) for (const passed of way) leadsOn.add(passed);
    // It went round: another way is looked for.
    else if (findsAWay(expander, start, leadsOn)) leadsOn.add(start);
    else return false;
  }
  return true;
}

/** Can an end, a newer state, or one that leads on be reached? False also when that takes too long to find out. */
function findsAWay(expander: Expander, start: number, leadsOn: Marks): boolean {
  const seen = new Set([start]);
  for (const s of seen) {
    if (seen.size > MAX_DETOUR) return false;
    for (const next of expander.expand(s)) {
      if (next > start || leadsOn.has(next)) return true;
      seen.add(next);
    }
  }
  return false;
}

/** One bit for each state. */
class Marks {
  readonly #bits: Int32Array;

  constructor(count: number) {
    this.#bits = new Int32Array((count >>> 5) + 1);
  }

  has(s: number): boolean {
    return ((this.#bits[s >>> 5] as number) & (1 << (s & 31))) !== 0;
  }

  add(s: number): void {
    this.#bits[s >>> 5] = (this.#bits[s >>> 5] as number) | (1 << (s & 31));
  }
}

/** A state without successors leads to this one, which is newer than all. */
const END = Number.POSITIVE_INFINITY;

/** Computes successors once more, as indices of stored states. */
class Expander {
  readonly #model: CompiledModel;
  readonly #search: Complete;
  readonly #state: Int32Array;
  readonly #faults: Fault[] = [];

  constructor(model: CompiledModel, search: Complete) {
    this.#model = model;
    this.#search = search;
    this.#state = new Int32Array(model.words);
  }

  /** The stored successors of a state, or `END`. A search that leaves steps out has not stored what they lead to. */
  expand(index: number): number[] {
    const made = this.#lookUp(index);
    if (made === 0) return [END];
    const { found } = this.#search.store;
    return Array.from({ length: made }, (_, i) => (found[i] as number) - 1).filter((next) => next >= 0);
  }

  /** The newest of them. */
  newest(index: number): number {
    const made = this.#lookUp(index);
    if (made === 0) return END;
    const { found } = this.#search.store;
    let newest = 0;
    for (let i = 0; i < made; i++) newest = Math.max(newest, (found[i] as number) - 1);
    return newest;
  }

  #lookUp(index: number): number {
    const { store, symmetry } = this.#search;
    const model = this.#model;
    model.registers[NEXT] = 0;
    store.read(index, this.#state, 0);
    successors(model, this.#state, 0, this.#faults);
    this.#faults.length = 0;
    const made = model.registers[NEXT] as number;
    if (symmetry !== null)
      for (let i = 0; i < made; i++) symmetry.canonicalise(model.memory.bytes, i * model.stateBytes);
    store.lookup(model.memory.words, made);
    return made;
  }
}

function byTransitions(model: CompiledModel, search: Complete): StuckResult {
  const { store } = search;
  const state = new Int32Array(model.words);
  const count = store.count;
  const first = new Int32Array(count + 1);
  let targets = new Int32Array(Math.max(16, search.transitions));
  const renamings = search.symmetry && new Renamings(search.symmetry);
  let renamed = new Int32Array(renamings === null ? 0 : targets.length);
  const mayMove = new Int32Array(count);
  const everybody = model.actors.reduce((mask, a) => mask | (1 << a.index), 0);
  let edges = 0;
  for (let s = 0; s < count; s++) {
    first[s] = edges;
    model.registers[NEXT] = 0;
    const faults: Fault[] = [];
    store.read(s, state, 0);
    successors(model, state, 0, faults);
    const made = model.registers[NEXT] as number;
    let mask = 0;
    for (let i = 0; i < made; i++) mask |= 1 << ((model.moves[i] as number) >> 16);
    for (const fault of faults) mask |= 1 << fault.actor;
    while (edges + made > targets.length) {
      targets = larger(targets);
      if (renamings !== null) renamed = larger(renamed);
    }
    if (renamings !== null)
      for (let i = 0; i < made; i++) renamed[edges + i] = renamings.toForm(model.memory.bytes, i * model.stateBytes);
    store.lookup(model.memory.words, made);
    for (let i = 0; i < made; i++) targets[edges++] = (store.found[i] as number) - 1;
    model.load(state, 0);
    for (const a of model.actors) if (model.rests(a.index)) mask |= 1 << a.index;
    // Where schedules end, a deadlock or a broken promise is reported as such, not once more for each actor.
    if (made === 0) mask = everybody;
    mayMove[s] = mask;
  }
  first[count] = edges;
  for (let changed = true; changed; ) {
    changed = false;
    for (let s = count - 1; s >= 0; s--) {
      let mask = mayMove[s] as number;
      if (mask === everybody) continue;
      for (let e = first[s] as number; e < (first[s + 1] as number); e++) {
        if ((targets[e] as number) < 0) continue;
        const later = mayMove[targets[e] as number] as number;
        mask |= renamings === null ? later : renamings.before(renamed[e] as number, later);
      }
      if (mask !== mayMove[s]) {
        mayMove[s] = mask;
        changed = true;
      }
    }
  }
  for (let s = 0; s < count; s++)
    if (mayMove[s] !== everybody)
      return {
        result: 'stuck',
        state: s,
        actors: model.actors.map((a) => a.index).filter((i) => ((mayMove[s] as number) & (1 << i)) === 0),
      };
  return { result: 'nobody' };
}

function larger(array: Int32Array): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(array.length * 2);
  copy.set(array);
  return copy;
}

/** Who is who on the way from a state to the form it is stored in, by number; the number 0 changes nobody. */
class Renamings {
  readonly #symmetry: Symmetry;
  readonly #numbers = new Map<string, number>();
  /** For each: the index of actor i in the form. */
  readonly #maps: number[][] = [];

  constructor(symmetry: Symmetry) {
    this.#symmetry = symmetry;
    this.#number(Array.from({ length: MAX_ACTORS }, (_, i) => i));
  }

  #number(map: number[]): number {
    const text = map.join();
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#maps.push(map);
    this.#numbers.set(text, this.#maps.length - 1);
    return this.#maps.length - 1;
  }

  /** Replaces the state by the form it is stored in; returns the number of the renaming. */
  toForm(bytes: Uint8Array, base: number): number {
    const identities = this.#symmetry.canonicaliseActors(bytes, base);
    return this.#number(Array.from({ length: MAX_ACTORS }, (_, i) => (identities[i + 1] ?? i + 1) - 1));
  }

  /** A set of actors of the form, as the state before the renaming names them. */
  before(number: number, mask: number): number {
    if (number === 0) return mask;
    const map = this.#maps[number] as number[];
    let before = 0;
    for (let i = 0; i < MAX_ACTORS; i++) if (mask & (1 << (map[i] as number))) before |= 1 << i;
    return before;
  }
}

/** The actors of a state that are those of the form it is stored in. */
export function actorsBefore(symmetry: Symmetry | null, state: Int32Array, actors: readonly number[]): number[] {
  if (symmetry === null) return [...actors];
  const form = state.slice();
  const identities = symmetry.canonicaliseActors(new Uint8Array(form.buffer), 0);
  return [...identities.keys()]
    .slice(1)
    .filter((id) => actors.includes((identities[id] as number) - 1))
    .map((id) => id - 1);
}
