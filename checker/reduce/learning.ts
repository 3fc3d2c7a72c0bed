/**
 * Learning footprints: a few random walks first, then the search itself, repeated until its own footprints would not
 * have changed one of its decisions. As footprints only grow this ends, and after the walks mostly with the first pass.
 *
 * Whether the reduction pays is estimated on the same walks, by the share of states in which something could be left
 * out. It is a count, so it is the same on every machine.
 */
import seedrandom from 'seedrandom';
import { type CompiledModel, NEXT } from '../compile/model.ts';
import { Findings } from '../search/findings.ts';
import { type Fault, successors, successorsAlone } from '../search/successors.ts';
import { Footprints } from './footprints.ts';
import { type Mistakes, PersistentSets, Programs } from './persistent.ts';

export interface LearningOptions {
  /** Walks from the initial state. */
  readonly walks?: number;
  /** Most steps of a walk. */
  readonly depth?: number;
  /** Tables to mark in, of another thread of the same search. */
  readonly buffer?: ArrayBufferLike;
}

/** Below this share of states in which one actor is enough, the reduction costs more than it saves. */
const WORTH = 0.1;

/** Footprints of one search, and the reducer that they make at the moment. */
export class Learning {
  readonly footprints: Footprints;
  /** Searches begun, this one included. */
  passes = 0;
  /** The reducer of this pass. */
  reducer: PersistentSets;
  /** Of the states on the walks that have more than one successor, the share in which one actor is enough. */
  readonly share: number;
  readonly #model: CompiledModel;
  readonly #programs: Programs;
  readonly #mistakes: Mistakes;

  /**
   * @param model compiled with marks.
   * @param mistakes for tests only.
   */
  constructor(model: CompiledModel, options: LearningOptions = {}, mistakes: Mistakes = {}) {
    this.#model = model;
    this.#programs = new Programs(model);
    this.#mistakes = mistakes;
    this.footprints = new Footprints(model, options.buffer);
    const { walks = 32, depth = 500 } = options;
    const findings = new Findings(model, null);
    walk(model, walks, depth, () => {
      // Learns what the properties read.
      for (const _ of findings.inState());
    });
    this.reducer = this.#frozen();
    let alone = 0;
    let states = 0;
    const faults: Fault[] = [];
    walk(model, Math.ceil(walks / 4), depth, (state, made) => {
      if (made < 2) return;
      states++;
      model.registers[NEXT] = 0;
      faults.length = 0;
      if (successorsAlone(model, this.reducer, state, 0, faults) < 0) return;
      if ((model.registers[NEXT] as number) < made) alone++;
    });
    this.share = states === 0 ? 0 : alone / states;
    this.reducer = this.#frozen();
  }

  /** Is it worth its cost? */
  get pays(): boolean {
    return this.share >= WORTH;
  }

  /** Begins a pass: freezes what is known. */
  begin(): PersistentSets {
    this.passes++;
    this.reducer = this.#frozen();
    return this.reducer;
  }

  /**
   * Has the pass learned something that would have changed one of its decisions? Then its result is worth nothing and
   * the next pass is to be begun. May also be asked while it runs, to give up early.
   */
  get mustRepeat(): boolean {
    return !this.reducer.agreesWith(this.footprints.freeze());
  }

  #frozen(): PersistentSets {
    return new PersistentSets(this.#model, this.footprints.freeze(), this.#programs, this.#mistakes);
  }
}

/** Repeats a search until it has learned nothing that matters. Returns what the last pass returned. */
export function searchUntilLearned<T>(learning: Learning, runPass: (reducer: PersistentSets) => T): T {
  for (;;) {
    const result = runPass(learning.begin());
    if (!learning.mustRepeat) return result;
  }
}

/** Walks at random, always in the same way; tells each state, how many successors it has, and expands it in full. */
function walk(
  model: CompiledModel,
  walks: number,
  depth: number,
  visit: (state: Int32Array, made: number) => void,
): void {
  const random = seedrandom('footprints');
  const { words } = model;
  const faults: Fault[] = [];
  for (let i = 0; i < walks; i++) {
    let state = model.initial.slice();
    for (let step = 0; step <= depth; step++) {
      faults.length = 0;
      model.registers[NEXT] = 0;
      successors(model, state, 0, faults);
      const made = model.registers[NEXT] as number;
      const at = Math.floor(random() * made) * words;
      const next = model.memory.words.slice(at, at + words);
      model.load(state, 0);
      visit(state, made);
      if (made === 0) break;
      state = next;
    }
  }
  model.registers[NEXT] = 0;
}
