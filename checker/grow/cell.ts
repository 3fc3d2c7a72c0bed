/**
 * A cell: one search of a scenario at one set of bounds, and what is remembered of it when many are made in a row.
 */
import { type CheckOptions, check, type Progress } from '../check.ts';
import { QuiesceError, type QuiesceErrorCode } from '../lang/errors.ts';
import type { Bounds, Scenario } from '../lang/scenario.ts';
import type { ViolationKind } from '../lang/violation.ts';
import type { ScenarioModule } from '../search/breadth/thread.ts';
import type { Verdict } from '../verdict.ts';

/** The violation that a cell shows. */
export interface CellViolation {
  readonly property: string;
  readonly kind: ViolationKind;
  readonly signature: string;
  readonly headline: string;
  readonly steps: number;
  readonly switches: number;
  /** Where its schedule is stored; null when nobody stored it. */
  readonly schedule: string | null;
}

/** One search of a growth: bounds, verdict and counts, without the verdict document, which `onCell` is given. */
export interface Cell {
  /** Every bound of the scenario. */
  readonly bounds: Bounds;
  /** `refused`: there is no model at these bounds. */
  readonly outcome: 'holds' | 'violated' | 'undecided' | 'refused';
  /** Why it is undecided, refused, or violated without a counterexample; null otherwise. */
  readonly because: string | null;
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** States that the growth so far let expect; null when nothing could be expected. */
  readonly predicted: number | null;
  /** For each bound that was raised: states divided by those of the cell with this bound one lower; where it holds. */
  readonly factors: Readonly<Record<string, number>>;
  readonly violation: CellViolation | null;
}

/** What all cells of one run share. */
export interface CellOptions {
  /** A variant of the scenario; the first one when not given. */
  readonly variant?: string;
  /** Only these properties; all when not given. */
  readonly properties?: readonly string[];
  readonly symmetry?: boolean;
  /** Threads of each search, 1 when not given. */
  readonly workers?: number;
  /** Where threads find the scenario; needed for more than one worker. */
  readonly module?: ScenarioModule;
  /** Time for all cells together, in seconds. */
  readonly maxSeconds?: number;
  /** Memory for each cell, in bytes. */
  readonly maxMemoryBytes?: number;
  /** States of each cell. Unlike time it ends a search at the same place on every run. */
  readonly maxStates?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Called when a cell is done, with its verdict when there is one. */
  readonly onCell?: (cell: Cell, verdict: Verdict | null) => void;
}

export const CELL_DEFAULTS = { maxSeconds: 60, maxMemoryBytes: 2 ** 31 } as const;

export interface Ran {
  readonly verdict: Verdict | null;
  /** Why there is no verdict. */
  readonly refusal: string | null;
}

/**
 * Checks a scenario at some bounds. A model that cannot be built at these bounds, or that breaks its own limits while it
 * runs, gives a refusal; what is wrong at any bounds is thrown, and so is everything when `mustRun`.
 */
export async function runCell(
  scenario: Scenario,
  bounds: Bounds,
  options: CellOptions,
  secondsLeft: number,
  more: CheckOptions = {},
  mustRun = false,
): Promise<Ran> {
  const { onCell: _onCell, ...shared } = options;
  try {
    const verdict = await check(scenario, {
      ...shared,
      bounds,
      maxSeconds: secondsLeft,
      maxMemoryBytes: options.maxMemoryBytes ?? CELL_DEFAULTS.maxMemoryBytes,
      ...more,
    });
    return { verdict, refusal: null };
  } catch (error) {
    const refusal = mustRun ? null : refusalOf(error);
    if (refusal === null) throw error;
    return { verdict: null, refusal };
  }
}

/**
 * Errors that may be those of one cell alone: the first cell runs or throws, so a name or an option that is wrong at any
 * bounds has been refused by then. A scenario may declare a property, or blocks, at some of its bounds only.
 */
const ofTheBounds: ReadonlySet<QuiesceErrorCode> = new Set(['model', 'model-threw', 'usage', 'config']);

/** Why there is no model at these bounds; null for an error that has nothing to do with them. */
function refusalOf(error: unknown): string | null {
  if (error instanceof QuiesceError)
    return ofTheBounds.has(error.code)
      ? `${error.message}${error.where === undefined ? '' : ` (${error.where})`}`
      : null;
  // A set-up that picks the third of two things, or memory that the system does not give.
  return error instanceof TypeError || error instanceof RangeError ? error.message : null;
}

/** What is remembered of a search. */
export function cellOf(
  bounds: Bounds,
  { verdict, refusal }: Ran,
  about: Pick<Cell, 'predicted'> & { readonly factorsOf?: (states: number) => Cell['factors'] },
): Cell {
  if (verdict === null)
    return {
      bounds,
      outcome: 'refused',
      because: refusal,
      states: 0,
      transitions: 0,
      depth: 0,
      predicted: about.predicted,
      factors: {},
      violation: null,
    };
  const first = verdict.violations[0];
  const { states, transitions, depth } = verdict.counts;
  const missed = verdict.properties.filter((p) => p.result === 'never reached').map((p) => p.name);
  return {
    bounds,
    outcome: verdict.outcome,
    because:
      verdict.outcome === 'undecided'
        ? verdict.incompleteBecause
        : verdict.outcome === 'violated' && first === undefined
          ? `goal never reached: ${missed.join(', ')}`
          : null,
    states,
    transitions,
    depth,
    predicted: about.predicted,
    factors: verdict.outcome === 'holds' ? (about.factorsOf?.(states) ?? {}) : {},
    violation:
      first === undefined
        ? null
        : {
            property: first.property,
            kind: first.evidence.kind,
            signature: first.signature,
            headline: first.headline,
            steps: first.steps.length,
            switches: first.switches,
            schedule: null,
          },
  };
}
