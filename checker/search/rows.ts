/**
 * Where the transitions of some states lead, and who moves: a search keeps states only, so they are expanded once more
 * and their successors looked up. What one thread does of it.
 */
import { type CompiledModel, NEXT } from '../compile/model.ts';
import { sharedBytes, sharedInts } from '../store/tuples.ts';
import type { StateStore } from './explored.ts';
import { type Fault, successors } from './successors.ts';

/** States expanded before their successors are looked up together. */
const BATCH = 64;

/** The transitions of some states, one after another. */
export interface RowPart {
  /** For each state where its transitions end in `targets` and `movers`. */
  readonly ends: Int32Array;
  /** For each state a bit for every actor that could move, also by a step that breaks a promise. */
  readonly enabled: Int32Array;
  /** Index of the state that each transition leads to; -1 when it is not stored. */
  readonly targets: Int32Array;
  /** Index of the actor that moves. */
  readonly movers: Uint8Array;
}

/** Room for so many states and transitions, which threads can share. */
export const makeRowPart = (states: number, transitions: number): RowPart => ({
  ends: sharedInts(states),
  enabled: sharedInts(states),
  targets: sharedInts(transitions),
  movers: sharedBytes(transitions),
});

/** Rows that the threads of a search have made of the states from `from` to `to`, in chunks. */
export interface RowRound {
  readonly part: RowPart;
  /** For each state a byte for each promise: what the state is to it (`marksOf`). */
  readonly marks: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** Chunk c has its states at `c * chunkStates` and its transitions at `c * chunkRoom`. */
  readonly chunkStates: number;
  readonly chunkRoom: number;
}

/** In place of the end of the first state: the model threw in this chunk, and whoever wants to know makes it again. */
export const THREW = -1;

export class RowMaker {
  readonly #model: CompiledModel;
  readonly #store: Pick<StateStore, 'read' | 'lookup' | 'found'>;
  readonly #visit: (state: number, place: number) => void;
  readonly #state: Int32Array;
  readonly #faults: Fault[] = [];
  readonly #batch: number;

  /** @param visit called for each state in order, while it is the current one of the model, with its place in the rows. */
  constructor(
    model: CompiledModel,
    store: Pick<StateStore, 'read' | 'lookup' | 'found'>,
    visit: (state: number, place: number) => void,
  ) {
    this.#model = model;
    this.#store = store;
    this.#visit = visit;
    this.#state = new Int32Array(model.words);
    this.#batch = Math.max(1, Math.min(BATCH, model.room - model.branching, store.found.length - model.branching));
  }

  /** Writes the rows of the states from `from` to `to`, the first of them to place `place`, its transitions to `at`. */
  make(from: number, to: number, rows: RowPart, place: number, at: number): void {
    const model = this.#model;
    const { registers } = model;
    registers[NEXT] = 0;
    let end = at;
    let made = 0;
    for (let index = from; index < to; index++) {
      const before = made;
      this.#store.read(index, this.#state, 0);
      this.#faults.length = 0;
      successors(model, this.#state, 0, this.#faults);
      made = registers[NEXT] as number;
      let enabled = 0;
      for (let i = before; i < made; i++) enabled |= 1 << ((model.moves[i] as number) >> 16);
      for (const fault of this.#faults) enabled |= 1 << fault.actor;
      const here = place + index - from;
      rows.enabled[here] = enabled;
      rows.ends[here] = end + made;
      this.#focus(made);
      this.#visit(index, here);
      if (made < this.#batch && index + 1 < to) continue;
      this.#look(made, rows, end);
      end += made;
      made = 0;
      registers[NEXT] = 0;
    }
  }

  /** Makes the state that was read the current one, behind the successors that are not looked up yet. */
  #focus(slot: number): void {
    const model = this.#model;
    model.memory.words.set(this.#state, slot * model.words);
    model.memory.at = slot * model.stateBytes;
    model.memory.phase = 'free';
  }

  #look(made: number, { targets, movers }: RowPart, at: number): void {
    const { moves, memory } = this.#model;
    this.#store.lookup(memory.words, made);
    const { found } = this.#store;
    for (let i = 0; i < made; i++) {
      targets[at + i] = (found[i] as number) - 1;
      movers[at + i] = (moves[i] as number) >> 16;
    }
  }
}
