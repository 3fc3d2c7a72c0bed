/**
 * A 64-bit hash of a state vector, as two words. Generated for the width of the model.
 *
 * Each word of the state goes through two lanes, and each lane through the other: for a fixed word the step is a
 * bijection of both lanes, so what differs after one word stays different until later words make it equal, which takes
 * two of them. The end mixes both lanes until every bit of the state reaches every bit of the hash (the last steps
 * are those of MurmurHash3, Appleby 2011). It is no cryptographic hash: nobody chooses states in order to make it
 * collide.
 */
import { perWord } from './words.ts';

/** Writes the hashes of the first `n` states of `w` from word `from` on: the two halves of each to `x` and `y`. */
export type Hash = (w: Int32Array, from: number, n: number, x: Int32Array, y: Int32Array) => void;

/** How states are hashed. Others than the usual one are for tests. */
export interface Hashing {
  readonly hash: Hash;
  /** Bits of the hash that may differ between two states. */
  readonly bits: number;
}

/** The 64-bit hash for vectors of so many words. */
export function hash64(words: number): Hashing {
  const lane = (k: string) =>
    `{ x = Math.imul(x ^ w[d + ${k}], 0x9e3779b1); x ^= x >>> 15; y = Math.imul((y + x) | 0, 0x85ebca6b); y ^= y >>> 13; x = (x + y) | 0; }`;
  const end = (v: string) =>
    `${v} ^= ${v} >>> 16; ${v} = Math.imul(${v}, 0x85ebca6b); ${v} ^= ${v} >>> 13; ${v} = Math.imul(${v}, 0xc2b2ae35); ${v} ^= ${v} >>> 16;`;
  const hash = new Function(`'use strict';
    return function hash(w, from, n, xs, ys) {
      for (let i = 0, d = from; i < n; i++, d += ${words}) {
        let x = 0x243f6a88 | 0, y = 0x85a308d3 | 0;
        ${perWord(words, lane)}
        ${end('x')} y = (y + x) | 0; ${end('y')} x = (x + y) | 0;
        xs[i] = x;
        ys[i] = y;
      }
    };`)() as Hash;
  return { hash, bits: 64 };
}
