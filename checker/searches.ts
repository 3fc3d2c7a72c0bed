/**
 * The search that the options of a check ask for.
 */
import type { CheckOptions, StrategyName } from './check.ts';
import { resumeFrom } from './checkpoints.ts';
import type { CompiledModel } from './compile/model.ts';
import type { Explainer } from './explain.ts';
import { Learning } from './reduce/learning.ts';
import { Symmetry } from './reduce/symmetry.ts';
import { Anytime } from './search/anytime.ts';
import { BitstateDepthFirst } from './search/bitstate.ts';
import { PreemptionBounded } from './search/bounded.ts';
import { BreadthFirst } from './search/breadth/bfs.ts';
import { CompactBreadthFirst } from './search/compact.ts';
import { DepthFirst } from './search/dfs.ts';
import { Findings } from './search/findings.ts';
import { Passes } from './search/passes.ts';
import { type PctBound, pctPolicy } from './search/pct.ts';
import { randomPolicy } from './search/random.ts';
import { memoryBeforeSpill, Spilling } from './search/spilling.ts';
import type { Limits, Strategy } from './search/strategy.ts';
import { Walks } from './search/walk.ts';
import { mustTakeFiles } from './store/disk-states.ts';

/** What is taken when an option is not given. */
export const DEFAULTS = { runs: 1000, seed: 'quiesce', walkDepth: 10_000, anytimePreemptions: 2 };

export function makeAnytime(
  model: CompiledModel,
  options: CheckOptions,
  symmetry: Symmetry | null,
  explainer: Explainer,
): Anytime {
  return new Anytime({
    model,
    limits: limitsOf(options),
    properties: options.properties ?? null,
    seed: options.seed ?? DEFAULTS.seed,
    runs: options.runs ?? null,
    preemptions: preemptionsOf(options),
    all: options.all ?? false,
    shrink: shrinks(options),
    exhaustive: (findings, stopAtFirst) => makeStrategy('bfs', model, findings, options, stopAtFirst, symmetry),
    onStage: (stage) => options.onStage?.(stage),
    onBetter: ({ finding, shrunkFrom }, findings) => explainer.tellEarly(findings, finding, shrunkFrom),
  });
}

/** Footprints for persistent sets, and whether they pay. */
export function learn(marked: CompiledModel, options: CheckOptions): Learning {
  const symmetry = options.symmetry === true ? new Symmetry(marked) : null;
  return new Learning(marked, { symmetry });
}

export function makePasses(
  learning: Learning,
  options: CheckOptions,
  stopAtFirst: boolean,
  symmetry: Symmetry | null,
): Passes {
  const { model } = learning;
  const limits = limitsOf(options);
  return new Passes({
    learning,
    maxDepth: limits.maxDepth,
    stopAtFirst,
    workers: options.workers ?? 1,
    findings: () => new Findings(model, options.properties ?? null),
    make: (reducer, findings, maxDepth, workers) =>
      new BreadthFirst(model, findings, {
        limits: { ...limits, maxDepth },
        stopAtFirst,
        symmetry,
        workers,
        uncompressed: options.store !== 'compressed',
        properties: options.properties ?? null,
        reduction: { reducer, buffer: learning.footprints.buffer, snapshot: learning.snapshot },
        ...(options.module === undefined ? {} : { module: options.module }),
      }),
  });
}

/** The bound of the second stage of `anytime`. */
export function preemptionsOf(options: CheckOptions): number {
  return options.preemptions ?? DEFAULTS.anytimePreemptions;
}

export function boundOf(search: Strategy): PctBound | null {
  if (search instanceof Anytime) return search.pct.bound();
  return search instanceof Walks ? search.bound : null;
}

function limitsOf(options: CheckOptions): Limits {
  return {
    maxStates: options.maxStates ?? 2 ** 31 - 1,
    maxDepth: options.depth ?? 2 ** 31 - 1,
    maxMemoryBytes: options.maxMemoryBytes ?? Number.MAX_SAFE_INTEGER,
  };
}

export function makeStrategy(
  name: Exclude<StrategyName, 'anytime'>,
  model: CompiledModel,
  findings: Findings,
  options: CheckOptions,
  stopAtFirst: boolean,
  symmetry: Symmetry | null,
): Strategy {
  const limits = limitsOf(options);
  switch (name) {
    case 'bfs': {
      if (options.store === 'compact') return new CompactBreadthFirst(model, findings, limits, stopAtFirst, symmetry);
      const { spill } = options;
      if (spill !== undefined) mustTakeFiles(spill.folder);
      const inMemory = spill && { ...limits, maxMemoryBytes: memoryBeforeSpill(limits.maxMemoryBytes) };
      const search = new BreadthFirst(model, findings, {
        limits: inMemory ?? limits,
        stopAtFirst,
        symmetry,
        workers: options.workers ?? 1,
        uncompressed: options.store !== 'compressed',
        properties: options.properties ?? null,
        follow: findings.live.length > 0,
        ...(options.module === undefined ? {} : { module: options.module }),
        from: options.resume === undefined ? null : resumeFrom(options.resume, model, options),
      });
      return spill === undefined ? search : new Spilling(model, findings, search, limits, stopAtFirst, spill);
    }
    case 'dfs':
      if (options.store === 'bitstate') return new BitstateDepthFirst(model, findings, limits, stopAtFirst);
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

export function seedOf(options: CheckOptions, strategy: StrategyName): string | null {
  return ['random', 'pct', 'anytime'].includes(strategy) ? (options.seed ?? DEFAULTS.seed) : null;
}

export function shrinks(options: CheckOptions): boolean {
  return options.shrink !== false && options.explain !== false;
}
