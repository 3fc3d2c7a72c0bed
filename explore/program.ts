/**
 * Programs: what a generated scenario does, as data. Operations that have been done when the search begins, then actors
 * with a sequence of operations each, and how often each injected failure may happen. A program has one text, which
 * names the scenario and from which the scenario is built again:
 *
 *     init(dev0)+bind(dev0,mm0):exit(mm0)|shutdown(dev0):kmalloc=1
 */
import { QuiesceError } from '../checker/lang/index.ts';

/** One operation on objects, each by its kind and number: `bind(dev0,mm1)`. */
export interface Call {
  readonly op: string;
  readonly on: readonly string[];
}

/** A generated program: what is done before, what each actor does, and which failures may be injected. */
export interface Program {
  /** Done before the search begins, in this order. */
  readonly start: readonly Call[];
  /** What each actor does, in order. */
  readonly actors: readonly (readonly Call[])[];
  /** How often each failure may happen; failures that never happen are left out. */
  readonly failures: Readonly<Record<string, number>>;
}

export const formatCall = ({ op, on }: Call): string => `${op}(${on.join(',')})`;

/** The text of a program: start, actors and failures between colons. */
export function formatProgram({ start, actors, failures }: Program): string {
  const calls = (list: readonly Call[]) => list.map(formatCall).join('+');
  const given = Object.entries(failures).map(([name, times]) => `${name}=${times}`);
  return [calls(start), actors.map(calls).join('|'), given.join(',')].join(':');
}

/** Reads the text of a program. Throws a `usage` error where it is none. */
export function parseProgram(text: string): Program {
  const parts = text.split(':');
  if (parts.length !== 3) throw wrong(text, 'three parts are separated by colons: start, actors, failures');
  const [start = '', actors = '', failures = ''] = parts;
  return {
    start: callsOf(start),
    actors: actors === '' ? [] : actors.split('|').map(callsOf),
    failures: Object.fromEntries(
      (failures === '' ? [] : failures.split(',')).map((one) => {
        const match = /^(\w+)=([1-9]\d?)$/.exec(one);
        if (match === null) throw wrong(one, 'a failure is written name=times');
        return [match[1] as string, Number(match[2])];
      }),
    ),
  };
}

function callsOf(text: string): Call[] {
  return (text === '' ? [] : text.split('+')).map((one) => {
    const match = /^([a-z][\w-]*)\(((?:[a-z]+\d(?:,[a-z]+\d)*)?)\)$/.exec(one);
    if (match === null) throw wrong(one, 'an operation is written name(object,object), such as bind(dev0,mm0)');
    return { op: match[1] as string, on: match[2] === '' ? [] : (match[2] as string).split(',') };
  });
}

function wrong(text: string, hint: string): QuiesceError {
  return new QuiesceError('usage', `"${text.slice(0, 60)}" is not a generated program`, { hint });
}

/** Every call, those of the start first. */
export const callsIn = ({ start, actors }: Program): readonly Call[] => [...start, ...actors.flat()];

/** Objects of a kind that the program names, in the order of their numbers. */
export function namedObjects(program: Program, kind: string): readonly string[] {
  const pattern = new RegExp(`^${kind}\\d$`);
  return [...new Set(callsIn(program).flatMap(({ on }) => on.filter((name) => pattern.test(name))))].sort();
}
