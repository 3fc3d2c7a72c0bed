/**
 * Growth and needs as text: a table with one row a cell, then what follows from it. At most 72 columns; names of bounds
 * that would make the table wider are numbered and listed above it.
 */
import type { Cell } from '../../checker/grow/cell.ts';
import type { Growth } from '../../checker/grow/grow.ts';
import type { Needs, NeedsCell } from '../../checker/grow/needs.ts';
import { failuresText, pairs } from '../facts.ts';
import { count, factor, plural } from '../numbers.ts';
import { cut, facts, WIDTH, wrap } from './lines.ts';

/** The table of a growth and the largest complete bounds, as lines of at most 72 columns. */
export function growthText(growth: Growth): string {
  const names = Object.keys(growth.ranges);
  const lines = facts([`GROW ${growth.scenario} ${growth.variant}`, pairs(growth.fixed, '')], { rest: '  ' });
  lines.push(
    ...table(
      names,
      growth.cells.map((cell) => ({ cell, values: names.map((name) => count(cell.bounds[name] as number)) })),
      ['growth'],
      (cell) => [growthOf(cell, names)],
    ),
    '',
  );
  for (const bounds of growth.largest) lines.push(...wrap(largestText(growth, bounds), { rest: '  ' }));
  if (growth.largest.length === 0) lines.push('largest complete: none');
  for (const cell of growth.cells)
    if (cell.violation !== null && cell.violation.schedule !== null)
      lines.push(
        ...facts([`violation at ${pairs(named(cell, names), 'the declared bounds')}`, cell.violation.headline], {
          rest: '  ',
        }),
        `schedule  ${cell.violation.schedule}`,
      );
  lines.push(...wrap(growth.ended, { first: 'ended: ', rest: '  ' }));
  return lines.join('\n');
}

/** One line a cell, for those who watch the growth. */
export function cellText(cell: Cell): string {
  const parts = [pairs(cell.bounds, ''), resultOf(cell), plural(cell.states, 'state')];
  return parts.filter((part) => part !== '').join('  ');
}

/** The table of what was tried and the smallest bounds, as lines of at most 72 columns. */
export function needsText(needs: Needs): string {
  const names = Object.keys(needs.declared);
  const budgets = [...new Set(needs.cells.flatMap((cell) => Object.keys(cell.failures ?? {})))];
  const values = (cell: NeedsCell) => [
    ...names.map((name) => count(cell.bounds[name] as number)),
    ...budgets.map((name) => (cell.failures === null ? '' : count(cell.failures[name] ?? 0))),
  ];
  const lines = facts(
    [`NEEDS ${needs.scenario} ${needs.variant}`, needs.bug === null ? '' : `${needs.bug.kind} ${needs.bug.signature}`],
    { rest: '  ' },
  );
  lines.push(
    ...table(
      [...names, ...budgets.map((name) => `fail:${name}`)],
      needs.cells.map((cell) => ({ cell, values: values(cell) })),
      ['bug'],
      (_cell, i) => [needs.cells[i]?.shows ? 'yes' : 'no'],
    ),
    '',
  );
  if (needs.bounds === null)
    return [...lines, ...wrap(needs.because ?? '', { first: 'nothing to make smaller: ' })].join('\n');
  const failures = failuresText(needs.failures ?? {}) ?? 'no injected failure';
  lines.push(...wrap(`${pairs(needs.bounds, 'no bounds')}, ${failures}`, { first: 'needs: ', rest: '  ' }));
  lines.push(
    ...wrap(
      `${plural(needs.steps ?? 0, 'step')}, signature ${needs.signature}${needs.signature === needs.bug?.signature ? ', the same' : ', not that of the declared bounds'}`,
      { first: '  there: ', rest: '    ' },
    ),
  );
  lines.push(
    ...wrap(needs.proven ? provenText(needs) : `not proven: ${needs.because}`, {
      first: '  ',
      rest: '    ',
    }),
  );
  for (const cell of needs.cells)
    if (cell.shows && cell.violation !== null && cell.violation.schedule !== null && cell.failures === null)
      if (names.every((name) => cell.bounds[name] === needs.bounds?.[name]))
        lines.push(`schedule  ${cell.violation.schedule}`);
  return lines.join('\n');
}

function provenText(needs: Needs): string {
  const some = needs.cells.some((cell) => cell.outcome === 'refused') ? ' that is a model' : '';
  return `every smaller one${some} was searched and does not show it`;
}

interface Row<C extends Cell> {
  readonly cell: C;
  readonly values: readonly string[];
}

/** Bounds, verdict, states, depth and what else is asked for; reasons on lines of their own. */
function table<C extends Cell>(
  names: readonly string[],
  rows: readonly Row<C>[],
  more: readonly string[],
  extra: (cell: C, index: number) => readonly string[],
): string[] {
  const cells = rows.map(({ cell, values }, i) => [
    ...values,
    resultOf(cell),
    cell.outcome === 'refused' ? '' : count(cell.states),
    cell.outcome === 'refused' ? '' : count(cell.depth),
    ...extra(cell, i),
  ]);
  const titled = (titles: readonly string[]) => {
    const heads = [...titles, 'verdict', 'states', 'depth', ...more];
    const widths = heads.map((head, i) => Math.max(head.length, ...cells.map((row) => row[i]?.length ?? 0)));
    return { heads, widths, wide: widths.reduce((sum, width) => sum + width + 2, 0) };
  };
  const full = titled(names);
  const numbered = full.wide > WIDTH;
  const { heads, widths } = numbered ? titled(names.map((_, i) => `[${i + 1}]`)) : full;
  const line = (row: readonly string[]) =>
    cut(
      row
        .map((text, i) =>
          i === names.length
            ? text.padEnd(widths[i] as number)
            : i < heads.length - more.length
              ? text.padStart(widths[i] as number)
              : text,
        )
        .map((text) => `  ${text}`)
        .join(''),
    );
  return [
    ...(numbered ? wrap(names.map((name, i) => `[${i + 1}] ${name}`).join(', '), { first: '  ', rest: '  ' }) : []),
    line(heads),
    ...cells.flatMap((row, i) => {
      const because = rows[i]?.cell.because ?? null;
      // A reason that many cells share is told once.
      if (because === null || rows.slice(0, i).some(({ cell }) => cell.because === because)) return [line(row)];
      return [line(row), ...wrap(because, { first: '      ', rest: '      ' })];
    }),
  ];
}

function resultOf(cell: Cell): string {
  return cell.violation === null ? cell.outcome : `${cell.violation.kind} in ${count(cell.violation.steps)}`;
}

/** `x7.0`; where several bounds were raised one factor for each, in their order, `-` for one at its start. */
function growthOf(cell: Cell, names: readonly string[]): string {
  if (Object.keys(cell.factors).length === 0) return '';
  const one = (name: string) => {
    const known = cell.factors[name];
    return known === undefined ? '-' : `x${factor(known)}`;
  };
  return names.map((name) => one(name).padEnd(5)).join(' ');
}

function named(cell: Cell, names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name) => [name, cell.bounds[name] as number]));
}

function largestText(growth: Growth, bounds: Growth['largest'][number]): string {
  const same = (cell: Cell) => Object.entries(bounds).every(([name, value]) => cell.bounds[name] === value);
  const cell = growth.cells.find((c) => c.outcome === 'holds' && same(c));
  return `largest complete: ${pairs(bounds, 'no bounds')}, ${plural(cell?.states ?? 0, 'state')}`;
}
