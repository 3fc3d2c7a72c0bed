/**
 * The explorer: programs by chance, a search of each, violations by signature, the smallest program of each signature.
 * The same seed gives the same result, unless a signal ends it.
 */
import { QuiesceError, type ViolationKind } from '../checker/lang/index.ts';
import { type Running, running } from '../checker/running.ts';
import { replay } from '../checker/trace/replay.ts';
import { parseSchedule } from '../checker/trace/schedule.ts';
import type { Verdict } from '../checker/verdict.ts';
import { choiceOf } from './choice.ts';
import { draw } from './generate.ts';
import { formatProgram, type Program } from './program.ts';
import { scenarioOf } from './scenario.ts';
import { type Effort, explained, searchUnlessMistaken, type Unsearched } from './search.ts';
import { shrink } from './shrink.ts';
import type { ExplorableSystem } from './system.ts';

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
  readonly property: string;
  readonly kind: ViolationKind;
  readonly headline: string;
  readonly steps: number;
  readonly switches: number;
  /** Number of the program that showed it first, from 1 on. */
  readonly run: number;
  /** The text of that program, such as `init(dev0):shutdown(dev0):`. */
  readonly first: string;
  /** That of the smallest one; after `explore:<system>:` it names a scenario. */
  readonly program: string;
  /** Programs that were searched to make it smaller. */
  readonly tried: number;
  /** The verdict about the smallest program, with this violation alone. */
  readonly verdict: Verdict;
}

/**
 * What an exploration found, and how much of what it drew was searched as a whole. `explorationToJson` prints it as `quiesce
 * explore --json` does.
 */
export interface Exploration {
  readonly system: string;
  readonly variants: readonly string[];
  readonly ops: readonly string[];
  readonly withoutContracts: readonly string[];
  readonly objects?: Readonly<Record<string, number>>;
  readonly failures?: readonly string[];
  readonly actors: number;
  readonly maxStates: number;
  readonly seed: number;
  /** Programs that were asked for. */
  readonly wanted: number;
  /** Programs that were drawn. */
  readonly runs: number;
  /** Different ones among them; what was drawn twice is searched once. */
  readonly distinct: number;
  readonly exhaustive: number;
  /** Larger than the budget of states: searched by PCT walks, or left after a violation was found. */
  readonly partly: number;
  readonly unsearched: readonly Unsearched[];
  readonly states: number;
  readonly found: readonly FoundViolation[];
  /** Every signature, with the number of programs that showed it. */
  readonly signatures: Readonly<Record<string, number>>;
  /** The signal ended it. */
  readonly stopped: boolean;
}

const DEFAULTS = { runs: 100, seed: 1, maxStates: 20_000, walks: 200 };

/**
 * Explores a system: draws programs over its public operations, searches each, and makes the smallest program of every new
 * violation. Progress can be read with `for await`; an abort of `signal` ends it with what is known: a violation that was
 * just being made smaller is told as small as it is by then. An option that is wrong rejects with a `QuiesceError`; a
 * program that shows a mistake in the model is told as not searched, and the others go on.
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
  const unsearched: Unsearched[] = [];
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
    const one = await searchUnlessMistaken(system, program, variant, effort);
    if ('why' in one) {
      searched.add(text);
      unsearched.push(one);
      continue;
    }
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
      const { property, evidence, headline, steps, switches } = last.counterexample;
      const violation: FoundViolation = {
        signature,
        variant,
        property,
        kind: evidence.kind,
        headline,
        steps: steps.length,
        switches,
        run,
        first: formatProgram(program),
        program: formatProgram(less.program),
        tried: less.tried,
        verdict: last.verdict,
      };
      found.push(violation);
      options.onFound?.(violation);
    }
  }
  const { contracts, ...drawnFrom } = choice;
  return {
    system: system.name,
    ...drawnFrom,
    withoutContracts: options.withoutContracts ?? [],
    maxStates,
    seed,
    wanted: runs,
    runs: run,
    distinct: searched.size,
    exhaustive,
    partly,
    unsearched,
    states,
    found,
    signatures,
    stopped: options.signal?.aborted ?? false,
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

function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
