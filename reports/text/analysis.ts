/** An analysis as lines of text: what was predicted and what became of it, races, and a matrix of orders. */
import type { Analysis } from '../../checker/analyse/analysis.ts';
import {
  cycleParts,
  cycleResult,
  lockOrderText,
  MOST_EVENTS,
  orderMatrix,
  ordersText,
  raceParts,
  racesText,
  seenText,
} from '../analysis.ts';
import { count } from '../numbers.ts';
import { cut, wrap } from './lines.ts';

const labelled = (label: string, text: string): string[] => wrap(text, { first: `  ${label}: `, rest: '    ' });
const more = (hidden: number): string[] => (hidden > 0 ? [`    and ${count(hidden)} more, in the document`] : []);

/**
 * @param rows entries of a list before the rest is only counted.
 * @param pathOf where the schedule of a signature was written.
 */
export function analysisLines(a: Analysis, rows: number, pathOf?: (signature: string) => string): string[] {
  const { cycles } = a.lockOrder;
  const stored = ({ signature }: { readonly signature?: string }) =>
    signature === undefined || pathOf === undefined ? [] : [`      schedule  ${pathOf(signature)}`];
  return [
    ...labelled('analysed', seenText(a)),
    ...labelled('lock order', lockOrderText(a.lockOrder)),
    ...cycles
      .slice(0, rows)
      .flatMap((cycle) => [
        ...wrap(cycleResult(cycle), { first: '    ', rest: '    ' }),
        ...cycleParts(cycle).flatMap((part) => wrap(part, { first: '      ', rest: '        ' })),
        ...stored(cycle),
      ]),
    ...more(cycles.length - rows),
    ...labelled('data races', racesText(a.races)),
    ...a.races.found
      .slice(0, rows)
      .flatMap((race) => [
        ...wrap(race.field, { first: '    ', rest: '      ' }),
        ...raceParts(race).flatMap((part) => wrap(part, { first: '      ', rest: '        ' })),
        ...stored(race),
      ]),
    ...more(a.races.found.length - rows),
    ...labelled('orders of events', ordersText(a)),
    ...matrixLines(a),
  ];
}

function matrixLines({ orders }: Analysis): string[] {
  if (orders === null || orders.pairs.length === 0) return [];
  const shown = orders.events.slice(0, MOST_EVENTS);
  const number = (i: number) => String(i + 1).padStart(2);
  return [
    '    row to column: b before, a after, o overlapping, - never explored',
    ...shown.map(({ actor, name }, i) => cut(`    ${number(i)} ${actor}: ${name}`)),
    cut(`       ${shown.map((_, i) => number(i).padStart(4)).join('')}`),
    ...orderMatrix(orders).map((row, i) =>
      cut(`    ${number(i)} ${row.map((cell) => (cell?.text ?? '.').padStart(4)).join('')}`),
    ),
    ...(orders.events.length > MOST_EVENTS ? more(orders.events.length - MOST_EVENTS) : []),
  ];
}
