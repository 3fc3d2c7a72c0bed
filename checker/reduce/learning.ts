/**
 * Learning footprints: a few random walks first, then the search itself, repeated until its own footprints would not
 * have changed one of its decisions. As footprints only grow this ends, and after the walks mostly with the first pass.
 *
 * Whether the reduction pays is estimated by a short search, in which every state is expanded both ways and the
 * transitions are counted: so it is the same on every machine. States are not compared, because how many there are
 * shows only at the end.
 */
import seedrandom from 'seedrandom';
import { type CompiledModel, NEXT } from '../compile/model.ts';
import { QuiesceError } from '../lang/errors.ts';
import { Findings } from '../search/findings.ts';
import { type Fault, successors, successorsAlone } from '../search/successors.ts';
import { Footprints, type Snapshot } from './footprints.ts';
import { type Mistakes, PersistentSets, Programs } from './persistent.ts';
import { SymmetricMarks } from './symmetric-marks.ts';
import type { Symmetry } from './symmetry.ts';

export interface LearningOptions {
  /** Walks from the initial state. */
  readonly walks?: number;
  /** Most steps of a walk. */
  readonly depth?: number;
  /** States of the short search. */
  readonly trial?: number;
  /** The search folds states by this symmetry. */
  readonly symmetry?: Symmetry | null;
  /** Tables to mark in, of another thread of the same search. */
  readonly buffer?: ArrayBufferLike;
}

/** With fewer times as many transitions without it than with it, the reduction costs more than it saves. */
const WORTH = 1.35;

/** Footprints of one search, and the reducer that they make at the moment. */
export class Learning {
  readonly footprints: Footprints;
  /** Searches begun, this one included. */
  passes = 0;
  /** What the reducer of this pass knows. */
  snapshot!: Snapshot;
  /** The reducer of this pass. */
  reducer: PersistentSets;
  /** How many times as many transitions there seem to be without the reduction. */
  readonly estimate: number;
  readonly model: CompiledModel;
  /** Number of marks when the reducer was made. */
  #size = 0;
  readonly #programs: Programs;
  readonly #symmetric: SymmetricMarks | null;
  readonly #mistakes: Mistakes;

  /**
   * @param model compiled with marks.
   * @param mistakes for tests only.
   */
  constructor(model: CompiledModel, options: LearningOptions = {}, mistakes: Mistakes = {}) {
    this.model = model;
    this.#programs = new Programs(model);
    this.#mistakes = mistakes;
    this.footprints = new Footprints(model, options.buffer);
    const { walks = 32, depth = 500, trial = 3_000 } = options;
    this.#symmetric = options.symmetry ? new SymmetricMarks(model, options.symmetry) : null;
    const findings = new Findings(model, null);
    walk(model, walks, depth, () => {
      // Learns what the properties read.
      for (const _ of findings.inState());
    });
    this.reducer = this.#frozen();
    this.estimate = estimateOf(model, this.reducer, findings, trial);
    this.reducer = this.#frozen();
  }

  /** Is it worth its cost? */
  get pays(): boolean {
    return this.estimate >= WORTH;
  }

  /** How a verdict names it. How many states there are without it is not known where it was used: it is estimated. */
  reductionWhen(used: boolean): { readonly name: string; readonly factor: number | null } {
    const gain = `about ${this.estimate.toFixed(1)} times fewer transitions`;
    return { name: used ? `persistent sets: ${gain} by estimate` : `persistent sets off: ${gain}`, factor: null };
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
    return this.hasLearned && !this.reducer.agreesWith(this.freeze());
  }

  /** Has anything been marked since the pass began? */
  get hasLearned(): boolean {
    return this.footprints.size !== this.#size;
  }

  /** What is known now: for the reducers of other threads. */
  freeze(): Snapshot {
    return this.footprints.freeze(this.#symmetric);
  }

  #frozen(): PersistentSets {
    this.#size = this.footprints.size;
    this.snapshot = this.freeze();
    return new PersistentSets(this.model, this.snapshot, this.#programs, this.#mistakes);
  }
}

/** Repeats a search until it has learned nothing that matters. Returns what the last pass returned. */
export function searchUntilLearned<T>(learning: Learning, runPass: (reducer: PersistentSets) => T): T {
  for (;;) {
    const result = runPass(learning.begin());
    if (!learning.mustRepeat) return result;
  }
}

/**
 * How many times as many transitions a full expansion has than one that leaves out what it can, in a breadth-first search
 * of about so many states. All of them are expanded in full as well, which learns more than walks do.
 */
function estimateOf(model: CompiledModel, reducer: PersistentSets, findings: Findings, most: number): number {
  const { words, registers, memory } = model;
  const levels = new Map<string, number>();
  const faults: Fault[] = [];
  const key = (state: Int32Array) => Buffer.from(state.buffer, state.byteOffset, state.byteLength).toString('latin1');
  let level: Int32Array[] = [model.initial.slice()];
  let depth = 0;
  let all = 0;
  let kept = 0;
  levels.set(key(level[0] as Int32Array), 0);
  const expand = (state: Int32Array, next: Int32Array[]): void => {
    const made = () =>
      Array.from({ length: registers[NEXT] as number }, (_, i) => memory.words.slice(i * words, (i + 1) * words));
    faults.length = 0;
    registers[NEXT] = 0;
    successors(model, state, 0, faults);
    const everything = made();
    registers[NEXT] = 0;
    const alone = successorsAlone(model, reducer, state, 0, faults) >= 0;
    const some = made();
    const deeper = some.every((s) => (levels.get(key(s)) ?? depth + 1) > depth);
    const explored = alone && deeper ? some : everything;
    all += everything.length;
    kept += explored.length;
    for (const found of explored) {
      const text = key(found);
      if (levels.has(text)) continue;
      levels.set(text, depth + 1);
      next.push(found);
      model.load(found, 0);
      for (const _ of findings.inState());
    }
  };
  while (level.length > 0 && levels.size < most) {
    const next: Int32Array[] = [];
    for (const state of level) if (!unlessWrong(() => expand(state, next))) break;
    depth++;
    level = next;
  }
  registers[NEXT] = 0;
  return kept === 0 ? 1 : all / kept;
}

/** What is wrong with the model is told by the search, if it comes there. False when something is. */
function unlessWrong(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof QuiesceError) return false;
    throw error;
  }
}

/** Walks at random, always in the same way; each state is expanded in full, and is then the current one for `visit`. */
function walk(model: CompiledModel, walks: number, depth: number, visit: () => void): void {
  const random = seedrandom('footprints');
  const { words } = model;
  const faults: Fault[] = [];
  for (let i = 0; i < walks; i++) {
    let state = model.initial.slice();
    for (let step = 0; step <= depth; step++) {
      faults.length = 0;
      model.registers[NEXT] = 0;
      const right = unlessWrong(() => successors(model, state, 0, faults));
      const made = model.registers[NEXT] as number;
      const at = Math.floor(random() * made) * words;
      const next = model.memory.words.slice(at, at + words);
      model.load(state, 0);
      if (!right || !unlessWrong(visit) || made === 0) break;
      state = next;
    }
  }
  model.registers[NEXT] = 0;
}
