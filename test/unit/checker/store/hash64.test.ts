/** The 64-bit hash: every bit of a state reaches every bit of the hash, and look-alike states do not collide. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hash64 } from '../../../../checker/store/hash64.ts';

const SEED = Number(process.env['QUIESCE_SEED'] ?? 20_180_511);

function hashes(words: number, states: Int32Array): { x: Int32Array; y: Int32Array } {
  const n = states.length / words;
  const [x, y] = [new Int32Array(n), new Int32Array(n)];
  hash64(words).hash(states, 0, n, x, y);
  return { x, y };
}

describe(`avalanche, seed ${SEED}`, () => {
  // Each of 64 output bits flips with probability 1/2; over 512 samples its share has a standard deviation of 0.022,
  // so that 64 x 32 x 4 of them stay within 0.13 but for one run in a thousand million.
  const samples = 512;
  test.each([1, 2, 7, 48, 49, 80])('one bit of a state of %i words changes half of the hash', (words) => {
    const states = fc.sample(
      fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: words, maxLength: words }),
      { numRuns: samples, seed: SEED },
    );
    const plain = hashes(words, Int32Array.from(states.flat()));
    for (const word of new Set([0, words >> 1, words - 1]))
      for (let bit = 0; bit < 32; bit++) {
        const flipped = Int32Array.from(states.flat());
        for (let i = 0; i < samples; i++)
          flipped[i * words + word] = (flipped[i * words + word] as number) ^ (1 << bit);
        const other = hashes(words, flipped);
        for (const half of ['x', 'y'] as const)
          for (let out = 0; out < 32; out++) {
            let changed = 0;
            for (let i = 0; i < samples; i++)
              changed += (((plain[half][i] as number) ^ (other[half][i] as number)) >>> out) & 1;
            expect(changed / samples, `bit ${bit} of word ${word} to bit ${out} of ${half}`).toBeGreaterThan(0.37);
            expect(changed / samples, `bit ${bit} of word ${word} to bit ${out} of ${half}`).toBeLessThan(0.63);
          }
      }
  });
});

/** Pairs of equal values. */
function collisions(values: Iterable<number>): number {
  const sorted = Float64Array.from(values).sort();
  let pairs = 0;
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) pairs++;
  return pairs;
}

describe('states that differ little', () => {
  // 2^18 states in 2^32 values: 8 pairs expected in each half, more than 24 about once in 300,000 hashes.
  const n = 2 ** 18;
  const shapes: readonly (readonly [string, number, (i: number, k: number) => number])[] = [
    ['a counter in one word', 5, (i, k) => (k === 2 ? i : 0)],
    ['a counter in the last word', 5, (i, k) => (k === 4 ? i : 7)],
    ['bytes that count alone', 5, (i, k) => (k < 4 ? ((i >> (k * 5)) & 31) << (8 * k) : 0)],
    ['the same counter up and down', 3, (i, k) => (k === 0 ? i : k === 1 ? -i : 1)],
    ['high bits only', 4, (i, k) => (k < 3 ? ((i >> (6 * k)) & 63) << 26 : 0)],
    ['two words that trade places', 60, (i, k) => (k === 10 ? i & 511 : k === 50 ? i >> 9 : 3)],
  ];
  test.each(shapes)('%s', (_name, words, at) => {
    const states = new Int32Array(n * words);
    for (let i = 0; i < n; i++) for (let k = 0; k < words; k++) states[i * words + k] = at(i, k);
    const { x, y } = hashes(words, states);
    expect(collisions(x)).toBeLessThan(25);
    expect(collisions(y)).toBeLessThan(25);
    expect(collisions(x.map((v, i) => v ^ (y[i] as number)))).toBeLessThan(25);
    expect(collisions(Array.from(x, (v, i) => (v >>> 0) * 2 ** 21 + ((y[i] as number) >>> 11)))).toBe(0);
  });
});

test('the same state has the same hash wherever it lies', () => {
  const states = Int32Array.from([1, 2, 3, 9, 1, 2, 3]);
  const [x, y] = [new Int32Array(1), new Int32Array(1)];
  hash64(3).hash(states, 4, 1, x, y);
  const all = hashes(3, states.subarray(0, 6));
  expect([x[0], y[0]]).toEqual([all.x[0], all.y[0]]);
  expect(all.x[1]).not.toBe(all.x[0]);
});
