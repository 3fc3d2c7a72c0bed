/**
 * The verdict: one document with everything that makes a result reproducible and everything that limits it.
 * It is what `--json` prints and what the library returns. Keys are never renamed within a schema version; what
 * may differ between two runs of the same input stands under `timing` and nowhere else.
 */
import type { Analysis } from './analyse/analysis.ts';
import type { CoarseStep } from './analyse/coarse.ts';
import type { Expectation } from './lang/scenario.ts';
import type { Source } from './lang/source.ts';
import type { Stage } from './search/anytime.ts';
import type { PctBound } from './search/pct.ts';
import type { Counterexample } from './trace/counterexample.ts';
import type { Repaired } from './trace/cross-replay.ts';

/** A schedule breaks a property; everything within the bounds was seen and nothing does; or neither is known. */
export type Outcome = 'violated' | 'holds' | 'undecided';

/** A step that was never taken, or a guard that was never true or never false, in the part that was searched. */
export interface CoverageEntry {
  readonly actor: string;
  readonly procedure: string;
  readonly label: string;
  readonly choice: string | null;
}

/** How much of the model was used. What was never taken is what a pass says nothing about. */
export interface Coverage {
  /** Steps (with their choices) that exist and that were taken at least once. */
  readonly steps: number;
  readonly taken: number;
  readonly neverTaken: readonly CoverageEntry[];
  /** Blocking guards that were never false: the wait they stand for never happened. */
  readonly neverBlocked: readonly CoverageEntry[];
  /** Guards, conditions of choices and tests that were evaluated and never true. */
  readonly neverTrue: readonly CoverageEntry[];
  /** Conditions of choices and tests that were never false; guards of steps that block stand in `neverBlocked`. */
  readonly neverFalse: readonly CoverageEntry[];
}

/** What became of one property. */
export interface PropertyResult {
  readonly name: string;
  readonly kind: 'built-in' | 'always' | 'sometimes' | 'at-end' | 'eventually' | 'leads-to';
  readonly about: string;
  readonly result: 'holds' | 'violated' | 'reached' | 'never reached' | 'undecided';
}

/** A reduction that was in effect. */
export interface Reduction {
  readonly name: string;
  /** States without it divided by states with it, where known. */
  readonly factor: number | null;
}

/** What a store of hashes may have missed. */
export interface Hashing {
  /** Bits kept of each state. */
  readonly bits: number;
  /** Greatest probability that any state was left out; null where it is not known. */
  readonly omissionProbability: number | null;
  /** Share of the states that is expected to have been seen; null where everything is, but for that probability. */
  readonly expectedCoverage: number | null;
}

/**
 * What `check` returns and `--json` prints: all that reproduces the result and all that limits it. `verdictToJson`
 * writes it.
 */
export interface Verdict {
  readonly schema: 'quiesce.verdict/1';
  readonly tool: { readonly name: 'quiesce'; readonly version: string };
  readonly scenario: {
    readonly name: string;
    readonly title: string;
    readonly about: string;
    readonly systems: readonly string[];
    readonly source: Source;
    readonly corpus: string | null;
    readonly assumptions: readonly string[];
  };
  readonly variant: string;
  readonly variantAbout: string;
  /** Every switch of the model and its value. */
  readonly settings: Readonly<Record<string, string>>;
  readonly bounds: Readonly<Record<string, number>>;
  /** Budgets of injected failures. */
  readonly failures: Readonly<Record<string, number>>;
  /** Hash of the compiled model: procedures, labels, layout, bounds. */
  readonly modelHash: string;
  /** Every option in effect, as given on the command line or by default. */
  readonly options: Readonly<Record<string, string | number | boolean | null>>;
  readonly outcome: Outcome;
  /** The whole space within the bounds was seen; with hashes, but for the probability that `hashing` tells. */
  readonly complete: boolean;
  /** Why it is not complete, in one sentence; null when it is. */
  readonly incompleteBecause: string | null;
  readonly counts: {
    readonly states: number;
    readonly transitions: number;
    /** Levels of the breadth-first search below the initial state; longest walk for other strategies. */
    readonly depth: number;
    /** States found but not yet expanded when the search stopped. */
    readonly left: number;
    /** Bytes of one state vector. */
    readonly stateBytes: number;
    /** New states of each level, from level 0; empty for other strategies. */
    readonly levels: readonly number[];
  };
  /** `exact`: no state was ever taken for another. `compact`, `bitstate`: hashes were compared, see `hashing`. */
  readonly store: 'exact' | 'compact' | 'bitstate' | 'none';
  /** Only where hashes were compared. */
  readonly hashing?: Hashing;
  readonly reductions: readonly Reduction[];
  /** The stages of an anytime search, in the order in which they ended. */
  readonly stages?: readonly Stage[];
  /** What the PCT walks of the run promise. */
  readonly pct?: PctBound;
  readonly properties: readonly PropertyResult[];
  /** Which schedules `eventually` and leads-to were decided for; only where there are such properties. */
  readonly fairness?: string;
  readonly coverage: Coverage;
  /**
   * Steps seen to touch several shared fields that no lock covers together, so that what others could do in between
   * was not searched; those that give a reason too. Seen by a few walks before the search, which miss some.
   */
  readonly coarse: readonly CoarseStep[];
  /** One for each signature, the first one found first. */
  readonly violations: readonly Counterexample[];
  /** How its counterexamples fare on a variant that holds; only where somebody looked. */
  readonly repaired?: Repaired;
  /** Lock order, data races and orders of events; only where they were asked for. */
  readonly analysis?: Analysis;
  readonly expected: Expectation | null;
  /** null when nothing was expected at these bounds. */
  readonly asExpected: boolean | null;
  /** Why not, in one sentence each. */
  readonly unexpected: readonly string[];
  readonly timing: {
    readonly seconds: number;
    readonly statesPerSecond: number;
    readonly workers: number;
    readonly peakMemoryBytes: number;
    /** Level at which the memory was full and the search went on with its states on disk; only where it did. */
    readonly spilledAtLevel?: number;
    readonly date: string;
    readonly machine: string;
  };
}
