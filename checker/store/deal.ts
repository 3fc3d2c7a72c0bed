/**
 * Which words of a state vector belong together: words are dealt to the leaves of a tree (`tree.ts`) so that the
 * leaves and pairs have as few different values as possible. There are as many interned tuples as words have
 * combinations, so words that depend on each other should sit together, and both halves of a pair should tell about as
 * much as each other.
 *
 * Greedy: the words with most values come first, and each joins the half that it multiplies least, by counting
 * combinations in a sample of states; then each half is dealt in the same way. Counting is by a bitmap of hashes,
 * which errs by some percent: it decides about memory and time, never about results.
 */

/**
 * @param sample states, one after another, at least one.
 * @param count a power of two: so many leaves.
 */
export function deal(sample: Int32Array, words: number, count: number): number[][] {
  const states = sample.length / words;
  const hashes = Array.from({ length: words }, (_, k) => hashesOf(sample, words, k));
  const values = hashes.map((h) => new Set(h).size);
  const order = values.map((_, k) => k).sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
  const bitmap = new Int32Array(Math.max(8, 2 ** Math.ceil(Math.log2(states)) / 4));
  return split(order, count);

  function split(held: readonly number[], leaves: number): number[][] {
    if (leaves === 1) return [[...held].sort((a, b) => a - b)];
    const most = Math.ceil(held.length / 2);
    const one = { words: [] as number[], sums: new Int32Array(states), size: 1 };
    const other = { words: [] as number[], sums: new Int32Array(states), size: 1 };
    for (const word of held) {
      const h = hashes[word] as Int32Array;
      const inOne = one.words.length < most ? combinations(one.sums, h, bitmap) : Number.POSITIVE_INFINITY;
      const inOther = other.words.length < most ? combinations(other.sums, h, bitmap) : Number.POSITIVE_INFINITY;
      const first = inOne + other.size <= one.size + inOther;
      const half = first ? one : other;
      half.size = first ? inOne : inOther;
      half.words.push(word);
      for (let i = 0; i < states; i++) half.sums[i] = (half.sums[i] as number) + (h[i] as number);
    }
    return [...split(one.words, leaves / 2), ...split(other.words, leaves / 2)];
  }
}

/** A hash of word k in each state. */
function hashesOf(sample: Int32Array, words: number, k: number): Int32Array {
  const hashes = new Int32Array(sample.length / words);
  for (let i = 0, at = k; i < hashes.length; i++, at += words) {
    let x = Math.imul((sample[at] as number) ^ Math.imul(k + 1, 0x9e3779b1), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 15), 0xc2b2ae35);
    x = Math.imul(x ^ (x >>> 13), 0x27d4eb2f);
    hashes[i] = x ^ (x >>> 16);
  }
  return hashes;
}

/** About how many different sums there are. */
function combinations(sums: Int32Array, hashes: Int32Array, bitmap: Int32Array): number {
  bitmap.fill(0);
  const shift = Math.clz32(bitmap.length * 32 - 1);
  let count = 0;
  for (let i = 0; i < sums.length; i++) {
    let x = ((sums[i] as number) + (hashes[i] as number)) | 0;
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
    const bit = (x ^ (x >>> 12)) >>> shift;
    const mask = 1 << (bit & 31);
    if (((bitmap[bit >>> 5] as number) & mask) !== 0) continue;
    bitmap[bit >>> 5] = (bitmap[bit >>> 5] as number) | mask;
    count++;
  }
  return count;
}
