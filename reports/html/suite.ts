/**
 * The suite page: the verdicts of a folder of runs in one table, a row for each property of each scenario's variant, and
 * the violations grouped by signature, with links to their reports. One file without any script.
 */
import type { Verdict } from '../../checker/verdict.ts';
import { extent, pairs } from '../facts.ts';
import { count, plural } from '../numbers.ts';
import { contents, pageText, type Section } from './shell.ts';
import { resultMark } from './trust.ts';
import { type Child, h, type Markup } from './write.ts';

/** A run, and where its reports lie, seen from the page; null where there is none. */
export interface SuiteEntry {
  readonly verdict: Verdict;
  /** The report of a violation, or of the whole verdict for null. */
  readonly report: (signature: string | null) => string | null;
}

/** The page of these runs, in the order given. Throws nothing: a run without reports has no links. */
export function suiteHtml(entries: readonly SuiteEntry[], version: string): string {
  const outcomes = { violated: 0, undecided: 0, holds: 0 };
  for (const { verdict } of entries) outcomes[verdict.outcome]++;
  const unexpected = entries.filter((e) => e.verdict.asExpected === false);
  const title = `${plural(entries.length, 'run')}: ${outcomes.violated} violated, ${outcomes.holds} hold, ${outcomes.undecided} undecided`;
  const tone = unexpected.length > 0 || outcomes.undecided > 0 ? 'warn' : outcomes.violated > 0 ? 'bad' : 'good';
  const sections: readonly Section[] = [
    { id: 'signatures', title: 'Violations by signature', body: signatures(entries) },
    { id: 'runs', title: 'Runs', body: table(entries) },
  ];
  return pageText({
    title,
    version,
    skipTo: 'table',
    header: h(
      'header',
      { class: tone },
      h('div', { class: 'top' }, h('span', { class: 'brand' }, 'quiesce'), h('span', { class: 'verdict' }, title)),
      h('h1', null, h('span', { class: 'model' }, 'MODEL'), ' Runs'),
      contents(sections),
    ),
    sections,
    footer: 'Reports about models, never claims about a real machine.',
  });
}

const linked = (href: string | null, text: string): Child => (href === null ? text : h('a', { href }, text));

/** What one bug did in which runs. */
function signatures(entries: readonly SuiteEntry[]): Child {
  const groups = new Map<string, { headline: string; runs: Child[] }>();
  for (const { verdict, report } of entries)
    for (const ce of verdict.violations) {
      const group = groups.get(ce.signature) ?? { headline: ce.headline, runs: [] };
      if (group.runs.length > 0) group.runs.push(', ');
      group.runs.push(linked(report(ce.signature), `${verdict.scenario.name} ${verdict.variant}`));
      groups.set(ce.signature, group);
    }
  if (groups.size === 0) return h('p', null, 'None.');
  return scroll(
    'In which runs each was found',
    ['signature', 'violation', 'runs'],
    [...groups].map(([signature, { headline: what, runs }]) =>
      h('tr', null, h('th', { scope: 'row' }, h('code', null, signature)), h('td', null, what), h('td', null, runs)),
    ),
  );
}

function table(entries: readonly SuiteEntry[]): Child {
  return scroll(
    'A row for each property',
    ['scenario', 'variant', 'property', 'result', 'bounds', 'states', 'seen'],
    entries.flatMap(({ verdict, report }) =>
      verdict.properties.map((property, i) => {
        const broken = verdict.violations.find((v) => v.property === property.name);
        const first = i === 0;
        return h(
          'tr',
          { class: property.result === 'violated' ? 'broken' : null },
          h('th', { scope: 'row' }, verdict.scenario.name),
          h('td', null, first ? linked(report(null), verdict.variant) : verdict.variant),
          h('td', null, property.name),
          h(
            'td',
            null,
            broken === undefined
              ? resultMark(property.result)
              : h('a', { href: report(broken.signature) ?? '#signatures' }, resultMark(property.result)),
          ),
          h('td', null, first ? pairs(verdict.bounds) : ''),
          h('td', null, first ? count(verdict.counts.states) : ''),
          h(
            'td',
            null,
            first ? `${extent(verdict).toLowerCase()}${verdict.asExpected === false ? ', unexpected' : ''}` : '',
          ),
        );
      }),
    ),
  );
}

function scroll(caption: string, columns: readonly string[], rows: readonly Markup[]): Markup {
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      { class: 'grid' },
      h('caption', null, caption),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          columns.map((name) => h('th', { scope: 'col' }, name)),
        ),
      ),
      h('tbody', null, rows),
    ),
  );
}
