/** Two schedules aligned, and the first step in which they differ. At most 72 columns. */
import { align } from '../../checker/trace/align.ts';
import { formatMove, type Schedule } from '../../checker/trace/schedule.ts';
import { pairs } from '../facts.ts';
import { plural } from '../numbers.ts';
import { cut, wrap } from './lines.ts';

/** Common steps shown before and after a difference. */
const AROUND = 2;

export function diffText(a: Schedule, b: Schedule): string {
  const [left, right] = [a.moves.map(formatMove), b.moves.map(formatMove)];
  const rows = align(left, right);
  const differs = rows.map((row) => row.a === null || row.b === null);
  const lines = [...headers(a, b)];
  const first = differs.indexOf(true);
  if (first < 0) return [...lines, `the same ${plural(left.length, 'step')}`].join('\n');
  const row = rows[first] as (typeof rows)[number];
  const at = row.a ?? row.b ?? 0;
  const only = differs.filter(Boolean).length;
  lines.push(
    ...wrap(
      `first difference at step ${at + 1}; ${plural(only, 'step')} that only one has, ${rows.length - only} common`,
    ),
    '',
  );
  let skipped = 0;
  const near = (i: number) => differs.slice(Math.max(0, i - AROUND), i + AROUND + 1).includes(true);
  const tell = () => {
    if (skipped > 0) lines.push(`      ... ${plural(skipped, 'common step')}`);
    skipped = 0;
  };
  for (const [i, { a: x, b: y }] of rows.entries()) {
    if (!near(i)) {
      skipped++;
      continue;
    }
    tell();
    const number = `${x === null ? '' : x + 1}`.padStart(4);
    const other = `${y === null ? '' : y + 1}`.padStart(4);
    const sign = x === null ? '+' : y === null ? '-' : ' ';
    lines.push(cut(`${sign}${number} ${other}  ${x === null ? right[y as number] : left[x]}`));
  }
  tell();
  return lines.join('\n');
}

/** What differs besides the steps. */
function headers(a: Schedule, b: Schedule): string[] {
  const facts: readonly (readonly [string, string, string])[] = [
    ['scenario', a.scenario, b.scenario],
    ['variant', a.variant, b.variant],
    ['bounds', pairs(a.bounds), pairs(b.bounds)],
    ['model', a.modelHash, b.modelHash],
    ['property', a.property, b.property],
    ['signature', a.signature, b.signature],
  ];
  return facts
    .filter(([, x, y]) => x !== y)
    .flatMap(([name, x, y]) => [
      ...wrap(x, { first: `-${name} `, rest: '   ' }),
      ...wrap(y, { first: `+${name} `, rest: '   ' }),
    ]);
}
