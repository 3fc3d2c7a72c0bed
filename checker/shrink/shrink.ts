/**
 * Shrinking of a counterexample from any search, or of a stored schedule. The signature is always kept: every attempt is
 * run, and one that ends in anything else is dropped.
 *
 * First locally, until nothing helps any more: fewer context switches, then fewer steps (whole actors, blocks, halves
 * down to single moves). Then a breadth-first search within that length: where it completes, its schedule is a shortest
 * one with the fewest switches, the same that `check` finds, and *proven* minimal; else the result is *locally* minimal.
 *
 * Source: A. Zeller, R. Hildebrandt, Simplifying and isolating failure-inducing input, 2002; deviations: moves that cannot
 * be taken any more are left out of an attempt rather than ending it.
 *
 * Limits: a schedule that goes on for ever is given back as it is; actors that are stuck are shrunk locally only.
 */
import { compile } from '../compile/compile.ts';
import type { CompiledModel } from '../compile/model.ts';
import type { Scenario } from '../lang/scenario.ts';
import { Findings } from '../search/findings.ts';
import { buildCounterexample, countSwitches } from '../trace/build.ts';
import type { Counterexample } from '../trace/counterexample.ts';
import { type Divergence, type Driven, drive } from '../trace/drive.ts';
import { essentialOrderings } from '../trace/orderings.ts';
import { parseSchedule, type Schedule } from '../trace/schedule.ts';
import { actorOf, choiceOf, Simulator } from '../trace/simulator.ts';
import type { Outcome } from '../trace/verify.ts';
import { attempt, simpler, type Target } from './attempt.ts';
import { type Candidates, merged, prefixes, withoutActors, withoutBlocks, withoutRuns } from './candidates.ts';
import { prove } from './prove.ts';

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

/** How large a schedule is. */
export interface Size {
  readonly steps: number;
  readonly switches: number;
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
  const run = new Run(model, target, driven.moves, options);
  if (schedule.loop === undefined) await run.shrink();
  else run.because = 'it goes on for ever, which is not shrunk';
  const counterexample = rerun(simulator, instrumented, driven, schedule, run);
  return { result: 'shrunk', counterexample, before, tried: run.tried, because: run.because };
}

class Run {
  best: readonly number[];
  minimal: Counterexample['minimal'] = 'local';
  because: string | null = null;
  tried = 0;
  #states = 0;
  #phase: ShrinkProgress['phase'] = 'switches';
  readonly #model: CompiledModel;
  readonly #findings: Findings;
  readonly #target: Target;
  readonly #options: ShrinkOptions;

  constructor(model: CompiledModel, target: Target, moves: readonly number[], options: ShrinkOptions) {
    this.#model = model;
    this.#findings = new Findings(model, null);
    this.#target = target;
    this.#options = options;
    this.best = moves;
  }

  async shrink(): Promise<void> {
    await this.#try('steps', prefixes);
    for (let helped = true; helped; ) {
      helped = await this.#try('switches', merged);
      for (const candidates of [withoutActors, withoutBlocks, ...sizesOf(this.best.length).map(withoutRuns)])
        helped = (await this.#try('steps', candidates)) || helped;
    }
    await this.#prove();
  }

  get #aborted(): boolean {
    return this.#options.signal?.aborted === true;
  }

  /**
   * Tries candidates made from the best schedule. After one that is simpler it goes on where that one differs, and at the
   * end from the start again, until none of them helps.
   */
  async #try(phase: ShrinkProgress['phase'], candidates: Candidates): Promise<boolean> {
    this.#phase = phase;
    let helped = false;
    for (let from = 0; ; ) {
      const simplified = await this.#first(candidates, from);
      if (simplified !== null) {
        helped = true;
        from = simplified;
      } else if (from > 0 && !this.#aborted) from = 0;
      else return helped;
    }
  }

  /** Takes the first candidate that is simpler and keeps the violation; tells where it differs, null when none does. */
  async #first(candidates: Candidates, from: number): Promise<number | null> {
    for (const { at, moves } of candidates(this.best, from)) {
      if (this.#aborted) return null;
      const taken = attempt(this.#model, this.#findings, this.#target, moves);
      if (++this.tried % TELL_EVERY === 0) await this.#tell();
      if (taken === null || !simpler(taken, this.best)) continue;
      this.best = taken;
      return at;
    }
    return null;
  }

  async #prove(): Promise<void> {
    const maxStates = this.#options.maxStates ?? DEFAULT_STATES;
    if (this.#aborted) this.because = 'interrupted';
    else if (this.#target.property === 'stuck') this.because = 'actors that are stuck are not searched for';
    else if (maxStates === 0) this.because = 'no search was made';
    if (this.because !== null) return;
    this.#phase = 'search';
    const search = prove(this.#model, this.#target, this.best.length, maxStates);
    for (;;) {
      const { done, value } = search.next();
      if (done === true) {
        if (value === null) this.because = `the search reached its limit of ${maxStates} states`;
        else Object.assign(this, { best: value.moves, minimal: value.minimal });
        if (value?.minimal === 'shortest') this.because = 'the table of switches would have been too large';
        return;
      }
      this.#states = value;
      await this.#tell();
      if (this.#aborted) {
        this.because = 'interrupted';
        return;
      }
    }
  }

  /** Also lets others run. */
  async #tell(): Promise<void> {
    this.#options.onProgress?.({ phase: this.#phase, ...sizeOf(this.best), tried: this.tried, states: this.#states });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Halves, quarters, down to single moves. */
function sizesOf(length: number): number[] {
  const sizes: number[] = [];
  for (let size = Math.ceil(length / 2); size > 1; size = Math.ceil(size / 2)) sizes.push(size);
  return [...sizes, 1];
}

function sizeOf(moves: readonly number[]): Size {
  return { steps: moves.length, switches: countSwitches(moves) };
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
  run: Run,
): Counterexample {
  const { loop } = schedule;
  const ofState = schedule.property !== 'stuck' && loop === undefined;
  const build = (driven: Extract<Driven, { result: 'violated' }>, moves: readonly number[]) =>
    buildCounterexample({
      simulator,
      ...driven.outcome,
      moves,
      fault: driven.fault,
      ...(loop === undefined ? {} : { loop }),
      minimal: run.minimal,
      needed: ofState ? essentialOrderings(simulator.model, findings, moves, schedule.signature) : null,
    });
  if (run.best === original.moves) return build(original, original.moves);
  const driven = drive(simulator, findings, renamed(simulator, schedule, run.best));
  if (driven.result !== 'violated' || driven.outcome.signature !== schedule.signature)
    throw new Error(`the shrunk schedule does not show ${schedule.signature}`);
  const counterexample = build(driven, driven.moves);
  const again = drive(simulator, findings, parseSchedule(counterexample.schedule));
  if (again.result !== 'violated' || build(again, again.moves).schedule !== counterexample.schedule)
    throw new Error('the shrunk schedule does not replay to itself');
  return counterexample;
}
