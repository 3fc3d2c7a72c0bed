/**
 * The suite page: the verdicts of a folder of runs in one table, a row for each property of each scenario's variant, with
 * what earlier runs said, and the violations grouped by signature, with links to their reports. One file without any
 * script.
 */
import type { Verdict } from '../../checker/verdict.ts';
import { extent, pairs } from '../facts.ts';
import type { PastResult } from '../history.ts';
import { count, plural } from '../numbers.ts';
import { marks, resultMark, toneOf, verdictTone } from './marks.ts';
import { contents, pageText, type Section } from './shell.ts';
import { suiteStyle } from './style.ts';
import { table } from './tables.ts';
import { type Child, h, type Markup } from './write.ts';

/** A run, and where its reports lie, seen from the page; null where there is none. */
export interface SuiteEntry {
  readonly verdict: Verdict;
  /** What runs of this form said so far, the oldest first; empty where nobody kept it. */
  readonly history: readonly PastResult[];
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
    { id: 'runs', title: 'Runs', body: properties(entries) },
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
    style: suiteStyle,
    footer: 'Reports about models, never claims about a real machine.',
  });
}

const linked = (href: string | null, text: string): Child => (href === null ? text : h('a', { href }, text));

interface Group {
  readonly headline: string;
  readonly runs: Child[];
  /** Dates on which it was seen; empty where nobody kept them. */
  readonly seen: string[];
}

/** What one bug did in which runs. */
function signatures(entries: readonly SuiteEntry[]): Child {
  const groups = new Map<string, Group>();
  for (const { verdict, report, history } of entries)
    for (const ce of verdict.violations) {
      const group = groups.get(ce.signature) ?? { headline: ce.headline, runs: [], seen: [] };
      if (group.runs.length > 0) group.runs.push(', ');
      group.runs.push(linked(report(ce.signature), `${verdict.scenario.name} ${verdict.variant}`));
      for (const past of history) if (past.signatures.includes(ce.signature)) group.seen.push(past.first, past.last);
      groups.set(ce.signature, group);
    }
  if (groups.size === 0) return h('p', null, 'None.');
  return table(
    'In which runs each was found',
    ['signature', 'violation', 'first seen', 'last seen', 'runs'],
    [...groups].map(([signature, { headline: what, runs, seen }]) => {
      const dates = seen.sort();
      return h(
        'tr',
        null,
        h('th', { scope: 'row' }, h('code', null, signature)),
        h('td', null, what),
        h('td', null, day(dates[0])),
        h('td', null, day(dates.at(-1))),
        h('td', null, runs),
      );
    }),
  );
}

const day = (date: string | undefined): string => date?.slice(0, 10) ?? '';

/** Which rows are shown, without a script: a row is left out where the box of its outcome is not ticked. */
function filters(entries: readonly SuiteEntry[]): Child {
  const results = entries.flatMap(({ verdict }) => verdict.properties.map((p) => toneOf(p.result)));
  return h(
    'p',
    { class: 'filters' },
    (['bad', 'warn', 'good'] as const).map((tone) => {
      const rows = results.filter((r) => r === tone).length;
      if (rows === 0) return null;
      return h(
        'label',
        { class: `word ${tone}` },
        h('input', { type: 'checkbox', id: `show-${tone}`, checked: true }),
        ` ${marks[tone]} ${{ bad: 'violated', warn: 'undecided', good: 'hold' }[tone]}: ${count(rows)}`,
      );
    }),
  );
}

/** A row for each property. */
function properties(entries: readonly SuiteEntry[]): Child {
  return [
    filters(entries),
    table(
      'A row for each property',
      ['scenario', 'variant', 'property', 'result', 'history', 'bounds', 'states', 'seen'],
      entries.flatMap(({ verdict, report, history }) =>
        verdict.properties.map((property, i) => {
          const broken = verdict.violations.find((v) => v.property === property.name);
          const first = i === 0;
          return h(
            'tr',
            { class: `is-${toneOf(property.result)}${property.result === 'violated' ? ' broken' : ''}` },
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
            h('td', null, first && history.length > 0 && strip(history)),
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
    ),
    entries.some((e) => e.history.length > 0) &&
      h(
        'p',
        { class: 'soft' },
        'History: a mark for each stretch of runs that said the same of the same model, the oldest first; the number is that of its runs.',
      ),
  ];
}

/** What runs of one form said, from left to right. Each mark tells in words, too, for those who cannot see or hover. */
function strip(history: readonly PastResult[]): Markup {
  return h(
    'ol',
    { class: 'strip', 'aria-label': 'History' },
    history.map((past, i) => {
      const tone = verdictTone(past);
      const changed = i > 0 && history[i - 1]?.modelHash !== past.modelHash ? ', the model changed' : '';
      const words = [
        `${past.outcome}${past.signatures.length > 0 ? ` ${past.signatures.join(' ')}` : ''}${changed}`,
        `${plural(past.runs, 'run')}, ${past.first}${past.runs > 1 ? ` to ${past.last}` : ''}`,
        `model ${past.modelHash}, ${pairs(past.bounds, 'no bounds')}`,
      ].join('; ');
      return h(
        'li',
        { class: `word ${tone}`, title: words },
        marks[tone],
        past.runs > 1 && h('small', null, count(past.runs)),
        h('span', { class: 'sr' }, ` ${words}`),
      );
    }),
  );
}
