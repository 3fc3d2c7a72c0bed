/**
 * Trace event JSON, for chrome://tracing and Perfetto: one track a task, step k a slice of one millisecond at k
 * milliseconds, so that slices never overlap; waiting fills the time up to the actor's next step. Arguments are what the
 * step changed, flow arrows what had to come before what, an instant event the violation.
 *
 * Source: the Trace Event Format document of the Chromium project.
 */
import type { Counterexample, TraceStep } from '../../checker/trace/counterexample.ts';
import { type Context, pairs } from '../facts.ts';
import { finalStandings, participants, placeOf, stepText } from '../trace.ts';
import { causality } from './causality.ts';

/** Microseconds of a step. */
const STEP = 1000;
const PROCESS = 1;

export function chromeTrace(ce: Counterexample, context: Context): string {
  const actors = participants(ce).in.map((s) => s.actor);
  const track = (actor: string) => actors.indexOf(actor) + 1;
  const at = { pid: PROCESS };
  const { steps } = ce;
  const flows = causality(ce).causes.flatMap(({ before, after, field }, id) => {
    const flow = { name: field, cat: 'before', id: id + 1, ...at };
    return [
      { ...flow, ph: 's', tid: track(steps[before - 1]?.actor as string), ts: before * STEP + STEP / 2 },
      { ...flow, ph: 'f', bp: 'e', tid: track(steps[after - 1]?.actor as string), ts: after * STEP + STEP / 2 },
    ];
  });
  const last = steps.length;
  const events = [
    { name: 'process_name', ph: 'M', ...at, args: { name: `${context.scenario} ${context.variant}` } },
    ...actors.flatMap((actor) => [
      { name: 'thread_name', ph: 'M', ...at, tid: track(actor), args: { name: actor } },
      { name: 'thread_sort_index', ph: 'M', ...at, tid: track(actor), args: { sort_index: track(actor) } },
    ]),
    ...steps.map((step) => ({
      name: stepText(step),
      cat: step.essential ? 'step,essential' : 'step',
      ph: 'X',
      ...at,
      tid: track(step.actor),
      ts: step.index * STEP,
      dur: STEP,
      args: argumentsOf(step),
    })),
    ...actors.flatMap((actor) => waits(ce, actor).map((wait) => ({ ...wait, ...at, tid: track(actor) }))),
    ...flows,
    {
      name: ce.headline,
      cat: 'violation',
      ph: 'i',
      s: 'g',
      ...at,
      tid: track(steps[last - 1]?.actor ?? actors[0] ?? ''),
      ts: (last + 1) * STEP,
      args: { message: ce.evidence.message, signature: ce.signature },
    },
  ];
  return `${JSON.stringify(
    {
      displayTimeUnit: 'ms',
      otherData: { scenario: context.scenario, variant: context.variant, bounds: pairs(context.bounds) },
      traceEvents: events,
    },
    null,
    1,
  )}\n`;
}

function argumentsOf(step: TraceStep): Record<string, string> {
  return {
    step: String(step.index),
    procedure: step.procedure,
    source: placeOf(step.source),
    ...Object.fromEntries(step.changes.map((c) => [c.path, `${c.before ?? 'not there'} -> ${c.after ?? 'gone'}`])),
    ...(step.note === null ? {} : { note: step.note }),
  };
}

/** Slices in which an actor waits: from the end of the step after which it is blocked to its next step, or the end. */
function waits(
  ce: Counterexample,
  actor: string,
): { name: string; cat: string; ph: string; ts: number; dur: number }[] {
  const slices: { name: string; cat: string; ph: string; ts: number; dur: number }[] = [];
  let began: { on: string; step: number } | null = null;
  const end = (step: number) => {
    if (began !== null && step > began.step)
      slices.push({
        name: `waits for ${began.on}`,
        cat: 'waiting',
        ph: 'X',
        ts: (began.step + 1) * STEP,
        dur: (step - began.step) * STEP - STEP,
      });
    began = null;
  };
  for (const step of ce.steps) {
    if (step.actor === actor) end(step.index);
    const standing = step.standings.find((s) => s.actor === actor);
    if (standing?.status !== 'blocked') end(step.index + 1);
    else began ??= { on: standing.waits?.on ?? 'its guard', step: step.index };
  }
  const standing = finalStandings(ce).find((s) => s.actor === actor);
  if (standing?.status === 'blocked') end(ce.steps.length + 2);
  return slices.filter((s) => s.dur > 0);
}
