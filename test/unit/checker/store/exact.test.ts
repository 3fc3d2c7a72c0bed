/** The exact visited set: a state is found when it was inserted and never otherwise, whatever its hash. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExactStore } from '../../../../checker/store/exact.ts';

/** Every state has the same hash: the table is one long chain. */
const CONSTANT = 'let x = 12345;';

/** Inserts states, given as their words, in batches; returns what `found` says of each. */
function insert(store: ExactStore, states: readonly (readonly number[])[], batch = 64): number[] {
  const found: number[] = [];
  for (let i = 0; i < states.length; i += batch) {
    const part = states.slice(i, i + batch);
    store.insert(Int32Array.from(part.flat()), part.length);
    found.push(...store.found.slice(0, part.length));
  }
  return found;
}

const lookup = (store: ExactStore, states: readonly (readonly number[])[]): number[] =>
  states.map((state) => {
    store.lookup(Int32Array.from(state), 1);
    return (store.found[0] as number) - 1;
  });

test('states are numbered in the order in which they are new, and found again', () => {
  const store = new ExactStore(2, 8);
  expect(
    insert(store, [
      [1, 2],
      [3, 4],
      [1, 2],
      [5, 6],
    ]),
  ).toEqual([-1, -2, 1, -3]);
  expect(
    insert(store, [
      [5, 6],
      [7, 8],
    ]),
  ).toEqual([3, -4]);
  expect(store.count).toBe(4);
  expect([...store.arena.subarray(0, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a state that differs in one bit of one word is another state', () => {
  for (const words of [1, 3, 48, 49, 130]) {
    const store = new ExactStore(words, 64);
    const zero = Array.from({ length: words }, () => 0);
    insert(store, [zero]);
    let expected = 1;
    for (let k = 0; k < words; k += Math.max(1, words >> 3))
      for (const bit of [0, 7, 31]) {
        const other = zero.slice();
        other[k] = 1 << bit;
        expect(lookup(store, [other])).toEqual([-1]);
        insert(store, [other]);
        expected++;
        expect(store.count).toBe(expected);
      }
  }
});

describe.each([
  ['its own hash', undefined],
  ['one hash for all', CONSTANT],
])('with %s', (_name, hash) => {
  test('it agrees with a set of texts, through many growths', () => {
    const words = fc.integer({ min: -2, max: 2 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(words, words, words), { maxLength: 300 }),
        fc.integer({ min: 1, max: 20 }),
        (states, batch) => {
          const store = new ExactStore(3, 20, 2, hash);
          const twin = new Map<string, number>();
          const expected = states.map((state) => {
            const key = state.join();
            const known = twin.get(key);
            if (known !== undefined) return known;
            twin.set(key, twin.size + 1);
            return -twin.size;
          });
          expect(insert(store, states, batch)).toEqual(expected);
          expect(store.count).toBe(twin.size);
          expect(lookup(store, states)).toEqual(states.map((s) => (twin.get(s.join()) as number) - 1));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('looking up inserts nothing', () => {
    const store = new ExactStore(1, 8, 12, hash);
    insert(store, [[1], [2]]);
    const before = { count: store.count, bytes: store.bytes };
    expect(lookup(store, [[3], [3], [1], [2], [0]])).toEqual([-1, -1, 0, 1, -1]);
    expect({ count: store.count, bytes: store.bytes }).toEqual(before);
    expect(insert(store, [[3]])).toEqual([-3]);
  });
});

describe('growth', () => {
  const many = Array.from({ length: 20_000 }, (_, i) => [i, i >> 8]);

  test('keeps states, numbers and parents', () => {
    const store = new ExactStore(2, 64, 4);
    insert(store, [[0, 0]]);
    store.parents[0] = -1;
    for (let i = 1; i < many.length; i++) {
      insert(store, [many[i] as number[]]);
      store.parents[i] = i - 1;
    }
    expect(store.count).toBe(many.length);
    expect(store.parents.subarray(0, many.length).every((parent, i) => parent === i - 1)).toBe(true);
    expect(lookup(store, many).every((index, i) => index === i)).toBe(true);
  });

  test('is announced, and takes about twice the memory', () => {
    const store = new ExactStore(2, 64, 12);
    const before = store.bytes;
    expect(store.mustGrow(1)).toBe(false);
    expect(store.mustGrow(4096)).toBe(true);
    insert(store, many.slice(0, 4096));
    expect(store.bytes).toBeGreaterThan(1.5 * before);
    expect(store.bytes).toBeLessThan(2.5 * before);
    expect(store.bytesWhenGrown).toBeGreaterThan(2 * store.bytes);
  });

  test('leaves room for a batch that is larger than the first table', () => {
    const store = new ExactStore(2, 1000, 2);
    expect(insert(store, many.slice(0, 1000), 1000).at(-1)).toBe(-1000);
    expect(lookup(store, many.slice(0, 1000)).at(-1)).toBe(999);
  });
});
