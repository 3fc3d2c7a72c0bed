/** Interned tuples: one number for equal ones, also after growing and when two threads met. */
import { expect, test } from 'vitest';
import {
  hasRoom,
  internText,
  makeTuples,
  type TupleArrays,
  tupleCount,
  tupleHash,
  withRoom,
} from '../../../../checker/store/tuples.ts';

/** The look-up of a thread over these arrays. */
function interner(t: TupleArrays, unknown: 'add' | 'add beside others' | 'give -1') {
  return new Function(
    'tData',
    'tSlots',
    'tControl',
    `const tMask = tControl[1]; ${internText('intern', 't', t.width, unknown, tupleHash)} return intern;`,
  )(t.data, t.slots, t.control) as (...words: number[]) => number;
}

test.each(['add', 'add beside others'] as const)('%s: numbers from 0 on, equal for equal tuples', (how) => {
  const t = makeTuples(3, 64, 2 ** 8);
  const intern = interner(t, how);
  expect([intern(1, 2, 3), intern(1, 2, 4), intern(1, 2, 3), intern(0, 0, 0), intern(0, 0, 0)]).toEqual([
    0, 1, 0, 2, 2,
  ]);
  expect(tupleCount(t)).toBe(3);
  expect(interner(t, 'give -1')(9, 9, 9)).toBe(-1);
  expect(interner(t, 'give -1')(1, 2, 4)).toBe(1);
});

test('growing keeps every number, in place and with larger arrays', () => {
  let t = makeTuples(2, 8, 2 ** 4);
  const numbers: number[] = [];
  for (let i = 0; i < 5000; i++) {
    if (!hasRoom(t, 1)) t = withRoom(t, 1, tupleHash);
    numbers.push(interner(t, 'add')(i & 7, i * 7));
  }
  expect(numbers).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  const find = interner(t, 'give -1');
  expect(numbers.every((n, i) => find(i & 7, i * 7) === n)).toBe(true);
});

test('a number that a slower thread gave to a tuple in vain never comes back', () => {
  const t = makeTuples(2, 64, 2 ** 4);
  // The slower thread took number 0 and wrote the tuple, but the faster one published number 1.
  t.control[0] = 1;
  t.data.set([5, 6], 0);
  expect(interner(t, 'add')(5, 6)).toBe(1);
  const grown = withRoom(t, 40, tupleHash);
  expect(interner(grown, 'add')(5, 6)).toBe(1);
});
