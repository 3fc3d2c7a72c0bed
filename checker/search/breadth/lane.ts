/**
 * The work of one thread: the tasks of a phase (see `round.ts`), on its own compiled model.
 */
import { type CompiledModel, MOVED, NEXT } from '../../compile/model.ts';
import { QuiesceError } from '../../lang/errors.ts';
import type { Liveness } from '../../lang/property.ts';
import type { Reducer } from '../../reduce/persistent.ts';
import type { Symmetry } from '../../reduce/symmetry.ts';
import { StateReader } from '../../store/state-reader.ts';
import { type Enter, makeEnter, type StateArrays } from '../../store/state-table.ts';
import { makeTree, sameShape, type Tree, type TreeShape, treeHasRoom } from '../../store/tree.ts';
import type { HashText, WhenUnknown } from '../../store/tuples.ts';
import type { Findings } from '../findings.ts';
import { marksOf, nowOf } from '../promised.ts';
import { RowMaker, THREW } from '../rows.ts';
import { type Fault, successors, successorsAlone } from '../successors.ts';
import {
  CLAIMS,
  COMMIT_CHUNKS,
  COUNT,
  ENTER,
  ENTER_TASKS,
  FULL,
  KIND,
  LEVEL_END,
  PHASE,
  ROOM,
  ROUND_FROM,
  ROUND_TO,
  ROWS,
  SET,
  type SharedRound,
} from './round.ts';
import { makeSettle, type Settle } from './settle.ts';

/** Candidates that are looked up together, so that their cache misses overlap. */
const BATCH = 96;

/** What a lane works with besides the model. */
export interface LaneParts {
  readonly findings: Findings;
  readonly round: SharedRound;
  readonly arrays: StateArrays;
  readonly symmetry: Symmetry | null;
  readonly hash: HashText;
  /** Lanes of the search; one alone needs no compare-and-swap. */
  readonly lanes: number;
  /** Makes room when there are so many states; only one lane alone asks for it in the middle of a round. */
  readonly grow: (states: number) => void;
  /** Which steps of a state are enough; null for all. */
  readonly reducer: Reducer | null;
}

const batchOf = (model: CompiledModel): number => Math.max(1, Math.min(BATCH, model.room - model.branching));

/** State from which on a search is worth some preparation. */
const LARGE = 1000;

/**
 * Slots a lane of several may have taken and not told of, at most and as a part of the room that all have together: a
 * counter that all add to all the time is slow.
 */
const UNTOLD = 512;
const UNTOLD_PART = 1 / 16;

/** Most candidates that so many lanes look up at one moment. */
export const mostInHand = (model: CompiledModel, lanes: number): number => lanes * (batchOf(model) + model.branching);

export class Lane {
  readonly #model: CompiledModel;
  readonly #findings: Findings;
  readonly #round: SharedRound;
  readonly #symmetry: Symmetry | null;
  readonly #hash: HashText;
  readonly #unknown: WhenUnknown;
  #shape: TreeShape | null = null;
  #tree!: Tree;
  readonly #settle: Settle;
  readonly #enter: Enter;
  #arrays: StateArrays;
  readonly #batch: number;
  /** Candidates that all lanes may have in their hands. */
  readonly #most: number;
  readonly #lanes: number;
  /** Slots that are taken and not told of, and how many may be. */
  #untold = 0;
  #mayHold = 0;
  /** The search has turned out to be large. */
  #large = false;
  readonly #alone: boolean;
  readonly #grow: (states: number) => void;
  /** States there are, if this lane is the only one. */
  states = 0;
  /** What the new states of the chunk stand for, if this lane is the only one. */
  #stand = 0;
  readonly #faults: Fault[] = [];
  /** Sources of the batch: their words, the numbers of their nodes. */
  readonly #words: Int32Array;
  #ids = new Int32Array(0);
  #stride = 0;
  readonly #root: number;
  /** States are their own roots. */
  readonly #whole: boolean;
  readonly #reducer: Reducer | null;
  /** Reads states and looks them up without adding them, for the reducer and for rows; null as long as neither is needed. */
  #reader: StateReader | null = null;
  /** Once the search is over and rows are asked for. */
  #maker: RowMaker | null = null;
  /** Roots of the batch. */
  readonly #roots: Int32Array;
  /** By candidate of the batch: how many states it stands for, or 0 when that is not known yet. */
  readonly #orbits: Float64Array;
  /** By candidate of the batch: which of the sources it comes from. */
  readonly #from: Int32Array;

  constructor(model: CompiledModel, parts: LaneParts) {
    this.#model = model;
    this.#findings = parts.findings;
    this.#round = parts.round;
    this.#symmetry = parts.symmetry;
    this.#arrays = parts.arrays;
    this.#batch = batchOf(model);
    this.#most = mostInHand(model, parts.lanes);
    this.#lanes = parts.lanes;
    this.#hash = parts.hash;
    this.#alone = parts.lanes === 1;
    this.#grow = parts.grow;
    this.#unknown = this.#alone ? 'add' : 'add beside others';
    const { root } = parts.arrays.shape;
    this.#root = root;
    this.#reducer = parts.reducer;
    this.#whole = parts.arrays.shape.leaves.length === 0;
    this.#roots = new Int32Array((model.room + 1) * root);
    this.#enter = makeEnter(parts.arrays.shape, parts.hash);
    this.#words = new Int32Array(this.#batch * model.words);
    this.#from = new Int32Array(model.room + 1);
    this.#orbits = new Float64Array(model.room + 1);
    this.#settle = makeSettle({
      shape: parts.arrays.shape,
      round: parts.round,
      batch: model.room + 1,
      alone: this.#alone,
      hash: parts.hash,
    });
    this.bind(parts.arrays);
  }

  /** The states have grown or were replaced. */
  bind(arrays: StateArrays): void {
    this.#arrays = arrays;
    if (this.#shape === null || !sameShape(arrays.shape, this.#shape)) {
      this.#shape = arrays.shape;
      this.#tree = makeTree(arrays.shape, this.#unknown, this.#model.room + 1, this.#hash);
      this.#stride = 2 * arrays.shape.leaves.length;
      this.#ids = new Int32Array(this.#batch * this.#stride);
    }
    this.#tree.bind(arrays.tree);
    this.#reader?.bind(arrays);
    this.#settle.bind(arrays);
  }

  /** Enters the states from `from` to `to` into a table that has grown. */
  enter(from: number, to: number): void {
    this.#enter(this.#arrays, from, to);
  }

  /** Does one task of the present phase. */
  task(index: number): void {
    const c = this.#round.control;
    if (c[KIND] === ENTER) {
      const count = c[COUNT] as number;
      const share = (task: number) => Math.floor((count * task) / ENTER_TASKS);
      this.enter(share(index), share(index + 1));
      return;
    }
    if (c[KIND] === ROWS) {
      this.#rows(index);
      return;
    }
    const commits = c[COMMIT_CHUNKS] as number;
    if (index < commits) {
      this.#commit(index);
      return;
    }
    if (!this.#large && (c[ROUND_FROM] as number) >= LARGE) this.#prepare();
    this.#expand(index - commits);
  }

  /** The rows of a chunk, after the search. */
  #rows(chunk: number): void {
    const { control, rows, chunkStates, chunkRoom } = this.#round;
    if (rows === null) throw new Error('no rows were asked for');
    const { part, marks } = rows;
    this.#maker ??= this.#makeMaker(marks);
    const from = (control[ROUND_FROM] as number) + chunk * chunkStates;
    const to = Math.min(control[ROUND_TO] as number, from + chunkStates);
    try {
      this.#maker.make(from, to, part, chunk * chunkStates, chunk * chunkRoom);
    } catch (error) {
      if (!(error instanceof QuiesceError)) throw error;
      part.ends[chunk * chunkStates] = THREW;
    }
  }

  #readerOfAll(): StateReader {
    this.#reader ??= new StateReader(this.#arrays, this.#hash, this.#model.room + 1);
    return this.#reader;
  }

  #makeMaker(marks: Uint8Array): RowMaker {
    const model = this.#model;
    const { live } = this.#findings;
    const now = nowOf(model);
    return new RowMaker(model, this.#readerOfAll(), (state, place) => {
      for (let i = 0; i < live.length; i++)
        marks[place * live.length + i] = marksOf(live[i] as Liveness, now, state === 0);
    });
  }

  #prepare(): void {
    this.#large = true;
    this.#settle.enlarge();
    this.#model.rehearse();
  }

  #expand(chunk: number): void {
    const { control, sets, chunkStates } = this.#round;
    const setIndex = control[SET] as 0 | 1;
    const set = sets[setIndex];
    const model = this.#model;
    const { words, registers } = model;
    const from = (control[ROUND_FROM] as number) + chunk * chunkStates;
    const to = Math.min(control[ROUND_TO] as number, from + chunkStates);
    const faults = this.#faults;
    const origin = this.#from;
    const whole = this.#whole;
    const reducer = this.#reducer;
    let sources = this.#words;
    const root = this.#root;
    const batch = this.#batch;
    let made = 0;
    let flagged = 0;
    let slot = 0;
    let batched = 0;
    set.badCount[chunk] = 0;
    this.#untold = 0;
    if (!this.#alone)
      this.#mayHold = Math.min(UNTOLD, Math.floor(((control[ROOM] as number) * UNTOLD_PART) / this.#lanes));
    this.#settle.begin(setIndex, chunk, this.states, control[PHASE] as number);
    registers[NEXT] = 0;
    for (let index = from; index < to; index++) {
      let source = slot * words;
      if (whole) {
        sources = this.#arrays.roots;
        source = index * words;
      } else this.#tree.unfold(this.#arrays.roots, index * root, sources, source, this.#ids, slot * this.#stride);
      if (reducer === null || !this.#expandAlone(reducer, sources, source, batched))
        successors(model, sources, source, faults);
      const next = registers[NEXT] as number;
      for (let i = batched; i < next; i++) origin[i] = slot;
      batched = next;
      const atRest = registers[MOVED] === 0;
      if (faults.length > 0 || (atRest && this.#restIsBad(sources, source))) {
        set.flagged[chunk * chunkStates + flagged++] = index;
        faults.length = 0;
      }
      slot++;
      if (batched >= batch || slot === batch) {
        if (!this.#flush(chunk, batched, index + 1 - slot)) return;
        made += batched;
        batched = 0;
        slot = 0;
        registers[NEXT] = 0;
      }
    }
    if (batched > 0 && !this.#flush(chunk, batched, to - slot)) return;
    set.made[chunk] = made + batched;
    set.flaggedCount[chunk] = flagged;
    set.kept[chunk] = this.#settle.kept();
    if (this.#alone) this.#committed(chunk);
    else {
      this.#tellClaims();
      // Others may have taken from them already.
      Atomics.add(set.fresh, chunk, this.#settle.kept());
    }
  }

  /**
   * Expands the steps of one actor, if that is enough. It is not when one of them leads to a state of this level or an
   * earlier one: the others could then be put off for ever. Their faults, if any, are left to the full expansion.
   */
  #expandAlone(reducer: Reducer, words: Int32Array, at: number, batched: number): boolean {
    const model = this.#model;
    const faults = this.#faults;
    if (successorsAlone(model, reducer, words, at, faults) < 0) return false;
    const made = model.registers[NEXT] as number;
    if (faults.length === 0 && made > batched && this.#allDeeper(batched, made)) return true;
    faults.length = 0;
    model.registers[NEXT] = batched;
    return false;
  }

  /** Does none of these candidates lie on the level that is being expanded, or before it? */
  #allDeeper(from: number, to: number): boolean {
    const { memory, words, stateBytes } = this.#model;
    const levelEnd = this.#round.control[LEVEL_END] as number;
    const reader = this.#readerOfAll();
    for (let i = from; i < to; i++) this.#symmetry?.canonicalise(memory.bytes, i * stateBytes);
    reader.lookup(memory.words.subarray(from * words, to * words), to - from);
    for (let i = 0; i < to - from; i++) {
      const known = reader.found[i] as number;
      if (known > 0 && known <= levelEnd) return false;
    }
    return true;
  }

  /** The only lane has given the states of a chunk their indices already. */
  #committed(chunk: number): void {
    const { control, sets, chunkRoom, badStates, badCount, orbits } = this.#round;
    const set = sets[control[SET] as 0 | 1];
    const fresh = this.#settle.kept();
    const bad = set.badCount[chunk] as number;
    set.fresh[chunk] = fresh;
    this.states += fresh;
    badCount[chunk] = bad;
    for (let k = 0; k < bad; k++) badStates[chunk * chunkRoom + k] = set.bad[chunk * chunkRoom + k] as number;
    orbits[chunk] = this.#symmetry === null ? fresh : this.#stand;
    this.#stand = 0;
  }

  /** Looks up a batch of candidates, whose sources begin with state `first`. False when there is no room for them. */
  #flush(chunk: number, n: number, first: number): boolean {
    const { control } = this.#round;
    if (!this.#fits()) {
      if (!this.#alone) {
        Atomics.store(control, FULL, 1);
        return false;
      }
      this.#grow(this.states + this.#settle.kept());
    }
    const { memory, stateBytes } = this.#model;
    const symmetry = this.#symmetry;
    if (symmetry !== null)
      for (let i = 0; i < n; i++) this.#orbits[i] = symmetry.canonicalise(memory.bytes, i * stateBytes);
    let roots: Int32Array = memory.words;
    if (!this.#whole) {
      roots = this.#roots;
      this.#tree.fold(memory.words, n, this.#from, this.#words, this.#ids, roots);
    }
    const won = this.#settle.settle(roots, n, this.#from, first);
    this.#untold += won;
    if (this.#untold > this.#mayHold) this.#tellClaims();
    if (won > 0 && (symmetry !== null || this.#findings.watchesStates)) this.#watch(chunk, won);
    return true;
  }

  #tellClaims(): void {
    Atomics.add(this.#round.control, CLAIMS, this.#untold);
    this.#untold = 0;
  }

  /** Is there room for a batch of every lane? */
  #fits(): boolean {
    const { control } = this.#round;
    const most = this.#most;
    const untold = this.#lanes * this.#mayHold;
    return (
      Atomics.load(control, FULL) === 0 &&
      Atomics.load(control, CLAIMS) + untold + most <= (control[ROOM] as number) &&
      treeHasRoom(this.#arrays.shape, this.#arrays.tree, most)
    );
  }

  /** Looks at candidates that may be new. */
  #watch(chunk: number, won: number): void {
    const { control, sets, chunkRoom } = this.#round;
    const set = sets[control[SET] as 0 | 1];
    const { memory, stateBytes } = this.#model;
    const { winners, positions } = this.#settle;
    const watches = this.#findings.watchesStates;
    for (let k = 0; k < won; k++) {
      const at = (winners[k] as number) * stateBytes;
      const position = positions[k] as number;
      if (this.#symmetry !== null) {
        const orbit = this.#orbits[winners[k] as number] || this.#symmetry.orbit(memory.bytes, at);
        if (this.#alone) this.#stand += orbit;
        else set.orbits[position] = orbit;
      }
      if (!watches) continue;
      memory.at = at;
      if (this.#isBad()) {
        const bad = set.badCount[chunk] as number;
        set.bad[chunk * chunkRoom + bad] = position;
        set.badCount[chunk] = bad + 1;
      }
    }
  }

  /** Does the current state violate a property? Goals that it reaches are noted. */
  #isBad(): boolean {
    let bad = false;
    try {
      for (const _ of this.#findings.inState()) bad = true;
    } catch (error) {
      // A goal that throws here may have been reached before, by another lane: the coordinator looks again, in order.
      if (this.#alone || !(error instanceof QuiesceError)) throw error;
      bad = true;
    }
    const reached = this.#findings.reached;
    if (reached.size > 0) {
      this.#findings.goals.forEach((goal, i) => {
        if (reached.has(goal.name)) Atomics.or(this.#round.goals, i >> 5, 1 << (i & 31));
      });
    }
    return bad;
  }

  /** Is there evidence against a state in which nobody can move? The coordinator then looks at it again. */
  #restIsBad(words: Int32Array, at: number): boolean {
    const model = this.#model;
    const slot = model.registers[NEXT] as number;
    for (let k = 0; k < model.words; k++) model.memory.words[slot * model.words + k] = words[at + k] as number;
    model.memory.at = slot * model.stateBytes;
    for (const _ of this.#findings.atRest()) return true;
    return false;
  }

  /** Gives the new states of a chunk of the previous round their indices. */
  #commit(chunk: number): void {
    const { control, sets, chunkRoom, badStates, badCount, orbits } = this.#round;
    const setIndex = (1 - (control[SET] as number)) as 0 | 1;
    const set = sets[setIndex];
    orbits[chunk] = this.#settle.commit(setIndex, chunk);
    let bad = 0;
    for (let k = 0; k < (set.badCount[chunk] as number); k++) {
      const index = this.#settle.committed(setIndex, set.bad[chunk * chunkRoom + k] as number);
      if (index >= 0) badStates[chunk * chunkRoom + bad++] = index;
    }
    badCount[chunk] = bad;
  }
}
