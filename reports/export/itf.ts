/**
 * The Informal Trace Format of Apalache and Quint, written and read: one variable a path of the state, the initial state
 * first, and the names that Quint uses for who acted and which choices it made. A trace that goes on for ever has `loop`.
 *
 * What a reader needs to drive the trace through the model again stands under `#meta` of the document and in the
 * variables `mbt::actionTaken` and `mbt::nondetPicks` of each state.
 *
 * Source: ADR 015 of Apalache. Values that a path does not have in a state, since its object does not live, are
 * `#unserializable`.
 */
import { QuiesceError } from '../../checker/lang/errors.ts';
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import { formatSchedule, parseSchedule, type Schedule } from '../../checker/trace/schedule.ts';
import type { Context } from '../facts.ts';

const FORMAT = 'https://apalache-mc.org/docs/adr/015adr-trace.html';
const ACTION = 'mbt::actionTaken';
const PICKS = 'mbt::nondetPicks';

type ItfValue = string | boolean | number | { readonly '#unserializable': string } | { readonly '#bigint': string };

const NOTHING: ItfValue = { '#unserializable': 'not there' };

function itfValue(text: string): ItfValue {
  if (text === 'true' || text === 'false') return text === 'true';
  // The format has no other numbers.
  if (/^-?\d+$/.test(text)) return { '#bigint': text };
  return text;
}

export function itf(ce: Counterexample, context: Context): string {
  const paths = [
    ...new Set([...ce.initial.map((v) => v.path), ...ce.steps.flatMap((s) => s.changes.map((c) => c.path))]),
  ];
  const now = new Map<string, ItfValue>(paths.map((path) => [path, NOTHING]));
  for (const { path, value } of ce.initial) now.set(path, itfValue(value));
  const stateOf = (index: number, action: string, picks: Record<string, string>) => ({
    '#meta': { index },
    ...Object.fromEntries(now),
    [ACTION]: action,
    [PICKS]: picks,
  });
  const states = [stateOf(0, 'init', {})];
  for (const step of ce.steps) {
    for (const { path, after } of step.changes) now.set(path, after === null ? NOTHING : itfValue(after));
    states.push(
      stateOf(step.index, `${step.procedure}/${step.label}`, {
        actor: step.actor,
        ...(step.choice === null ? {} : { choice: step.choice }),
      }),
    );
  }
  const document = {
    '#meta': itfMeta(ce, context),
    params: [],
    vars: [...paths, ACTION, PICKS],
    states,
    ...(ce.loop === undefined ? {} : { loop: Math.min(ce.loop - 1, ce.steps.length) }),
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

/** What stands under `#meta` of the document: what the trace is of, and what is needed to drive it again. */
export function itfMeta(ce: Counterexample, context: Context): object {
  return {
    format: 'ITF',
    'format-description': FORMAT,
    source: context.scenario,
    status: 'violation',
    description: ce.headline,
    quiesce: {
      scenario: context.scenario,
      variant: context.variant,
      bounds: context.bounds,
      model: /^model (\S+)$/m.exec(ce.schedule)?.[1] ?? '',
      property: ce.property,
      signature: ce.signature,
    },
  };
}

/**
 * The schedule that an ITF trace of ours holds. Throws a `schedule` error for anything else: traces of other tools name
 * no actors of ours. `file` is for messages only.
 */
export function scheduleOfItf(text: string, file: string): Schedule {
  const fail = (what: string, hint: string): never => {
    throw new QuiesceError('schedule', `not an ITF trace of quiesce: ${what}`, { where: file, hint });
  };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    fail('the file is not JSON', 'it may be truncated');
  }
  const meta = recordOf(recordOf(document)?.['#meta']);
  const about = recordOf(meta?.['quiesce']);
  const states = recordOf(document)?.['states'];
  if (meta?.['format'] !== 'ITF')
    fail('there is no "#meta" with format ITF', 'traces are written by quiesce export --as itf');
  if (about === null || !Array.isArray(states) || states.length === 0)
    return fail('it does not say which scenario it is of', 'traces of other tools cannot be driven here');
  const word = (key: string): string => {
    const value = about[key];
    return typeof value === 'string' ? value : fail(`"${key}" is missing in its "#meta"`, 'it may have been edited');
  };
  const moves = states.slice(1).map((state, i) => {
    const action = recordOf(state)?.[ACTION];
    const picks = recordOf(recordOf(state)?.[PICKS]);
    const actor = picks?.['actor'];
    const choice = picks?.['choice'] ?? null;
    const slash = typeof action === 'string' ? action.indexOf('/') : -1;
    if (
      typeof action !== 'string' ||
      slash < 0 ||
      typeof actor !== 'string' ||
      (choice !== null && typeof choice !== 'string')
    )
      return fail(`state ${i + 1} does not say who acted`, `${ACTION} and ${PICKS} are missing or wrong`);
    return { actor, procedure: action.slice(0, slash), label: action.slice(slash + 1), choice, line: 0 };
  });
  const bounds = recordOf(about['bounds']) ?? {};
  const loop = recordOf(document)?.['loop'];
  // Written and parsed, so that it meets every rule of a stored schedule.
  return parseSchedule(
    formatSchedule({
      scenario: word('scenario'),
      variant: word('variant'),
      bounds: bounds as Record<string, number>,
      modelHash: word('model'),
      property: word('property'),
      signature: word('signature'),
      moves,
      ...(typeof loop === 'number' ? { loop } : {}),
    }),
    file,
  );
}

function recordOf(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}
