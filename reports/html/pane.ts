/**
 * What one step did: where it stands in the code, what changed, and what everybody could do next or why not. Written
 * out for every step, so that it can be read without scripts; the script shows one at a time beside the chart.
 *
 * Limits: of a very long schedule only the steps that matter most are written out, and the page says so.
 */
import { sourceText } from '../../checker/lang/source.ts';
import type { Change, Counterexample, Standing, TraceStep } from '../../checker/trace/counterexample.ts';
import { count, plural } from '../numbers.ts';
import { foldChanges, objectOf, ownerText, stackOf, standingsAfter, waitsOn, weights } from '../trace.ts';
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
      'ul',
      { class: 'changes', 'aria-label': 'Values' },
      ce.initial.map((v) => h('li', null, path(v.path), ' ', h('code', null, v.value))),
    ),
    standings(ce, 0),
  );
}

function detail(ce: Counterexample, step: TraceStep): Markup {
  return h(
    'article',
    { id: `at-${step.index}`, class: step.essential || step.index === ce.steps.length ? 'at chief' : 'at' },
    h(
      'h3',
      null,
      h('span', { class: 'soft' }, `Step ${step.index}`),
      ' ',
      step.actor,
      h('small', null, ` state ${step.fingerprint}`),
    ),
    h(
      'p',
      { class: 'label' },
      h('code', null, step.label),
      step.choice !== null && h('span', { class: 'choice' }, step.choice),
    ),
    step.note !== null && h('p', { class: 'note' }, step.note),
    where(step),
    changes(step.changes),
    standings(ce, step.index),
  );
}

/** The function with its source, and who called it. Sources of the callers stand in the table of sources. */
function where(step: TraceStep): Markup {
  const [inner, ...callers] = stackOf(step);
  return h(
    'p',
    { class: 'stack' },
    inner !== undefined && [h('code', null, inner.procedure), ' ', h('small', null, sourceText(inner.source))],
    callers.length > 0 && h('small', null, h('br'), 'called from ', codes(callers.map((c) => c.procedure))),
  );
}

/** Shared values one by one; locals, which nobody else sees, together in a line. */
function changes(list: readonly Change[]): Markup {
  const shared = list.filter((c) => !isLocal(c));
  const locals = list.filter((c) => isLocal(c) && c.after !== null);
  return fragment(
    shared.length === 0
      ? h('p', { class: 'soft' }, 'No shared value changed.')
      : h(
          'ul',
          { class: 'changes', 'aria-label': 'Changes' },
          foldChanges(shared).map(({ change: c, fields }) =>
            h(
              'li',
              { class: MARK[c.kind] },
              [h('b', null, MARK[c.kind]), ' ', path(c.path), ' ', value(c.before), ' \u2192 ', value(c.after)],
              fields.length > 0 && h('small', null, ' ', fieldsText(c, fields)),
            ),
          ),
        ),
    locals.length > 0 &&
      h(
        'p',
        { class: 'soft' },
        'locals ',
        h('code', null, locals.map((c) => `${c.path.slice(c.path.indexOf(':') + 1)} = ${c.after}`).join(', ')),
      ),
  );
}

/** What a new object starts with; of a freed one only how much went with it. */
function fieldsText(object: Change, fields: readonly Change[]): string {
  if (object.kind === 'deleted') return `and its ${plural(fields.length, 'field')}`;
  return fields.map((f) => `${f.path.slice(object.path.length + 1)} = ${f.after}`).join(', ');
}

const isLocal = (c: Change): boolean => objectOf(c.path) === null;
const path = (p: string): Markup => h('button', null, p);
const value = (v: string | null): Markup => (v === null ? h('small', null, 'none') : h('code', null, v));

/** Who could go next, and what holds the others back. */
function standings(ce: Counterexample, n: number): Markup {
  const all = standingsAfter(ce, n);
  const next = ce.steps[n];
  const active = all.filter((s) => s.status === 'running' || s.status === 'blocked');
  // Who rests or has ended is said when it begins, and at the end.
  const before = n === 0 || n === ce.steps.length ? [] : standingsAfter(ce, n - 1);
  const quiet = all.filter((s) => !active.includes(s) && before.find((b) => b.actor === s.actor)?.status !== s.status);
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
          h('small', { class: 'holds' }, waiting(s)),
        ];
  return h('tr', null, h('th', { scope: 'row' }, s.actor), h('td', null, state, holds));
}

/** `waits for iommu.lock, owned by shutdown, since step 11`. */
function waiting(s: Standing): Child {
  if (s.waits === null) return null;
  const on = waitsOn(s);
  const rest = [
    s.waits.owners.length > 0 ? ownerText(s.waits) : '',
    s.waits.since > 0 ? `since step ${s.waits.since}` : '',
  ];
  return [on !== null && ['waits for ', h('code', null, on), ', '], rest.filter((r) => r !== '').join(', ')];
}

function codes(items: readonly string[]): Child {
  return items.map((item, i) => [i > 0 ? ', ' : '', h('code', null, item)]);
}
