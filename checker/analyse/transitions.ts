/**
 * All transitions of a finished search, as compressed sparse rows: for each state its successors and who moves, and
 * who could move at all. A search keeps states only, so every state is expanded once more.
 *
 * Cost: 5 bytes a transition and 8 a state, about the time of the search. Limits: `MAX_ACTORS` actors; the graph is
 * not built above `maxBytes`, nor above `MAX_TRANSITIONS`.
 */
import { type CompiledModel, NEXT } from '../compile/model.ts';
import type { Complete } from '../search/explored.ts';
import { type Fault, successors } from '../search/successors.ts';
import type { Rows } from './scc.ts';

/** Who could move is a mask of 32 bits. */
export const MAX_ACTORS = 32;
export const MAX_TRANSITIONS = 400_000_000;

/** States expanded before their successors are looked up together. */
const BATCH = 64;

export interface Transitions extends Rows {
  /** Index of the actor that moves, for each entry of `targets`. */
  readonly movers: Uint8Array;
  /** For each state a bit for every actor that could move, also by a step that breaks a promise. */
  readonly enabled: Int32Array;
}

/** Builds the rows in slices, so that a long pass can be told of and interrupted. */
export class TransitionBuilder {
  /** Why the graph cannot be had; null as long as it can. */
  failed: string | null = null;
  /** States done. */
  done = 0;
  readonly #model: CompiledModel;
  readonly #search: Complete;
  readonly #visit: (state: number) => void;
  readonly #maxBytes: number;
  readonly #first: Uint32Array;
  readonly #enabled: Int32Array;
  readonly #state: Int32Array;
  readonly #faults: Fault[] = [];
  readonly #batch: number;
  #targets: Int32Array;
  #movers: Uint8Array;
  #edges = 0;

  /**
   * @param search a complete one without reductions.
   * @param visit called for each state in order, while it is the current one of the model.
   */
  constructor(model: CompiledModel, search: Complete, maxBytes: number, visit: (state: number) => void) {
    const { count } = search.store;
    this.#model = model;
    this.#search = search;
    this.#visit = visit;
    this.#maxBytes = maxBytes;
    this.#first = new Uint32Array(count + 1);
    this.#enabled = new Int32Array(count);
    this.#state = new Int32Array(model.words);
    this.#batch = Math.max(
      1,
      Math.min(BATCH, model.room - model.branching, search.store.found.length - model.branching),
    );
    const guess = Math.max(16, search.transitions);
    if (model.actors.length > MAX_ACTORS) this.failed = `more than ${MAX_ACTORS} actors`;
    else if (search.symmetry !== null) this.failed = 'actors are exchanged by symmetry';
    else if (guess > MAX_TRANSITIONS) this.failed = 'too many transitions';
    else if (this.#bytes(guess) > maxBytes) this.failed = 'memory limit';
    const room = this.failed === null ? guess : 0;
    this.#targets = new Int32Array(room);
    this.#movers = new Uint8Array(room);
  }

  #bytes(edges: number): number {
    return edges * 5 + this.#search.store.count * 8;
  }

  /** Expands about `states` more states. False when there is nothing more to do. */
  advance(states: number): boolean {
    const model = this.#model;
    const { count } = this.#search.store;
    const end = Math.min(count, this.done + states);
    const { registers } = model;
    registers[NEXT] = 0;
    let waiting = 0;
    while (this.failed === null && this.done < end) {
      const index = this.done++;
      const before = registers[NEXT] as number;
      this.#search.store.read(index, this.#state, 0);
      this.#faults.length = 0;
      successors(model, this.#state, 0, this.#faults);
      const made = registers[NEXT] as number;
      let enabled = 0;
      for (let i = before; i < made; i++) enabled |= 1 << ((model.moves[i] as number) >> 16);
      for (const fault of this.#faults) enabled |= 1 << fault.actor;
      this.#enabled[index] = enabled;
      this.#first[index + 1] = this.#edges + made;
      this.#focus(made);
      this.#visit(index);
      waiting = made;
      if (made >= this.#batch) {
        this.#look(made);
        waiting = 0;
      }
    }
    if (this.failed === null && waiting > 0) this.#look(waiting);
    registers[NEXT] = 0;
    return this.failed === null && this.done < count;
  }

  /** The finished graph. */
  get graph(): Transitions {
    return {
      count: this.#search.store.count,
      first: this.#first,
      targets: this.#targets.subarray(0, this.#edges),
      movers: this.#movers.subarray(0, this.#edges),
      enabled: this.#enabled,
    };
  }

  /** Makes the state that was read the current one, behind the successors that are not looked up yet. */
  #focus(slot: number): void {
    const model = this.#model;
    model.memory.words.set(this.#state, slot * model.words);
    model.memory.at = slot * model.stateBytes;
    model.memory.phase = 'free';
  }

  #look(made: number): void {
    const { store } = this.#search;
    const model = this.#model;
    store.lookup(model.memory.words, made);
    this.#makeRoom(this.#edges + made);
    if (this.failed !== null) return;
    for (let i = 0; i < made; i++) {
      const found = store.found[i] as number;
      // A search that left something out, by whatever reduction, cannot tell what comes.
      if (found === 0) {
        this.failed = 'the search has not stored every successor';
        return;
      }
      this.#targets[this.#edges] = found - 1;
      this.#movers[this.#edges++] = (model.moves[i] as number) >> 16;
    }
    model.registers[NEXT] = 0;
  }

  #makeRoom(edges: number): void {
    if (edges <= this.#targets.length) return;
    const larger = Math.max(edges, Math.ceil(this.#targets.length * 1.5));
    if (larger > MAX_TRANSITIONS) this.failed = 'too many transitions';
    else if (this.#bytes(larger) > this.#maxBytes) this.failed = 'memory limit';
    if (this.failed !== null) return;
    const targets = new Int32Array(larger);
    targets.set(this.#targets);
    this.#targets = targets;
    const movers = new Uint8Array(larger);
    movers.set(this.#movers);
    this.#movers = movers;
  }
}
