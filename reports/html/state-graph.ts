/**
 * The state graph, reduced to a schedule and the states one step beside it, as static SVG: the schedule runs down at the
 * left, and each actor has a column for what it could have done instead. A line that goes down beside the schedule and
 * comes back to it is a step whose time does not matter; where such a line ends, the order does.
 *
 * Limits: states of the schedule without a neighbour that is shown are left out, and counted.
 */
import type { Branch } from '../../checker/trace/branches.ts';
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import { afterBranch, isBroken } from '../branches.ts';
import { count, plural } from '../numbers.ts';
import { stepText } from '../trace.ts';
import { type Child, h, type Markup } from './write.ts';

const ROW = 22;
const HEAD = 34;
/** Where the schedule runs, and the first column stands. */
const SPINE = 44;
const FIRST = 110;
const COLUMN = 172;
const LONGEST = 22;
/** Of a shorter schedule the pane says as much. */
const LEAST_STEPS = 4;

/** Null where nobody looked, nothing else could have been done, or the schedule is too short for a picture of it. */
export function stateGraph(ce: Counterexample): Markup | null {
  const branches = ce.branches ?? [];
  if (branches.length === 0 || ce.steps.length < LEAST_STEPS) return null;
  const actors = [...new Set(branches.map((b) => b.actor))];
  const rows = rowsOf(ce, branches);
  const row = new Map(rows.map((n, i) => [n, i]));
  const y = (n: number) => HEAD + (row.get(n) ?? 0) * ROW;
  const x = (actor: string) => FIRST + actors.indexOf(actor) * COLUMN;
  const width = FIRST + actors.length * COLUMN;
  const height = HEAD + rows.length * ROW;
  const shown = (n: number) => row.has(n);
  // Paths of one kind are one element, which keeps the page small.
  const leave: string[] = [];
  const along: string[] = [];
  const join: string[] = [];
  const dots = { along: [] as string[], apart: [] as string[], broken: [] as string[] };
  const labels: Child[] = [];
  let options = new Map<string, number>();
  let at = -1;
  for (const b of branches) {
    if (b.at !== at) [options, at] = [new Map(), b.at];
    // Several choices of one actor stand side by side.
    const nth = options.get(b.actor) ?? 0;
    options.set(b.actor, nth + 1);
    const [bx, by] = [x(b.actor) + 7 * Math.min(nth, 2), y(b.at) + ROW / 2];
    leave.push(`M${SPINE} ${y(b.at)}L${bx} ${by}`);
    const after = afterBranch(b);
    if (after !== null && shown(after.state))
      if (after.beside) along.push(`M${bx} ${by}V${y(after.state) + ROW / 2}`);
      else join.push(`M${bx} ${by}L${SPINE} ${y(after.state)}`);
    const kind = isBroken(b) ? 'broken' : b.leads === 'apart' ? 'apart' : 'along';
    dots[kind].push(`M${bx} ${by}h0`);
    if (nth === 0 && !continues(branches, b))
      labels.push(h('text', { x: bx + 8, y: by + 4 }, short(stepText({ label: b.label, choice: b.choice }))));
  }
  const states = plural(branches.length + rows.length, 'state');
  const title = 'What else could have been done: the state graph, one step beside the schedule';
  const hidden = ce.steps.length + 1 - rows.length;
  return h(
    'figure',
    { class: 'graph wide' },
    h('figcaption', null, title),
    h(
      'div',
      { class: 'scroll states', tabindex: 0, role: 'region', 'aria-label': title },
      h(
        'svg',
        {
          viewBox: `0 0 ${width} ${height}`,
          width,
          height,
          role: 'img',
          'aria-label': states,
        },
        actors.map((a) => h('text', { class: 'col', x: x(a), y: 14 }, short(a))),
        h('path', { class: 'leave', d: leave.join('') }),
        h('path', { class: 'along', d: along.join('') }),
        h('path', { class: 'join', d: join.join('') }),
        h('path', { class: 'spine', d: `M${SPINE} ${HEAD}V${y(rows.at(-1) ?? 0)}` }),
        (['along', 'apart', 'broken'] as const).map(
          (kind) => dots[kind].length > 0 && h('path', { class: `dot-${kind}`, d: dots[kind].join('') }),
        ),
        // A ring is a dot with a hole.
        dots.apart.length > 0 && h('path', { class: 'dot-hole', d: dots.apart.join('') }),
        h('path', { class: 'dot-spine', d: rows.map((n) => `M${SPINE} ${y(n)}h0`).join('') }),
        rows.map((n) => h('text', { x: SPINE - 12, y: y(n) + 4, 'text-anchor': 'end' }, String(n))),
        labels,
      ),
    ),
    h('p', null, summary(branches)),
    h(
      'p',
      { class: 'soft' },
      'The schedule runs down at the left, a state after each step. A column is what its actor could have done instead: ',
      'a filled dot where the schedule goes on all the same, a ring where it does not, a square where a promise breaks. ',
      `Drawn: ${states}${hidden > 0 ? `; ${plural(hidden, 'state')} of the schedule not` : ''}.`,
    ),
  );
}

/** States of the schedule with a neighbour, and those that lines lead to. */
function rowsOf(ce: Counterexample, branches: readonly Branch[]): number[] {
  const last = ce.steps.length;
  const wanted = new Set(branches.flatMap((b) => [b.at, b.at + 1, afterBranch(b)?.state ?? b.at]));
  return [...wanted].filter((n) => n <= last).sort((a, b) => a - b);
}

/** Is it the same step that could be taken one state earlier, and the line of it goes on? */
function continues(branches: readonly Branch[], b: Branch): boolean {
  return branches.some(
    (o) =>
      o.at === b.at - 1 && o.leads === 'along' && o.actor === b.actor && o.label === b.label && o.choice === b.choice,
  );
}

function summary(branches: readonly Branch[]): string {
  const of = (...leads: readonly Branch['leads'][]) => branches.filter((b) => leads.includes(b.leads)).length;
  const parts = [
    [of('along', 'joins'), 'the schedule goes on all the same'],
    [of('apart'), 'its next step cannot be taken any more, or leads elsewhere'],
    [of('broken', 'breaks'), 'a promise breaks'],
    [of('end'), 'there is no next step'],
  ] as const;
  const told = parts.filter(([n]) => n > 0).map(([n, what]) => `after ${count(n)} ${what}`);
  return `${plural(branches.length, 'other step')} could have been taken at its states: ${told.join(', ')}.`;
}

const short = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}\u2026` : text);
