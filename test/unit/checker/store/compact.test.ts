/** The visited set of hashes: as good as an exact one while no two hashes are equal, and honest about the odds. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompactStore } from '../../../../checker/store/compact.ts';
import { type Hashing, hash64 } from '../../../../checker/store/hash64.ts';

const SEED = Number(process.env['QUIESCE_SEED'] ?? 20_180_511);

/** Of the usual hash only so many low bits of the first word. */
function narrow(words: number, bits: number): Hashing {
  const { hash } = hash64(words);
  return {
    bits,
    hash: (w, from, n, x, y) => {
      hash(w, from, n, x, y);
      for (let i = 0; i < n; i++) {
        x[i] = bits === 0 ? 0 : (x[i] as number) >>> (32 - bits);
        y[i] = 0;
      }
    },
  };
}

/** Inserts states of one word in batches; the number of each new one, else zero. */
function insert(store: CompactStore, states: readonly number[], batch: number): number[] {
  const fresh: number[] = [];
  for (let i = 0; i < states.length; i += batch) {
    const part = Int32Array.from(states.slice(i, i + batch));
    store.insert(part, part.length);
    fresh.push(...store.fresh.subarray(0, part.length));
  }
  return fresh;
}

test('numbers new states as a set would, from tables of two slots and more', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 600 }),
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom(2, 3, 7, 64, 4096),
      fc.boolean(),
      (states, batch, size, marks) => {
        const store = new CompactStore(1, 20, marks, size);
        const known = new Set<number>();
        const expected = states.map((s) => (known.has(s) ? 0 : known.add(s).size));
        expect(insert(store, states, batch)).toEqual(expected);
        expect(store.count).toBe(known.size);
      },
    ),
    { seed: SEED, numRuns: 300 },
  );
});

test('keeps marks while it grows', () => {
  const store = new CompactStore(1, 8, true, 2);
  const marked = (i: number) => i % 3 === 1;
  for (let i = 0; i < 5000; i++) {
    const w = Int32Array.of(i);
    store.insert(w, 1);
    if (marked(i)) store.mark(w, 0);
  }
  for (let i = 0; i < 5000; i++) {
    expect(store.isUnmarked(Int32Array.of(i), 0)).toBe(!marked(i));
    store.insert(Int32Array.of(i), 1);
    expect(store.isMarked(store.slots[0] as number)).toBe(marked(i));
  }
  expect(store.count).toBe(5000);
  expect(store.isUnmarked(Int32Array.of(5000), 0)).toBe(false);
});

test('takes 10 to 15 bytes a state once it is large', () => {
  const store = new CompactStore(1, 1000);
  for (let i = 0; i < 200_000; i += 1000) {
    store.insert(
      Int32Array.from({ length: 1000 }, (_, k) => i + k),
      1000,
    );
    if (i < 10_000) continue;
    expect(store.bytes / store.count).toBeGreaterThan(9.9);
    expect(store.bytes / store.count).toBeLessThan(15.2);
  }
  expect(store.bytesWhenGrown).toBe(Math.ceil(store.bytes * 2.5));
  expect(store.mustGrow(1)).toBe(false);
  expect(store.mustGrow(200_000)).toBe(true);
});

test('a batch that is larger than was said is refused', () => {
  expect(() => new CompactStore(1, 4).insert(new Int32Array(5), 5)).toThrow(RangeError);
});

describe('omissions', () => {
  test('are n (n - 1) / 2 divided by the number of hashes', () => {
    const store = new CompactStore(1, 1000);
    insert(
      store,
      Array.from({ length: 1000 }, (_, i) => i),
      1000,
    );
    expect(store.omissions).toBeCloseTo(499_500 / 2 ** 64, 25);
    expect(Math.abs(new CompactStore(1, 4).omissions)).toBe(0);
  });

  // 200 states with b bits: of 200 inserted about 200^2 / 2^(b + 1) meet the hash of another.
  test.each([12, 14, 16])('are about as many as a hash of %i bits really has', (bits) => {
    let stated = 0;
    let real = 0;
    for (let run = 0; run < 200; run++) {
      const store = new CompactStore(1, 200, false, 2, narrow(1, bits));
      insert(
        store,
        Array.from({ length: 200 }, (_, i) => run * 1000 + i),
        200,
      );
      real += 200 - store.count;
      stated += store.omissions;
    }
    // The number of them is about Poisson distributed: five standard deviations.
    expect(Math.abs(real - stated)).toBeLessThan(5 * Math.sqrt(stated) + 0.05 * stated);
  });

  test('a hash that is always the same keeps one state', () => {
    const store = new CompactStore(1, 50, true, 2, narrow(1, 0));
    expect(
      insert(
        store,
        Array.from({ length: 50 }, (_, i) => i),
        50,
      ),
    ).toEqual([1, ...Array(49).fill(0)]);
  });
});
