/** Values of flags: what is understood, and that nothing else is. */
import { describe, expect, test } from 'vitest';
import { bound, boundRange, collect, count, countFromZero, duration, size } from '../../../cli/values.ts';

test.each([
  ['500ms', 0.5],
  ['30s', 30],
  ['1.5m', 90],
  ['2h', 7200],
])('duration %s', (text, seconds) => expect(duration(text)).toBeCloseTo(seconds));

test.each([
  ['2G', 2 ** 31],
  ['512M', 2 ** 29],
  ['1.5K', 1536],
  ['4096', 4096],
  ['2GiB', 2 ** 31],
  ['64MB', 2 ** 26],
])('size %s', (text, bytes) => expect(size(text)).toBe(bytes));

test.each([
  ['1', 1],
  ['1,000,000', 1_000_000],
  ['250000', 250_000],
])('count %s', (text, number) => expect(count(text)).toBe(number));

test.each([
  ['0', 0],
  ['2', 2],
])('count from zero %s', (text, number) => expect(countFromZero(text)).toBe(number));

describe('refused', () => {
  test.each(['', '-1', '1.5', 'two'])('count from zero "%s"', (text) =>
    expect(() => countFromZero(text)).toThrow('Give a whole number from 0.'),
  );
  test.each(['', '30', '0s', '-1s', 's', '1e3s', '5 m', '30sec', 'NaNs'])('duration "%s"', (text) =>
    expect(() => duration(text)).toThrow(/30s/),
  );
  test.each(['', '0', '-1G', 'G', '2T', '1e9', '0.1', '2 G'])('size "%s"', (text) =>
    expect(() => size(text)).toThrow(/512M/),
  );
  test.each(['', '0', '-3', '1.5', '1e6', '10,00', '99999999999999999999', 'ten'])('count "%s"', (text) =>
    expect(() => count(text)).toThrow(/whole number/),
  );
  test.each(['', 'mm', 'mm=', '=2', 'mm=two', 'mm=-1', 'mm=1.5', 'm m=2'])('bound "%s"', (text) =>
    expect(() => bound(text)).toThrow(/name=number/),
  );
});

test('bounds add up and may not be given twice', () => {
  const first = bound('mm=2');
  expect(bound('tasks=0', first)).toEqual({ mm: 2, tasks: 0 });
  expect(first).toEqual({ mm: 2 });
  expect(() => bound('mm=3', first)).toThrow(/twice/);
});

test('a bound may have any name without reaching the prototype', () => {
  expect(Object.entries(bound('constructor=1'))).toEqual([['constructor', 1]]);
});

test('names are collected in order, commas and all', () => {
  expect(collect('b', collect('a, c'))).toEqual(['a, c', 'b']);
});

describe('ranges of bounds', () => {
  test.each([
    ['mm=2', { from: 2, to: 2, single: true }],
    ['mm=0..3', { from: 0, to: 3, single: false }],
    ['mm=3..3', { from: 3, to: 3, single: false }],
    ['mm=1..', { from: 1, to: null, single: false }],
  ])('%s', (text, range) => expect(boundRange(text)).toEqual({ mm: range }));

  test.each(['', 'mm', 'mm=', 'mm=..3', 'mm=3..1', 'mm=1...3', 'mm=1..x', 'mm=-1..2', 'mm=1.5..2'])(
    'refused: "%s"',
    (text) => expect(() => boundRange(text)).toThrow(/name=1\.\.4/),
  );

  test('may not be given twice', () => {
    expect(() => boundRange('mm=1..', boundRange('mm=2'))).toThrow(/given twice/);
  });
});
