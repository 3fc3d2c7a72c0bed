/**
 * All transitions of a finished search, as compressed sparse rows: for each state its successors and who moves, and
 * who could move at all.
 *
 * Cost: 5 bytes a transition and 8 a state, up to the time of the search. Limits: `MAX_ACTORS` actors; the graph is
 * not built above `maxBytes`, nor above `MAX_TRANSITIONS`.
 */
import type { CompiledModel } from '../compile/model.ts';
import type { Complete } from '../search/explored.ts';
import { makeRowPart, RowMaker, type RowPart } from '../search/rows.ts';
import type { Rows } from './scc.ts';

/** Who could move is a mask of 32 bits. */
export const MAX_ACTORS = 32;
export const MAX_TRANSITIONS = 400_000_000;

/** States whose rows are made before they are taken over. */
const CHUNK = 256;

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
  readonly #search: Complete;
  readonly #maker: RowMaker;
  readonly #part: RowPart;
  readonly #maxBytes: number;
  readonly #first: Uint32Array;
  readonly #enabled: Int32Array;
  #targets: Int32Array;
  #movers: Uint8Array;
  #edges = 0;

  /**
   * @param search a complete one without reductions.
   * @param visit called for each state in order, while it is the current one of the model.
   */
  constructor(model: CompiledModel, search: Complete, maxBytes: number, visit: (state: number) => void) {
    const { count } = search.store;
    this.#search = search;
    this.#maker = new RowMaker(model, search.store, visit);
    this.#part = makeRowPart(CHUNK, CHUNK * model.branching);
    this.#maxBytes = maxBytes;
    this.#first = new Uint32Array(count + 1);
    this.#enabled = new Int32Array(count);
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

  /** Expands `states` more states. False when there is nothing more to do. */
  advance(states: number): boolean {
    const { count } = this.#search.store;
    const end = Math.min(count, this.done + states);
    while (this.failed === null && this.done < end) {
      const from = this.done;
      const to = Math.min(end, from + CHUNK);
      this.#maker.make(from, to, this.#part, 0, 0);
      this.append(this.#part, 0, 0, to - from);
    }
    return this.failed === null && this.done < count;
  }

  /** Takes over the rows of the next `states` states: the first of them is at `place`, its transitions are at `at`. */
  append(part: RowPart, place: number, at: number, states: number): void {
    const end = part.ends[place + states - 1] as number;
    this.#makeRoom(this.#edges + end - at);
    if (this.failed !== null) return;
    const targets = part.targets.subarray(at, end);
    // A search that left something out, by whatever reduction, cannot tell what comes.
    if (targets.includes(-1)) this.failed = 'the search has not stored every successor';
    this.#targets.set(targets, this.#edges);
    this.#movers.set(part.movers.subarray(at, end), this.#edges);
    this.#enabled.set(part.enabled.subarray(place, place + states), this.done);
    for (let k = 0; k < states; k++)
      this.#first[this.done + k + 1] = this.#edges + (part.ends[place + k] as number) - at;
    this.#edges += end - at;
    this.done += states;
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
