/**
 * The exact visited set: every state lies once, whole, in an arena of words; a table of (hash, index) pairs with
 * open addressing finds it. A batch of candidates is hashed first, then all their table lines are touched, then
 * they are compared and inserted one after another: the cache misses of a batch overlap.
 *
 * Cost a state: the vector, 4 bytes for the parent, and 8 bytes of table at a load of at most 7/10.
 * Limits: 2^31 states; arena and table double when they are full, which for a moment takes one and a half times
 * their memory.
 */

import { hashText, perWord, sameFunction, sameText } from './words.ts';

interface Tables {
  arena: Int32Array;
  table: Int32Array;
  mask: number;
  count: number;
}

type Insert = (w: Int32Array, n: number, s: Tables, hashes: Int32Array, found: Int32Array) => void;

/** Text for one width; with `inserting` unknown states are added, without it they are only reported. */
function makeInsert(words: number, inserting: boolean, hash: string): Insert {
  const add = `
            const a = count * ${words};
            ${perWord(words, (k) => `arena[a + ${k}] = w[d + ${k}];`)}
            count++;
            table[2 * p] = h;
            table[2 * p + 1] = count;
            found[i] = -count;
            break;`;
  return new Function(`'use strict';
    ${sameFunction(words)}
    let sink = 0;
    return function insert(w, n, s, hashes, found) {
      const arena = s.arena, table = s.table, mask = s.mask;
      let count = s.count;
      for (let i = 0, d = 0; i < n; i++, d += ${words}) { ${hash} hashes[i] = x; }
      let z = 0;
      for (let i = 0; i < n; i++) { const h = hashes[i], p = 2 * (h & mask); found[i] = table[p] === h ? table[p + 1] : 0; }
      for (let i = 0; i < n; i++) { const e = found[i]; if (e !== 0) z ^= arena[(e - 1) * ${words}]; }
      sink ^= z;
      for (let i = 0, d = 0; i < n; i++, d += ${words}) {
        const h = hashes[i];
        let p = h & mask;
        for (;;) {
          const e = table[2 * p + 1];
          if (e === 0) { ${inserting ? add : 'found[i] = 0; break;'} }
          if (table[2 * p] === h) {
            const a = (e - 1) * ${words};
            if (${sameText(words, 'arena', 'a', 'w', 'd')}) { found[i] = e; break; }
          }
          p = (p + 1) & mask;
        }
      }
      s.count = count;
    };`)() as Insert;
}

export class ExactStore {
  readonly words: number;
  /** Index of the parent of each state; -1 for the initial one. */
  parents: Int32Array;
  readonly #insert: Insert;
  readonly #lookup: Insert;
  readonly #t: Tables;
  readonly #hashes: Int32Array;
  /**
   * For each candidate the index of its state plus one. After `insert` it is negative when the state is new, after
   * `lookup` zero when it is unknown.
   */
  readonly found: Int32Array;

  /**
   * @param batch largest number of candidates given to `insert` at once.
   * @param hash text that leaves the hash of the state at word `d` of `w` in `x`; results never depend on it.
   */
  constructor(words: number, batch: number, log2Slots = 12, hash = hashText(words)) {
    this.words = words;
    const slots = 2 ** log2Slots;
    this.#insert = makeInsert(words, true, hash);
    this.#lookup = makeInsert(words, false, hash);
    this.#hashes = new Int32Array(batch);
    this.found = new Int32Array(batch);
    const states = Math.max(capacityOf(slots), batch + 1);
    this.#t = { arena: new Int32Array(states * words), table: new Int32Array(slots * 2), mask: slots - 1, count: 0 };
    this.parents = new Int32Array(states);
  }

  get count(): number {
    return this.#t.count;
  }

  /** The words of all states, one after another. Replaced when it grows: read it anew after `insert`. */
  get arena(): Int32Array {
    return this.#t.arena;
  }

  get bytes(): number {
    return this.#t.arena.byteLength + this.#t.table.byteLength + this.parents.byteLength;
  }

  /** Bytes it would take after the next doubling, while both halves exist. */
  get bytesWhenGrown(): number {
    return this.bytes * 3;
  }

  /** Would `n` more states need a larger table or arena? */
  mustGrow(n: number): boolean {
    const after = this.#t.count + n;
    return after > this.parents.length || after > capacityOf(this.#t.mask + 1);
  }

  /** Inserts the first `n` states of `w`; see `found`. */
  insert(w: Int32Array, n: number): void {
    this.#refuseBeyondBatch(n);
    if (this.mustGrow(n)) this.#grow(this.#t.count + n);
    this.#insert(w, n, this.#t, this.#hashes, this.found);
  }

  #refuseBeyondBatch(n: number): void {
    if (n > this.found.length) throw new RangeError(`a batch of ${n} states, at most ${this.found.length} fit`);
  }

  #grow(states: number): void {
    const t = this.#t;
    if (states > this.parents.length) {
      const larger = Math.max(states, this.parents.length * 2);
      const arena = new Int32Array(larger * this.words);
      arena.set(t.arena.subarray(0, t.count * this.words));
      t.arena = arena;
      const parents = new Int32Array(larger);
      parents.set(this.parents.subarray(0, t.count));
      this.parents = parents;
    }
    let slots = t.mask + 1;
    if (states <= capacityOf(slots)) return;
    while (states > capacityOf(slots)) slots *= 2;
    const old = t.table;
    const table = new Int32Array(slots * 2);
    const mask = slots - 1;
    for (let i = 0; i < old.length; i += 2) {
      const e = old[i + 1] as number;
      if (e === 0) continue;
      const h = old[i] as number;
      let p = h & mask;
      while (table[2 * p + 1] !== 0) p = (p + 1) & mask;
      table[2 * p] = h;
      table[2 * p + 1] = e;
    }
    t.table = table;
    t.mask = mask;
  }

  /** Writes the words of a state to `out[at...]`. */
  read(index: number, out: Int32Array, at: number): void {
    out.set(this.#t.arena.subarray(index * this.words, (index + 1) * this.words), at);
  }

  /** Index of the state that this one was reached from; -1 for the initial one. */
  parentOf(index: number): number {
    return this.parents[index] as number;
  }

  /** Finds the first `n` states of `w` without adding any; see `found`. */
  lookup(w: Int32Array, n: number): void {
    this.#refuseBeyondBatch(n);
    this.#lookup(w, n, this.#t, this.#hashes, this.found);
  }
}

/** States a table of so many slots takes before it doubles. */
function capacityOf(slots: number): number {
  return Math.floor(slots * 0.7);
}
