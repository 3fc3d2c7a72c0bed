/**
 * The page about the bug corpus: every entry with the scenarios that show it, what was found, how large the search was,
 * what the repaired form says, and what the bug needs at least. Made from what is declared and what was measured last.
 */
import type { Needs } from '../../checker/grow/needs.ts';
import type { Scenario, Variant } from '../../checker/lang/scenario.ts';
import type { Source } from '../../checker/lang/source.ts';
import { plural } from '../numbers.ts';

/** An entry of the corpus. */
export interface PageEntry {
  readonly id: string;
  readonly part: 'ranked' | 'further' | 'guard';
  readonly name: string;
  readonly what: string;
  readonly kind: string;
}

/** What a run of the corpus measured of a variant. */
export interface Measured {
  /** Time of the search, with one decimal. */
  readonly seconds: number;
  /** Smallest bounds and fewest failures at which the bug shows; null where there is no counterexample. */
  readonly needs: {
    readonly bounds: Readonly<Record<string, number>>;
    readonly failures: Readonly<Record<string, number>>;
    readonly steps: number;
    /** Every smaller bounds were searched and do not show it. */
    readonly proven: boolean;
  } | null;
}

export interface CorpusPage {
  readonly entries: readonly PageEntry[];
  /** In the order in which they are shown. */
  readonly scenarios: readonly Scenario[];
  /** Entries that a variant is about. */
  readonly idsOf: (scenario: Scenario, variant: string) => readonly string[];
  /** By scenario and variant, `vfio-init-leak posted`. */
  readonly measured: Readonly<Record<string, Measured>>;
}

/** What is kept of the document of `needs`. */
export function measuredNeeds(needs: Needs): NonNullable<Measured['needs']> | null {
  if (needs.bounds === null || needs.steps === null) return null;
  return { bounds: needs.bounds, failures: needs.failures ?? {}, steps: needs.steps, proven: needs.proven };
}

/** `mms=1 binders=2, one kmalloc failure`. */
export function needsLine(needs: Measured['needs']): string {
  if (needs === null) return '';
  const bounds = Object.entries(needs.bounds)
    .filter(([, value]) => value > 0)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  const failures = Object.entries(needs.failures).map(([name, n]) => `${plural(n, `${name} failure`)}`);
  const parts = [bounds === '' ? 'nothing' : bounds, ...failures];
  return `${parts.join(', ')}${needs.proven ? '' : ' (not proven least)'}`;
}

/** The entries that no violated variant shows, or for a guard no variant that holds. */
export function missingEntries(page: Pick<CorpusPage, 'entries' | 'scenarios' | 'idsOf'>): PageEntry[] {
  return page.entries.filter((entry) => rowsOf(page, entry).length === 0);
}

/** The whole page as Markdown. */
export function corpusPage(page: CorpusPage): string {
  const part = (name: PageEntry['part']) => page.entries.filter((e) => e.part === name);
  const missing = new Set(missingEntries(page));
  const shown = (entries: readonly PageEntry[]) => entries.filter((e) => !missing.has(e));
  const further = part('further');
  const absent = further.filter((e) => missing.has(e));
  const named = (id: string) => variantsOf(page, id, () => true);
  return `${[
    '# The bug corpus',
    '',
    'Known defects of the Linux IOMMU stack, each as a scenario: the form as it was posted shows the defect, the repaired form',
    'holds. They are what says that the models are true. This page is written by `npm run corpus -- --update`; a test keeps',
    'it current. `quiesce check <scenario> --variant <variant>` shows any row of it.',
    '',
    '* *found*: kind and steps of the shortest counterexample, states that were seen when its level was finished, and the',
    '  seconds that took, once, on the machine of the last update (only these depend on the machine).',
    '* *repaired*: the repaired form of the scenario, which holds, complete, with so many states.',
    '* *needs*: the smallest bounds, by their sum, and the fewest injected failures at which the defect shows, found by',
    '  `quiesce grow --down`. Every smaller ones were searched. Bounds of zero are left out.',
    '',
    '## The ranked entries',
    '',
    `${shown(part('ranked')).length} of ${part('ranked').length} have a scenario.`,
    '',
    ...bugTable(page, part('ranked')),
    '',
    '## Further candidates',
    '',
    `${shown(further).length} of ${further.length} have a scenario.`,
    '',
    ...bugTable(page, shown(further)),
    ...(absent.length === 0
      ? []
      : ['', 'Without a scenario:', '', ...absent.map((e) => `* ${e.name} (${e.kind}): ${e.what}`)]),
    '',
    '## What must not be reported',
    '',
    ...guardTable(page, part('guard')),
    '',
    '## New here',
    '',
    'Not in the corpus: found while the systems were modelled, or forms that nobody posted, such as half a repair.',
    '',
    ...plainTable(page, variantsOf(page, 'new', isViolated)),
    '',
    '## For comparison',
    '',
    'Models that other checkers have too, and what the specification of a system lists as clean.',
    '',
    ...plainTable(page, [...named('peer'), ...[...'abcdefghij'].flatMap((system) => named(`guard (${system})`))]),
  ].join('\n')}\n`;
}

interface Row {
  readonly scenario: Scenario;
  readonly name: string;
  readonly variant: Variant;
}

const isViolated = (variant: Variant) => variant.expect.verdict === 'violated';

function variantsOf(page: Pick<CorpusPage, 'scenarios' | 'idsOf'>, id: string, wanted: (v: Variant) => boolean): Row[] {
  return page.scenarios.flatMap((scenario) =>
    Object.entries(scenario.variants)
      .filter(([name, variant]) => page.idsOf(scenario, name).includes(id) && wanted(variant))
      .map(([name, variant]) => ({ scenario, name, variant })),
  );
}

/** The variants that show an entry. */
function rowsOf(page: Pick<CorpusPage, 'scenarios' | 'idsOf'>, entry: PageEntry): Row[] {
  return variantsOf(page, entry.id, (v) => isViolated(v) === (entry.part !== 'guard'));
}

function bugTable(page: CorpusPage, entries: readonly PageEntry[]): string[] {
  const lines = table(['entry', 'kind', 'source', 'scenario', 'found', 'repaired', 'needs']);
  for (const entry of entries) {
    const rows = rowsOf(page, entry);
    const title = `**${entry.id}**${entry.name === entry.id ? '' : ` ${entry.name}`}: ${entry.what}`;
    if (rows.length === 0) lines.push(line([title, entry.kind, '', '**missing**', '', '', '']));
    for (const [i, row] of rows.entries())
      lines.push(
        line([
          i === 0 ? title : '',
          i === 0 ? entry.kind : '',
          rows[i - 1]?.scenario === row.scenario ? '' : sourceText(row.scenario.source),
          `\`${row.scenario.name}\` ${row.name}`,
          foundText(page, row),
          rows[i - 1]?.scenario === row.scenario ? '' : repairedText(page, row.scenario, entry.id),
          needsLine(page.measured[`${row.scenario.name} ${row.name}`]?.needs ?? null),
        ]),
      );
  }
  return lines;
}

function guardTable(page: CorpusPage, entries: readonly PageEntry[]): string[] {
  const lines = table(['case', 'scenario that holds', 'reported beside it']);
  for (const entry of entries) {
    const rows = rowsOf(page, entry);
    const title = `**${entry.id}**: ${entry.what}`;
    if (rows.length === 0) lines.push(line([title, '**missing**', '']));
    for (const [i, row] of rows.entries()) {
      const first = rows[i - 1]?.scenario !== row.scenario;
      const neighbours = Object.entries(row.scenario.variants).filter(([, v]) => isViolated(v));
      lines.push(
        line([
          i === 0 ? title : '',
          `\`${row.scenario.name}\` ${row.name}: ${plural(row.variant.expect.states, 'state')}`,
          first ? neighbours.map(([name, v]) => `${name}: ${kindText(v)}`).join('; ') : '',
        ]),
      );
    }
  }
  return lines;
}

function plainTable(page: CorpusPage, rows: readonly Row[]): string[] {
  const lines = table(['scenario', 'about', 'source', 'found']);
  for (const row of rows)
    lines.push(
      line([
        `\`${row.scenario.name}\` ${row.name}`,
        row.variant.about,
        sourceText(row.scenario.source),
        foundText(page, row),
      ]),
    );
  return lines;
}

/** `deadlock in 24 steps, 339 states, 0.1 s`. */
function foundText(page: CorpusPage, row: Row): string {
  const seconds = page.measured[`${row.scenario.name} ${row.name}`]?.seconds;
  return [
    kindText(row.variant),
    plural(row.variant.expect.states, 'state'),
    ...(seconds === undefined ? [] : [`${seconds.toFixed(1)} s`]),
  ].join(', ');
}

function kindText({ expect }: Variant): string {
  return expect.verdict === 'holds' ? 'holds' : `${expect.kind} in ${plural(expect.length, 'step')}`;
}

/** The variant that is called fixed, else the first whose name says so, else the first that holds. */
function repairedText(page: CorpusPage, scenario: Scenario, id: string): string {
  const holding = Object.entries(scenario.variants).filter(([, v]) => !isViolated(v));
  const mine = holding.filter(([name]) => page.idsOf(scenario, name).includes(id));
  const found =
    mine.find(([name]) => name === 'fixed') ?? mine.find(([name]) => name.startsWith('fixed')) ?? mine[0] ?? holding[0];
  return found === undefined ? '**none**' : `${found[0]}: holds, ${plural(found[1].expect.states, 'state')}`;
}

function sourceText(source: Source): string {
  return [source.patch, source.file].filter((part) => part !== undefined && part !== '').join(', ');
}

function table(titles: readonly string[]): string[] {
  return [line(titles), `|${titles.map(() => '---|').join('')}`];
}

/** A bar in a cell would end it, and an empty cell keeps its blank. */
function line(cells: readonly string[]): string {
  return `|${cells.map((cell) => (cell === '' ? ' |' : ` ${cell.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')} |`)).join('')}`;
}
