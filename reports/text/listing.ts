/**
 * A replayed schedule in full: every step with number, actor, procedure and what it changed (A added, M modified,
 * D deleted), and how everybody stands at the end; or the first step at which it no longer fits, and why.
 */
import type { Counterexample, Standing } from '../../checker/trace/counterexample.ts';
import type { Divergence } from '../../checker/trace/drive.ts';
import type { Schedule } from '../../checker/trace/schedule.ts';
import { plural } from '../numbers.ts';
import { finalStandings, foldChanges, loopText, ownerText, placeOf, stepText } from '../trace.ts';
import { LOOP_MARK } from './interleaving.ts';
import { cut, listing, wrap } from './lines.ts';

const LETTER = { added: 'A', modified: 'M', deleted: 'D' } as const;

/** Every step; context switches are marked by an empty line. */
export function replayText(ce: Counterexample): string {
  const lines: string[] = [];
  let running: string | null = null;
  for (const step of ce.steps) {
    if (running !== null && running !== step.actor) lines.push('');
    running = step.actor;
    if (step.index === ce.loop) lines.push(`       ${LOOP_MARK}`);
    const mark = step.essential ? '*' : ' ';
    const number = `${mark}${String(step.index).padStart(3)}  `;
    lines.push(...wrap(`${step.actor}: ${step.procedure}/${stepText(step)}`, { first: number, rest: '       ' }));
    lines.push(cut(`       ${placeOf(step.source)}`));
    if (step.note !== null) lines.push(...wrap(`(${step.note})`, { first: '       ', rest: '       ' }));
    for (const { change: c, fields } of foldChanges(step.changes)) {
      const more = fields.length === 0 ? '' : ` (and ${plural(fields.length, 'field')})`;
      lines.push(
        ...wrap(`${LETTER[c.kind]} ${c.path}: ${c.before ?? 'none'} -> ${c.after ?? 'none'}${more}`, {
          first: '       ',
          rest: '         ',
        }),
      );
    }
  }
  if (ce.loop !== undefined) lines.push(`       ${loopText(ce)}`);
  lines.push('', ...wrap(`${ce.evidence.kind}: ${ce.evidence.message}`, { rest: '  ' }));
  lines.push(...standingLines(finalStandings(ce)));
  lines.push(
    `${plural(ce.steps.length, 'step')}, ${plural(ce.switches, 'context switch', 'context switches')}, * essential`,
  );
  return lines.join('\n');
}

/** The first move that the model does not allow, the guard that refused it, and how everybody stands there. */
export function divergenceText(divergence: Divergence, schedule: Schedule, variant = schedule.variant): string {
  return [
    ...wrap(`schedule ${schedule.signature} of ${schedule.scenario} ${schedule.variant}, driven against ${variant}`, {
      rest: '  ',
    }),
    ...wrap(`DIVERGED at step ${divergence.step}, line ${divergence.line}: ${divergence.reason}`, { rest: '  ' }),
    ...wrap(divergence.wanted, { first: '  wanted: ', rest: '    ' }),
    ...(divergence.guard === null ? [] : wrap(divergence.guard, { first: '  refused by: ', rest: '    ' })),
    ...standingLines(divergence.standings),
  ].join('\n');
}

/** One line an actor: where it stands and what it would do next. */
export function standingLines(standings: readonly Standing[]): string[] {
  const width = Math.min(20, Math.max(0, ...standings.map((s) => s.actor.length)));
  return standings.flatMap((s) =>
    wrap(standingText(s), { first: `  ${cut(s.actor, width).padEnd(width)}  `, rest: '      ' }),
  );
}

function standingText(s: Standing): string {
  const holds = s.holds.length === 0 ? '' : `, holds ${listing(s.holds.map((h) => h.lock))}`;
  switch (s.status) {
    case 'ended':
      return `has ended${holds}`;
    case 'idle':
      return `may stay at ${s.next ?? 'its end'}${holds}`;
    case 'running':
      return `can run ${s.next ?? 'on'}${holds}`;
    case 'blocked': {
      const owners = s.waits === null || s.waits.owners.length === 0 ? '' : `, ${ownerText(s.waits)}`;
      return `waits for ${s.waits?.on ?? 'something'} at ${s.next ?? 'its next step'}${owners}${holds}`;
    }
  }
}
