/**
 * The explorer: programs by chance, a search of each, violations by signature, the smallest program of each signature.
 * The same seed gives the same result, unless a signal ends it.
 */
import { nearest, QuiesceError } from '../checker/lang/index.ts';
import { type Running, running } from '../checker/running.ts';
import { replay } from '../checker/trace/replay.ts';
import { parseSchedule } from '../checker/trace/schedule.ts';
import type { Verdict } from '../checker/verdict.ts';
import { type Choice, draw, failuresOf } from './generate.ts';
import { formatProgram, type Program } from './program.ts';
import { scenarioOf } from './scenario.ts';
import { type Effort, explained, searchProgram } from './search.ts';
import { shrink } from './shrink.ts';
import type { ExplorableSystem, PublicOperation } from './system.ts';

/** What `explore` takes. */
export interface ExploreOptions {
  /** Variants to choose from: every one that is not repaired, unless given. */
  readonly variants?: readonly string[];
  /** Operations to choose from: all but those that are large or break a contract in force, unless given. */
  readonly ops?: readonly string[];
  /** Most objects of a kind, where fewer than the system has are wanted. */
  readonly objects?: Readonly<Record<string, number>>;
  /** Failures to choose from, of which each program then has one; without, most programs have none. */
  readonly failures?: readonly string[];
  /** Most actors of a program; 3 unless given. */
  readonly actors?: number;
  /** Programs to draw; 100 unless given. */
  readonly runs?: number;
  /** For what is drawn and for PCT walks; 1 unless given. */
  readonly seed?: number;
  /** States after which a search is given up for PCT; 20,000 unless given. */
  readonly maxStates?: number;
  /** Contracts of the kernel that the programs need not keep. */
  readonly withoutContracts?: readonly string[];
  /** Signatures that are known already, each told but not shrunk again. */
  readonly known?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ExploreProgress) => void;
  /** Called with each new violation once it is shrunk. */
  readonly onFound?: (found: FoundViolation) => void;
}

/** Told while programs are searched. */
export interface ExploreProgress {
  readonly phase: 'search' | 'shrink';
  readonly run: number;
  readonly runs: number;
  readonly states: number;
  readonly signatures: number;
}

/** A violation of a signature that was not known. */
export interface FoundViolation {
  readonly signature: string;
  readonly variant: string;
  readonly headline: string;
  /** Number of the program that showed it first, from 1 on. */
  readonly run: number;
  readonly first: Program;
  /** The smallest one. */
  readonly program: Program;
  /** Programs that were searched to make it smaller. */
  readonly tried: number;
  /** The verdict about the smallest program, with this violation alone. */
  readonly verdict: Verdict;
}

/** What an exploration found, and how much of what it drew was searched as a whole. */
export interface Exploration {
  readonly system: string;
  readonly seed: number;
  /** Programs that were searched. */
  readonly runs: number;
  readonly wanted: number;
  /** Different ones among them; what was drawn twice is searched once. */
  readonly distinct: number;
  readonly exhaustive: number;
  /** Larger than the budget of states: searched by PCT walks, or left after a violation was found. */
  readonly partly: number;
  readonly states: number;
  readonly found: readonly FoundViolation[];
  /** Every signature, with the number of programs that showed it. */
  readonly signatures: Readonly<Record<string, number>>;
  /** The signal ended it. */
  readonly stopped: boolean;
}

const DEFAULTS = { actors: 3, runs: 100, seed: 1, maxStates: 20_000, walks: 200 };

/**
 * Explores a system: draws programs over its public operations, searches each, and makes the smallest program of every new
 * violation. Progress can be read with `for await`; an abort of `signal` ends it with what is known: a violation that was just being
 * made smaller is told as small as it is by then. An option that is
 * wrong rejects with a `QuiesceError`.
 *
 * Cost: `runs` searches of at most `maxStates` states each. Limits: that nothing is found proves nothing beyond the
 * programs that were searched as a whole.
 *
 * @example
 * ```ts
 * import { explore, systemNamed } from 'quiesce';
 *
 * const exploration = await explore(await systemNamed('reserved-iova'), { runs: 4, seed: 1 });
 * console.log(exploration.runs, exploration.stopped); // 4 false
 * ```
 */
export function explore(system: ExplorableSystem, options: ExploreOptions = {}): Running<Exploration, ExploreProgress> {
  return running((tell) =>
    explored(system, {
      ...options,
      onProgress: (progress) => {
        options.onProgress?.(progress);
        tell(progress);
      },
    }),
  );
}

async function explored(system: ExplorableSystem, options: ExploreOptions): Promise<Exploration> {
  const { runs, seed, maxStates, walks } = { ...DEFAULTS, ...defined(options) };
  const choice = choiceOf(system, options);
  const drawn = draw(system, choice, seed, runs);
  const effort: Effort = {
    maxStates,
    walks,
    seed,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };

  const searched = new Set<string>();
  const told = new Set(options.known ?? []);
  const signatures: Record<string, number> = {};
  const found: FoundViolation[] = [];
  let exhaustive = 0;
  let partly = 0;
  let states = 0;
  let run = 0;
  const tell = (phase: ExploreProgress['phase']) =>
    options.onProgress?.({ phase, run, runs, states, signatures: Object.keys(signatures).length });
  for (const { variant, program } of drawn) {
    if (options.signal?.aborted) break;
    run++;
    const text = `${variant} ${formatProgram(program)}`;
    if (program.actors.length === 0 || searched.has(text)) continue;
    tell('search');
    const one = await searchProgram(system, program, variant, effort);
    // What a search that was ended has found by then is told as well.
    if (options.signal?.aborted && one.verdict.violations.length === 0) continue;
    searched.add(text);
    states += one.states;
    if (one.exhaustive) exhaustive++;
    else partly++;
    for (const { signature } of one.verdict.violations) {
      signatures[signature] = (signatures[signature] ?? 0) + 1;
      if (told.has(signature)) continue;
      tell('shrink');
      const less = await shrink(system, program, variant, signature, choice.contracts, effort);
      const last = await explained(system, less.program, variant, signature, { maxStates, walks, seed });
      if (last === null) break;
      told.add(signature);
      replayAgain(system, less.program, last.verdict);
      const { headline } = last.counterexample;
      const one: FoundViolation = { signature, variant, headline, run, first: program, ...less, verdict: last.verdict };
      found.push(one);
      options.onFound?.(one);
    }
  }
  return {
    system: system.name,
    seed,
    runs: run,
    wanted: runs,
    distinct: searched.size,
    exhaustive,
    partly,
    states,
    found,
    signatures,
    stopped: options.signal?.aborted ?? false,
  };
}

/** What is to be drawn from. Throws for a name that the system does not have, and for what cannot be drawn. */
export function choiceOf(system: ExplorableSystem, options: ExploreOptions): Choice {
  const contracts = Object.keys(system.contracts).filter((name) => !(options.withoutContracts ?? []).includes(name));
  const variants =
    options.variants ?? Object.keys(system.presets).filter((name) => system.presets[name]?.repaired !== true);
  const ops =
    options.ops ??
    Object.keys(system.operations).filter((name) => {
      const { large, breaks } = system.operations[name] ?? {};
      return large !== true && (breaks === undefined || !contracts.includes(breaks));
    });
  refuseUnknown(system, 'variant', Object.keys(system.presets), variants);
  refuseUnknown(system, 'operation', Object.keys(system.operations), ops);
  refuseUnknown(system, 'contract', Object.keys(system.contracts), options.withoutContracts ?? []);
  for (const name of ops) {
    const { breaks } = system.operations[name] as PublicOperation;
    if (breaks !== undefined && contracts.includes(breaks))
      throw new QuiesceError(
        'config',
        `operation ${name} has no meaning with the contract ${breaks}, which it breaks`,
        {
          hint: `give --without-contract ${breaks} as well`,
        },
      );
  }
  const { objects, failures } = options;
  refuseUnknown(system, 'failure', failuresOf(system, ops), failures ?? []);
  for (const [kind, most] of Object.entries(objects ?? {})) {
    refuseUnknown(system, 'kind of object', Object.keys(system.objects), [kind]);
    const all = system.objects[kind] ?? 0;
    if (!(Number.isInteger(most) && most >= 1 && most <= all))
      throw new QuiesceError('usage', `${system.name} has 1 to ${all} ${kind}, not ${most}`);
  }
  return {
    variants,
    ops,
    actors: options.actors ?? DEFAULTS.actors,
    contracts,
    ...(objects === undefined ? {} : { objects }),
    ...(failures === undefined ? {} : { failures }),
  };
}

/** The stored schedule must lead to the same trace, byte for byte, in the scenario that its header names. */
function replayAgain(system: ExplorableSystem, program: Program, verdict: Verdict): void {
  const [stored] = verdict.violations;
  if (stored === undefined) return;
  const again = replay(scenarioOf(system, program), parseSchedule(stored.schedule));
  if (again.result === 'reproduced' && again.counterexample.schedule === stored.schedule) return;
  throw new QuiesceError('nondeterminism', `the schedule of ${stored.signature} does not lead to it again`, {
    where: formatProgram(program),
  });
}

function refuseUnknown(
  system: ExplorableSystem,
  what: string,
  known: readonly string[],
  given: readonly string[],
): void {
  for (const name of given)
    if (!known.includes(name)) {
      const near = nearest(name, known);
      const all = `there are ${known.join(', ')}`;
      throw new QuiesceError('usage', `${system.name} has no ${what} "${name}"`, {
        hint: near === undefined ? all : `did you mean ${near}? ${all}`,
      });
    }
}

function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
