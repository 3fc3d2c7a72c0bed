/**
 * What a form that holds rests on, for its report: the table of `quiesce sensitivity`, the protections that nobody misses
 * first, the rest folded.
 */
import type { Sensitivity, SensitivityRow } from '../../checker/sensitivity/sensitivity.ts';
import { changeText, resultText, sensitivitySummary } from '../text/sensitivity.ts';
import { type Child, h } from './write.ts';

/** Without a table, how to make one. */
export function restsOn(scenario: string, variant: string, table: Sensitivity | null): Child {
  const title = h('h3', null, 'What it rests on');
  if (table === null)
    return [
      title,
      h(
        'p',
        null,
        'Not measured. ',
        h('code', null, `quiesce sensitivity ${scenario} --variant ${variant}`),
        ' takes out one lock, reference, flush, wait or check at a time and tells which property notices.',
      ),
    ];
  const noticed = table.rows.filter((row) => row.result === 'noticed');
  const others = table.rows.filter((row) => row.result !== 'noticed');
  return [
    title,
    h('p', null, `Of its protections one at a time was taken out, turned or moved. ${sensitivitySummary(table)}.`),
    rows(others),
    noticed.length > 0 && h('details', null, h('summary', null, `${noticed.length} noticed`), rows(noticed)),
  ];
}

const rows = (some: readonly SensitivityRow[]): Child =>
  h(
    'ul',
    { class: 'entries' },
    some.map((row) => h('li', null, h('code', null, `${row.procedure}: `), `${changeText(row)}: ${resultText(row)}`)),
  );
