/**
 * Two sequences aligned: the fewest elements that only one of them has. (Myers, An O(ND) difference algorithm and its
 * variations, Algorithmica 1986.)
 *
 * Cost: the length times the number of differences, in time and memory; where there are more than `MOST` of them, what is
 * left after the common beginning and end is not aligned.
 */

/** One row: positions from 0 in each sequence, null where it has nothing. */
export interface AlignedRow {
  readonly a: number | null;
  readonly b: number | null;
}

const MOST = 2000;

export function align(a: readonly string[], b: readonly string[]): AlignedRow[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const rows: AlignedRow[] = [];
  for (let i = 0; i < start; i++) rows.push({ a: i, b: i });
  const middle = differences(a.slice(start, a.length - end), b.slice(start, b.length - end));
  for (const row of middle)
    rows.push({ a: row.a === null ? null : row.a + start, b: row.b === null ? null : row.b + start });
  for (let i = end; i > 0; i--) rows.push({ a: a.length - i, b: b.length - i });
  return rows;
}

function differences(a: readonly string[], b: readonly string[]): AlignedRow[] {
  const most = Math.min(MOST, a.length + b.length);
  // For each number of differences: how far each diagonal reaches.
  const reached: Map<number, number>[] = [];
  let last = new Map<number, number>([[1, 0]]);
  for (let d = 0; d <= most; d++) {
    const next = new Map<number, number>();
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (last.get(k - 1) ?? -1) < (last.get(k + 1) ?? -1));
      let x = down ? (last.get(k + 1) ?? 0) : (last.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return wayBack(a.length, b.length, [...reached, next]);
    }
    reached.push(next);
    last = next;
  }
  return [...a.map((_, i) => ({ a: i, b: null })), ...b.map((_, i) => ({ a: null, b: i }))];
}

function wayBack(x: number, y: number, reached: readonly Map<number, number>[]): AlignedRow[] {
  const rows: AlignedRow[] = [];
  for (let d = reached.length - 1; d > 0; d--) {
    const last = reached[d - 1] as Map<number, number>;
    const k = x - y;
    const down = k === -d || (k !== d && (last.get(k - 1) ?? -1) < (last.get(k + 1) ?? -1));
    const before = down ? k + 1 : k - 1;
    const from = last.get(before) ?? 0;
    const to = down ? from : from + 1;
    while (x > to) rows.push({ a: --x, b: --y });
    if (down) rows.push({ a: null, b: --y });
    else rows.push({ a: --x, b: null });
  }
  while (x > 0) rows.push({ a: --x, b: --y });
  return rows.reverse();
}
