/**
 * `check`: one scenario, one variant, one set of bounds, one verdict.
 */
import type { Bounds, Scenario } from './lang/scenario.ts';
import type { Verdict } from './verdict.ts';

export type StrategyName = 'bfs' | 'dfs' | 'random' | 'pct';

export interface CheckOptions {
  /** A variant of the scenario; the first one when not given. */
  readonly variant?: string;
  /** Bounds that differ from the variant's. Expectations are then not compared. */
  readonly bounds?: Bounds;
  /** Only these properties (built-in kinds or names of the scenario's own); all when not given. */
  readonly properties?: readonly string[];
  /** `bfs` is exhaustive and finds shortest counterexamples; the others are for scenarios too large to finish. */
  readonly strategy?: StrategyName;
  /** For `random` and `pct`. */
  readonly seed?: string;
  /** Walks of `random` and `pct`; 1,000 when not given. */
  readonly runs?: number;
  /** Longest walk for `random` and `pct` and greatest depth for the others. */
  readonly depth?: number;
  readonly maxStates?: number;
  readonly maxSeconds?: number;
  readonly maxMemoryBytes?: number;
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

/**
 * Searches a scenario and returns its verdict. Throws `QuiesceError` for a model or option that is wrong; a limit
 * or an abort is not an error but an undecided verdict.
 */
export async function check(_scenario: Scenario, _options: CheckOptions = {}): Promise<Verdict> {
  throw new Error('under construction');
}
