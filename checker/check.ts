/**
 * `check`: one scenario, one variant, one set of bounds, one verdict.
 */
import { setImmediate } from 'node:timers/promises';
import { auditOnce } from './analyse/audit.ts';
import { findStuck } from './analyse/stuck.ts';
import { compile } from './compile/compile.ts';
import type { CompiledModel } from './compile/model.ts';
import { nearest, QuiesceError } from './lang/errors.ts';
import type { Bounds, Scenario } from './lang/scenario.ts';
import { violated } from './lang/violation.ts';
import { confirmSymmetry } from './reduce/confirm.ts';
import { Symmetry } from './reduce/symmetry.ts';
import { BreadthFirst } from './search/bfs.ts';
import { PreemptionBounded } from './search/bounded.ts';
import { DepthFirst } from './search/dfs.ts';
import type { Complete, Explored } from './search/explored.ts';
import { builtIn, type Finding, Findings, listOf } from './search/findings.ts';
import { ParallelBreadthFirst, type ScenarioModule } from './search/parallel/team.ts';
import { pctPolicy } from './search/pct.ts';
import { randomPolicy } from './search/random.ts';
import type { SearchCounts, Strategy } from './search/strategy.ts';
import { Walks } from './search/walk.ts';
import { buildCounterexample } from './trace/build.ts';
import type { Counterexample } from './trace/counterexample.ts';
import { essentialOrderings } from './trace/orderings.ts';
import { Simulator } from './trace/simulator.ts';
import { fewestSwitches } from './trace/switches.ts';
import { outcomesOf } from './trace/verify.ts';
import type { Outcome, Verdict } from './verdict.ts';
import { makeVerdict } from './verdict-of.ts';

export type StrategyName = 'bfs' | 'dfs' | 'bounded' | 'random' | 'pct';

export interface CheckOptions {
  /** A variant of the scenario; the first one when not given. */
  readonly variant?: string;
  /** Bounds that differ from the variant's. Expectations are then not compared. */
  readonly bounds?: Bounds;
  /** Only these properties (built-in kinds or names of the scenario's own); all when not given. */
  readonly properties?: readonly string[];
  /** `bfs` is exhaustive and finds shortest counterexamples; the others are for scenarios too large to finish. */
  readonly strategy?: StrategyName;
  /** Most preemptions a schedule may have, for `bounded`; as many as there are when not given. */
  readonly preemptions?: number;
  /** For `random` and `pct`. */
  readonly seed?: string;
  /** Walks of `random` and `pct`; 1,000 when not given. */
  readonly runs?: number;
  /** Longest walk for `random` and `pct` and greatest depth for the others. */
  readonly depth?: number;
  readonly maxStates?: number;
  readonly maxSeconds?: number;
  readonly maxMemoryBytes?: number;
  /** Threads of the breadth-first search, 1 when not given. The result is the same for any number. */
  readonly workers?: number;
  /** Where threads find the scenario; needed for more than one worker. */
  readonly module?: ScenarioModule;
  /** Look at one of all states that differ only in the names of interchangeable blocks. Breadth-first only. */
  readonly symmetry?: boolean;
  /** Go on after the first violation and collect one counterexample for each signature. */
  readonly all?: boolean;
  /** Compute essential orderings and the fewest context switches; true unless set to false. */
  readonly explain?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Told about four times a second while a search runs. */
export interface Progress {
  readonly phase: 'compile' | 'search' | 'stuck actors' | 'explain';
  readonly seconds: number;
  readonly depth: number;
  readonly states: number;
  readonly transitions: number;
  /** States found and not yet expanded. */
  readonly queue: number;
  readonly statesPerSecond: number;
  /** Share of transitions that led to a state already known. */
  readonly duplicates: number;
  /** Size of the newest complete level divided by the one before; below one the end is near. */
  readonly front: number | null;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number | null;
}

const SLICE_MS = 50;
const TELL_MS = 250;
const DEFAULTS = { runs: 1000, seed: 'quiesce', walkDepth: 10_000 };

/**
 * Searches a scenario and returns its verdict. Throws `QuiesceError` for a model or option that is wrong; a limit
 * or an abort is not an error but an undecided verdict.
 *
 * Limits: exact counts need the breadth-first strategy; `random` and `pct` never prove anything.
 */
export async function check(scenario: Scenario, options: CheckOptions = {}): Promise<Verdict> {
  const started = performance.now();
  const strategyName = options.strategy ?? 'bfs';
  refuseMeaninglessOptions(options, strategyName);
  const form = {
    ...(options.variant === undefined ? {} : { variant: options.variant }),
    ...(options.bounds === undefined ? {} : { bounds: options.bounds }),
  };
  const model = compile(scenario, form);
  refuseUnknownProperties(model, options.properties);
  auditOnce(scenario, form);
  const findings = new Findings(model, options.properties ?? null);
  const stopAtFirst = !(options.all ?? false);
  if (options.symmetry === true && model.symmetries.length === 0)
    throw new QuiesceError('config', `scenario ${scenario.name} declares no interchangeable blocks`, {
      hint: 'search without symmetry, or declare them with s.interchangeable(...)',
    });
  const symmetry = options.symmetry === true ? new Symmetry(model) : null;
  if (symmetry !== null) confirmSymmetry(model, symmetry);
  const search = makeStrategy(strategyName, model, findings, options, stopAtFirst, symmetry);

  const tell = teller(options, started);
  let cut: string | null = null;
  while (search.advance(SLICE_MS)) {
    tell('search', search.counts);
    await setImmediate();
    if (options.signal?.aborted) cut = 'interrupted';
    else if (options.maxSeconds !== undefined && performance.now() - started > options.maxSeconds * 1000)
      cut = 'time limit';
    if (cut !== null) break;
  }
  const counts = search.counts;
  let incomplete = cut ?? search.incomplete;
  let stuck: StuckCheck = 'undecided';
  if (isComplete(search) && incomplete === null && findings.checks('stuck')) {
    tell('stuck actors', counts);
    const found = lookForStuck(model, search, findings);
    stuck = found.result;
    // What could not be decided leaves the verdict open, unless the property was left out.
    if (found.result === 'undecided') incomplete = `stuck actors: ${found.because}`;
  }

  const violations: Counterexample[] = [];
  const searched = performance.now();
  if (findings.violations.length > 0) {
    tell('explain', counts);
    const simulator = new Simulator(scenario, { variant: model.variantName, bounds: model.bounds });
    for (const finding of inOrder(findings.violations, stopAtFirst))
      violations.push(explain(model, simulator, search, findings, finding, options));
  }
  const outcome: Outcome =
    violations.length > 0
      ? 'violated'
      : incomplete !== null
        ? 'undecided'
        : findings.goals.some((goal) => !findings.reached.has(goal.name))
          ? 'violated'
          : 'holds';
  return makeVerdict({
    model,
    findings,
    options,
    strategy: strategyName,
    seed: seedOf(options, strategyName),
    counts,
    incomplete,
    outcome,
    stuck,
    reductions:
      isExplored(search) && search.symmetry !== null
        ? [{ name: `symmetry (${search.symmetry.size} permutations)`, factor: search.unreduced / counts.states }]
        : [],
    violations,
    seconds: (searched - started) / 1000,
  });
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
  const names = found.actors.map((i) => model.actors[i]?.view.name ?? '?');
  const moves = search.movesTo(found.state);
  model.load(search.store.arena, found.state * model.words);
  const evidence = violated('stuck', `${listOf(names)} can never move again although others go on`, { actors: names });
  findings.record('stuck', evidence, null, moves.length, false, () => moves);
  return { result: 'violated', because: null };
}

/** Without `all`, only the shortest of the violations found together; ties by the order in which they were found. */
function inOrder(violations: readonly Finding[], onlyFirst: boolean): readonly Finding[] {
  const sorted = [...violations].sort((a, b) => a.length - b.length);
  return onlyFirst ? sorted.slice(0, 1) : sorted;
}

function explain(
  model: CompiledModel,
  simulator: Simulator,
  search: Strategy,
  findings: Findings,
  finding: Finding,
  options: CheckOptions,
): Counterexample {
  let minimal: Counterexample['minimal'] = isExplored(search) ? 'shortest' : 'local';
  let needed: Counterexample['needed'] = null;
  if (options.explain !== false) {
    if (isExplored(search) && finding.property !== 'stuck') {
      const moves = fewestSwitches(model, search, findings, finding);
      if (moves !== null) {
        finding.moves = moves;
        minimal = 'proven';
      }
    }
    if (finding.property !== 'stuck') needed = essentialOrderings(model, findings, finding.moves, finding.signature);
  }
  // Another schedule of the same signature, or one found under symmetry, may be about other objects and actors.
  const outcomes = outcomesOf(model, findings, finding.moves);
  const evidence = outcomes?.find((o) => o.signature === finding.signature)?.evidence ?? finding.evidence;
  return buildCounterexample({
    simulator,
    property: finding.property,
    evidence,
    signature: finding.signature,
    moves: finding.moves,
    fault: finding.fault,
    minimal,
    needed,
  });
}

function makeStrategy(
  name: StrategyName,
  model: CompiledModel,
  findings: Findings,
  options: CheckOptions,
  stopAtFirst: boolean,
  symmetry: Symmetry | null,
): Strategy {
  const limits = {
    maxStates: options.maxStates ?? 2 ** 31 - 1,
    maxDepth: options.depth ?? 2 ** 31 - 1,
    maxMemoryBytes: options.maxMemoryBytes ?? Number.MAX_SAFE_INTEGER,
  };
  switch (name) {
    case 'bfs': {
      const workers = options.workers ?? 1;
      if (workers === 1 || options.module === undefined)
        return new BreadthFirst(model, findings, limits, stopAtFirst, undefined, symmetry);
      const properties = options.properties ?? null;
      return new ParallelBreadthFirst(
        model,
        findings,
        limits,
        stopAtFirst,
        workers,
        options.module,
        properties,
        symmetry,
      );
    }
    case 'dfs':
      return new DepthFirst(model, findings, limits, stopAtFirst);
    case 'bounded':
      return new PreemptionBounded(
        model,
        findings,
        limits,
        stopAtFirst,
        options.preemptions ?? Number.POSITIVE_INFINITY,
      );
    case 'random':
    case 'pct': {
      const policy = name === 'random' ? randomPolicy() : pctPolicy(model.actors.length);
      const walk = { runs: options.runs ?? DEFAULTS.runs, maxDepth: options.depth ?? DEFAULTS.walkDepth };
      return new Walks(model, findings, policy, walk, options.seed ?? DEFAULTS.seed, stopAtFirst);
    }
  }
}

/** Does the search keep every state? */
function isComplete(search: Strategy): search is Strategy & Complete {
  return 'forward' in search;
}

/** Does the search keep its levels, as the breadth-first ones do? */
function isExplored(search: Strategy): search is Strategy & Explored {
  return 'levelStarts' in search;
}

function seedOf(options: CheckOptions, strategy: StrategyName): string | null {
  return strategy === 'random' || strategy === 'pct' ? (options.seed ?? DEFAULTS.seed) : null;
}

/** An option that a strategy cannot honour is an error that names both. */
function refuseMeaninglessOptions(options: CheckOptions, strategy: StrategyName): void {
  const walks = strategy === 'random' || strategy === 'pct';
  const refuse = (option: string, hint: string) => {
    throw new QuiesceError('config', `option ${option} has no meaning for the ${strategy} strategy`, { hint });
  };
  const workers = options.workers ?? 1;
  if (!(Number.isInteger(workers) && workers >= 1 && workers <= 64))
    throw new QuiesceError('config', `workers must be a whole number from 1 to 64, not ${workers}`);
  if (options.preemptions !== undefined && strategy !== 'bounded') refuse('preemptions', 'only bounded counts them');
  if (strategy === 'bounded' && options.depth !== undefined) refuse('depth', 'it bounds preemptions instead');
  if (options.symmetry === true && strategy !== 'bfs') refuse('symmetry', 'only bfs folds symmetric states');
  if (workers > 1 && strategy !== 'bfs') refuse('workers', 'only bfs runs on several threads');
  if (workers > 1 && options.module === undefined)
    throw new QuiesceError('config', 'several workers need the module that exports the scenario', {
      hint: 'give `module: { url, name }`, so that each thread can import it',
    });
  if (!walks && options.seed !== undefined) refuse('seed', 'only random and pct use a seed');
  if (!walks && options.runs !== undefined) refuse('runs', 'only random and pct make runs');
  if (walks && options.maxStates !== undefined) refuse('states', 'walks store no states: use runs or time');
  if (walks && options.maxMemoryBytes !== undefined) refuse('mem', 'walks store no states: use runs or time');
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

/** Calls `onProgress` about four times a second, and once for each new phase. */
function teller(options: CheckOptions, started: number) {
  let last = 0;
  let lastPhase: Progress['phase'] | null = null;
  return (phase: Progress['phase'], counts: SearchCounts): void => {
    const now = performance.now();
    if (options.onProgress === undefined || (phase === lastPhase && now - last < TELL_MS)) return;
    last = now;
    lastPhase = phase;
    const seconds = (now - started) / 1000;
    const { levels } = counts;
    const [before, newest] = [levels[levels.length - 3], levels[levels.length - 2]];
    options.onProgress({
      phase,
      seconds,
      depth: counts.depth,
      states: counts.states,
      transitions: counts.transitions,
      queue: counts.left,
      statesPerSecond: seconds > 0 ? Math.round(counts.states / seconds) : 0,
      duplicates: counts.duplicates,
      front: before !== undefined && newest !== undefined && before > 0 ? newest / before : null,
      memoryBytes: counts.memoryBytes,
      memoryLimitBytes: options.maxMemoryBytes ?? null,
    });
  };
}
