/**
 * What one step did, written out for every step that did more than its row says, so that it can be read without scripts
 * and printed: what changed, and whose standing changed with it; for the steps that matter most also where they stand in
 * the code and what everybody could do next, or why not. The script shows one step at a time beside the chart and fills
 * in the rest.
 *
 * Limits: of a long schedule, or one of many actors, only the steps that matter most are written out, and the page says so.
 */
import { sourceText } from '../../checker/lang/source.ts';
import type { Change, Counterexample, Standing, TraceStep } from '../../checker/trace/counterexample.ts';
import { count, plural } from '../numbers.ts';
import {
  fieldsText,
  foldChanges,
  objectOf,
  stackOf,
  standingsAfter,
  viewChanges,
  viewPath,
  weights,
} from '../trace.ts';
import { waitText } from './data.ts';
import { type Child, fragment, h, type Markup, render } from './write.ts';

/** Longer schedules are drawn by the script, in a window. */
export const MOST_WRITTEN = 300;
/** Steps of a longer one that are written out, where there is room. */
const CHIEF_WRITTEN = 80;
/** Written out whatever the room. */
const LEAST_WRITTEN = 10;
/** Room for the sentence which says that some are not. */
const NOTE_BYTES = 200;
const MARK = { added: 'A', modified: 'M', deleted: 'D' } as const;

/**
 * @param room bytes of the page that are left for it
 * @param whole the page has the data of all steps, so that the script can tell the others
 */
export function details(ce: Counterexample, room: number, whole: boolean): Markup {
  const most = ce.steps.length > MOST_WRITTEN ? CHIEF_WRITTEN : MOST_WRITTEN;
  const size = (markup: Markup) => Buffer.byteLength(render(markup));
  const start = initial(ce);
  const written = new Map<number, Markup>();
  let left = room - size(start) - NOTE_BYTES;
  let considered = 0;
  for (const step of heaviestFirst(ce).slice(0, most)) {
    const markup = saysMore(ce, step) ? detail(ce, step) : null;
    if (markup !== null) left -= size(markup);
    if (left < 0 && considered >= LEAST_WRITTEN) break;
    considered++;
    if (markup !== null) written.set(step.index, markup);
  }
  return fragment(
    considered < ce.steps.length &&
      h(
        'p',
        { class: 'soft' },
        `Details of ${plural(considered, 'step')} of ${count(ce.steps.length)} are written out, those that matter most${whole ? '; with scripts, of every step' : ''}.`,
      ),
    start,
    ce.steps.map((s) => written.get(s.index)),
  );
}

/** Is there more to say of a step than its row does? What it did to its own locals the script shows. */
function saysMore(ce: Counterexample, step: TraceStep): boolean {
  return (
    isChief(ce, step) ||
    step.note !== null ||
    step.changes.some((c) => !isLocal(c)) ||
    viewChanges(ce, step.index).length > 0 ||
    newStandings(ce, step) !== false
  );
}

const isChief = (ce: Counterexample, step: TraceStep): boolean => step.essential || step.index === ce.steps.length;

/** Numbers of the `most` steps that matter most; of equals the later ones. */
export function weightiest(ce: Counterexample, most: number): ReadonlySet<number> {
  return new Set(
    heaviestFirst(ce)
      .slice(0, most)
      .map((s) => s.index),
  );
}

function heaviestFirst(ce: Counterexample): TraceStep[] {
  const weight = weights(ce);
  const of = (s: TraceStep) => weight[s.index - 1] ?? 0;
  return [...ce.steps].sort((a, b) => of(b) - of(a) || b.index - a.index);
}

function initial(ce: Counterexample): Markup {
  return h(
    'article',
    { id: 'at-0', class: 'at' },
    h('h3', null, 'Initial state'),
    h(
      'ul',
      { class: 'changes', 'aria-label': 'Values' },
      (ce.views ?? []).map((v) => h('li', null, `${viewPath(v.name)} = ${v.values[0]} `, h('small', null, v.about))),
      ce.initial.map((v) => h('li', null, `${v.path} = ${v.value}`)),
    ),
    standings(ce, 0),
  );
}

function detail(ce: Counterexample, step: TraceStep): Markup {
  const chief = isChief(ce, step);
  return h(
    'article',
    { id: `at-${step.index}`, class: chief ? 'at chief' : 'at' },
    h('h3', null, `Step ${step.index} ${step.actor}`),
    chief && [
      h(
        'p',
        { class: 'label' },
        h('code', null, step.label),
        step.choice !== null && h('span', { class: 'choice' }, step.choice),
      ),
      where(step),
    ],
    step.note !== null && h('p', { class: 'note' }, step.note),
    changes([...viewChanges(ce, step.index), ...step.changes]),
    chief ? standings(ce, step.index) : newStandings(ce, step),
  );
}

/** The function with its source, and who called it. Sources of the callers stand in the table of sources. */
function where(step: TraceStep): Markup {
  const [inner, ...callers] = stackOf(step);
  return h(
    'p',
    { class: 'stack' },
    inner !== undefined && [h('code', null, inner.procedure), ' ', h('small', null, sourceText(inner.source))],
    callers.length > 0 && h('small', null, `, called from ${callers.map((c) => c.procedure).join(', ')}`),
  );
}

/** Shared values one by one; locals, which nobody else sees, together in a line. */
function changes(list: readonly Change[]): Child {
  const shared = list.filter((c) => !isLocal(c));
  const locals = list.filter((c) => isLocal(c) && c.after !== null);
  return [
    shared.length > 0 &&
      h(
        'ul',
        { class: 'changes' },
        foldChanges(shared).map(({ change: c, fields }) =>
          h(
            'li',
            { class: MARK[c.kind] },
            h('b', null, MARK[c.kind]),
            ` ${c.path} `,
            h('code', null, `${c.before ?? 'none'} \u2192 ${c.after ?? 'none'}`),
            fields.length > 0 && h('small', null, ' ', fieldsText(c, fields)),
          ),
        ),
      ),
    locals.length > 0 &&
      h(
        'p',
        { class: 'soft' },
        `locals ${locals.map((c) => `${c.path.slice(c.path.indexOf(':') + 1)} = ${c.after}`).join(', ')}`,
      ),
  ];
}

const isLocal = (c: Change): boolean => objectOf(c.path) === null;

/** Who could go next, and what holds the others back. */
function standings(ce: Counterexample, n: number): Child {
  const all = standingsAfter(ce, n);
  const next = ce.steps[n];
  const active = all.filter((s) => s.status === 'running' || s.status === 'blocked');
  const quiet = n === ce.steps.length ? all.filter((s) => !active.includes(s)) : [];
  return [
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
    quiet.length > 0 && h('p', { class: 'soft' }, quiet.map(quietText).join('; ')),
  ];
}

function quietText(s: Standing): string {
  if (s.status === 'ended') return `${s.actor} has ended`;
  return `${s.actor} may rest${s.next === null ? '' : ` at ${s.next}`}`;
}

function standing(s: Standing, goes: boolean): Markup {
  const holds =
    s.holds.length === 0 ? null : h('small', { class: 'holds' }, `holds ${s.holds.map((x) => x.lock).join(', ')}`);
  const [kind, words] =
    s.status === 'blocked' ? ['stop', '\u25a0 blocked'] : goes ? ['goes', '\u2192 goes next'] : ['can', 'could go'];
  return h(
    'tr',
    null,
    h('th', { scope: 'row' }, s.actor),
    h(
      'td',
      null,
      h('span', { class: kind }, words),
      ' ',
      h('code', null, s.next ?? ''),
      s.waits !== null && h('small', { class: 'holds' }, waitText(s)),
      holds,
    ),
  );
}

/** Who is blocked since this step, is so no more, rests or has ended. */
function newStandings(ce: Counterexample, step: TraceStep): Child {
  const before = new Map(standingsAfter(ce, step.index - 1).map((s) => [s.actor, s.status]));
  const texts = step.standings
    .filter((s) => before.get(s.actor) !== s.status)
    .map((s) => {
      if (s.status === 'running') return `${s.actor} can go on`;
      if (s.status === 'blocked') return `${s.actor} is blocked at ${s.next ?? ''}: ${waitText(s) ?? ''}`;
      return quietText(s);
    });
  return texts.length > 0 && h('p', { class: 'soft' }, texts.join('; '));
}
