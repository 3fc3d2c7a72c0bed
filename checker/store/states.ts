/**
 * The visited set of the breadth-first search, exact: for each state its root (see `tree.ts`) in the order in which the
 * states were found, and a table that finds it. Everything lies on shared memory and is filled by the lanes of the
 * search (`search/breadth/lane.ts`); this is what they share, how it grows, and how it is read.
 *
 * Parents are not stored: states are numbered in the order of their parents, so the number of new successors of each
 * state, one byte, tells them.
 *
 * Cost a state: its root (8 bytes when compressed), its share of the table, one byte. The table of whole states, which
 * take most of the memory, is a power of two, grows fourfold and costs 5 to 20 bytes; that of compressed states may have
 * any size, grows by a quarter and costs 5 to 6.25 bytes.
 * Limits: 2^28 states.
 */
import { StateReader } from './state-reader.ts';
import { LAST_SLOT, makeEnter, REFERENCE_MASK, type StateArrays } from './state-table.ts';
import {
  makeTree,
  makeTreeArrays,
  sameShape,
  type TreeArrays,
  type TreeShape,
  treeBytes,
  treeShape,
  treeWithRoom,
} from './tree.ts';
import {
  type HashText,
  restoredTuples,
  type SavedTuples,
  StoreFull,
  savedTuples,
  sharedBytes,
  sharedInts,
  tupleHash,
} from './tuples.ts';

export interface StateOptions {
  readonly shape: TreeShape;
  /** Candidates of a round, twice: so many references are theirs. */
  readonly provisional: number;
  /** Most new successors of one state. */
  readonly branching: number;
  readonly hash?: HashText;
  /** Slots of the table at the start; a power of two for whole states. */
  readonly slots?: number;
}

/** See `States.save`. */
export interface SavedStates {
  readonly count: number;
  readonly shape: TreeShape;
  readonly capacity: number;
  readonly slots: number;
  readonly roots: Int32Array;
  readonly successors: Uint8Array | Uint16Array;
  readonly leaves: SavedTuples | null;
  readonly pairs: SavedTuples | null;
}

const MOST = 2 ** 28;
const LOAD = 0.8;
const BLOCK = 256;
/**
 * Room for states grows sixteenfold, and once the search is not tiny any more to this many bytes of roots at once: what
 * is reserved costs nothing, and what is not reserved must be copied later.
 */
const STEP = 16;
const TINY = 2 ** 12;
const RESERVE = 2 ** 29;

const grown = (shape: TreeShape, slots: number): number =>
  shape.leaves.length === 0 ? 4 * slots : Math.ceil(1.25 * slots);

const successorsOf = (states: number, wide: boolean): Uint8Array | Uint16Array =>
  wide ? new Uint16Array(sharedBytes(2 * states).buffer) : sharedBytes(states);

/** States that are looked at to find out what each word tells. */
const SAMPLE = 16_384;

export class States {
  arrays: StateArrays;
  count = 0;
  readonly hash: HashText;
  readonly #provisional: number;
  readonly #reader: StateReader;
  /** Sums of new successors of whole blocks of states. */
  readonly #sums: number[] = [0];

  /** @param batch most vectors of one `lookup`. */
  constructor(options: StateOptions, batch: number) {
    const { shape } = options;
    this.hash = options.hash ?? tupleHash;
    this.#provisional = options.provisional;
    const slots = options.slots ?? 1 << 12;
    this.arrays = this.#make(shape, 1 << 12, slots, makeTreeArrays(shape), options.branching > 250);
    this.#reader = new StateReader(this.arrays, this.hash, batch);
  }

  /** As of a `StateReader`, like `read` and `lookup`. */
  get found(): Int32Array {
    return this.#reader.found;
  }

  get shape(): TreeShape {
    return this.arrays.shape;
  }

  #make(shape: TreeShape, capacity: number, slots: number, tree: TreeArrays, wide: boolean): StateArrays {
    const control = sharedInts(2);
    control[LAST_SLOT] = slots - 1;
    control[REFERENCE_MASK] = this.#referenceMask(slots);
    return {
      shape,
      roots: sharedInts(capacity * shape.root),
      slots: sharedInts(Math.max(slots, 2 * capacity)),
      successors: successorsOf(capacity, wide),
      tree,
      control,
      capacity,
    };
  }

  /** Enough bits for every state that fits and for the candidates of two rounds. */
  #referenceMask(slots: number): number {
    const most = Math.ceil(slots * LOAD) + this.#provisional + 2;
    const bits = 32 - Math.clz32(most);
    return bits >= 32 ? -1 : (1 << bits) - 1;
  }

  /** Bytes in use; what is reserved and was never touched costs nothing. */
  get bytes(): number {
    const { tree, successors } = this.arrays;
    return this.count * (this.shape.root * 4 + successors.BYTES_PER_ELEMENT) + this.#slotCount * 4 + treeBytes(tree);
  }

  get #slotCount(): number {
    return (this.arrays.control[LAST_SLOT] as number) + 1;
  }

  /** Bytes when the table has grown. */
  get bytesWhenGrown(): number {
    return this.bytes + 4 * (grown(this.shape, this.#slotCount) - this.#slotCount);
  }

  /** States that can be added without growing. */
  get room(): number {
    return Math.min(this.arrays.capacity, Math.floor(LOAD * this.#slotCount)) - this.count;
  }

  hasRoom(more: number): boolean {
    return more <= this.room;
  }

  /** Makes room for `more` states. True when the table is empty now: every state must be entered again (`makeEnter`). */
  makeRoom(more: number): boolean {
    const wanted = this.count + more;
    if (wanted > this.arrays.capacity) this.#reserve(wanted);
    const before = this.#slotCount;
    let slots = before;
    while (wanted > LOAD * slots) slots = grown(this.shape, slots);
    if (slots === before) return false;
    const { control } = this.arrays;
    // What lies beyond the slots in use was never touched.
    if (slots <= this.arrays.slots.length) this.arrays.slots.fill(0, 0, before);
    else this.arrays = { ...this.arrays, slots: sharedInts(Math.max(slots, 2 * this.arrays.capacity)) };
    control[LAST_SLOT] = slots - 1;
    control[REFERENCE_MASK] = this.#referenceMask(slots);
    this.#reader.bind(this.arrays);
    return true;
  }

  /** Room for so many states; the table stays as it is. */
  #reserve(states: number): void {
    if (states > MOST) throw new StoreFull(`limit of the store: ${MOST} states`);
    const { roots, successors, capacity: before } = this.arrays;
    const { root } = this.shape;
    let capacity = before;
    while (capacity < states || (before > TINY && 4 * root * capacity * STEP <= RESERVE)) capacity *= STEP;
    capacity = Math.min(capacity, MOST);
    const wide = successors.BYTES_PER_ELEMENT === 2;
    this.arrays = {
      ...this.arrays,
      capacity,
      roots: sharedInts(capacity * root),
      successors: successorsOf(capacity, wide),
    };
    this.arrays.roots.set(roots.subarray(0, this.count * root));
    this.arrays.successors.set(successors.subarray(0, this.count));
    this.#reader.bind(this.arrays);
  }

  /** Adds the initial state. */
  addFirst(state: Int32Array): void {
    const tree = makeTree(this.shape, 'add', 1, this.hash);
    tree.bind(this.arrays.tree);
    tree.foldAlone(state, 0, this.arrays.roots, 0);
    makeEnter(this.shape, this.hash)(this.arrays, 0, 1);
    this.count = 1;
  }

  /** What makes the store again; the arrays are not copied. Nothing may wait to be committed. */
  save(): SavedStates {
    const { shape, roots, successors, tree, capacity } = this.arrays;
    return {
      count: this.count,
      shape,
      capacity,
      slots: this.#slotCount,
      roots: roots.subarray(0, this.count * shape.root),
      successors: successors.subarray(0, this.count),
      leaves: tree.leaves && savedTuples(tree.leaves),
      pairs: tree.pairs && savedTuples(tree.pairs),
    };
  }

  /** Becomes the store that was saved, in place of the empty one. States keep their indices. */
  restore(saved: SavedStates): void {
    const { shape, count } = saved;
    const tree = {
      leaves: saved.leaves && restoredTuples(shape.leafWords, saved.leaves, this.hash),
      pairs: saved.pairs && restoredTuples(2, saved.pairs, this.hash),
    };
    const wide = saved.successors.BYTES_PER_ELEMENT === 2;
    this.arrays = this.#make(shape, saved.capacity, saved.slots, tree, wide);
    this.arrays.roots.set(saved.roots);
    this.arrays.successors.set(saved.successors);
    this.count = count;
    this.#reader.bind(this.arrays);
    makeEnter(shape, this.hash)(this.arrays, 0, count);
  }

  /** The tree has grown or was replaced. */
  setTree(tree: TreeArrays): void {
    this.arrays = { ...this.arrays, tree };
    this.#reader.bind(this.arrays);
  }

  /** Some of the states, one after another, that tell what each word is like. */
  sample(): Int32Array {
    const { words } = this.shape;
    const step = Math.max(1, Math.floor(this.count / SAMPLE));
    const sample = new Int32Array(Math.ceil(this.count / step) * words);
    for (let i = 0; i * step < this.count; i++) this.read(i * step, sample, i * words);
    return sample;
  }

  /**
   * Deals the words to leaves anew, by what they tell in the states found so far, and makes all roots anew. False when
   * nothing changes.
   */
  dealAgain(): boolean {
    const { shape, roots, slots, control } = this.arrays;
    if (shape.leaves.length === 0) return false;
    const { words } = shape;
    const next = treeShape(words, this.sample());
    if (sameShape(next, shape)) return false;
    let tree = makeTreeArrays(next);
    const add = makeTree(next, 'add', 1, this.hash);
    const state = new Int32Array(words);
    // When the memory is full before the end, the states can still be read.
    const dealt = sharedInts(this.count * next.root);
    for (let i = 0; i < this.count; i++) {
      if (i % BLOCK === 0) {
        tree = treeWithRoom(next, tree, BLOCK, undefined, this.hash);
        add.bind(tree);
      }
      this.read(i, state, 0);
      add.foldAlone(state, 0, dealt, i * next.root);
    }
    roots.set(dealt);
    this.arrays = { ...this.arrays, shape: next, tree };
    this.#reader.bind(this.arrays);
    slots.fill(0, 0, (control[LAST_SLOT] as number) + 1);
    makeEnter(next, this.hash)(this.arrays, 0, this.count);
    return true;
  }

  read(index: number, out: Int32Array, at: number): void {
    this.#reader.read(index, out, at);
  }

  lookup(w: Int32Array, n: number): void {
    this.#reader.lookup(w, n);
  }

  /** The least state among whose successors the state is; -1 for the initial one. */
  parentOf(index: number): number {
    return parentIn(this.arrays.successors, this.#sums, index);
  }
}

/**
 * The parent of a state, from the numbers of successors in `StateArrays`.
 *
 * @param sums sums of new successors of whole blocks of states, added to as they are needed; begins as `[0]`.
 */
export function parentIn(successors: Uint8Array | Uint16Array, sums: number[], index: number): number {
  if (index === 0) return -1;
  const fresh = (s: number) => Math.max(0, (successors[s] ?? 0) - 1);
  // Blocks that end before the parent cannot change any more.
  let before = sums[sums.length - 1] as number;
  for (let s = (sums.length - 1) * BLOCK; before < index; ) {
    let sum = before;
    for (let k = 0; k < BLOCK; k++) sum += fresh(s + k);
    if (sum >= index) break;
    sums.push(sum);
    before = sum;
    s += BLOCK;
  }
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((sums[middle] as number) < index) low = middle;
    else high = middle - 1;
  }
  let sum = sums[low] as number;
  let s = low * BLOCK;
  for (; sum + fresh(s) < index; s++) sum += fresh(s);
  return s;
}
