/**
 * The interleaving table: one column an actor, step numbers at the left, time downwards, as lockdep draws CPU0 and
 * CPU1. More than three actors, or long texts, do not fit side by side in 72
 * columns; they get narrow lanes with the text behind.
 *
 * When there are more steps than room, the ones that matter least are hidden and counted.
 */
import type { Counterexample, Standing } from '../../checker/trace/counterexample.ts';
import { plural } from '../numbers.ts';
import { blockedAtEnd, criticalSection, finalStandings, isAboutWaiting, loopText, stepText } from '../trace.ts';
import { cut, pad, WIDTH, wrap } from './lines.ts';

const MOST_COLUMNS = 3;
/** Steps of this weight and more are those of the essential orderings. */
const MATTERS = 3;

export interface Interleaving {
  readonly lines: readonly string[];
  /** No step of the two highest weights had to be hidden. */
  readonly showsAllThatMatters: boolean;
  /** Side by side, rather than in lanes. */
  readonly inColumns: boolean;
}

interface Row {
  readonly number: string;
  /** Text by actor. */
  readonly cells: ReadonlyMap<string, string>;
  /** A cycle begins here that is taken for ever; said in a line of its own before the row. */
  readonly begins?: boolean;
}

/** The line before the first step of a cycle. */
export const LOOP_MARK = '--- loop begins here ---';

/** Draws the steps with `weight` (one a step, greater matters more) in at most `room` lines if that is possible. */
export function interleaving(ce: Counterexample, weight: readonly number[], room: number): Interleaving {
  const draw = (least: number, skip: ReadonlySet<number>, layout: typeof columns) => {
    const shown = ce.steps.filter((_, i) => (weight[i] ?? 0) >= least && !skip.has(i));
    const waiting = isAboutWaiting(ce) ? blockedAtEnd(ce) : [];
    const involved = new Set([...shown.map((s) => s.actor), ...waiting.map((s) => s.actor)]);
    const actors = finalStandings(ce).filter((s) => involved.has(s.actor));
    const first = ce.loop === undefined ? undefined : shown.find((s) => s.index >= (ce.loop as number));
    const rows: Row[] = shown.map((s) => ({
      number: String(s.index),
      cells: new Map([[s.actor, stepText(s)]]),
      begins: s === first,
    }));
    if (waiting.length > 0)
      rows.push({ number: '', cells: new Map(waiting.map((s) => [s.actor, `${s.next ?? 'waits'} ...`])) });
    const hidden = ce.steps.length - shown.length;
    const write = () => [
      ...layout(rows, actors),
      ...starred(ce),
      ...(hidden > 0 ? [`     ${plural(hidden, 'step')} not shown`] : []),
    ];
    // A step takes a line at least, so that what is far too long need not be written.
    const lines = shown.length > room ? null : write();
    return { fits: lines !== null && lines.length <= room, lines: () => lines ?? write(), actors: actors.length };
  };
  // Columns where the steps that matter fit into them; otherwise lanes, which take a line or two for a step; in the
  // end lanes that take one line and no more.
  const nothing = new Set<number>();
  const all = draw(0, nothing, lanes);
  if (all.actors > MOST_COLUMNS && all.fits) return { lines: all.lines(), showsAllThatMatters: true, inColumns: false };
  const side = draw(MATTERS, nothing, columns);
  const layout =
    side.actors <= MOST_COLUMNS && side.fits ? columns : draw(MATTERS, nothing, lanes).fits ? lanes : shortLanes;
  const inColumns = layout === columns;
  const attempt = (least: number, skip: ReadonlySet<number>) => {
    const drawing = draw(least, skip, layout);
    return drawing.fits && (layout !== columns || drawing.actors <= MOST_COLUMNS) ? drawing.lines() : null;
  };
  for (const least of [0, 1, 2, 3, 4]) {
    const lines = attempt(least, nothing);
    if (lines !== null) return { lines, showsAllThatMatters: least <= MATTERS, inColumns };
    // Within the weight that would go next, the oldest steps go first: the end is where it breaks. The fewest that
    // must go are found by halving, since hiding more never takes more lines.
    const candidates = [...weight.keys()].filter((i) => weight[i] === least);
    // What matters more is shown in any case.
    if (weight.filter((w) => w > least).length > room) continue;
    // A release without its acquisition would puzzle more than neither.
    const sections = candidates.map((i) => criticalSection(ce, i).filter((j) => weight[j] === least));
    const oldest = (n: number) => new Set(sections.slice(0, n).flat());
    let [few, many] = [1, candidates.length];
    while (few < many) {
      const half = Math.floor((few + many) / 2);
      if (attempt(least, oldest(half)) === null) few = half + 1;
      else many = half;
    }
    const fewer = candidates.length === 0 ? null : attempt(least, oldest(many));
    if (fewer !== null) return { lines: fewer, showsAllThatMatters: least < MATTERS, inColumns };
  }
  return { lines: draw(4, nothing, layout).lines(), showsAllThatMatters: false, inColumns };
}

/** The line that says how it ends. */
function starred(ce: Counterexample): string[] {
  const stuck = blockedAtEnd(ce).map((s) => s.actor);
  const text = {
    deadlock: 'nothing can run',
    stuck: `${stuck.slice(0, 3).join(', ')} can never run again`,
    leak: 'everybody has ended',
    liveness: ce.loop === undefined ? undefined : loopText(ce),
  }[ce.evidence.kind as string];
  return wrap(text ?? ce.evidence.kind, { first: '     *** ' }).map((line, i, all) =>
    i === all.length - 1 ? `${line} ***` : line,
  );
}

const numberWidth = (rows: readonly Row[]) => Math.max(3, ...rows.map((r) => r.number.length));

function columns(rows: readonly Row[], actors: readonly Standing[]): string[] {
  const left = numberWidth(rows) + 2;
  // Text of one column; a single blank between columns is enough, since seldom two of them are filled.
  const each = Math.floor((WIDTH - left + 1) / Math.max(1, actors.length)) - 1;
  const line = (number: string, cells: readonly string[]) =>
    `${number.padStart(left - 2)}  ${cells.map((c) => pad(c, each)).join(' ')}`.trimEnd();
  const out = [
    line(
      '',
      actors.map((a) => a.actor),
    ),
    line(
      '',
      actors.map((a) => '-'.repeat(Math.min(a.actor.length, each))),
    ),
  ];
  for (const row of rows) {
    if (row.begins) out.push(`${' '.repeat(left)}${LOOP_MARK}`);
    const wrapped = actors.map((a) => {
      const text = row.cells.get(a.actor);
      return text === undefined ? [] : wrap(text, { rest: '  ', width: each });
    });
    const height = Math.max(...wrapped.map((w) => w.length));
    for (let i = 0; i < height; i++)
      out.push(
        line(
          i === 0 ? row.number : '',
          wrapped.map((w) => w[i] ?? ''),
        ),
      );
  }
  return out;
}

/** One narrow lane an actor: a bar where others stand, name and text in the lane of who acts. */
function lanes(rows: readonly Row[], actors: readonly Standing[]): string[] {
  return inLanes(rows, actors, (text, first, rest) => wrap(text, { first, rest }));
}

/** The same with one line for each step; longer texts are cut. */
function shortLanes(rows: readonly Row[], actors: readonly Standing[]): string[] {
  return inLanes(rows, actors, (text, first) => [cut(first + text)]);
}

function inLanes(
  rows: readonly Row[],
  actors: readonly Standing[],
  write: (text: string, first: string, rest: string) => readonly string[],
): string[] {
  const left = numberWidth(rows) + 2;
  return rows.flatMap((row) => {
    let number = row.number;
    const mark = row.begins ? [`${' '.repeat(left)}${LOOP_MARK}`] : [];
    const lines = actors.flatMap((a, lane) => {
      const text = row.cells.get(a.actor);
      if (text === undefined) return [];
      const bars = '| '.repeat(lane);
      const first = `${number.padStart(left - 2)}  ${bars}`;
      number = '';
      return write(`${a.actor}: ${text}`, first, `${' '.repeat(left)}${bars}  `);
    });
    return [...mark, ...lines];
  });
}
