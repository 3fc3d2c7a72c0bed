/**
 * Shrinking of a counterexample from any search, or of a stored schedule. The signature is always kept: every attempt is
 * run, and one that ends in anything else is dropped.
 *
 * First locally (`simplify.ts`), until nothing helps any more. Then a breadth-first search within that length: where it
 * completes, its schedule is a shortest one with the fewest switches, the same that `check` finds, and *proven* minimal;
 * else the result is *locally* minimal.
 *
 * Limits: a schedule that goes on for ever, or that an analysis stored, is given back as it is; actors that are stuck
 * are shrunk locally only.
 */
import { LOCK_CYCLE } from '../analyse/lock-cycles.ts';
import { DATA_RACE } from '../analyse/races.ts';
import { compile } from '../compile/compile.ts';
import type { CompiledModel } from '../compile/model.ts';
import { QuiesceError } from '../lang/errors.ts';
import type { Scenario } from '../lang/scenario.ts';
import { Findings } from '../search/findings.ts';
import { buildCounterexample } from '../trace/build.ts';
import type { Counterexample } from '../trace/counterexample.ts';
import { type Divergence, type Driven, drive, showsAtEnd } from '../trace/drive.ts';
import { essentialOrderings } from '../trace/orderings.ts';
import { parseSchedule, type Schedule } from '../trace/schedule.ts';
import { actorOf, choiceOf, Simulator } from '../trace/simulator.ts';
import { type Size, sizeOf } from '../trace/size.ts';
import type { Outcome } from '../trace/verify.ts';
import type { Target } from './attempt.ts';
import { prove } from './prove.ts';
import { simplify } from './simplify.ts';

/** What `shrink` takes. */
export interface ShrinkOptions {
  /** Most states of the search that proves minimality; 300,000 unless given, none with 0. */
  readonly maxStates?: number;
  /** Ends it early: the best schedule so far is the result. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ShrinkProgress) => void;
}

/** Told while a schedule is made smaller. */
export interface ShrinkProgress {
  readonly phase: 'switches' | 'steps' | 'search';
  /** Of the best schedule so far. */
  readonly steps: number;
  readonly switches: number;
  /** Schedules tried so far. */
  readonly tried: number;
  /** States of the search that proves minimality. */
  readonly states: number;
}

/** What became of a schedule: it was shrunk, it does not fit the model, or it ends in another violation. */
export type Shrinking =
  | {
      readonly result: 'shrunk';
      readonly counterexample: Counterexample;
      readonly before: Size;
      /** Schedules tried. */
      readonly tried: number;
      /** Why it is not proven minimal; null when it is. */
      readonly because: string | null;
    }
  /** Its moves cannot all be taken, or break nothing. */
  | { readonly result: 'diverged'; readonly divergence: Divergence }
  /** They end in another violation. */
  | { readonly result: 'another violation'; readonly outcome: Outcome };

const DEFAULT_STATES = 300_000;
/** Attempts, or slices of the search, between two looks at the signal. */
const TELL_EVERY = 50;

/**
 * Shrinks a schedule of the scenario. Throws a `usage` error when its variant or bounds do not exist. The result was
 * re-run: its text, read again, drives to the same text.
 *
 * When: a schedule comes from walks, or from a model that has changed. Cost: mostly the search that proves it minimal, which
 * `maxStates` limits.
 *
 * @example
 * ```ts
 * import { check, parseSchedule, scenarios, shrink } from 'quiesce';
 *
 * const scenario = scenarios.find((s) => s.name === 'peers-sva');
 * const { violations } = await check(scenario, { variant: 'posted', strategy: 'pct' });
 * const small = await shrink(scenario, parseSchedule(violations[0].schedule));
 * console.log(small.result, small.counterexample.signature === violations[0].signature); // shrunk true
 * ```
 */
export async function shrink(scenario: Scenario, schedule: Schedule, options: ShrinkOptions = {}): Promise<Shrinking> {
  const form = { variant: schedule.variant, bounds: schedule.bounds };
  const simulator = new Simulator(scenario, form);
  const instrumented = new Findings(simulator.model, null);
  const driven = drive(simulator, instrumented, schedule);
  if (driven.result === 'diverged') return driven;
  if (driven.outcome.signature !== schedule.signature) return { result: 'another violation', outcome: driven.outcome };
  const before = sizeOf(driven.moves);
  const model = compile(scenario, form);
  const target = { property: schedule.property, signature: schedule.signature };
  const asItIs =
    schedule.loop === undefined
      ? [LOCK_CYCLE, DATA_RACE].includes(schedule.property) && 'what an analysis found is not shrunk'
      : 'it goes on for ever, which is not shrunk';
  const shrunk: ShrunkMoves = asItIs
    ? { moves: driven.moves, minimal: 'local', because: asItIs, tried: 0 }
    : await shrinkMoves(model, target, driven.moves, options);
  const counterexample = rerun(simulator, instrumented, driven, schedule, { ...shrunk, from: before });
  return { result: 'shrunk', counterexample, before, tried: shrunk.tried, because: shrunk.because };
}

/** What became of moves that were shrunk. */
export interface ShrunkMoves {
  readonly moves: readonly number[];
  readonly minimal: Counterexample['minimal'];
  /** Why they are not proven minimal; null when they are. */
  readonly because: string | null;
  /** Schedules tried. */
  readonly tried: number;
}

/** Shrinks moves that end in the violation, on a model that is not instrumented. Lets others run now and then. */
export async function shrinkMoves(
  model: CompiledModel,
  target: Target,
  moves: readonly number[],
  options: ShrinkOptions,
): Promise<ShrunkMoves> {
  const { signal, maxStates = DEFAULT_STATES } = options;
  let best = moves;
  let tried = 0;
  const aborted = () => signal?.aborted === true;
  const local = (because: string): ShrunkMoves => ({ moves: best, minimal: 'local', because, tried });
  const tell = async (phase: ShrinkProgress['phase'], states: number) => {
    options.onProgress?.({ phase, ...sizeOf(best), tried, states });
    await new Promise((resolve) => setImmediate(resolve));
  };
  if (aborted()) return local('interrupted');
  for (const attempted of simplify(model, new Findings(model, null), target, moves)) {
    best = attempted.best;
    if (++tried % TELL_EVERY === 0) await tell(attempted.phase, 0);
    if (aborted()) return local('interrupted');
  }
  if (target.property === 'stuck') return local('actors that are stuck are not searched for');
  if (maxStates === 0) return local('no search was made');
  const search = prove(model, target, best, maxStates);
  for (;;) {
    let next: ReturnType<typeof search.next>;
    try {
      next = search.next();
    } catch (error) {
      if (!(error instanceof QuiesceError && error.code === 'model-threw')) throw error;
      return local(`behind another violation the model cannot be searched: ${error.message}`);
    }
    const { done, value } = next;
    if (done !== true) {
      await tell('search', value);
      if (aborted()) return local('interrupted');
    } else if (value === null) return local(`the search reached its limit of ${maxStates} states`);
    else {
      const because = value.minimal === 'shortest' ? 'the table of switches would have been too large' : null;
      return { ...value, because, tried };
    }
  }
}

/** The schedule with these moves instead of its own. */
function renamed(simulator: Simulator, schedule: Schedule, moves: readonly number[]): Schedule {
  simulator.state = simulator.model.initial.slice();
  const named = moves.map((move) => {
    const actor = actorOf(move);
    const point = simulator.point(actor);
    if (point === null) throw new Error('an actor that has ended is to move');
    const choice = simulator.choiceName(point, actor, choiceOf(move));
    simulator.step(actor, choiceOf(move));
    const { name } = simulator.model.actors[actor]?.view ?? { name: '?' };
    return { actor: name, procedure: point.procedure, label: point.label, choice, line: 0 };
  });
  return { ...schedule, moves: named };
}

/** The counterexample of the result, whose text is driven once more and must come out the same. */
function rerun(
  simulator: Simulator,
  findings: Findings,
  original: Extract<Driven, { result: 'violated' }>,
  schedule: Schedule,
  shrunk: ShrunkMoves & { readonly from: Size },
): Counterexample {
  const { loop } = schedule;
  const build = (driven: Extract<Driven, { result: 'violated' }>, moves: readonly number[], orderings = true) =>
    buildCounterexample({
      simulator,
      ...driven.outcome,
      moves,
      fault: driven.fault,
      ...(loop === undefined ? {} : { loop }),
      minimal: shrunk.minimal,
      shrunk: { from: shrunk.from, because: shrunk.because },
      needed:
        orderings && showsAtEnd(schedule)
          ? essentialOrderings(simulator.model, findings, moves, schedule.signature)
          : null,
    });
  if (shrunk.moves === original.moves) return build(original, original.moves);
  const driven = drive(simulator, findings, renamed(simulator, schedule, shrunk.moves));
  if (driven.result !== 'violated' || driven.outcome.signature !== schedule.signature)
    throw new Error(`the shrunk schedule does not show ${schedule.signature}`);
  const counterexample = build(driven, driven.moves);
  const again = drive(simulator, findings, parseSchedule(counterexample.schedule));
  if (again.result !== 'violated' || build(again, again.moves, false).schedule !== counterexample.schedule)
    throw new Error('the shrunk schedule does not replay to itself');
  return counterexample;
}
