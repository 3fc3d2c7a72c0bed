/**
 * `check`: one scenario, one variant, one set of bounds, one verdict.
 */
import { setImmediate } from 'node:timers/promises';
import { type AllStates, analyse } from './analyse/analysis.ts';
import { auditOnce } from './analyse/audit.ts';
import { decidePromises, refuseForPromises } from './analyse/promises.ts';
import { actorsBefore, findStuck } from './analyse/stuck.ts';
import { lookBehind } from './analyse/stuck-behind.ts';
import { type CheckpointOptions, Checkpoints } from './checkpoints.ts';
import { compile } from './compile/compile.ts';
import { actorName, type CompiledModel } from './compile/model.ts';
import { Explainer, isExplored, type ShrunkFinding } from './explain.ts';
import { nearest, QuiesceError } from './lang/errors.ts';
import type { Bounds, Scenario } from './lang/scenario.ts';
import { violated } from './lang/violation.ts';
import { refuseMeaninglessOptions } from './options.ts';
import { type Progress, teller } from './progress.ts';
import { confirmSymmetry } from './reduce/confirm.ts';
import { spreadCoverage } from './reduce/coverage.ts';
import { Symmetry } from './reduce/symmetry.ts';
import { type Running, running } from './running.ts';
import { Anytime, type Best, type Stage } from './search/anytime.ts';
import { BreadthFirst } from './search/breadth/bfs.ts';
import type { ScenarioModule } from './search/breadth/thread.ts';
import { CompactBreadthFirst } from './search/compact.ts';
import type { Complete } from './search/explored.ts';
import { builtIn, type Finding, Findings, listOf } from './search/findings.ts';
import { Passes } from './search/passes.ts';
import { Spilling, type SpillOptions } from './search/spilling.ts';
import type { Strategy } from './search/strategy.ts';
import { Walks } from './search/walk.ts';
import {
  boundOf,
  DEFAULTS,
  learn,
  makeAnytime,
  makePasses,
  makeStrategy,
  preemptionsOf,
  seedOf,
  shrinks,
} from './searches.ts';
import { shrinkMoves } from './shrink/shrink.ts';
import { hashingOf, refuseForStore, refusePromisesForStore, type StoreName, strategyFor } from './stores.ts';
import type { Counterexample } from './trace/counterexample.ts';
import { againstRepaired } from './trace/cross-replay.ts';
import { sizeOf } from './trace/size.ts';
import type { Outcome, PropertyResult, Verdict } from './verdict.ts';
import { makeVerdict } from './verdict-of.ts';

export type { Progress } from './progress.ts';

/**
 * Orders of the search. `bfs` is exhaustive and gives shortest counterexamples; `dfs` and `bounded` are exhaustive,
 * too; `random`, `pct` and the first stage of `anytime` are for what does not finish.
 */
export type StrategyName = 'bfs' | 'dfs' | 'bounded' | 'random' | 'pct' | 'anytime';

/** What `check` takes. One that could have no effect is refused with a `config` error, never ignored. */
export interface CheckOptions {
  /** A variant of the scenario; the first one when not given. */
  readonly variant?: string;
  /** Bounds that differ from the variant's. Expectations are then not compared. */
  readonly bounds?: Bounds;
  /** Only these properties (built-in kinds or names of the scenario's own); all when not given. */
  readonly properties?: readonly string[];
  /**
   * `bfs` is exhaustive and finds shortest counterexamples; the others are for scenarios too large to finish. `anytime`
   * runs pct, bounded and bfs in turn and tells the first violation at once.
   */
  readonly strategy?: StrategyName;
  /**
   * Most preemptions a schedule may have: for `bounded`, as many as there are when not given; for the second stage of
   * `anytime`, 2 when not given.
   */
  readonly preemptions?: number;
  /** For `random`, `pct` and the first stage of `anytime`. */
  readonly seed?: string;
  /** Walks of `random` and `pct`, 1,000 when not given; of `anytime`, as the size of the model asks when not given. */
  readonly runs?: number;
  /** Longest walk for `random` and `pct` and greatest depth for the others. */
  readonly depth?: number;
  readonly maxStates?: number;
  readonly maxSeconds?: number;
  readonly maxMemoryBytes?: number;
  /**
   * Threads of the breadth-first search, 1 when not given. The result is the same for any number. They are kept for the
   * next search, and do not keep the process alive.
   */
  readonly workers?: number;
  /** Where threads find the scenario; needed for more than one worker. */
  readonly module?: ScenarioModule;
  /** Look at one of all states that differ only in the names of interchangeable blocks. Breadth-first only. */
  readonly symmetry?: boolean;
  /**
   * Leave out steps that only change the order of what does not matter, where that pays. Nothing of a verdict is lost but
   * that counterexamples are shortest, and whether a guard was ever false; `always` does so where it does not seem to
   * pay, too. Breadth-first only.
   */
  readonly persistentSets?: boolean | 'always';
  /**
   * How visited states are kept, see `StoreName`. `compact` is for the breadth-first search on one thread; `bitstate`
   * is depth-first, takes `maxMemoryBytes` at once (64 MiB unless given), and proves nothing.
   */
  readonly store?: StoreName;
  /** Write the search to a file, so that it can be taken up when it was stopped or killed. Breadth-first, exact stores. */
  readonly checkpoint?: CheckpointOptions;
  /** Take up the search of this checkpoint. The verdict is that of a search which never stopped. */
  readonly resume?: string;
  /** When the memory is full, go on with the states on disk, slower. Breadth-first, exact stores. */
  readonly spill?: SpillOptions;
  /** Go on after the first violation and collect one counterexample for each signature. */
  readonly all?: boolean;
  /**
   * Look at lock order, data races and orders of events as well: see `Analysis`. About twice the time and memory; where the
   * check itself does not keep every state, a search of its own, of 2,000,000 states unless `maxStates` is given.
   */
  readonly analyse?: boolean;
  /**
   * Shrink the schedules that walks and the stages of `anytime` find; true unless set to false, or `explain` is. Each costs
   * a search of up to 300,000 states that proves it minimal, except where `anytime` was cut.
   */
  readonly shrink?: boolean;
  /** Compute essential orderings and the fewest context switches; true unless set to false. */
  readonly explain?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Called with each counterexample as soon as it is known: by `anytime` when a violation is found, without essential
   * orderings, and again when a better schedule of the same signature is; by the others when the search has ended.
   */
  readonly onViolation?: (counterexample: Counterexample) => void;
  /** Called when a stage of `anytime` has ended. */
  readonly onStage?: (stage: Stage) => void;
}

const SLICE_MS = 50;

/**
 * Searches a scenario and gives its verdict: the document that `quiesce check --json` prints. Progress can be read while
 * it runs, with `for await`; a reader that is slower than the search gets the newest. An abort of `signal` or a limit is
 * not an error but an undecided verdict. A model or option that is wrong rejects with a `QuiesceError`.
 *
 * Cost: time and memory grow with the states within the bounds; `grow` tells how fast. The search gives way to other
 * work of the thread about twenty times a second.
 *
 * Limits: exact counts need the breadth-first strategy; `random` and `pct` never prove anything. Two searches of one
 * process may run at a time, in turns.
 *
 * @example
 * ```ts
 * import { check, scenarios } from 'quiesce';
 *
 * const scenario = scenarios.find((s) => s.name === 'peers-sva');
 * const search = check(scenario, { variant: 'posted' });
 * for await (const { states, depth } of search) console.error(`${states} states, depth ${depth}`);
 * const verdict = await search;
 * console.log(verdict.outcome, verdict.violations[0].evidence.kind); // violated deadlock
 * ```
 */
export function check(scenario: Scenario, options: CheckOptions = {}): Running<Verdict, Progress> {
  return running((tell) =>
    searched(scenario, {
      ...options,
      onProgress: (progress) => {
        options.onProgress?.(progress);
        tell(progress);
      },
    }),
  );
}

/** The search itself, and what is to be done at its end. */
async function searched(scenario: Scenario, options: CheckOptions): Promise<Verdict> {
  const atEnd: (() => void)[] = [];
  try {
    return await run(scenario, options, atEnd);
  } finally {
    for (const act of atEnd) act();
  }
}

/** @param atEnd what is to be done at the end, whatever it is. */
async function run(scenario: Scenario, options: CheckOptions, atEnd: (() => void)[]): Promise<Verdict> {
  const started = performance.now();
  const strategyName = options.strategy ?? strategyFor(options.store);
  refuseMeaninglessOptions(options, strategyName);
  refuseForStore(options, strategyName);
  const form = {
    ...(options.variant === undefined ? {} : { variant: options.variant }),
    ...(options.bounds === undefined ? {} : { bounds: options.bounds }),
  };
  let model = compile(scenario, form);
  refuseUnknownProperties(model, options.properties);
  const { model: instrumented } = auditOnce(scenario, form);
  let ownFindings = new Findings(model, options.properties ?? null);
  refusePromisesForStore(ownFindings, options);
  refuseForPromises(ownFindings, options, strategyName);
  const stopAtFirst = !(options.all ?? false);
  const learning = options.persistentSets ? learn(compile(scenario, { ...form, marks: true }), options) : null;
  const leavesOut = learning !== null && (learning.pays || options.persistentSets === 'always');
  if (leavesOut) {
    model = learning.model;
    ownFindings = new Findings(model, options.properties ?? null);
  }
  const symmetry = options.symmetry === true ? new Symmetry(model) : null;
  if (symmetry !== null && !symmetry.folds)
    throw new QuiesceError(
      'config',
      `scenario ${scenario.name} declares no interchangeable blocks, and has no heap slots`,
      {
        hint: 'search without symmetry, or declare blocks with s.interchangeable(...)',
      },
    );
  if (symmetry !== null) confirmSymmetry(model, symmetry);
  const explainer = new Explainer(scenario, model, options, instrumented);
  const search =
    strategyName === 'anytime'
      ? makeAnytime(model, options, symmetry, explainer)
      : leavesOut
        ? makePasses(learning, options, stopAtFirst, symmetry)
        : makeStrategy(strategyName, model, ownFindings, options, stopAtFirst, symmetry);

  if (search instanceof Spilling) atEnd.push(() => search.release());
  const canClose =
    search instanceof Anytime ||
    search instanceof Passes ||
    search instanceof Spilling ||
    search instanceof BreadthFirst;
  // A step that throws must not leave threads behind.
  if (canClose && !(search instanceof Anytime)) atEnd.push(() => search.close('the check has ended'));
  const tell = teller(options, started);
  /** Why the check must end here, if it must. */
  const cutShort = (): string | null => {
    if (options.signal?.aborted) return 'interrupted';
    const late = options.maxSeconds !== undefined && performance.now() - started > options.maxSeconds * 1000;
    return late ? 'time limit' : null;
  };
  const checkpoints =
    options.checkpoint !== undefined && (search instanceof BreadthFirst || search instanceof Spilling)
      ? new Checkpoints(options.checkpoint, model, options, search)
      : null;
  let written = performance.now();
  let cut: string | null = null;
  while (search.advance(SLICE_MS)) {
    tell('search', search.counts);
    await setImmediate();
    cut = cutShort();
    if (cut !== null) break;
    if (checkpoints === null || performance.now() - written < checkpoints.every * 1000) continue;
    checkpoints.write();
    written = performance.now();
  }
  if (checkpoints !== null && (cut ?? search.incomplete) !== null && (checkpoints.atLimits || cut === 'interrupted'))
    if (!checkpoints.write() && !search.advance(0))
      // When nothing is left to be written, the round under way was the last one.
      cut = null;
  const counts = search.counts;
  let incomplete = cut ?? search.incomplete;
  if (cut !== null && canClose) search.close(cut);
  // The last stage of several is the one that decides.
  const staged = search instanceof Anytime || search instanceof Passes || search instanceof Spilling;
  const last = staged ? search.search : search;
  // Its threads wait until its promises are decided.
  if (last instanceof BreadthFirst) atEnd.push(() => last.close('the check has ended'));
  const findings = staged ? search.findings : ownFindings;
  let stuck: StuckCheck = 'undecided';
  const hashed = last instanceof CompactBreadthFirst;
  if ((hashed || isComplete(last)) && incomplete === null && findings.checks('stuck')) {
    tell('stuck actors', counts);
    const found = hashed ? lookBehind(model, last, findings) : lookForStuck(model, last, findings);
    stuck = found.result;
    // What could not be decided leaves the verdict open, unless the property was left out.
    if (found.result === 'undecided') incomplete = `stuck actors: ${found.because}`;
  }
  let promises: ReadonlyMap<string, PropertyResult['result']> = new Map();
  if (incomplete === null && findings.live.length > 0) {
    const kept = isComplete(last) ? last : null;
    const memory = (options.maxMemoryBytes ?? Number.MAX_SAFE_INTEGER) - counts.memoryBytes;
    const decided = await decidePromises(model, kept, findings, memory, async () => {
      tell('promises', counts);
      await setImmediate();
      return cutShort();
    });
    promises = decided.results;
    incomplete = decided.because;
  }

  if (symmetry !== null) spreadCoverage(model, symmetry.generators);
  const searched = performance.now();
  const found: ToExplain[] = [];
  for (const best of inOrder(findingsOf(search, last, findings), stopAtFirst))
    found.push(shrinks(options) ? await smaller(model, best, options, () => tell('shrink', counts)) : asFound(best));
  if (found.length > 0) tell('explain', counts);
  const violations = found.map(({ finding, by, shrunk }) => explainer.explain(by, findings, finding, shrunk));
  const outcome: Outcome =
    violations.length > 0
      ? 'violated'
      : incomplete !== null
        ? 'undecided'
        : findings.goals.some((goal) => !findings.reached.has(goal.name))
          ? 'violated'
          : 'holds';
  if (outcome !== 'undecided') checkpoints?.remove();
  const verdict = makeVerdict({
    model,
    findings,
    options,
    strategy: strategyName,
    seed: seedOf(options, strategyName),
    runs: search instanceof Anytime ? search.walks.runs : (options.runs ?? DEFAULTS.runs),
    preemptions: search instanceof Anytime ? preemptionsOf(options) : (options.preemptions ?? null),
    stages: search instanceof Anytime ? search.stages : null,
    pct: boundOf(search),
    counts,
    incomplete,
    outcome,
    stuck,
    promises,
    hashing: hashingOf(last),
    reductions: [
      ...((hashed || isExplored(last)) && last.symmetry !== null
        ? last.symmetry.reductions(counts.states, last.unreduced)
        : []),
      ...(learning === null ? [] : [learning.reductionWhen(leavesOut)]),
    ],
    leavesOut,
    violations,
    seconds: (searched - started) / 1000,
    spilledAtLevel: search instanceof Spilling ? search.spilledAtLevel : null,
  });
  const repaired = options.explain === false ? null : againstRepaired(scenario, verdict.variant, violations);
  let analysis = null;
  if (options.analyse === true) {
    tell('analyse', counts);
    const { maxStates, maxMemoryBytes } = options;
    analysis = await analyse(
      scenario,
      {
        ...form,
        ...(maxStates === undefined ? {} : { maxStates }),
        ...(maxMemoryBytes === undefined ? {} : { maxMemoryBytes }),
        pause: cutShort,
      },
      outcome === 'holds' && !leavesOut && !staged ? allStatesOf(model, last) : null,
    );
  }
  return { ...verdict, ...(repaired === null ? {} : { repaired }), ...(analysis === null ? {} : { analysis }) };
}

/** The states of a search that has seen them all; null for one that keeps none, or folds them. */
function allStatesOf(model: CompiledModel, search: Strategy): AllStates | null {
  return isComplete(search) && search.symmetry === null ? { model, search } : null;
}

type StuckCheck = 'holds' | 'violated' | 'undecided';

/** After a complete search: can an actor reach a state from which it never moves again? */
function lookForStuck(
  model: CompiledModel,
  search: Complete,
  findings: Findings,
): { readonly result: StuckCheck; readonly because: string | null } {
  const found = findStuck(model, search);
  if (found.result === 'nobody') return { result: 'holds', because: null };
  if (found.result === 'undecided') return found;
  const moves = search.movesTo(found.state);
  model.load(model.initial, 0);
  for (const move of moves) model.run(move >> 16, move & 0xffff);
  const state = model.memory.words.slice(0, model.words);
  const names = actorsBefore(search.symmetry, state, found.actors).map((i) => actorName(model, i));
  model.load(state, 0);
  const evidence = violated('stuck', `${listOf(names)} can never move again although others go on`, { actors: names });
  findings.record('stuck', evidence, null, moves.length, false, () => moves);
  return { result: 'violated', because: null };
}

/** Every violation, with the search that found it and can tell more about it. */
function findingsOf(search: Strategy, last: Strategy, findings: Findings): Best[] {
  if (!(search instanceof Anytime)) return findings.violations.map((finding) => ({ finding, by: last }));
  // What only a finished search can decide was found after the last stage.
  const late = findings.violations.filter((f) => f.property === 'stuck' || f.loop !== undefined);
  return [...search.best.values(), ...late.map((finding) => ({ finding, by: search.search }))];
}

/** A finding to be explained, and what became of its moves after the search. */
interface ToExplain {
  readonly finding: Finding;
  readonly by: Strategy;
  readonly shrunk: ShrunkFinding | null;
}

const asFound = ({ finding, by }: Best): ToExplain => ({ finding, by, shrunk: null });

/** Shrinks what walks have found. Of an anytime search that was cut before its last stage nothing more is proven. */
async function smaller(model: CompiledModel, best: Best, options: CheckOptions, tell: () => void): Promise<ToExplain> {
  const { finding, by } = best;
  const staged = by instanceof Anytime;
  if (!staged && !(by instanceof Walks)) return asFound(best);
  const { signal } = options;
  const { moves, minimal, because } = await shrinkMoves(model, finding, finding.moves, {
    ...(signal === undefined ? {} : { signal }),
    ...(staged ? { maxStates: 0 } : {}),
    onProgress: tell,
  });
  const from = best.shrunkFrom ?? sizeOf(finding.moves);
  const why = staged && signal?.aborted !== true ? 'the search ended before its last stage did' : because;
  return { finding: { ...finding, moves, length: moves.length }, by, shrunk: { from, minimal, because: why } };
}

/** Without `all`, only the shortest of the violations found together; ties by the order in which they were found. */
function inOrder(violations: readonly Best[], onlyFirst: boolean): readonly Best[] {
  const sorted = [...violations].sort((a, b) => a.finding.length - b.finding.length);
  return onlyFirst ? sorted.slice(0, 1) : sorted;
}

/** Does the search keep every state? */
function isComplete(search: Strategy): search is Strategy & Complete {
  return 'ahead' in search;
}

function refuseUnknownProperties(model: CompiledModel, wanted: readonly string[] | undefined): void {
  const known = [...Object.keys(builtIn), ...model.properties.map((p) => p.name)];
  for (const name of wanted ?? [])
    if (!known.includes(name)) {
      const near = nearest(name, known);
      throw new QuiesceError('usage', `scenario ${model.scenario.name} has no property "${name}"`, {
        hint: near ? `did you mean "${near}"?` : `properties are ${known.join(', ')}`,
      });
    }
}
