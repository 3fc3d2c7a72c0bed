/**
 * A visited set of bits: each state sets three bits of one array, and a state whose three bits are set is taken for one
 * that was visited (Holzmann, An analysis of bitstate hashing, Formal Methods in System Design 13, 1998). Nothing is
 * ever moved or grown, and the memory is fixed at the start.
 *
 * The three places come from one 64-bit hash by double hashing (Kirsch and Mitzenmacher, Less hashing, same
 * performance, ESA 2006).
 *
 * Cost a state: three bits. When more than about a tenth of the array is set, expect states to be left out.
 */
import { type Hashing, hash64 } from './hash64.ts';

/** Bits set for each state. */
export const BITS_PER_STATE = 3;

export class BitstateStore {
  /** States stored. */
  count = 0;
  /** After `insert`: for each candidate 1 when it is new, else 0. */
  readonly fresh: Uint8Array;
  readonly #bits: Int32Array;
  readonly #size: number;
  readonly #hash: Hashing['hash'];
  readonly #x: Int32Array;
  readonly #y: Int32Array;
  #set = 0;
  #omissions = 0;

  /**
   * @param batch largest number of candidates given to `insert` at once.
   * @param bytes size of the array; rounded down to whole words, at least one.
   */
  constructor(words: number, batch: number, bytes: number, hashing = hash64(words)) {
    this.#bits = new Int32Array(Math.max(1, Math.floor(bytes / 4)));
    this.#size = this.#bits.length * 32;
    this.#hash = hashing.hash;
    this.fresh = new Uint8Array(batch);
    this.#x = new Int32Array(batch);
    this.#y = new Int32Array(batch);
  }

  get bytes(): number {
    return this.#bits.byteLength;
  }

  /** Share of the bits that are set. */
  get fill(): number {
    return this.#set / this.#size;
  }

  /**
   * The expected share of the states that was not left out, of those that were looked at. While a share f of the bits
   * is set, an unknown state is taken for a known one with probability q = f^3; so for each state that is stored, q /
   * (1 - q) are left out. Their sum over the run is set against the number of states stored.
   *
   * What only lies behind a state that was left out is in neither number, as in Holzmann's own analysis: the true
   * coverage is lower where states are reached in few ways.
   */
  get coverage(): number {
    return this.count === 0 ? 1 : this.count / (this.count + this.#omissions);
  }

  /** Inserts the first `n` states of `w`; see `fresh`. */
  insert(w: Int32Array, n: number): void {
    if (n > this.fresh.length) throw new RangeError(`a batch of ${n} states, room for ${this.fresh.length}`);
    this.#hash(w, 0, n, this.#x, this.#y);
    for (let i = 0; i < n; i++) {
      const q = this.fill ** BITS_PER_STATE;
      const fresh = this.#add(this.#x[i] as number, this.#y[i] as number);
      this.fresh[i] = fresh ? 1 : 0;
      if (!fresh) continue;
      this.count++;
      this.#omissions += q / (1 - q);
    }
  }

  /** Sets the bits of a hash; was one of them clear? */
  #add(x: number, y: number): boolean {
    const bits = this.#bits;
    const scale = this.#size / 2 ** 32;
    let fresh = false;
    for (let k = 0; k < BITS_PER_STATE; k++) {
      // The second word moves the place and, for arrays of more than 2^32 bits, chooses among neighbours.
      const high = (x + Math.imul(k, y | 1)) >>> 0;
      const low = Math.imul(y ^ (x >>> 16), 0x9e3779b1 + 2 * k) >>> 0;
      const place = Math.floor((high + low / 2 ** 32) * scale);
      const at = Math.floor(place / 32);
      const word = bits[at] as number;
      const bit = 1 << (place & 31);
      if ((word & bit) !== 0) continue;
      fresh = true;
      bits[at] = word | bit;
      this.#set++;
    }
    return fresh;
  }
}

/** `about 97.3 %`; never more than is expected. */
export function coverageText(coverage: number): string {
  return coverage >= 0.999 ? 'more than 99.9 %' : `about ${(Math.floor(coverage * 1000) / 10).toFixed(1)} %`;
}
