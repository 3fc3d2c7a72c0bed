/**
 * Breadth-first search with visited set and frontier on disk: a search that has filled its memory goes on here, slower,
 * and finds the same states in the same order, with the same parents, levels, counts and counterexamples.
 *
 * Duplicates are found when a level is over. Its candidates are collected, sorted by their roots and written as runs;
 * then these are merged and read beside the runs of all states known. Of equal candidates the first one in the order
 * (source, actor, choice) counts. The new ones are marked in a bitmap over all candidates of the level: how many marks
 * stand before one is its index. (Stern and Dill, Using magnetic disk instead of main memory in the Murphi verifier,
 * CAV 1998; Korf, Delayed duplicate detection, 2003. Deviation: exact states, and indices in the order of the search in
 * memory.)
 *
 * In memory stay the interned parts of the states, one byte a state, a bit for each candidate of a level, and a buffer.
 *
 * Limits: one thread; limits of states are looked at when a level is over; 2^32 - 1 candidates of a level.
 */
import { type CompiledModel, MOVED, NEXT } from '../compile/model.ts';
import type { Symmetry } from '../reduce/symmetry.ts';
import { DiskStates, spillFolder } from '../store/disk-states.ts';
import { Marks } from '../store/marks.ts';
import {
  Cursor,
  DiskFull,
  Merge,
  makeOrder,
  mergeRuns,
  type Run,
  RunWriter,
  removeRun,
  Sorter,
  WordReader,
  WordWriter,
} from '../store/runs.ts';
import type { States } from '../store/states.ts';
import { makeTreeArrays, type TreeShape, treeHasRoom, treeShape } from '../store/tree.ts';
import { type HashText, StoreFull, tupleHash } from '../store/tuples.ts';
import type { Saved } from './breadth/saved.ts';
import { type Explored, walkTo } from './explored.ts';
import type { Findings } from './findings.ts';
import { Reporter } from './reporter.ts';
import type { Limits, SearchCounts, Strategy } from './strategy.ts';
import { type Fault, successors } from './successors.ts';

export interface ExternalOptions {
  readonly limits: Limits;
  readonly stopAtFirst: boolean;
  readonly symmetry: Symmetry | null;
  /** Folder in which a folder for the files is made. */
  readonly folder: string;
  /** Bytes of the buffers, at least a page. */
  readonly bufferBytes: number;
  /** States that the search in memory expands in one round: what is found in a round is told in its order. */
  readonly roundStates: number;
  /** What runs are sorted by; for tests. */
  readonly hash?: HashText;
}

const BATCH = 96;
/** States expanded, or records merged, before the time is looked at. */
const SLICE = 2048;
/** Runs of candidates that are merged at once. */
const MOST_RUNS = 128;
const MOST_CANDIDATES = 2 ** 32 - 1;

export class ExternalBreadthFirst implements Strategy, Explored {
  readonly levelStarts: number[];
  transitions: number;
  unreduced: number;
  incomplete: string | null = null;
  readonly symmetry: Symmetry | null;
  readonly store: DiskStates;
  readonly reduced = false;
  readonly #model: CompiledModel;
  readonly #findings: Findings;
  readonly #options: ExternalOptions;
  readonly #state: Int32Array;
  readonly #sorter: Sorter;
  #candidates: Run[] = [];
  /** Candidates of the level. */
  #made = 0;
  /** First state of the level that this part of it expanded. */
  #from: number;
  #next: number;
  #reader: WordReader | null = null;
  readonly #flagged: number[] = [];
  #settling: Generator<void> | null = null;
  readonly #reporter: Reporter;
  #over = false;
  // The batch: words and nodes of its sources, which of them a candidate comes from, roots.
  readonly #words: Int32Array;
  readonly #ids: Int32Array;
  readonly #origin: Int32Array;
  readonly #sources: Int32Array;
  readonly #roots: Int32Array;
  readonly #batch: number;

  /**
   * Takes over a search: `saved` is its progress, `states` its store, which is not needed afterwards.
   *
   * @throws DiskFull when there is no room for the states; `states` is as it was.
   */
  constructor(model: CompiledModel, findings: Findings, saved: Saved, states: States, options: ExternalOptions) {
    this.#model = model;
    this.#findings = findings;
    this.#options = options;
    this.symmetry = options.symmetry;
    this.levelStarts = [...saved.levelStarts];
    this.transitions = saved.transitions;
    this.unreduced = saved.unreduced;
    this.#next = saved.next;
    this.#from = saved.next;
    this.#state = new Int32Array(model.words);
    this.#batch = Math.max(1, Math.min(BATCH, model.room - model.branching));
    const compressed = states.shape.leaves.length > 0 || model.words <= 2;
    const shape = compressed ? states.shape : treeShape(model.words, states.sample());
    const tree = compressed ? states.arrays.tree : makeTreeArrays(shape);
    const order = makeOrder(shape.root, options.hash ?? tupleHash);
    const width = shape.root + 2;
    this.#sorter = new Sorter(width, Math.max(4, Math.floor(options.bufferBytes / (4 * width + 8))), order);
    const stride = 2 * shape.leaves.length;
    this.#words = new Int32Array(this.#batch * model.words);
    this.#ids = new Int32Array(this.#batch * stride);
    this.#origin = new Int32Array(model.room + 1);
    this.#sources = new Int32Array(this.#batch);
    this.#roots = new Int32Array((model.room + 1) * shape.root);
    const folder = spillFolder(options.folder);
    // A second signal ends the process at once.
    process.once('exit', this.#remove);
    this.store = new DiskStates(
      folder,
      shape,
      tree,
      saved.states.successors.slice(),
      order,
      states.hash,
      model.room + 1,
    );
    this.#reporter = new Reporter(model, findings, this.store, this.symmetry);
    this.#reporter.found = saved.found;
    try {
      this.#takeOver(states, shape, compressed);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Writes the states that are known, and a run of them for each buffer that they fill. */
  #takeOver(states: States, shape: TreeShape, compressed: boolean): void {
    const { store } = this;
    const root = new Int32Array(shape.root);
    const { roots } = states.arrays;
    const sorter = new Sorter(shape.root + 1, this.#sorter.capacity, store.order);
    const out = new WordWriter(store.statesPath, 'a');
    const runs: Run[] = [];
    const write = () => {
      runs.push(sorter.write(store.path('visited')));
      if (runs.length === MOST_RUNS) runs.splice(0, MOST_RUNS, mergeRuns(runs, store.path('visited'), store.order));
    };
    for (let i = 0; i < states.count; i++) {
      if (compressed) for (let k = 0; k < shape.root; k++) root[k] = roots[i * shape.root + k] as number;
      else {
        if (!treeHasRoom(shape, store.treeArrays, 1)) store.growTree(SLICE);
        states.read(i, this.#state, 0);
        store.tree.foldAlone(this.#state, 0, root, 0);
      }
      out.add(root, 0, shape.root);
      sorter.add(root, 0, i);
      if (sorter.full) write();
    }
    out.close();
    if (sorter.count > 0) write();
    store.count = states.count;
    store.addRun(runs.length === 1 ? (runs[0] as Run) : mergeRuns(runs, store.path('visited'), store.order));
  }

  /** For each state, not zero when one of its successors has a greater index: see `stuck.ts`. */
  get ahead(): Uint8Array | Uint16Array {
    return this.store.successors;
  }

  get #depth(): number {
    return this.levelStarts.length - 2;
  }

  get #levelEnd(): number {
    return this.levelStarts[this.levelStarts.length - 1] as number;
  }

  get counts(): SearchCounts {
    const states = this.store.count;
    const levels = this.levelStarts.slice(1).map((start, i) => start - (this.levelStarts[i] as number));
    return {
      states,
      transitions: this.transitions,
      depth: this.#depth,
      // Until its candidates are settled, nothing of a level counts as expanded.
      left: this.#over && this.incomplete === null ? 0 : states - this.#from,
      duplicates: this.transitions === 0 ? 0 : 1 - (states - 1) / this.transitions,
      levels,
      memoryBytes: this.#bytes,
    };
  }

  get #bytes(): number {
    return this.store.bytes + this.#options.bufferBytes + this.#made / 8;
  }

  movesTo(index: number): number[] {
    return walkTo(this.#model, this.store, index, this.symmetry).moves;
  }

  advance(milliseconds: number): boolean {
    const until = performance.now() + milliseconds;
    try {
      this.#workUntil(until);
    } catch (thrown) {
      if (!(thrown instanceof StoreFull || thrown instanceof DiskFull)) throw thrown;
      // What was found of the level under way is not told: it has neither indices nor parents.
      this.store.count = this.#levelEnd;
      this.#stop(thrown.message);
    }
    return !this.#over;
  }

  #workUntil(until: number): void {
    do {
      if (this.#over) return;
      if (this.#settling !== null) {
        if (this.#settling.next().done === true) {
          this.#settling = null;
          this.#endLevel();
        }
      } else if (this.#next < this.#levelEnd) this.#expandSome();
      else this.#settling = this.#settle();
    } while (performance.now() < until);
  }

  readonly #remove = (): void => this.release();

  /** Removes all files. What was found stays, but no state can be looked at any more. */
  release(): void {
    this.#over = true;
    process.off('exit', this.#remove);
    this.#reader?.close();
    this.#reader = null;
    this.store?.remove();
  }

  /** Expands some states of the level. */
  #expandSome(): void {
    const model = this.#model;
    const { store } = this;
    const { root } = store.shape;
    const stride = 2 * store.shape.leaves.length;
    const { registers, words } = model;
    this.#reader ??= new WordReader(store.statesPath, root, this.#next, this.#levelEnd - this.#next);
    const reader = this.#reader;
    const end = Math.min(this.#levelEnd, this.#next + SLICE);
    const faults: Fault[] = [];
    let slot = 0;
    let batched = 0;
    registers[NEXT] = 0;
    while (this.#next < end) {
      const index = this.#next++;
      reader.next();
      const source = slot * words;
      store.tree.unfold(reader.buffer, reader.at, this.#words, source, this.#ids, slot * stride);
      successors(model, this.#words, source, faults);
      const made = registers[NEXT] as number;
      this.#sources[slot] = index;
      for (let i = batched; i < made; i++) this.#origin[i] = slot;
      batched = made;
      if (faults.length > 0 || (registers[MOVED] === 0 && this.#restIsBad(source))) this.#flagged.push(index);
      faults.length = 0;
      slot++;
      if (batched < this.#batch && slot < this.#batch && this.#next < end) continue;
      if (batched > 0) this.#collect(batched);
      batched = 0;
      slot = 0;
      registers[NEXT] = 0;
    }
    if (this.#next < this.#levelEnd) return;
    reader.close();
    this.#reader = null;
  }

  /** Is there evidence against a state in which nobody can move? */
  #restIsBad(source: number): boolean {
    const model = this.#model;
    const slot = model.registers[NEXT] as number;
    model.memory.words.set(this.#words.subarray(source, source + model.words), slot * model.words);
    model.memory.at = slot * model.stateBytes;
    for (const _ of this.#findings.atRest()) return true;
    return false;
  }

  /** Adds the candidates of the batch to those of the level. */
  #collect(n: number): void {
    const { store, symmetry } = this;
    const { memory, stateBytes } = this.#model;
    const { root } = store.shape;
    if (symmetry !== null) for (let i = 0; i < n; i++) symmetry.canonicalise(memory.bytes, i * stateBytes);
    if (!treeHasRoom(store.shape, store.treeArrays, n)) store.growTree(n + SLICE);
    store.tree.fold(memory.words, n, this.#origin, this.#words, this.#ids, this.#roots);
    for (let i = 0; i < n; i++) {
      if (this.#sorter.full) this.#write();
      this.#sorter.add(this.#roots, i * root, this.#made++, this.#sources[this.#origin[i] as number] as number);
    }
    this.transitions += n;
    if (this.#made > MOST_CANDIDATES - this.#batch)
      this.#stop(`limit of the search on disk: ${MOST_CANDIDATES} candidates of a level`);
  }

  #write(): void {
    this.#candidates.push(this.#sorter.write(this.store.path('candidates')));
    if (this.#candidates.length < MOST_RUNS) return;
    this.#candidates = [mergeRuns(this.#candidates, this.store.path('candidates'), this.store.order)];
  }

  /** The level is expanded: which of its candidates are new, and which indices do they get? */
  *#settle(): Generator<void> {
    const { store } = this;
    const { root } = store.shape;
    if (this.#sorter.count > 0) this.#write();
    const first = store.count;
    const marks = new Marks(this.#made);
    const fresh = yield* this.#findNew(marks);
    marks.sum();
    const visited = new RunWriter(store.path('visited'), root + 1, store.order);
    const record = new Int32Array(root + 1);
    const reader = new WordReader(fresh.path, fresh.width, 0, fresh.count);
    for (let done = 1; reader.next(); done++) {
      for (let k = 0; k < root; k++) record[k] = reader.buffer[reader.at + k] as number;
      record[root] = first + marks.before((reader.buffer[reader.at + root] as number) >>> 0);
      visited.add(record, 0);
      if (done % SLICE === 0) yield;
    }
    removeRun(fresh);
    const run = visited.close();
    yield* this.#appendStates(run, first);
    store.growSuccessors(first + run.count);
    store.count = first + run.count;
    if (run.count > 0) store.addRun(run);
    else removeRun(run);
  }

  /** Reads the candidates beside the states that are known; marks those that are new and returns a run of them. */
  *#findNew(marks: Marks): Generator<void, Run> {
    const { store } = this;
    const { root } = store.shape;
    const { successors } = store;
    const fresh = new RunWriter(store.path('new'), root + 1, store.order);
    const merge = new Merge(this.#candidates, store.order);
    const known = store.runs.map((run) => new Cursor(run, store.order));
    const key = new Int32Array(root + 1);
    let hash = -1;
    let index = -1;
    let done = 0;
    for (let cursor = merge.least; cursor !== null; cursor = merge.least) {
      const { buffer, at } = cursor.reader;
      const source = (buffer[at + root + 1] as number) >>> 0;
      if (cursor.hash !== hash || !startsWith(buffer, at, key, root)) {
        hash = cursor.hash;
        for (let k = 0; k <= root; k++) key[k] = buffer[at + k] as number;
        index = -1;
        for (const run of known)
          if (run.seek(hash, key)) index = (run.reader.buffer[run.reader.at + root] as number) >>> 0;
        if (index < 0) {
          marks.set((key[root] as number) >>> 0);
          fresh.add(key, 0);
          if (successors[source] === 0) successors[source] = 1;
          successors[source] = (successors[source] as number) + 1;
        }
      }
      // One that is new has an index above every source.
      if ((index < 0 || index > source) && successors[source] === 0) successors[source] = 1;
      merge.next();
      if (++done % SLICE === 0) yield;
    }
    for (const run of known) run.close();
    merge.close();
    for (const run of this.#candidates) removeRun(run);
    this.#candidates = [];
    return fresh.close();
  }

  /** Appends the roots of new states to the file of all, in the order of their indices: a window at a time. */
  *#appendStates(run: Run, first: number): Generator<void> {
    const { root } = this.store.shape;
    const size = Math.max(1, Math.floor(this.#options.bufferBytes / (4 * root)));
    const window = new Int32Array(Math.min(size, run.count) * root);
    const out = new WordWriter(this.store.statesPath, 'a');
    for (let from = first; from < first + run.count; from += size) {
      const to = Math.min(first + run.count, from + size);
      const reader = new WordReader(run.path, run.width, 0, run.count);
      for (let done = 1; reader.next(); done++) {
        const index = (reader.buffer[reader.at + root] as number) >>> 0;
        if (index >= from && index < to)
          for (let k = 0; k < root; k++) window[(index - from) * root + k] = reader.buffer[reader.at + k] as number;
        if (done % SLICE === 0) yield;
      }
      for (let i = 0; i < to - from; i++) out.add(window, i * root, root);
    }
    out.close();
  }

  /** The candidates are settled: what was found is told in the order in which the search in memory tells it. */
  #endLevel(): void {
    const end = this.#next;
    let born = this.#levelEnd;
    // What an earlier part of this level found was told already.
    for (let s = this.#from - 1; s >= (this.levelStarts[this.levelStarts.length - 2] as number); s--)
      born += Math.max(0, (this.store.successors[s] as number) - 1);
    let flagged = 0;
    for (let from = this.#from; from < end; from += this.#options.roundStates) {
      const to = Math.min(end, from + this.#options.roundStates);
      for (; (this.#flagged[flagged] ?? end) < to; flagged++)
        this.#reporter.look(this.#flagged[flagged] as number, this.#depth);
      for (let source = from; source < to; source++)
        for (let k = 1; k < (this.store.successors[source] as number); k++) this.#meet(born++);
    }
    this.#flagged.length = 0;
    this.#made = 0;
    this.#from = this.#next;
    const { count } = this.store;
    if (this.#reporter.found && this.#options.stopAtFirst) {
      if (count > this.#next) this.levelStarts.push(count);
      this.#stop('stopped at the first violation');
    } else if (count === this.#next) this.#over = true;
    else {
      this.levelStarts.push(count);
      this.#checkLimits();
    }
  }

  #checkLimits(): void {
    const { maxDepth, maxStates, maxMemoryBytes } = this.#options.limits;
    if (this.#depth >= maxDepth) this.#stop('depth limit');
    else if (this.store.count >= maxStates) this.#stop('limit of states');
    else if (this.#bytes > maxMemoryBytes) this.#stop('memory limit: what must stay in memory does not fit');
  }

  #stop(reason: string): void {
    this.incomplete = reason;
    this.#over = true;
  }

  /** Looks at a new state. */
  #meet(index: number): void {
    const { symmetry } = this;
    const watches = this.#findings.watchesStates;
    if (symmetry === null) this.unreduced++;
    if (symmetry !== null) {
      this.store.read(index, this.#state, 0);
      this.unreduced += symmetry.orbit(new Uint8Array(this.#state.buffer), 0);
    }
    if (watches) this.#reporter.watch(index, this.#depth + 1);
  }
}

function startsWith(array: Int32Array, at: number, key: Int32Array, words: number): boolean {
  for (let k = 0; k < words; k++) if (array[at + k] !== key[k]) return false;
  return true;
}
