/**
 * States that are waiting to be expanded, whole, in the order in which they were found. They are reached by their
 * number; blocks of those that are done are used again for new ones.
 *
 * Cost: the vector of each waiting state, and up to one block of 1,024 more.
 */

/** Blocks hold 2^SHIFT states. */
const SHIFT = 10;
const PER_BLOCK = 2 ** SHIFT;

export class Frontier {
  /** States added so far. */
  count = 0;
  readonly #words: number;
  /** Blocks by number; those that are done are undefined. */
  readonly #blocks: (Int32Array | undefined)[] = [];
  readonly #free: Int32Array[] = [];
  #released = 0;

  constructor(words: number) {
    this.#words = words;
  }

  get bytes(): number {
    return (this.#blocks.length - this.#released + this.#free.length) * PER_BLOCK * this.#words * 4;
  }

  /** Adds the state at word `from` of `w`. */
  add(w: Int32Array, from: number): void {
    const number = this.count++;
    if (number >>> SHIFT === this.#blocks.length)
      this.#blocks.push(this.#free.pop() ?? new Int32Array(PER_BLOCK * this.#words));
    const block = this.block(number);
    const at = this.offset(number);
    for (let k = 0; k < this.#words; k++) block[at + k] = w[from + k] as number;
  }

  /** The block in which a state lies that was not released. */
  block(index: number): Int32Array {
    return this.#blocks[index >>> SHIFT] as Int32Array;
  }

  /** Its first word there. */
  offset(index: number): number {
    return (index & (PER_BLOCK - 1)) * this.#words;
  }

  /** States before `index` are not needed any more. */
  release(index: number): void {
    for (; this.#released < index >>> SHIFT; this.#released++) {
      this.#free.push(this.#blocks[this.#released] as Int32Array);
      this.#blocks[this.#released] = undefined;
    }
  }
}
