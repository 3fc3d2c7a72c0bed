/** The tables of docs/sensitivity.md: an overview, then what nobody noticed, then every mutant of every scenario. */
import type { Sensitivity, SensitivityRow } from '../../checker/sensitivity/sensitivity.ts';
import { pairs } from '../facts.ts';
import { count } from '../numbers.ts';
import { changeText, numberOf, resultText } from '../text/sensitivity.ts';

/** From here on the page is written by `quiesce sensitivity --update`. */
export const TABLES_BEGIN = '<!-- what follows is written by quiesce sensitivity --update -->';

/** The page with its tables replaced. */
export function sensitivityPage(page: string, tables: readonly Sensitivity[]): string {
  const at = page.indexOf(TABLES_BEGIN);
  const head = at < 0 ? page.trimEnd() : page.slice(0, at).trimEnd();
  return `${head}\n\n${TABLES_BEGIN}\n\n${tablesText(tables)}\n`;
}

function tablesText(tables: readonly Sensitivity[]): string {
  const overview = [
    '| scenario | states | mutants | noticed | redundant | blind | undecided | refused |',
    '|---|--:|--:|--:|--:|--:|--:|--:|',
    ...tables.map((t) => {
      const n = (result: SensitivityRow['result']) => count(numberOf(t, result));
      const name = `[${t.scenario} ${t.variant}](#${t.scenario}-${t.variant})`;
      return `| ${name} | ${count(t.states)} | ${count(t.rows.length)} | ${n('noticed')} | ${n('redundant')} | ${n('blind')} | ${n('undecided')} | ${n('refused')} |`;
    }),
  ];
  return ['## Tables', '', ...overview, ...tables.flatMap(tableOf)].join('\n');
}

function tableOf(t: Sensitivity): string[] {
  return [
    '',
    `### ${t.scenario} ${t.variant}`,
    '',
    `${pairs(t.bounds, 'the declared bounds')}; ${count(t.states)} states, mutants searched up to ${count(t.mostStates)}.`,
    '',
    '| procedure | mutant | result |',
    '|---|---|---|',
    ...t.rows.map((row) => `| ${cell(row.procedure)} | ${cell(changeText(row))} | ${cell(resultText(row))} |`),
  ];
}

/** Text as code does not show in a table: a bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('_', '\\_').replaceAll('*', '\\*').replaceAll('<', '&lt;');
}
