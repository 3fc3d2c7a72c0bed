/**
 * The race in up to three sentences: who holds what, who overtakes whom, what breaks.
 */
import type { Counterexample, Standing, TraceStep } from './counterexample.ts';

export function tellStory(c: Omit<Counterexample, 'story' | 'schedule'>): string[] {
  const kind = c.evidence.kind;
  if (c.loop !== undefined) return endlessStory(c, c.loop);
  if (kind === 'deadlock' || kind === 'stuck') return deadlockStory(c);
  if (kind === 'use-after-free' || kind === 'double-free') return lifetimeStory(c);
  const last = c.steps[c.steps.length - 1];
  return [
    ...(last ? [`${last.actor} runs ${place(last)} at step ${last.index}.`] : []),
    `${capital(c.evidence.message)}.`,
  ];
}

function deadlockStory(c: Omit<Counterexample, 'story' | 'schedule'>): string[] {
  const final = c.steps[c.steps.length - 1]?.standings ?? c.initialStandings;
  const blocked = final.filter((s) => s.status === 'blocked' && s.waits !== null);
  const inCycle = blocked.filter((s) => c.waitFor.cycle.includes(s.actor));
  const told = (inCycle.length > 0 ? inCycle : blocked).slice(0, 3);
  const sentences = told.map(waitSentence);
  const others = blocked.length - told.length;
  const end =
    c.evidence.kind === 'deadlock'
      ? 'Nobody can ever run again'
      : `${told.map((s) => s.actor).join(' and ')} can never run again, although others go on`;
  const tail = others > 0 ? `; ${others} more ${others === 1 ? 'waits' : 'wait'} behind them` : '';
  return [...sentences, `${end}${tail}.`];
}

/** What goes on for ever, who waits meanwhile, and what that means for the promise. */
function endlessStory(c: Omit<Counterexample, 'story' | 'schedule'>, loop: number): string[] {
  const rounds = c.steps.slice(loop - 1);
  const final = c.steps[c.steps.length - 1]?.standings ?? c.initialStandings;
  const movers = [...new Set(rounds.map((s) => s.actor))];
  const last = c.steps.length;
  const first =
    rounds.length === 0
      ? `After step ${last} nobody has to move any more.`
      : rounds.length === 1
        ? `Step ${loop} of ${movers[0]} leads back to the state before it and can be taken for ever.`
        : `After step ${last} everything is as it was before step ${loop}, so ${movers.join(' and ')} can go round for ever.`;
  const waiting = final.filter((s) => s.status === 'blocked' && s.waits !== null && !movers.includes(s.actor));
  return [first, ...waiting.slice(0, 1).map(waitSentence), `${capital(c.evidence.message)}.`];
}

function waitSentence(s: Standing): string {
  const holds = s.holds.map((h) => (h.since > 0 ? `${h.lock} (since step ${h.since})` : h.lock));
  const holding = holds.length === 0 ? '' : ` holds ${holds.join(' and ')} and`;
  const wait = s.waits;
  if (wait === null) return `${s.actor} is blocked.`;
  const where = s.stack[s.stack.length - 1]?.procedure;
  const inside = where === undefined ? '' : ` in ${where}`;
  const self = wait.owners.includes(s.actor);
  const owners = wait.owners.filter((o) => o !== s.actor);
  const up = owners.join(' and ');
  if (wait.kind === 'lock')
    return `${s.actor}${holding} waits for ${wait.on}${inside}, which ${self ? 'it holds itself' : up === '' ? 'nobody will release' : `${up} ${owners.length > 1 ? 'hold' : 'holds'}`}.`;
  const what = wait.kind === 'flush' ? `for the flush of ${wait.on}` : `for ${wait.on}`;
  return `${s.actor}${holding} waits ${what}${inside}${self ? ', which only it could bring about' : up === '' ? '' : `, which is up to ${up}`}.`;
}

function lifetimeStory(c: Omit<Counterexample, 'story' | 'schedule'>): string[] {
  const name = c.evidence.objects[0];
  const last = c.steps[c.steps.length - 1];
  const freed = [...c.steps].reverse().find((s) => s.changes.some((ch) => ch.kind === 'deleted' && ch.path === name));
  const sentences: string[] = [];
  if (name !== undefined && freed !== undefined)
    sentences.push(`${freed.actor} frees ${name} at step ${freed.index} (${place(freed)}).`);
  if (last !== undefined)
    sentences.push(`${last.actor} still uses it at step ${last.index}: ${last.label} in ${last.procedure}.`);
  sentences.push(`${capital(c.evidence.message)}.`);
  return sentences;
}

function place(s: TraceStep): string {
  return `${s.label} in ${s.procedure}`;
}

function capital(text: string): string {
  // Names of objects keep their case.
  return /^[a-z]+ /.test(text) ? (text[0] as string).toUpperCase() + text.slice(1) : text;
}
