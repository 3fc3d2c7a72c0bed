/**
 * What one step did: where it stands in the code, what changed, and what everybody could do next or why not. Written
 * out for every step, so that it can be read without scripts; the script shows one at a time beside the chart.
 *
 * Limits: of a very long schedule only the steps that matter most are written out, and the page says so.
 */
import { sourceText } from '../../checker/lang/source.ts';
import type { Change, Counterexample, Standing, TraceStep } from '../../checker/trace/counterexample.ts';
import { count, plural } from '../numbers.ts';
import { ownerText, stackOf, standingsAfter, weights } from '../trace.ts';
import { type Child, fragment, h, type Markup } from './write.ts';

export const MOST_DETAILS = 300;

const MARK = { added: 'A', modified: 'M', deleted: 'D' } as const;

export function details(ce: Counterexample): Markup {
  const chosen = detailed(ce);
  return fragment(
    chosen.size < ce.steps.length &&
      h(
        'p',
        { class: 'soft' },
        `Details of ${plural(chosen.size, 'step')} of ${count(ce.steps.length)} are kept, those that matter most.`,
      ),
    initial(ce),
    ce.steps.filter((s) => chosen.has(s.index)).map((s) => detail(ce, s)),
  );
}

/** Numbers of the steps that are written out. */
function detailed(ce: Counterexample): ReadonlySet<number> {
  const weight = weights(ce);
  const byWeight = ce.steps.map((s, i) => ({ n: s.index, w: weight[i] ?? 0 })).sort((a, b) => b.w - a.w || b.n - a.n);
  return new Set(byWeight.slice(0, MOST_DETAILS).map((s) => s.n));
}

function initial(ce: Counterexample): Markup {
  return h(
    'article',
    { id: 'at-0', class: 'at' },
    h('h3', null, 'Initial state'),
    h(
      'table',
      { class: 'changes' },
      h('caption', null, 'Values'),
      h(
        'tbody',
        null,
        ce.initial.map((v) => h('tr', null, h('td', null, path(v.path)), h('td', null, h('code', null, v.value)))),
      ),
    ),
    standings(ce, 0),
  );
}

function detail(ce: Counterexample, step: TraceStep): Markup {
  return h(
    'article',
    { id: `at-${step.index}`, class: 'at' },
    h('h3', null, h('span', { class: 'soft' }, `Step ${step.index}`), ' ', h('b', null, step.actor)),
    h(
      'p',
      { class: 'label' },
      h('code', null, step.label),
      step.choice !== null && h('span', { class: 'choice' }, step.choice),
    ),
    step.note !== null && h('p', { class: 'note' }, step.note),
    h(
      'ol',
      { class: 'stack', 'aria-label': 'Calls, innermost first' },
      stackOf(step).map((c) =>
        h('li', null, h('code', null, c.procedure), ' ', h('small', null, sourceText(c.source))),
      ),
    ),
    changes(step.changes),
    standings(ce, step.index),
    h('p', { class: 'soft print-off' }, `state ${step.fingerprint}`),
  );
}

function changes(list: readonly Change[]): Markup {
  if (list.length === 0) return h('p', { class: 'soft' }, 'No shared value changed: this step only looked.');
  return h(
    'table',
    { class: 'changes' },
    h('caption', null, 'What changed'),
    h(
      'thead',
      null,
      h(
        'tr',
        null,
        h('th', { scope: 'col' }, h('span', { class: 'sr' }, 'kind')),
        h('th', { scope: 'col' }, 'what'),
        h('th', { scope: 'col' }, 'before'),
        h('th', { scope: 'col' }, 'after'),
      ),
    ),
    h(
      'tbody',
      null,
      list.map((c) =>
        h(
          'tr',
          { class: c.kind },
          h('td', null, h('abbr', { class: 'mark', title: c.kind }, MARK[c.kind])),
          h('td', null, path(c.path)),
          h('td', null, value(c.before)),
          h('td', null, value(c.after)),
        ),
      ),
    ),
  );
}

const path = (p: string): Markup => h('button', { type: 'button', class: 'path' }, p);
const value = (v: string | null): Markup => (v === null ? h('small', { class: 'soft' }, 'none') : h('code', null, v));

/** Who could go next, and what holds the others back. */
function standings(ce: Counterexample, n: number): Markup {
  const all = standingsAfter(ce, n);
  const next = ce.steps[n];
  const active = all.filter((s) => s.status === 'running' || s.status === 'blocked');
  const quiet = all.filter((s) => !active.includes(s));
  return fragment(
    active.length > 0 &&
      h(
        'table',
        { class: 'stand' },
        h('caption', null, 'What each could do now, and why not'),
        h(
          'tbody',
          null,
          active.map((s) => standing(s, next?.actor === s.actor)),
        ),
      ),
    quiet.length > 0 &&
      h(
        'p',
        { class: 'soft' },
        quiet.map(
          (s, i) =>
            `${i > 0 ? '; ' : ''}${s.actor} ${s.status === 'ended' ? 'has ended' : `may rest${s.next === null ? '' : ` at ${s.next}`}`}`,
        ),
      ),
  );
}

function standing(s: Standing, goes: boolean): Markup {
  const holds =
    s.holds.length === 0 ? null : h('small', { class: 'holds' }, 'holds ', codes(s.holds.map((x) => x.lock)));
  const state: Child =
    s.status === 'running'
      ? [
          h('span', { class: goes ? 'goes' : 'can' }, goes ? '\u2192 goes next' : 'could go'),
          ' ',
          h('code', null, s.next ?? ''),
        ]
      : [
          h('span', { class: 'stop' }, '\u25a0 blocked'),
          ' ',
          h('code', null, s.next ?? ''),
          s.waits !== null &&
            h(
              'small',
              { class: 'holds' },
              'waits for ',
              h('code', null, s.waits.on),
              s.waits.owners.length > 0 && `, ${ownerText(s.waits)}`,
              s.waits.since > 0 && `, since step ${s.waits.since}`,
            ),
        ];
  return h('tr', null, h('th', { scope: 'row' }, s.actor), h('td', null, state, holds));
}

function codes(items: readonly string[]): Child {
  return items.map((item, i) => [i > 0 ? ', ' : '', h('code', null, item)]);
}
