/**
 * The splat: one violation in the shape kernel developers read fluently, for terminals and mail. ASCII, 72 columns,
 * at most 40 lines for ordinary bugs; the headline carries the word MODEL and nothing imitates the banner of a real
 * crash, so that neither a reader nor a log scraper takes it for one.
 *
 * Limits: with very many blocked actors or essential steps it grows beyond 40 lines rather than leave one out.
 */
import { builtIn } from '../../checker/search/findings.ts';
import type { Counterexample, Standing } from '../../checker/trace/counterexample.ts';
import {
  type Context,
  failuresText,
  kindText,
  lengthFacts,
  minimalText,
  neededText,
  pairs,
  replayCommand,
  schedulePath,
  shrunkFacts,
} from '../facts.ts';
import { plural } from '../numbers.ts';
import {
  allocationOf,
  blockedAtEnd,
  finalStandings,
  freeOf,
  heldSince,
  historyOf,
  isAboutWaiting,
  lastStep,
  ownerText,
  stackOf,
  stepText,
  weights,
} from '../trace.ts';
import { interleaving } from './interleaving.ts';
import { command, cut, facts, listing, RULE, THIN_RULE, wrap } from './lines.ts';
import { stackLines } from './stack.ts';

/** Longest splat of an ordinary bug. */
export const MAX_LINES = 40;

export interface SplatOptions {
  /** Path of the schedule file for the replay line; where `check` puts it unless told otherwise. */
  readonly schedule?: string;
}

/** The violation as a block of text, without a line break at the end. */
export function splat(ce: Counterexample, context: Context, options: SplatOptions = {}): string {
  const path = options.schedule ?? schedulePath(context, ce);
  const tail = [
    ...labelled('needed', neededText(ce)),
    ...labelled('needs', failuresText(ce.failures)),
    ...command(replayCommand(path, context.model), 'replay: '),
    RULE,
  ];
  const head = headLines(ce, context);
  const weight = weights(ce);
  const write = (detail: Detail) => {
    const body = bodyLines(ce, detail);
    const room = MAX_LINES - head.length - body.length - tail.length - 2;
    const chart = interleaving(ce, weight, Math.max(room, 6));
    const lines = [...head, ...body, '', ...chart.lines, '', ...tail];
    return { lines, chart, good: lines.length <= MAX_LINES && chart.showsAllThatMatters };
  };
  // What stands above the interleaving gives way first: how it came about says more than a fourth frame, and columns
  // say it best.
  const written = DETAILS.map(write);
  const best =
    written.find((w, i) => w.good && w.chart.inColumns && i < 3) ??
    written.find((w) => w.good) ??
    written[DETAILS.length - 1];
  return (best?.lines ?? []).map((line) => cut(line)).join('\n');
}

/** How much is said before the interleaving. */
interface Detail {
  /** Frames of a stack. */
  readonly frames: number;
  /** Waiting actors with a paragraph of their own. */
  readonly waiters: number;
  /** Latest changes of the objects the evidence names. */
  readonly changes: number;
}

const DETAILS: readonly Detail[] = [
  { frames: 4, waiters: 5, changes: 6 },
  { frames: 3, waiters: 4, changes: 5 },
  { frames: 2, waiters: 4, changes: 4 },
  { frames: 1, waiters: 4, changes: 3 },
  { frames: 1, waiters: 3, changes: 2 },
  { frames: 1, waiters: 2, changes: 0 },
];

function labelled(label: string, text: string | null): string[] {
  return text === null ? [] : wrap(text, { first: `${label}: `, rest: '  ' });
}

function headLines(ce: Counterexample, context: Context): string[] {
  return [
    RULE,
    ...wrap(ce.headline, { first: 'MODEL: ', rest: '       ' }),
    ...facts([`scenario ${context.scenario}`, `variant ${context.variant}`, `bounds ${pairs(context.bounds)}`], {
      rest: '  ',
    }),
    ...facts([kindText(ce), ...lengthFacts(ce), minimalText(ce), ...shrunkFacts(ce)], { rest: '  ' }),
  ];
}

function bodyLines(ce: Counterexample, detail: Detail): string[] {
  switch (ce.evidence.kind) {
    case 'deadlock':
    case 'stuck':
      return waitingBody(ce, detail);
    case 'use-after-free':
    case 'double-free':
    case 'invalid-free':
      return memoryBody(ce, detail);
    case 'refcount':
      return warningBody(ce, detail);
    case 'liveness':
      return endlessBody(ce, detail);
    case 'isolation':
      return eventsBody(ce, detail);
    default:
      return genericBody(ce, detail);
  }
}

/** Hung tasks: who waits for what, and who owns it. */
function waitingBody(ce: Counterexample, { frames, waiters }: Detail): string[] {
  // Those on the cycle tell the story; bystanders queue up behind them.
  const { cycle } = ce.waitFor;
  const rank = (s: Standing) => {
    const at = cycle.indexOf(s.actor);
    return at >= 0 ? at : cycle.length + (ce.evidence.actors.includes(s.actor) ? 0 : 1);
  };
  const blocked = [...blockedAtEnd(ce)].sort((a, b) => rank(a) - rank(b));
  const shown = blocked.slice(0, waiters);
  const others = blocked.filter((s) => !shown.includes(s));
  const lines = [''];
  for (const standing of shown) lines.push(...waiterLines(ce, standing, frames));
  if (others.length > 0)
    lines.push(
      ...wrap(`also blocked: ${others.map((s) => `${s.actor} (${s.waits?.on ?? 'unknown'})`).join(', ')}`, {
        rest: '  ',
      }),
    );
  return lines;
}

function waiterLines(ce: Counterexample, s: Standing, frames: number): string[] {
  const wait = s.waits;
  let what = `${s.role} ${s.actor} cannot go on`;
  if (wait !== null) {
    what =
      wait.on === s.next
        ? `${s.role} ${s.actor} cannot pass "${wait.on}"`
        : `${s.role} ${s.actor} waits for ${wait.on}`;
    if (wait.owners.length > 0) what += `, ${ownerText(wait)}`;
    const owner = wait.owners[0];
    const since = owner === undefined ? null : heldSince(finalStandings(ce), owner, wait.on);
    if (since !== null) what += since === 0 ? ' from the start' : ` since step ${since}`;
  }
  const at = s.next === null || s.next === wait?.on ? [] : wrap(s.next, { first: '  at ', rest: '     ' });
  const held = s.holds.map((h) => `${h.lock}${h.mode === 'shared' ? ' (shared)' : ''}`);
  const holds = held.length === 0 ? [] : wrap(`holding ${listing(held)}`, { first: '  ', rest: '    ' });
  return [...wrap(`${what}:`, { rest: '  ' }), ...at, ...stackLines(stackOf(s), frames), ...holds];
}

/** Memory errors: the access, who freed, who allocated. */
function memoryBody(ce: Counterexample, { frames }: Detail): string[] {
  const last = lastStep(ce);
  const lines = [THIN_RULE, ...wrap(ce.evidence.message)];
  if (last !== null) {
    const verb = ce.evidence.kind === 'use-after-free' ? 'access by' : 'freed again by';
    lines.push(
      ...wrap(
        `${ce.evidence.kind === 'invalid-free' ? 'freed by' : verb} ${last.actor} at step ${last.index}: ${stepText(last)}`,
        { rest: '  ' },
      ),
    );
    lines.push(...stackLines(stackOf(last), frames));
  }
  for (const object of ce.evidence.objects) {
    const freed = freeOf(ce, object);
    const allocated = allocationOf(ce, object);
    if (freed !== null) {
      lines.push(
        ...wrap(`${object} was freed by ${freed.actor} at step ${freed.index}: ${stepText(freed)}`, { rest: '  ' }),
      );
      lines.push(...stackLines(stackOf(freed), frames));
    }
    if (allocated !== null) {
      lines.push(
        ...wrap(`${object} was allocated by ${allocated.actor} at step ${allocated.index}: ${stepText(allocated)}`, {
          rest: '  ',
        }),
      );
      lines.push(...stackLines(stackOf(allocated), frames));
    } else if (freed !== null) lines.push(...wrap(`${object} was there from the start`));
  }
  lines.push(THIN_RULE);
  return lines;
}

/** Failed checks: the warning, its stack, and how the counter came to its value. */
function warningBody(ce: Counterexample, { frames, changes }: Detail): string[] {
  const last = lastStep(ce);
  const lines = [
    '---[ MODEL: a check failed here ]'.padEnd(72, '-'),
    ...wrap(`WARNING: ${ce.evidence.message}`, { rest: '  ' }),
  ];
  if (last !== null) {
    lines.push(...wrap(`${last.actor} at step ${last.index}: ${stepText(last)}`, { rest: '  ' }));
    lines.push(...stackLines(stackOf(last), frames));
  }
  lines.push(...historyLines(ce, changes));
  lines.push(`---[ end of MODEL trace ${ce.signature} ]`.padEnd(72, '-'));
  return lines;
}

/** Wrong address space: one line an event, as an IOMMU driver prints faults. */
function eventsBody(ce: Counterexample, { frames, changes }: Detail): string[] {
  const last = lastStep(ce);
  const lines = [THIN_RULE, ...wrap(ce.evidence.message)];
  if (ce.evidence.objects.length > 0) lines.push(...wrap(`objects: ${ce.evidence.objects.join(', ')}`, { rest: '  ' }));
  lines.push(...historyLines(ce, changes));
  if (last !== null) {
    lines.push(...wrap(`${last.actor} at step ${last.index}: ${stepText(last)}`, { rest: '  ' }));
    lines.push(...stackLines(stackOf(last), frames));
  }
  lines.push(THIN_RULE);
  return lines;
}

/** What goes on for ever, and who waits meanwhile. */
function endlessBody(ce: Counterexample, { frames, waiters }: Detail): string[] {
  const lines = [THIN_RULE, ...wrap(ce.evidence.message), ...wrap(`property ${ce.property}`, { rest: '  ' })];
  const rounds = ce.steps.slice((ce.loop ?? 1) - 1);
  for (const actor of new Set(rounds.map((s) => s.actor))) {
    const first = rounds.find((s) => s.actor === actor);
    if (first === undefined) continue;
    lines.push(...wrap(`${actor} comes back to step ${first.index}: ${stepText(first)}`, { rest: '  ' }));
    lines.push(...stackLines(stackOf(first), frames));
  }
  for (const standing of blockedAtEnd(ce).slice(0, waiters)) lines.push(...waiterLines(ce, standing, frames));
  return [...lines, THIN_RULE];
}

function genericBody(ce: Counterexample, { frames, changes }: Detail): string[] {
  const last = lastStep(ce);
  const lines = [THIN_RULE, ...wrap(ce.evidence.message)];
  if (!Object.hasOwn(builtIn, ce.property)) lines.push(...wrap(`property ${ce.property}`, { rest: '  ' }));
  if (last !== null) {
    lines.push(...wrap(`${last.actor} at step ${last.index}: ${stepText(last)}`, { rest: '  ' }));
    lines.push(...stackLines(stackOf(last), frames));
    const held = last.standings.find((s) => s.actor === last.actor)?.holds ?? [];
    if (held.length > 0)
      lines.push(...wrap(`holding ${listing(held.map((h) => h.lock))}`, { first: '  ', rest: '    ' }));
  }
  if (!isAboutWaiting(ce)) lines.push(...historyLines(ce, changes));
  lines.push(THIN_RULE);
  return lines;
}

/** The latest changes of the objects the evidence names. */
function historyLines(ce: Counterexample, most: number): string[] {
  const events = ce.evidence.objects.flatMap((o) => historyOf(ce, o)).sort((a, b) => a.step.index - b.step.index);
  const shown = most === 0 ? [] : events.slice(-most);
  const hidden = most === 0 ? 0 : events.length - shown.length;
  return [
    ...(hidden > 0 ? [`  ${plural(hidden, 'earlier change')} not shown`] : []),
    ...shown.map(({ step, change }) => {
      const value = `${change.before ?? 'none'} -> ${change.after ?? 'none'}`;
      return cut(`  step ${String(step.index).padStart(3)}  ${step.actor}: ${change.path} ${value}`);
    }),
  ];
}
