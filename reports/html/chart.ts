/**
 * The interleaving chart: a plain table with one row a step and one lane an actor. Lock ownership runs as bars down a
 * lane, waiting as hatching, and every essential ordering as a bracket at the left. All of it is drawn by the cells
 * themselves, so it needs no script, wraps, scrolls and prints like any table. Beside a step stand the steps of others that
 * had to come before it; the script draws them as arrows. What matters least folds into one row, "3 local steps".
 *
 * Limits: eight colours of locks, then they repeat (letters do not). Of a long schedule only the steps that matter most
 * stand in the page; the script draws all, those that are looked at.
 */
import type { Counterexample, Standing, TraceStep } from '../../checker/trace/counterexample.ts';
import { type Cause, causality } from '../export/causality.ts';
import { count, plural } from '../numbers.ts';
import {
  blockedAtEnd,
  isAboutWaiting,
  locksOf,
  loopText,
  ownerText,
  participants,
  standingsAfter,
  waitsOn,
  weights,
} from '../trace.ts';
import { marks } from './marks.ts';
import { MOST_WRITTEN, weightiest } from './pane.ts';
import { type Child, code, fragment, h, type Markup } from './write.ts';

/** Rows of a schedule that is too long to be written out. */
const MOST_ROWS = 120;
/** With more lanes than this, text gets a column of its own. */
const WIDE_LANES = 3;
const COLOURS = 8;

/** A stretch of rows in one track, both ends included. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly track: number;
  readonly what: number;
  /** The stretch begins or ends here, rather than going beyond the chart. */
  readonly opens: boolean;
  readonly closes: boolean;
}

/** Gives every interval the lowest track in which it overlaps no other. */
export function intoTracks(intervals: readonly Omit<Span, 'track'>[]): Span[] {
  const ends: number[] = [];
  return [...intervals]
    .sort((a, b) => a.from - b.from || a.to - b.to)
    .map((i) => {
      let track = ends.findIndex((end) => end < i.from);
      if (track < 0) track = ends.length;
      ends[track] = i.to;
      return { ...i, track };
    });
}

/** Rows during which `actor` holds each lock, as spans; `what` is the index of the lock. */
export function ownership(ce: Counterexample, actor: string, locks: readonly string[]): Span[] {
  const spans: Omit<Span, 'track'>[] = [];
  const last = ce.steps.length;
  for (const [what, lock] of locks.entries()) {
    let from: number | null = null;
    let opens = true;
    for (let n = 0; n <= last; n++) {
      const holds = standingsAfter(ce, n).some((s) => s.actor === actor && s.holds.some((held) => held.lock === lock));
      if (holds && from === null) [from, opens] = [n, n > 0];
      if (!holds && from !== null) {
        spans.push({ from, to: n, what, opens, closes: true });
        from = null;
      }
    }
    // Still held: the bar runs on into the row that tells how it ends.
    if (from !== null) spans.push({ from, to: last + 1, what, opens, closes: false });
  }
  return intoTracks(spans);
}

/** Letters A, B, ... for locks, so that nothing rests on colour. */
export function letter(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : `${letter(Math.floor(index / 26) - 1)}${letter(index % 26)}`;
}

/** @param whole the page has the data of all steps, so that the script can draw each */
export function chart(ce: Counterexample, whole: boolean): Markup {
  const { in: lanes, out } = participants(ce);
  const locks = locksOf(ce);
  const weight = weights(ce);
  const long = ce.steps.length > MOST_WRITTEN;
  const narrow = long || lanes.length > WIDE_LANES;
  const held = lanes.map((s) => ownership(ce, s.actor, locks));
  const orders = intoTracks(
    (long ? [] : (ce.needed ?? [])).map((o, what) => ({
      from: o.before,
      to: o.after,
      what,
      opens: true,
      closes: true,
    })),
  );
  const shownSteps = long ? weightiest(ce, MOST_ROWS) : null;
  const local = localSteps(ce);
  const causes = new Map<number, Cause[]>();
  for (const c of causality(ce).causes) causes.set(c.after, [...(causes.get(c.after) ?? []), c]);
  const shownProcedure = new Map<string, string>();
  const body: Markup[] = [];
  const columns = lanes.length + (orders.length > 0 ? 1 : 0) + (narrow ? 1 : 0);
  body.push(initialRow(columns));
  /** Steps passed over since the last row: not written out, or folded. */
  let over: TraceStep[] = [];
  const passOver = () => {
    if (over.length > 0) body.push(gapRow(columns, over, local, long));
    over = [];
  };
  for (const [i, step] of ce.steps.entries()) {
    const folds = weight[i] === 0 && step.index < ce.steps.length;
    if (shownSteps === null ? !folds : shownSteps.has(step.index)) passOver();
    if (step.index === ce.loop) body.push(loopRow(columns, 'loop-begins', 'The loop begins here.'));
    if (shownSteps?.has(step.index) === false || (shownSteps === null && folds)) over.push(step);
    if (shownSteps?.has(step.index) === false) continue;
    const after = causes.get(step.index) ?? [];
    body.push(stepRow({ ce, step, lanes, held, orders, locks, narrow, weight: folds ? 0 : 1, shownProcedure, after }));
  }
  passOver();
  if (ce.loop !== undefined) {
    const back = ce.loop <= ce.steps.length ? h('a', { href: '#loop-begins' }, loopText(ce)) : loopText(ce);
    body.push(
      loopRow(columns, 'end', h('strong', { class: 'flag' }, `${marks.bad} ${ce.evidence.kind}: `), '\u21ba ', back),
    );
  }
  if (isAboutWaiting(ce)) body.push(endRows(ce, lanes, held, narrow, orders.length > 0));
  const plain = weight.filter((w) => w === 0).length;

  return fragment(
    h(
      'div',
      { class: 'chartbar' },
      legend(locks, orders.length > 0),
      h(
        'span',
        { class: 'folds' },
        causes.size > 0 &&
          h(
            'label',
            { class: 'fold js-only' },
            h('input', { type: 'checkbox', id: 'arrows' }),
            ' all arrows of what came before what',
          ),
        plain > 2 &&
          h(
            'label',
            { class: 'fold' },
            h('input', { type: 'checkbox', id: 'fold' }),
            ` only the ${count(ce.steps.length - plain)} steps of ${count(ce.steps.length)} that matter most`,
          ),
      ),
    ),
    h(
      'div',
      { class: 'scroll', id: 'frame', tabindex: 0, role: 'region', 'aria-label': 'Interleaving chart' },
      arrows(),
      h(
        'table',
        { class: `lanes ${narrow ? 'narrow' : 'wide'}` },
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            h('th', { scope: 'col', class: 'n' }, 'step'),
            orders.length > 0 && h('td', { class: `ord t${tracks(orders)}` }),
            lanes.map((s) =>
              h(
                'th',
                { scope: 'col', class: 'lane', title: `${s.actor} (${s.role})` },
                h('span', { class: 'who' }, s.actor),
                !narrow && h('small', null, s.role),
              ),
            ),
            narrow && h('th', { scope: 'col', class: 'text' }, 'what it does'),
          ),
        ),
        h('tbody', { id: 'rows', 'data-window': long && whole ? 'yes' : null }, body),
      ),
    ),
    long &&
      h(
        'p',
        { class: 'soft' },
        `${plural(shownSteps?.size ?? 0, 'step')} of ${count(ce.steps.length)} are written out here, those that matter most; ${whole ? 'with scripts all can be seen' : 'the others would make this page too large'}.`,
      ),
    out.length > 0 &&
      h(
        'p',
        { class: 'soft' },
        'Not moving in this schedule: ',
        out.map((s, i) => `${i > 0 ? ', ' : ''}${s.actor} (${s.role}, ${s.status})`),
        '.',
      ),
  );
}

function legend(locks: readonly string[], orders: boolean): Markup {
  return h(
    'ul',
    { class: 'legend', 'aria-label': 'Legend' },
    locks.map((lock, i) =>
      h(
        'li',
        null,
        h('i', { class: `key k${i % COLOURS}` }),
        h('b', null, letter(i)),
        ' ',
        h('code', null, lock),
        ' held',
      ),
    ),
    h('li', null, h('i', { class: 'key hatch' }), ' waits'),
    orders && h('li', null, h('i', { class: 'key order' }), ' needed order'),
    h('li', null, h('b', null, 'bold'), ' essential'),
    h('li', null, 'after 9: step 9 had to come first'),
  );
}

/** Where the script draws what came before what. */
function arrows(): Markup {
  return h(
    'svg',
    { id: 'arrows-drawn', class: 'over', 'aria-hidden': 'true', width: 0, height: 0 },
    h(
      'defs',
      null,
      h(
        'marker',
        { id: 'arrow-hb', viewBox: '0 0 10 10', refX: 9, refY: 5, markerWidth: 6, markerHeight: 6, orient: 'auto' },
        h('path', { d: 'M0 0L10 5L0 10z', class: 'head-hb' }),
      ),
    ),
  );
}

/** Steps that touch nothing any other actor of this schedule touches: nobody can tell when they are taken. */
export function localSteps(ce: Counterexample): ReadonlySet<number> {
  const touched = new Map<string, string | null>();
  for (const s of ce.steps)
    for (const path of [...s.reads, ...s.writes]) {
      const by = touched.get(path);
      touched.set(path, by === undefined || by === s.actor ? s.actor : null);
    }
  const own = (path: string) => touched.get(path) !== null;
  return new Set(ce.steps.filter((s) => s.reads.every(own) && s.writes.every(own)).map((s) => s.index));
}

/** What stands for steps that are folded away (`gap`), or that are not written out. */
function gapRow(columns: number, over: readonly TraceStep[], local: ReadonlySet<number>, always: boolean): Markup {
  const hidden = over.filter((s) => local.has(s.index)).length;
  const words =
    hidden === over.length
      ? plural(over.length, 'local step')
      : `${plural(over.length, 'step')}${hidden > 0 ? `, ${count(hidden)} of them local` : ''}`;
  const who = [...new Set(over.map((s) => s.actor))];
  return h(
    'tr',
    { class: always ? 'gap always' : 'gap' },
    h('td', { class: 'n' }, '\u22ef'),
    h(
      'td',
      { colspan: Math.max(1, columns) },
      `${words} of ${who.slice(0, 4).join(', ')}${who.length > 4 ? ', ...' : ''}`,
    ),
  );
}

const tracks = (spans: readonly Span[]) => Math.min(8, Math.max(0, ...spans.map((s) => s.track + 1)));

/** What is drawn behind the text of a cell. */
function bars(spans: readonly Span[], row: number, kind: 'b' | 'o'): Child {
  return spans
    .filter((s) => s.from <= row && row <= s.to)
    .map((s) => {
      const from = s.from === row && s.opens ? ' from' : '';
      const to = s.to === row && s.closes ? ' to' : '';
      const colour = kind === 'b' ? ` k${s.what % COLOURS}` : '';
      return h('i', { class: `${kind} s${Math.min(s.track, 7)}${colour}${from}${to}` });
    });
}

interface Lanes {
  readonly lanes: readonly Standing[];
  readonly held: readonly (readonly Span[])[];
  readonly narrow: boolean;
}

function laneClass(held: readonly (readonly Span[])[], lane: number, more = ''): string {
  return `lane t${tracks(held[lane] ?? [])}${more}`;
}

function initialRow(columns: number): Markup {
  return h(
    'tr',
    { id: 'step-0', class: 'initial' },
    h('th', { scope: 'row', class: 'n' }, h('a', { href: '#step-0' }, '0')),
    h('td', { colspan: Math.max(1, columns) }, 'initial state'),
  );
}

/** A row about a cycle that is taken for ever: where it begins, or that it leads back there. */
function loopRow(columns: number, id: string, ...text: readonly Child[]): Markup {
  return h(
    'tr',
    { id, class: 'initial' },
    h('th', { scope: 'row', class: 'n' }, '\u21ba'),
    h('td', { colspan: Math.max(1, columns) }, text),
  );
}

interface RowInput extends Lanes {
  readonly ce: Counterexample;
  readonly step: TraceStep;
  readonly orders: readonly Span[];
  readonly locks: readonly string[];
  readonly weight: number;
  /** Procedure last shown for each actor, so that it is named only when it changes. */
  readonly shownProcedure: Map<string, string>;
  /** What had to come before. */
  readonly after: readonly Cause[];
}

function stepRow(r: RowInput): Markup {
  const { ce, step } = r;
  const n = step.index;
  const before = standingsAfter(ce, n - 1);
  const violating = n === ce.steps.length && !isAboutWaiting(ce) && ce.loop === undefined;
  const previous = ce.steps[n - 2];
  const classes = [
    step.essential && 'essential',
    previous !== undefined && previous.actor !== step.actor && 'switch',
    violating && 'bad',
    r.weight === 0 && 'plain',
  ].filter((c) => c !== false);
  const changed = r.shownProcedure.get(step.actor) !== step.procedure;
  r.shownProcedure.set(step.actor, step.procedure);
  const text = h(
    'div',
    { class: 'what' },
    changed && h('small', { class: 'proc' }, code(step.procedure)),
    code(step.label),
    step.choice !== null && h('span', { class: 'choice' }, step.choice),
    step.acquires.map((l) => tag('takes', l, r.locks)),
    step.releases.map((l) => tag('drops', l, r.locks)),
    r.after.length > 0 &&
      h(
        'small',
        { class: 'pre', title: r.after.map((c) => c.field).join(', ') },
        `after ${r.after.map((c) => c.before).join(', ')}`,
      ),
    violating && h('strong', { class: 'flag' }, `${marks.bad} ${ce.evidence.kind}`),
  );
  return h(
    'tr',
    { id: `step-${n}`, class: classes.join(' ') || null },
    h('th', { scope: 'row', class: 'n' }, h('a', { href: `#step-${n}` }, String(n))),
    r.orders.length > 0 && h('td', { class: `ord t${tracks(r.orders)}` }, bars(r.orders, n, 'o')),
    r.lanes.map((lane, i) => {
      const here = before.find((s) => s.actor === lane.actor);
      const acts = lane.actor === step.actor;
      const waits = !acts && here?.status === 'blocked';
      const began = waits && waitBegan(ce, n, lane.actor);
      const state = acts ? ' act' : waits ? ' waits' : here?.status === 'ended' ? ' gone' : '';
      return h(
        'td',
        { class: laneClass(r.held, i, state) },
        bars(r.held[i] ?? [], n, 'b'),
        acts && (r.narrow ? h('span', { class: 'dot' }, '\u25cf') : text),
        began &&
          here?.waits &&
          (r.narrow
            ? h('span', { class: 'sr' }, `waits for ${here.waits.on}`)
            : h('small', { class: 'for' }, 'waits for ', code(here.waits.on))),
      );
    }),
    r.narrow && h('td', { class: 'text' }, h('b', { class: 'who' }, step.actor), text),
  );
}

/** Is row `n` the first one of this wait? */
function waitBegan(ce: Counterexample, n: number, actor: string): boolean {
  if (n === 1) return true;
  const earlier = standingsAfter(ce, n - 2).find((s) => s.actor === actor);
  return ce.steps[n - 2]?.actor === actor || earlier?.status !== 'blocked';
}

function tag(verb: string, lock: string, locks: readonly string[]): Markup {
  const i = locks.indexOf(lock);
  return h(
    'span',
    { class: `tag k${Math.max(0, i) % COLOURS}`, title: `${verb} ${lock}` },
    `${verb} ${letter(Math.max(0, i))}`,
  );
}

/** For violations that lie in waiting: how everybody stands when it is over, and the verdict. */
function endRows(
  ce: Counterexample,
  lanes: readonly Standing[],
  held: Lanes['held'],
  narrow: boolean,
  ordered: boolean,
): Markup {
  const n = ce.steps.length + 1;
  const say = (s: Standing): Child => {
    if (s.status === 'blocked') {
      const on = waitsOn(s);
      const owners = s.waits !== null && s.waits.owners.length > 0 ? ownerText(s.waits) : null;
      return [
        s.next !== null && code(s.next),
        on !== null && [' waits for ', code(on)],
        owners !== null && `, ${owners}`,
      ];
    }
    if (s.status === 'ended') return 'has ended';
    if (s.status === 'idle') return 'may rest here';
    return ['could run ', code(s.next ?? 'on')];
  };
  const stuck = blockedAtEnd(ce).map((s) => s.actor);
  const verdict = ce.evidence.kind === 'deadlock' ? 'nothing can run' : `${stuck.join(', ')} can never run again`;
  return fragment(
    h(
      'tr',
      { id: 'end', class: 'end' },
      h('th', { scope: 'row', class: 'n' }, 'end'),
      ordered && h('td', { class: 'ord' }),
      lanes.map((s, i) =>
        h(
          'td',
          { class: laneClass(held, i, s.status === 'blocked' ? ' waits' : '') },
          bars(held[i] ?? [], n, 'b'),
          !narrow && h('div', { class: 'for' }, say(s)),
        ),
      ),
      narrow &&
        h(
          'td',
          { class: 'text' },
          lanes
            .filter((s) => s.status === 'blocked')
            .map((s) => h('div', null, h('b', { class: 'who' }, s.actor), ' ', say(s))),
        ),
    ),
    h(
      'tr',
      { class: 'bad' },
      h('td', { class: 'n' }),
      h(
        'td',
        { colspan: lanes.length + (ordered ? 1 : 0) + (narrow ? 1 : 0) },
        h('strong', { class: 'flag' }, `${marks.bad} ${ce.evidence.kind}: ${verdict}`),
      ),
    ),
  );
}
