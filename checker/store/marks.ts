/**
 * Marks over very many things in order, and how many of them stand before each: a bit each, and a sum for every 256.
 */
export class Marks {
  readonly #bits: Uint32Array;
  /** Marks before each group of eight words. */
  readonly #sums: Uint32Array;

  constructor(count: number) {
    this.#bits = new Uint32Array(Math.ceil(count / 32) + 8);
    this.#sums = new Uint32Array(Math.ceil(this.#bits.length / 8));
  }

  /** Marks one; before `sum` only. */
  set(at: number): void {
    const word = Math.floor(at / 32);
    this.#bits[word] = (this.#bits[word] as number) | (1 << (at & 31));
  }

  /** Counts; to be called when all marks are set. */
  sum(): void {
    let sum = 0;
    for (let word = 0; word < this.#bits.length; word++) {
      if (word % 8 === 0) this.#sums[word / 8] = sum;
      sum += ones(this.#bits[word] as number);
    }
  }

  /** How many marked ones stand before this. */
  before(at: number): number {
    const last = Math.floor(at / 32);
    const group = Math.floor(last / 8);
    let sum = this.#sums[group] as number;
    for (let word = 8 * group; word < last; word++) sum += ones(this.#bits[word] as number);
    return sum + ones((this.#bits[last] as number) & ((1 << (at & 31)) - 1));
  }
}

function ones(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
