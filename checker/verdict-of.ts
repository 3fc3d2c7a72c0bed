/** Assembles the verdict document from what a search left behind. */
import { arch, cpus, platform } from 'node:os';
import { auditOnce } from './analyse/audit.ts';
import { fairnessOf } from './analyse/liveness.ts';
import type { CheckOptions } from './check.ts';
import type { CompileOptions } from './compile/compile.ts';
import type { Point } from './compile/flow.ts';
import { actorName, type CompiledModel } from './compile/model.ts';
import { isLiveness } from './lang/property.ts';
import type { Expectation } from './lang/scenario.ts';
import type { Stage } from './search/anytime.ts';
import { builtIn, type Findings } from './search/findings.ts';
import type { PctBound } from './search/pct.ts';
import type { SearchCounts } from './search/strategy.ts';
import type { Counterexample } from './trace/counterexample.ts';
import type { Coverage, CoverageEntry, Hashing, Outcome, PropertyResult, Reduction, Verdict } from './verdict.ts';
import { VERSION } from './version.ts';

export interface VerdictInput {
  readonly model: CompiledModel;
  readonly findings: Findings;
  readonly options: CheckOptions;
  readonly strategy: string;
  readonly seed: string | null;
  /** Walks asked for; told when there is a seed. */
  readonly runs: number;
  readonly preemptions: number | null;
  readonly stages: readonly Stage[] | null;
  readonly pct: PctBound | null;
  readonly counts: SearchCounts;
  readonly incomplete: string | null;
  readonly outcome: Outcome;
  readonly stuck: 'holds' | 'violated' | 'undecided';
  /** What became of `eventually` and leads-to; nothing where they were not decided. */
  readonly promises: ReadonlyMap<string, PropertyResult['result']>;
  /** Null for a store that takes no state for another. */
  readonly hashing: Hashing | null;
  readonly reductions: readonly Reduction[];
  /** Steps were left out, by persistent sets. */
  readonly leavesOut: boolean;
  readonly violations: readonly Counterexample[];
  readonly seconds: number;
  /** Null for a search that stayed in memory. */
  readonly spilledAtLevel: number | null;
}

export function makeVerdict(input: VerdictInput): Verdict {
  const { model, counts, options } = input;
  const { scenario } = model;
  const properties = propertyResults(input);
  const expected = expectationOf(model, options);
  // A search that was cut short neither meets nor misses what is expected.
  const compared = expected !== null && input.outcome !== 'undecided';
  const unexpected = compared ? differences(input, properties, expected) : [];
  return {
    schema: 'quiesce.verdict/1',
    tool: { name: 'quiesce', version: VERSION },
    scenario: {
      name: scenario.name,
      title: scenario.title,
      about: scenario.about,
      systems: scenario.systems,
      source: scenario.source,
      corpus: scenario.corpus ?? null,
      assumptions: scenario.assumptions,
    },
    variant: model.variantName,
    variantAbout: model.variant.about,
    settings: model.settings,
    bounds: model.bounds,
    failures: model.budgets,
    modelHash: model.hash,
    options: {
      strategy: input.strategy,
      seed: input.seed,
      runs: input.seed === null ? null : input.runs,
      depth: options.depth ?? null,
      preemptions: input.preemptions,
      states: options.maxStates ?? null,
      seconds: options.maxSeconds ?? null,
      memoryBytes: options.maxMemoryBytes ?? null,
      all: options.all ?? false,
      symmetry: options.symmetry ?? false,
      persistentSets: options.persistentSets ?? false,
      store: options.store ?? null,
      properties: options.properties?.join(',') ?? null,
      ...(options.shrink === false ? { shrink: false } : {}),
      ...(options.analyse === true ? { analyse: true } : {}),
    },
    outcome: input.outcome,
    complete: input.incomplete === null,
    incompleteBecause: input.incomplete,
    counts: {
      states: counts.states,
      transitions: counts.transitions,
      depth: counts.depth,
      left: counts.left,
      stateBytes: model.stateBytes,
      levels: counts.levels,
    },
    store: storeOf(input),
    ...(input.hashing === null ? {} : { hashing: input.hashing }),
    reductions: input.reductions,
    ...(input.stages === null ? {} : { stages: input.stages }),
    ...(input.pct === null ? {} : { pct: input.pct }),
    properties,
    ...(input.findings.live.length === 0 ? {} : { fairness: fairnessOf(model) }),
    coverage: coverageOf(model, input.leavesOut),
    // Every search begins with an audit, so that this one is over.
    coarse: auditOnce(scenario, formOf(options)).coarse,
    violations: input.violations,
    expected,
    asExpected: compared ? unexpected.length === 0 : null,
    unexpected,
    timing: {
      seconds: input.seconds,
      statesPerSecond: input.seconds > 0 ? Math.round(counts.states / input.seconds) : 0,
      workers: options.workers ?? 1,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      ...(input.spilledAtLevel === null ? {} : { spilledAtLevel: input.spilledAtLevel }),
      date: new Date().toISOString(),
      machine: `${platform()} ${arch()}, ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, node ${process.version}`,
    },
  };
}

function storeOf({ seed, options, stages }: VerdictInput): Verdict['store'] {
  // The first stage of several keeps no states; the verdict rests on the last one.
  if (seed !== null && (stages?.at(-1)?.strategy ?? 'pct') === 'pct') return 'none';
  return options.store === 'compact' || options.store === 'bitstate' ? options.store : 'exact';
}

/** What of the options says which form of the scenario was searched. */
function formOf({ variant, bounds }: CheckOptions): Pick<CompileOptions, 'variant' | 'bounds'> {
  return { ...(variant === undefined ? {} : { variant }), ...(bounds === undefined ? {} : { bounds }) };
}

function propertyResults(input: VerdictInput): PropertyResult[] {
  const { findings, model, violations } = input;
  const open = input.incomplete === null ? 'holds' : 'undecided';
  const broken = new Set(violations.map((v) => v.property));
  const results: PropertyResult[] = [];
  for (const [name, about] of Object.entries(builtIn)) {
    if (!findings.checks(name as keyof typeof builtIn)) continue;
    const result = broken.has(name) ? 'violated' : name === 'stuck' ? input.stuck : open;
    results.push({ name, kind: 'built-in', about, result });
  }
  const { always, atEnd, goals, live } = findings;
  const watched = new Set([...always, ...atEnd, ...goals, ...live].map((p) => p.name));
  for (const p of model.properties) {
    if (!watched.has(p.name)) continue;
    const { name, kind, about } = p;
    if (kind === 'sometimes') {
      const missed = input.incomplete === null ? 'never reached' : 'undecided';
      results.push({ name, kind, about, result: findings.reached.has(name) ? 'reached' : missed });
    } else if (isLiveness(p)) results.push({ name, kind, about, result: input.promises.get(name) ?? 'undecided' });
    else results.push({ name, kind, about, result: broken.has(name) ? 'violated' : open });
  }
  return results;
}

function coverageOf(model: CompiledModel, leavesOut: boolean): Coverage {
  const lists = {
    neverTaken: [] as CoverageEntry[],
    neverBlocked: [] as CoverageEntry[],
    neverTrue: [] as CoverageEntry[],
    neverFalse: [] as CoverageEntry[],
  };
  let steps = 0;
  let taken = 0;
  model.coverage.forEach(({ actor, point, choice, outcome }, i) => {
    const entry: CoverageEntry = {
      actor: actorName(model, actor),
      procedure: point.procedure,
      label: point.label,
      choice: point.statement.op === 'pick' ? `option ${choice + 1}` : (point.choices[choice] ?? null),
    };
    const was = model.taken[i] === 1;
    if (outcome !== null) {
      // What a test never gave, if it was made at all.
      const other = model.taken[outcome ? i + 1 : i - 1] === 1;
      if (!was && other) lists[outcome ? 'neverTrue' : 'neverFalse'].push(entry);
      return;
    }
    steps++;
    if (was) taken++;
    else lists.neverTaken.push(entry);
    if (!isGuarded(point, choice)) return;
    const refused = model.refused[i] === 1;
    if (refused && !was) lists.neverTrue.push(entry);
    // A search that left steps out may have left out the refusal.
    if (was && !refused && !leavesOut)
      lists[point.statement.op === 'block' ? 'neverBlocked' : 'neverFalse'].push(entry);
  });
  return { steps, taken, ...lists };
}

/** Does the choice depend on a guard or a condition of its own? */
function isGuarded({ statement: s }: Point, choice: number): boolean {
  if (s.op === 'choose') return s.arms[choice]?.when !== undefined;
  return s.op === 'block' || (s.op === 'pick' && s.when !== undefined);
}

/** The variant's expectation, when the run is one it speaks about. */
function expectationOf(model: CompiledModel, options: CheckOptions): Expectation | null {
  const own = { ...model.scenario.bounds, ...model.variant.bounds } as Record<string, number>;
  const sameBounds = Object.entries(own).every(([name, value]) => model.bounds[name] === value);
  const exhaustive = (options.strategy ?? 'bfs') === 'bfs' && options.store !== 'bitstate';
  const whole =
    options.symmetry !== true &&
    !options.persistentSets &&
    options.properties === undefined &&
    options.depth === undefined &&
    !(options.all ?? false);
  const declared = model.scenario.generated !== true;
  return declared && sameBounds && exhaustive && whole ? model.variant.expect : null;
}

function differences(input: VerdictInput, properties: readonly PropertyResult[], expected: Expectation): string[] {
  const { counts } = input;
  const wrong: string[] = [];
  const compare = (what: string, found: number | string, wanted: number | string) => {
    if (found !== wanted) wrong.push(`${what} is ${found}, expected ${wanted}`);
  };
  if (input.outcome !== expected.verdict) {
    wrong.push(`the verdict is ${input.outcome}, expected ${expected.verdict}`);
    for (const p of properties) if (p.result === 'never reached') wrong.push(`goal "${p.name}" was never reached`);
    return wrong;
  }
  compare('number of states', counts.states, expected.states);
  if (expected.verdict === 'holds') compare('depth', counts.depth, expected.depth);
  else {
    const first = input.violations[0];
    if (first === undefined) return ['a goal was never reached, expected a violation'];
    compare('kind of the violation', first.evidence.kind, expected.kind);
    compare('length of the counterexample', first.steps.length, expected.length);
    if (expected.property !== undefined) compare('violated property', first.property, expected.property);
  }
  return wrong;
}
