/** Field types refuse bounds that do not fit into their byte, and choose sensible initial values. */
import { describe, expect, test } from 'vitest';
import { bool, int, oneOf, op, ring, struct, u8 } from '../../../../checker/lang/index.ts';
import { refusalOf } from '../../../support/tiny.ts';

describe('whole numbers', () => {
  test('start at zero when zero is in range, else at the least value', () => {
    expect(int(-3, 3)).toMatchObject({ init: 0 });
    expect(int(2, 9)).toMatchObject({ init: 2 });
    expect(int(-9, -2)).toMatchObject({ init: -9 });
    expect(u8()).toMatchObject({ lo: 0, hi: 255, init: 0 });
    expect(u8(7)).toMatchObject({ init: 7 });
  });

  test.each([
    [0, 256],
    [5, 4],
    [0.5, 3],
    [0, Number.NaN],
    [0, Number.POSITIVE_INFINITY],
  ])('int(%d, %d) is refused because it does not fit in one byte', (lo, hi) => {
    expect(refusalOf(() => int(lo, hi))).toEqual({
      code: 'model',
      what: `int(${lo}, ${hi}) does not fit in one byte`,
      where: undefined,
      hint: 'give bounds at most 255 apart',
    });
  });

  test('256 values fit', () => {
    expect(int(-128, 127)).toMatchObject({ lo: -128, hi: 127, init: 0 });
  });

  test('an initial value out of range is refused', () => {
    expect(refusalOf(() => int(1, 4, 0))).toMatchObject({ code: 'model', what: 'int(1, 4) cannot start at 0' });
    expect(refusalOf(() => u8(256))).toMatchObject({ what: 'int(0, 255) cannot start at 256' });
  });
});

test('the other field types keep what they were declared with', () => {
  expect(bool(true)).toEqual({ kind: 'bool', init: true });
  expect(oneOf('idle', 'busy')).toEqual({ kind: 'enum', values: ['idle', 'busy'] });
  expect(ring(u8(), 3)).toMatchObject({ kind: 'ring', capacity: 3 });
  expect(struct('mutex', {}, { spins: false })).toMatchObject({ kind: 'struct', lock: { spins: false } });
  expect(op({ kind: 'callback-type', name: 'mm_exit', params: {} })).toMatchObject({ kind: 'callback' });
});
