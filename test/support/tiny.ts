/**
 * Tiny models for unit tests: a scenario from a `setup` alone, a bare lock, a simulator driven by names, and the
 * error that a piece of code throws. Everything else is written in the modelling language in the test itself.
 */
import { compile } from '../../checker/compile/compile.ts';
import type { CompiledModel } from '../../checker/compile/model.ts';
import {
  type Actor,
  actor,
  type Body,
  type Bounds,
  type Expectation,
  type Kit,
  type None,
  type Procedure,
  patch,
  procedure,
  QuiesceError,
  type Scenario,
  type Setting,
  type Setup,
  type Statement,
  scenario,
  struct,
} from '../../checker/lang/index.ts';
import { Simulator } from '../../checker/trace/simulator.ts';

export const source = patch('test')('test.c');

/** An expectation for models whose counts are asserted by the test itself. */
export const anything: Expectation = { verdict: 'holds', states: 0, depth: 0 };

export interface TinyOptions<B extends Bounds> {
  readonly bounds?: B;
  readonly expect?: Expectation;
  readonly settings?: readonly Setting[];
}

/** A scenario with one variant, `posted`. */
export function tiny<B extends Bounds = Record<string, number>>(
  setup: (s: Setup<B>) => void,
  options: TinyOptions<B> = {},
): Scenario {
  return scenario('tiny', {
    title: 'tiny',
    about: 'A model made for one test.',
    systems: ['test'],
    source,
    bounds: options.bounds ?? ({} as B),
    variants: {
      posted: { about: 'as it is', expect: options.expect ?? anything, settings: options.settings ?? [] },
    },
    setup,
  });
}

/** A procedure without parameters and locals. */
export function plain(name: string, build: (k: Kit<None>) => Body<None>): Procedure<None, number> {
  return procedure(name, { source }, build as never);
}

/** A scenario in which each procedure is the whole program of an actor `a`, `b`, `c`, ... */
export function race(...procedures: readonly Procedure<None, unknown>[]): Scenario {
  return tiny((s) => {
    procedures.forEach((p, i) => {
      s.actor('abcdefghijklmnop'[i] as string, p, {});
    });
  });
}

/** A sleeping lock and a spinning one, as bare as the language allows: an owner in a struct with a lock role. */
export const lock = () => struct('lock', { owner: actor() }, { spins: false });
export const spin = () => struct('spin', { owner: actor() }, { spins: true });

type Lock = { owner: Actor | null };

/** A statement that waits for a lock and takes it. */
export function take<F>(label: string, of: (f: F) => Lock): Statement<F> {
  return {
    op: 'block',
    label,
    guard: (f) => of(f).owner === null,
    act: (f, self) => {
      of(f).owner = self;
    },
    waiting: { kind: 'lock', lock: of, owners: (f) => [of(f).owner].filter((a) => a !== null) },
  };
}

/** A statement that lets a lock go. */
export function drop<F>(label: string, of: (f: F) => Lock): Statement<F> {
  return {
    op: 'step',
    label,
    act: (f) => {
      of(f).owner = null;
    },
  };
}

/**
 * Runs the named actors one step each and returns the simulator. `b/1` takes the second choice. A step that is
 * blocked, or that breaks a promise before the last one, is a mistake of the test.
 */
export function drive(model: Scenario | Simulator, schedule: string): Simulator {
  const sim = model instanceof Simulator ? model : new Simulator(model);
  for (const word of schedule.split(' ').filter((w) => w !== '')) {
    const result = attempt(sim, word);
    if (result !== 'moved') throw new Error(`${word} of "${schedule}" is ${result}`);
  }
  return sim;
}

/** Tries one step: `moved`, `blocked`, or the kind and message of the promise it breaks. */
export function attempt(sim: Simulator, word: string): string {
  const [name, choice] = word.split('/') as [string, string?];
  const outcome = sim.step(indexOf(sim.model, name), Number(choice ?? 0));
  return outcome.result === 'fault' ? `${outcome.evidence.kind}: ${outcome.evidence.message}` : outcome.result;
}

export function indexOf(model: CompiledModel, name: string): number {
  const found = model.actors.find((a) => a.view.name === name);
  if (found === undefined) throw new Error(`no actor ${name}`);
  return found.index;
}

/** Every value of the simulator's state, by path. */
export function values(sim: Simulator): Record<string, string> {
  return Object.fromEntries(sim.values());
}

/** What a refusal says: its code, sentence, place and hint. */
export interface Refusal {
  readonly code: string;
  readonly what: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;
}

/** The error that `act` throws; it must be a `QuiesceError`, as everything a user can cause is. */
export function refusalOf(act: () => unknown): Refusal {
  try {
    act();
  } catch (thrown) {
    return asRefusal(thrown);
  }
  throw new Error('nothing was refused');
}

/** The error that a promise is rejected with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Refusal> {
  try {
    await promise;
  } catch (thrown) {
    return asRefusal(thrown);
  }
  throw new Error('nothing was refused');
}

function asRefusal(thrown: unknown): Refusal {
  if (!(thrown instanceof QuiesceError)) throw thrown;
  return { code: thrown.code, what: thrown.message, where: thrown.where, hint: thrown.hint };
}

/** The refusal of a scenario when it is compiled. */
export function refused(model: Scenario): Refusal {
  return refusalOf(() => compile(model));
}
