/** The visited set of bits: never takes a known state for a new one, and tells how many new ones it loses. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BitstateStore, coverageText } from '../../../../checker/store/bitstate.ts';

const SEED = Number(process.env['QUIESCE_SEED'] ?? 20_180_511);

/** Inserts states of one word, numbered from `from` on; how many were new. */
function insert(store: BitstateStore, from: number, n: number): number {
  let fresh = 0;
  for (let i = 0; i < n; i++) {
    store.insert(Int32Array.of(from + i), 1);
    fresh += store.fresh[0] as number;
  }
  return fresh;
}

test('a state is new at most once, however full the array is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 300 }),
      fc.constantFrom(4, 40, 4000),
      (states, bytes) => {
        const store = new BitstateStore(1, 300, bytes);
        store.insert(Int32Array.from(states), states.length);
        const fresh = states.filter((_, i) => store.fresh[i] === 1);
        expect(new Set(fresh).size).toBe(fresh.length);
        expect(store.count).toBe(fresh.length);
        store.insert(Int32Array.from(states), states.length);
        expect(store.fresh.subarray(0, states.length)).not.toContain(1);
      },
    ),
    { seed: SEED, numRuns: 200 },
  );
});

test('three bits a state while the array is nearly empty', () => {
  const store = new BitstateStore(1, 1, 2 ** 20);
  expect(insert(store, 0, 10_000)).toBe(10_000);
  expect(store.fill * 2 ** 23).toBeGreaterThan(29_900);
  expect(store.fill * 2 ** 23).toBeLessThanOrEqual(30_000);
  expect(store.coverage).toBeGreaterThan(0.9999);
});

describe('coverage', () => {
  // 2^16 bits. The number of lost states is a sum of independent events; five standard deviations are allowed.
  test.each([2000, 5000, 10_000, 20_000, 60_000])('of %i different states is told rightly', (n) => {
    let stated = 0;
    let real = 0;
    for (let run = 0; run < 5; run++) {
      const store = new BitstateStore(1, 1, 2 ** 13);
      const stored = insert(store, run * 1_000_000, n);
      real += n - stored;
      stated += stored / store.coverage - stored;
    }
    // Where nearly all bits are set the few states that are still stored stand for many, and the estimate is rough.
    expect(Math.abs(real - stated)).toBeLessThan(5 * Math.sqrt(stated + 1) + 0.1 * stated);
  });

  test('is everything for an empty store', () => expect(new BitstateStore(1, 1, 4).coverage).toBe(1));

  test.each([
    [1, 'more than 99.9 %'],
    [0.9991, 'more than 99.9 %'],
    [0.99899, 'about 99.8 %'],
    [0.5, 'about 50.0 %'],
    [0.00049, 'about 0.0 %'],
  ])('%d in words', (share, words) => expect(coverageText(share)).toBe(words));
});

test('a batch that is larger than was said is refused', () => {
  expect(() => new BitstateStore(1, 4, 64).insert(new Int32Array(5), 5)).toThrow(RangeError);
});
