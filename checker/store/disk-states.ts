/**
 * The visited set of a breadth-first search on disk: the roots of the states (see `tree.ts`) in the order in which they
 * were found, and sorted runs of (root, index) to find them by. In memory stay the interned parts of the states and one
 * byte a state, which tells parents.
 *
 * A single look-up reads a page of each run, so it is some hundred times slower than in memory; whoever has many of
 * them merges (`search/external.ts`).
 *
 * Limits: 2^32 - 1 states.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemError } from './checkpoint.ts';
import { mergeRuns, type Order, Pages, type Run, RunLookup } from './runs.ts';
import { parentIn } from './states.ts';
import { makeTree, type Tree, type TreeArrays, type TreeShape, treeBytes, treeWithRoom } from './tree.ts';
import type { HashText } from './tuples.ts';

/** Runs that are kept apart at most. */
const MOST_RUNS = 10;

const FOLDER = 'quiesce-spill';

/** Throws unless files can be made in the folder; to be asked before a search that may need it hours later. */
export function mustTakeFiles(folder: string): void {
  try {
    rmSync(mkdtempSync(join(folder, `${FOLDER}-`)), { recursive: true });
  } catch (error) {
    throw systemError('cannot spill to disk', folder, error);
  }
}

/** Makes a folder for what is spilled in an existing one, in place of those that killed processes have left. */
export function spillFolder(parent: string): string {
  try {
    for (const name of readdirSync(parent)) {
      const pid = Number(new RegExp(`^${FOLDER}-(\\d+)-\\d+$`).exec(name)?.[1] ?? process.pid);
      if (pid !== process.pid && !isRunning(pid)) rmSync(join(parent, name), { recursive: true, force: true });
    }
    for (let i = 0; ; i++) {
      const folder = join(parent, `${FOLDER}-${process.pid}-${i}`);
      try {
        mkdirSync(folder);
        return folder;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  } catch (error) {
    throw systemError('cannot spill to disk', parent, error);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export class DiskStates {
  count = 0;
  /** After `lookup`: for each vector the index of its state plus one, or zero. */
  readonly found: Int32Array;
  readonly folder: string;
  readonly shape: TreeShape;
  readonly order: Order;
  readonly hash: HashText;
  /** Adds the parts of states that it folds. */
  readonly tree: Tree;
  treeArrays: TreeArrays;
  /** As in `StateArrays`. */
  successors: Uint8Array | Uint16Array;
  readonly #find: Tree;
  readonly #root: Int32Array;
  readonly #ids: Int32Array;
  readonly #pages: Pages;
  #runs: Run[] = [];
  #lookups: RunLookup[] = [];
  #made = 0;
  readonly #sums: number[] = [0];

  /** @param batch most vectors that are looked up or folded at once. */
  constructor(
    folder: string,
    shape: TreeShape,
    tree: TreeArrays,
    successors: Uint8Array | Uint16Array,
    order: Order,
    hash: HashText,
    batch: number,
  ) {
    this.folder = folder;
    this.shape = shape;
    this.order = order;
    this.hash = hash;
    this.successors = successors;
    this.treeArrays = tree;
    this.tree = makeTree(shape, 'add', batch, hash);
    this.#find = makeTree(shape, 'give -1', 1, hash);
    this.tree.bind(tree);
    this.#find.bind(tree);
    this.found = new Int32Array(batch);
    this.#root = new Int32Array(shape.root);
    this.#ids = new Int32Array(2 * shape.leaves.length);
    try {
      closeSync(openSync(this.statesPath, 'w'));
    } catch (error) {
      throw systemError('cannot spill to disk', folder, error);
    }
    this.#pages = new Pages(this.statesPath, shape.root);
  }

  /** The file of the roots. */
  get statesPath(): string {
    return join(this.folder, 'states');
  }

  /** A file that does not exist yet. */
  path(what: string): string {
    return join(this.folder, `${what}-${this.#made++}`);
  }

  /** Bytes in memory. */
  get bytes(): number {
    return treeBytes(this.treeArrays) + this.successors.byteLength;
  }

  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** Makes room for the parts of so many states. */
  growTree(states: number): void {
    const next = treeWithRoom(this.shape, this.treeArrays, states, undefined, this.hash);
    this.treeArrays = next;
    this.tree.bind(next);
    this.#find.bind(next);
  }

  /** Makes room for the numbers of successors of so many states. */
  growSuccessors(states: number): void {
    const old = this.successors;
    if (states <= old.length) return;
    const length = Math.max(states, Math.floor(1.25 * old.length), 2 ** 16);
    const next = old.BYTES_PER_ELEMENT === 2 ? new Uint16Array(length) : new Uint8Array(length);
    next.set(old);
    this.successors = next;
  }

  /** Adds a run of (root, index). Runs of like sizes are merged, so that there are few. */
  addRun(run: Run): void {
    for (const lookup of this.#lookups) lookup.close();
    this.#lookups = [];
    const runs = this.#runs;
    runs.push(run);
    while (runs.length > 1) {
      const [before, last] = runs.slice(-2) as [Run, Run];
      if (runs.length <= MOST_RUNS && before.count > 2 * last.count) break;
      runs.splice(-2, 2, mergeRuns([before, last], this.path('visited'), this.order));
    }
  }

  /** Writes the words of a state to `out[at...]`. */
  read(index: number, out: Int32Array, at: number): void {
    const place = this.#pages.find(index, this.count);
    this.#find.unfold(this.#pages.page, place, out, at, this.#ids, 0);
  }

  /** Finds the first `n` vectors of `w`; see `found`. */
  lookup(w: Int32Array, n: number): void {
    if (n > this.found.length) throw new RangeError(`a look-up of ${n} vectors, at most ${this.found.length} fit`);
    if (this.#lookups.length === 0) this.#lookups = this.#runs.map((run) => new RunLookup(run, this.order));
    for (let i = 0; i < n; i++) this.found[i] = this.#indexOf(w, i * this.shape.words) + 1;
  }

  #indexOf(w: Int32Array, at: number): number {
    const root = this.#root;
    if (!this.#find.foldAlone(w, at, root, 0)) return -1;
    const hash = this.order.hash(root, 0);
    for (const lookup of this.#lookups) {
      const index = lookup.find(hash, root, 0);
      if (index >= 0) return index;
    }
    return -1;
  }

  /** The least state among whose successors the state is; -1 for the initial one. */
  parentOf(index: number): number {
    return parentIn(this.successors, this.#sums, index);
  }

  /** Closes and removes all files. */
  remove(): void {
    for (const lookup of this.#lookups) lookup.close();
    this.#lookups = [];
    this.#pages.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
