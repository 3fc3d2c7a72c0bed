/** Alignment: every element once, in order, common ones equal, and no alignment with fewer differences. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { align } from '../../../../checker/trace/align.ts';

/** Length of the longest common subsequence, by the book. */
function common(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const x of a) {
    const next = [0];
    for (let j = 1; j <= b.length; j++)
      next.push(x === b[j - 1] ? (row[j - 1] as number) + 1 : Math.max(row[j] as number, next[j - 1] as number));
    row = next;
  }
  return row[b.length] as number;
}

test('two sequences', () => {
  const word = fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 14 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const rows = align(a, b);
      expect(rows.flatMap((r) => (r.a === null ? [] : [r.a]))).toEqual(a.map((_, i) => i));
      expect(rows.flatMap((r) => (r.b === null ? [] : [r.b]))).toEqual(b.map((_, i) => i));
      const both = rows.filter((r) => r.a !== null && r.b !== null);
      for (const r of both) expect(a[r.a as number]).toBe(b[r.b as number]);
      expect(both.length).toBe(common(a, b));
    }),
    { seed: 5, numRuns: 500 },
  );
});

test('too many differences leave the middle apart', () => {
  const a = ['first', ...Array.from({ length: 3000 }, (_, i) => `a${i}`), 'last'];
  const b = ['first', ...Array.from({ length: 3000 }, (_, i) => `b${i}`), 'last'];
  const rows = align(a, b);
  expect(rows[0]).toEqual({ a: 0, b: 0 });
  expect(rows.at(-1)).toEqual({ a: 3001, b: 3001 });
  expect(rows.length).toBe(6002);
});
