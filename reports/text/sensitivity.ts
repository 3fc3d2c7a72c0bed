/** The table of mutants as text: by procedure, two or more lines a mutant, at most 72 columns. */
import type { Sensitivity, SensitivityResult, SensitivityRow } from '../../checker/sensitivity/sensitivity.ts';
import { pairs } from '../facts.ts';
import { count, plural } from '../numbers.ts';
import { facts, listing, wrap } from './lines.ts';

const results: readonly SensitivityResult[] = ['noticed', 'redundant', 'blind', 'undecided', 'refused'];

/** The whole table and what it adds up to. */
export function sensitivityText(table: Sensitivity): string {
  const lines = facts(
    [`SENSITIVITY ${table.scenario} ${table.variant}`, pairs(table.bounds, ''), plural(table.states, 'state')],
    { rest: '  ' },
  );
  let procedure = '';
  for (const row of table.rows) {
    if (row.procedure !== procedure) lines.push('', ...wrap(row.procedure));
    procedure = row.procedure;
    lines.push(...wrap(changeText(row), { first: '  ', rest: '      ' }));
    lines.push(...wrap(resultText(row), { first: '    ', rest: '      ' }));
  }
  lines.push('', ...wrap(sensitivitySummary(table), { rest: '  ' }));
  if (!table.complete) lines.push('not complete: some mutants were not searched');
  return lines.join('\n');
}

/** `lock left out: mutex_lock(&a), mutex_unlock(&a)`. */
export function changeText(row: SensitivityRow): string {
  const [first = '', second] = row.labels;
  if (row.change !== 'later' && row.change !== 'earlier') return `${row.kind} ${row.change}: ${row.labels.join(', ')}`;
  const other = second === undefined ? 'what stands next to it' : second;
  return `${row.kind} ${row.change}: ${first} ${row.change === 'later' ? 'behind' : 'before'} ${other}`;
}

/** `noticed by memory: use-after-free in 7 steps, 40 states`. */
export function resultText(row: SensitivityRow): string {
  switch (row.result) {
    case 'noticed':
      return row.length === null
        ? `noticed by ${row.property}: never reached, ${plural(row.states, 'state')}`
        : `noticed by ${row.property}: ${row.violation} in ${plural(row.length, 'step')}, ${plural(row.states, 'state')}`;
    case 'redundant':
      return `REDUNDANT  nobody notices, ${plural(row.states, 'state')}`;
    case 'blind':
      return `BLIND  ${row.because}${row.states === 0 ? '' : `, ${plural(row.states, 'state')}`}`;
    default:
      return `${row.result}: ${row.because}${row.states === 0 ? '' : `, ${plural(row.states, 'state')}`}`;
  }
}

/** `12 mutants: 8 noticed, 1 redundant and 3 blind`. */
export function sensitivitySummary(table: Sensitivity): string {
  const parts = results.flatMap((result) => {
    const n = numberOf(table, result);
    return n === 0 ? [] : [`${count(n)} ${result}`];
  });
  return `${plural(table.rows.length, 'mutant')}: ${listing(parts)}`;
}

/** How many mutants had this result. */
export function numberOf(table: Sensitivity, result: SensitivityResult): number {
  return table.rows.filter((row) => row.result === result).length;
}
