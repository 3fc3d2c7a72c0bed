/**
 * The arrays of the visited set, and its table as text: where a hash is looked for, how roots are found in it, and how
 * states are entered. A slot is one word: some high bits of the hash, and a reference. Small references are indices of
 * states plus one; the highest ones stand for candidates of a round that have no index yet.
 */
import type { TreeArrays, TreeShape } from './tree.ts';
import { type HashText, wordsAt } from './tuples.ts';
import { sameFunction, sameText } from './words.ts';

/** Words of `StateArrays.control`. */
export const LAST_SLOT = 0;
export const REFERENCE_MASK = 1;

export interface StateArrays {
  /** How roots are made; a new one means that they were all made anew. */
  readonly shape: TreeShape;
  readonly roots: Int32Array;
  /** Reserved larger than it is used, so that it can double in place. */
  readonly slots: Int32Array;
  /**
   * For each state: 0 when no successor has a greater index (or it is not expanded), 1 when one has, and one more for
   * each successor that was new.
   */
  readonly successors: Uint8Array | Uint16Array;
  readonly tree: TreeArrays;
  readonly control: Int32Array;
  readonly capacity: number;
}

/** How a table is gone through, as text: what to bind, where a hash is looked for first, and the slot after one. */
export interface Probing {
  /** Sets `last` and `scale`, which must be declared. */
  readonly bind: (control: string) => string;
  readonly first: (hash: string) => string;
  readonly next: (slot: string) => string;
}

/** Entering all states again takes time: whole states can afford a larger table, and one that is found faster. */
export function probingOf(shape: TreeShape): Probing {
  if (shape.leaves.length === 0)
    return {
      bind: (control) => `last = ${control}[${LAST_SLOT}];`,
      first: (hash) => `${hash} & last`,
      next: (slot) => `(${slot} + 1) & last`,
    };
  return {
    bind: (control) => `last = ${control}[${LAST_SLOT}]; scale = (last + 1) / 2 ** 32;`,
    // High bits of a product; those of the hash itself tell states of one slot apart.
    first: (hash) => `(Math.imul(${hash}, 0x9e3779b1) >>> 0) * scale | 0`,
    next: (slot) => `(${slot} === last ? 0 : ${slot} + 1)`,
  };
}

/** Finds the first `n` roots of `w`: `found` gets for each the index of its state plus one, or zero. */
export type Lookup = (arrays: StateArrays, w: Int32Array, n: number, found: Int32Array) => void;
export type Enter = (arrays: StateArrays, from: number, to: number) => void;

/** @param batch most roots of one look-up: their slots are touched together, then the states they refer to. */
export function makeLookup(shape: TreeShape, hash: HashText, batch: number): Lookup {
  const { root } = shape;
  const { bind, first, next } = probingOf(shape);
  return new Function(`'use strict';
    ${sameFunction(root)}
    const hashes = new Int32Array(${batch});
    let sink = 0, last = 0, scale = 0;
    return function lookup(arrays, w, n, found) {
      const { roots, slots, control } = arrays, references = control[${REFERENCE_MASK}];
      ${bind('control')}
      let z = 0;
      for (let i = 0, at = 0; i < n; i++, at += ${root}) { ${hash(wordsAt(root, 'w', 'at'))} hashes[i] = x; }
      for (let i = 0; i < n; i++) { const e = slots[${first('hashes[i]')}]; found[i] = e; z ^= e; }
      for (let i = 0; i < n; i++) {
        const e = found[i], b = ((e & references) - 1) * ${root};
        if (e !== 0 && ((e ^ hashes[i]) & ~references) === 0 && b >>> 0 < roots.length) z ^= roots[b];
      }
      sink ^= z;
      for (let i = 0, at = 0; i < n; i++, at += ${root}) {
        const x = hashes[i];
        found[i] = 0;
        for (let p = ${first('x')}; ; p = ${next('p')}) {
          const e = slots[p];
          if (e === 0) break;
          if (((e ^ x) & ~references) !== 0) continue;
          const r = e & references, a = (r - 1) * ${root};
          if (${sameText(root, 'roots', 'a', 'w', 'at')}) { found[i] = r; break; }
        }
      }
    };`)() as Lookup;
}

/**
 * Enters the states from `from` to `to` into the table; several threads may do so for different ones. A batch is hashed
 * first, then the slots are claimed one after another, so that cache misses overlap.
 */
export function makeEnter(shape: TreeShape, hash: HashText): Enter {
  const { root } = shape;
  const { bind, first, next } = probingOf(shape);
  return new Function(`'use strict';
    const hashes = new Int32Array(64);
    let sink = 0, last = 0, scale = 0;
    return function enter(arrays, from, to) {
      const { roots, slots, control } = arrays, references = control[${REFERENCE_MASK}];
      ${bind('control')}
      for (let i = from; i < to; ) {
        const n = Math.min(64, to - i);
        let z = 0;
        for (let k = 0, at = i * ${root}; k < n; k++, at += ${root}) { ${hash(wordsAt(root, 'roots', 'at'))} hashes[k] = x; }
        for (let k = 0; k < n; k++) z ^= slots[${first('hashes[k]')}];
        sink ^= z;
        for (let k = 0; k < n; k++) {
          const x = hashes[k], e = (x & ~references) | (i + k + 1);
          for (let p = ${first('x')}; slots[p] !== 0 || Atomics.compareExchange(slots, p, 0, e) !== 0; p = ${next('p')});
        }
        i += n;
      }
    };`)() as Enter;
}
