/**
 * From which state each state came, in two bits and a byte a state.
 *
 * A breadth-first search numbers states in the order (parent, candidate), so parents never decrease from one state to
 * the next. They are kept as one row of bits: for each state in turn, a one for each of its new successors and a zero
 * behind them. The parent of the c-th new state is the number of zeros before the c-th one. Beside it lies, for each
 * state, which of the successors of its parent it was.
 *
 * Limits: 65,535 successors of one state; 2^31 states.
 */

/** States whose place in the row is remembered, so that a look-up reads at most so many ones. */
const SAMPLE = 10;
const BLOCK = 16;

export class Lineage {
  /** Bits of the row, in blocks that are never copied. */
  readonly #bits: Int32Array[] = [];
  readonly #candidates: (Uint8Array | Uint16Array)[] = [];
  /** Place in the row of every 1,024th state. */
  readonly #samples: number[] = [];
  readonly #wide: boolean;
  #length = 0;
  /** States with their zero in the row. */
  #closed = 0;
  #states = 0;

  /** @param branching most successors that one state can have. */
  constructor(branching: number) {
    if (branching > 0xffff) throw new RangeError(`${branching} successors of one state`);
    this.#wide = branching > 256;
  }

  get bytes(): number {
    const blocks = this.#bits.length * 4 * 2 ** BLOCK;
    return blocks + this.#candidates.length * 2 ** BLOCK * (this.#wide ? 2 : 1) + this.#samples.length * 8;
  }

  /** Adds the next state, number 1 after the initial one: successor `candidate` of `parent`, which may not decrease. */
  add(parent: number, candidate: number): void {
    if (parent < this.#closed) throw new RangeError(`parent ${parent} after ${this.#closed}`);
    for (; this.#closed < parent; this.#closed++) this.#push(0);
    if ((this.#states & (2 ** SAMPLE - 1)) === 0) this.#samples.push(this.#length);
    this.#push(1);
    const block = this.#states >>> BLOCK;
    if (block === this.#candidates.length)
      this.#candidates.push(this.#wide ? new Uint16Array(2 ** BLOCK) : new Uint8Array(2 ** BLOCK));
    (this.#candidates[block] as Uint8Array)[this.#states & (2 ** BLOCK - 1)] = candidate;
    this.#states++;
  }

  /** Where state `index`, which is not the initial one, came from. */
  origin(index: number): { readonly parent: number; readonly candidate: number } {
    const wanted = index - 1;
    let at = this.#samples[wanted >>> SAMPLE] as number;
    let before = wanted & ~(2 ** SAMPLE - 1);
    for (; ; at++) {
      if (this.#bit(at) === 0) continue;
      if (before === wanted) break;
      before++;
    }
    const candidate = this.#candidates[wanted >>> BLOCK]?.[wanted & (2 ** BLOCK - 1)] as number;
    return { parent: at - wanted, candidate };
  }

  /** The candidates on the way from the initial state to state `index`. */
  way(index: number): number[] {
    const way: number[] = [];
    for (let i = index; i > 0; ) {
      const { parent, candidate } = this.origin(i);
      way.push(candidate);
      i = parent;
    }
    return way.reverse();
  }

  #bit(at: number): number {
    const word = this.#bits[Math.floor(at / 2 ** (BLOCK + 5))]?.[Math.floor(at / 32) & (2 ** BLOCK - 1)] as number;
    return (word >>> (at & 31)) & 1;
  }

  #push(bit: number): void {
    const at = this.#length++;
    const block = Math.floor(at / 2 ** (BLOCK + 5));
    if (block === this.#bits.length) this.#bits.push(new Int32Array(2 ** BLOCK));
    if (bit === 0) return;
    const words = this.#bits[block] as Int32Array;
    const i = Math.floor(at / 32) & (2 ** BLOCK - 1);
    words[i] = (words[i] as number) | (1 << (at & 31));
  }
}
