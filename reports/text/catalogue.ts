/**
 * The scenarios as a table: what `quiesce list` prints. One line a variant, below a line with what its scenario has for
 * all of them; nothing is wider than 100 columns.
 */
import type { Expectation, Scenario } from '../../checker/lang/scenario.ts';
import type { Source } from '../../checker/lang/source.ts';
import { count, plural } from '../numbers.ts';
import { ascii, cut, wrap } from './lines.ts';

/** Width of the table. */
export const CATALOGUE_WIDTH = 100;

/** A scenario, and the words that say which entries of the bug corpus it and its variants are about. */
export interface CatalogueEntry {
  readonly scenario: Scenario;
  readonly corpus: readonly string[];
  /** By variant, where they are not those of the scenario. */
  readonly ofVariant: Readonly<Record<string, readonly string[]>>;
}

/** The whole table, in the order given. */
export function catalogueText(entries: readonly CatalogueEntry[]): string {
  const rows = entries.map((e) => ({ entry: e, variants: variantRows(e) }));
  const all = rows.flatMap((r) => r.variants);
  const width = (key: 'name' | 'expected' | 'states', title: string) =>
    Math.max(title.length, ...all.map((v) => v[key].length));
  const widths = {
    name: width('name', 'variant'),
    expected: width('expected', 'expected'),
    states: width('states', 'states'),
  };
  const line = (name: string, expected: string, states: string) =>
    `  ${name.padEnd(widths.name)}  ${expected.padEnd(widths.expected)}  ${states.padStart(widths.states)}`;
  const start = line('', '', '').length + 2;
  const lines = [
    cut(`scenario   system   corpus   source`, CATALOGUE_WIDTH),
    `${line('variant', 'expected', 'states')}  bounds`,
  ];
  for (const { entry, variants } of rows) {
    lines.push('', ...scenarioLines(entry));
    for (const v of variants) {
      const rest = ' '.repeat(start);
      lines.push(...wrap(v.bounds, { first: `${line(v.name, v.expected, v.states)}  `, rest, width: CATALOGUE_WIDTH }));
    }
  }
  const variants = entries.reduce((sum, e) => sum + Object.keys(e.scenario.variants).length, 0);
  const violated = entries.reduce(
    (sum, e) => sum + Object.values(e.scenario.variants).filter((v) => v.expect.verdict === 'violated').length,
    0,
  );
  lines.push(
    '',
    `${plural(entries.length, 'scenario')}, ${plural(variants, 'variant')}: ${violated} violated, ${variants - violated} hold`,
  );
  return lines.join('\n');
}

/** Name, systems, entries of the corpus and source, three blanks apart, broken between them where they do not fit. */
function scenarioLines({ scenario, corpus }: CatalogueEntry): string[] {
  const parts = [scenario.name, scenario.systems.join(', '), corpus.join(', '), sourceLine(scenario.source)].map(ascii);
  const lines: string[] = [];
  let current = '';
  for (const part of parts) {
    const joined = current === '' ? part : `${current}   ${part}`;
    if (joined.length <= CATALOGUE_WIDTH) {
      current = joined;
      continue;
    }
    lines.push(current);
    current = `    ${part}`;
  }
  return [...lines, current].flatMap((l) =>
    l.length <= CATALOGUE_WIDTH ? [l] : wrap(l.trimStart(), { first: '    ', rest: '    ', width: CATALOGUE_WIDTH }),
  );
}

function sourceLine(source: Source): string {
  return [source.patch, source.file].filter((part) => part !== undefined && part !== '').join(', ');
}

function variantRows({ scenario, ofVariant }: CatalogueEntry) {
  return Object.entries(scenario.variants).map(([name, { expect, bounds }]) => ({
    name: ascii(name),
    expected: expectedText(expect),
    states: count(expect.states),
    bounds: [
      Object.entries({ ...scenario.bounds, ...bounds })
        .map(([bound, value]) => `${bound}=${value}`)
        .join(' '),
      ofVariant[name] === undefined ? '' : `(${ofVariant[name].join(', ')})`,
    ]
      .filter((part) => part !== '')
      .join(' '),
  }));
}

/** `deadlock in 24`, `holds`. */
export function expectedText(expect: Expectation): string {
  return expect.verdict === 'holds' ? 'holds' : `${expect.kind} in ${count(expect.length)}`;
}
