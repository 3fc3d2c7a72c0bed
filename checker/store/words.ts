/**
 * Text that works on state vectors word by word, unrolled for narrow ones. Generated for the width of the model by
 * the stores.
 */

const UNROLL = 48;

/** One statement for each word. */
export function perWord(words: number, statement: (k: string) => string): string {
  return words <= UNROLL
    ? Array.from({ length: words }, (_, k) => statement(String(k))).join(' ')
    : `for (let k = 0; k < ${words}; k++) { ${statement('k')} }`;
}

/** The hash of the state at word `d` of `w`, left in `x`: two multiply-xor lanes over the words. */
export function hashText(words: number): string {
  const lane = (k: string) =>
    `{ const v = w[d + ${k}]; x = Math.imul(x ^ v, 0x9e3779b1); x ^= x >>> 15; y = Math.imul((y + v) | 0, 0x85ebca6b); y ^= y >>> 13; }`;
  return `let x = 0x9e3779b9 | 0, y = 0x7f4a7c15 | 0; ${perWord(words, lane)} x = Math.imul(x ^ (y >>> 16), 0xc2b2ae35); x ^= x >>> 16;`;
}

/** An expression that is true when the vectors at `a[i...]` and `b[j...]` are equal. */
export function sameText(words: number, a: string, i: string, b: string, j: string): string {
  return words <= UNROLL
    ? Array.from({ length: words }, (_, k) => `${a}[${i} + ${k}] === ${b}[${j} + ${k}]`).join(' && ')
    : `same(${a}, ${i}, ${b}, ${j})`;
}

/** The function that `sameText` calls for wide vectors. */
export function sameFunction(words: number): string {
  return `function same(a, x, b, y) { for (let k = 0; k < ${words}; k++) if (a[x + k] !== b[y + k]) return false; return true; }`;
}
