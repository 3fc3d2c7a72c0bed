/**
 * A visited set of hashes: of each state only a 64-bit hash is kept, in a table with open addressing. Two states with
 * one hash are taken for one, and the later one is left out of the search together with what only it leads to
 * (hash compaction: Wolper and Leroy, Reliable hashing without collision detection, CAV 1993; Stern and Dill, Improved
 * probabilistic verification by hash compaction, CHARME 1995).
 *
 * Deviation: the whole hash is compared, also the bits that choose the slot, so the probability does not depend on the
 * size of the table. The first word, as a fraction of 2^32, chooses the slot; so the table need not be a power of two
 * and grows by half, in one sweep from its first slot to its last.
 *
 * Cost a state: 8 bytes at a load between 0.53 and 0.8, hence 10 to 15; for a moment two and a half times that while
 * the table grows. Limits: 2^31 slots.
 */
import { type Hashing, hash64 } from './hash64.ts';

const LOAD = 0.8;
const GROWTH = 1.5;

export class CompactStore {
  /** States stored. */
  count = 0;
  /** After `insert`: for each candidate its number, from 1 on, when it is new, else zero. */
  readonly fresh: Int32Array;
  /** After `insert`: the slot of each candidate, for `isMarked`. */
  readonly slots: Int32Array;
  readonly #hashing: Hashing;
  readonly #x: Int32Array;
  readonly #y: Int32Array;
  /** Two words a slot, both zero where it is free. */
  #table: Int32Array;
  #size: number;
  #scale: number;
  /** One bit for each slot; empty when marks are not kept. */
  #marks: Int32Array;
  /** Keeps the reads that only warm the cache from being left out. */
  #touched = 0;

  /**
   * @param batch largest number of candidates given to `insert` at once.
   * @param marks keep one bit beside each state, see `mark`.
   */
  constructor(words: number, batch: number, marks = false, size = 1 << 12, hashing = hash64(words)) {
    this.#hashing = hashing;
    this.fresh = new Int32Array(batch);
    this.slots = new Int32Array(batch);
    this.#x = new Int32Array(batch);
    this.#y = new Int32Array(batch);
    this.#table = new Int32Array(2 * size);
    this.#size = size;
    this.#scale = size / 2 ** 32;
    this.#marks = new Int32Array(marks ? wordsOfBits(size) : 0);
  }

  get bytes(): number {
    return this.#table.byteLength + this.#marks.byteLength;
  }

  /** Bytes it takes while it grows the next time: both tables exist for a moment. */
  get bytesWhenGrown(): number {
    return Math.ceil(this.bytes * (1 + GROWTH));
  }

  /** Would `n` more states need a larger table? */
  mustGrow(n: number): boolean {
    return this.count + n > capacityOf(this.#size);
  }

  /**
   * The expected number of states that were taken for another one, which is also an upper bound of the probability
   * that any was. The i-th state stored is taken for one of the i - 1 before it with probability (i - 1) / 2^64; the
   * sum is n (n - 1) / 2^65. States that were left out are not counted in n, and need not be: each unknown state is
   * either stored or left out, and it is the look-up of the stored ones that gave the sum.
   */
  get omissions(): number {
    return (this.count * (this.count - 1)) / 2 / 2 ** this.#hashing.bits;
  }

  /** Inserts the first `n` states of `w`; see `fresh`. */
  insert(w: Int32Array, n: number): void {
    if (n > this.fresh.length) throw new RangeError(`a batch of ${n} states, room for ${this.fresh.length}`);
    if (this.mustGrow(n)) this.#grow(this.count + n);
    const { fresh, slots } = this;
    const xs = this.#x;
    const ys = this.#y;
    const table = this.#table;
    this.#hashing.hash(w, 0, n, xs, ys);
    // All lines of the table are touched first, so that their cache misses overlap.
    let sink = 0;
    for (let i = 0; i < n; i++) {
      const p = this.#home(xs[i] as number);
      slots[i] = p;
      sink ^= table[2 * p] as number;
    }
    this.#touched ^= sink;
    for (let i = 0; i < n; i++) {
      const p = this.#find(slots[i] as number, xs[i] as number, ys[i] as number);
      slots[i] = p;
      if (this.#isFree(p)) {
        this.#put(p, xs[i] as number, ys[i] as number);
        fresh[i] = ++this.count;
      } else fresh[i] = 0;
    }
  }

  /** Marks the state at word `from` of `w`, if it is stored. */
  mark(w: Int32Array, from: number): void {
    this.#hashing.hash(w, from, 1, this.#x, this.#y);
    const x = this.#x[0] as number;
    const p = this.#find(this.#home(x), x, this.#y[0] as number);
    if (!this.#isFree(p)) this.#setMark(p);
  }

  /** Is the state at word `from` of `w` stored and not marked? */
  isUnmarked(w: Int32Array, from: number): boolean {
    this.#hashing.hash(w, from, 1, this.#x, this.#y);
    const x = this.#x[0] as number;
    const p = this.#find(this.#home(x), x, this.#y[0] as number);
    return !this.#isFree(p) && !this.isMarked(p);
  }

  /** Is the state in this slot marked? `slot` is one of `slots`, after `insert` and before the next one. */
  isMarked(slot: number): boolean {
    return ((this.#marks[slot >>> 5] as number) & (1 << (slot & 31))) !== 0;
  }

  /** The slot where a hash is looked for first. */
  #home(x: number): number {
    return ((x >>> 0) * this.#scale) | 0;
  }

  /** The slot that holds the hash, else the free one where it belongs. */
  #find(home: number, x: number, y: number): number {
    const table = this.#table;
    const size = this.#size;
    const second = y === 0 && x === 0 ? 1 : y;
    for (let p = home; ; p = p + 1 === size ? 0 : p + 1) {
      const a = table[2 * p] as number;
      const b = table[2 * p + 1] as number;
      if ((a === x && b === second) || (a === 0 && b === 0)) return p;
    }
  }

  #isFree(p: number): boolean {
    return this.#table[2 * p] === 0 && this.#table[2 * p + 1] === 0;
  }

  #put(p: number, x: number, y: number): void {
    this.#table[2 * p] = x;
    // Two zeros mean free, so that one hash in 2^64 stands for its neighbour.
    this.#table[2 * p + 1] = y === 0 && x === 0 ? 1 : y;
  }

  #setMark(p: number): void {
    this.#marks[p >>> 5] = (this.#marks[p >>> 5] as number) | (1 << (p & 31));
  }

  #grow(states: number): void {
    let size = this.#size;
    while (states > capacityOf(size)) size = Math.ceil(size * GROWTH);
    const old = this.#table;
    const oldMarks = this.#marks;
    this.#table = new Int32Array(2 * size);
    this.#marks = new Int32Array(oldMarks.length === 0 ? 0 : wordsOfBits(size));
    this.#size = size;
    this.#scale = size / 2 ** 32;
    for (let p = 0; 2 * p < old.length; p++) {
      const x = old[2 * p] as number;
      const y = old[2 * p + 1] as number;
      if (x === 0 && y === 0) continue;
      const to = this.#find(this.#home(x), x, y);
      this.#put(to, x, y);
      if (oldMarks.length > 0 && ((oldMarks[p >>> 5] as number) & (1 << (p & 31))) !== 0) this.#setMark(to);
    }
  }
}

/** States that a table of so many slots takes before it grows; one slot is always free. */
function capacityOf(size: number): number {
  return Math.min(Math.floor(size * LOAD), size - 1);
}

function wordsOfBits(bits: number): number {
  return Math.ceil(bits / 32);
}
