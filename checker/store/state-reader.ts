/**
 * Reads the states of a visited set by their indices, and finds the indices of vectors, for one thread; see `states.ts`.
 */
import { makeLookup, type StateArrays } from './state-table.ts';
import { makeTree, sameShape, type Tree } from './tree.ts';
import type { HashText } from './tuples.ts';

export class StateReader {
  /** After `lookup`: for each vector the index of its state plus one, or zero. */
  readonly found: Int32Array;
  readonly #hash: HashText;
  #arrays: StateArrays | null = null;
  #find!: Tree;
  readonly #lookup: ReturnType<typeof makeLookup>;
  /** Roots of vectors that are looked up, and which these are. */
  readonly #roots: Int32Array;
  readonly #places: Int32Array;
  #ids!: Int32Array;

  /** @param batch most vectors of one `lookup`. */
  constructor(arrays: StateArrays, hash: HashText, batch: number) {
    this.#hash = hash;
    this.found = new Int32Array(batch);
    this.#lookup = makeLookup(arrays.shape, hash, batch);
    this.#roots = new Int32Array(batch * arrays.shape.root);
    this.#places = new Int32Array(batch);
    this.bind(arrays);
  }

  /** The arrays have grown or were replaced. */
  bind(arrays: StateArrays): void {
    const { shape, tree } = arrays;
    if (this.#arrays === null || !sameShape(shape, this.#arrays.shape)) {
      this.#find = makeTree(shape, 'give -1', 1, this.#hash);
      this.#ids = new Int32Array(2 * shape.leaves.length);
    }
    this.#find.bind(tree);
    this.#arrays = arrays;
  }

  /** Writes the words of a state to `out[at...]`. */
  read(index: number, out: Int32Array, at: number): void {
    const { roots, shape } = this.#arrays as StateArrays;
    this.#find.unfold(roots, index * shape.root, out, at, this.#ids, 0);
  }

  /** Finds the first `n` vectors of `w`; see `found`. */
  lookup(w: Int32Array, n: number): void {
    if (n > this.found.length) throw new RangeError(`a look-up of ${n} vectors, at most ${this.found.length} fit`);
    const arrays = this.#arrays as StateArrays;
    const { words, root, leaves } = arrays.shape;
    const { found } = this;
    if (leaves.length === 0) {
      this.#lookup(arrays, w, n, found);
      return;
    }
    const roots = this.#roots;
    const places = this.#places;
    let folded = 0;
    for (let i = 0; i < n; i++) if (this.#find.foldAlone(w, i * words, roots, folded * root)) places[folded++] = i;
    this.#lookup(arrays, roots, folded, found);
    // From the last one on, so that none is overwritten before it is moved to its vector.
    for (let i = n - 1; i >= 0; i--)
      found[i] = folded > 0 && places[folded - 1] === i ? (found[--folded] as number) : 0;
  }
}
