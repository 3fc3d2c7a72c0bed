/**
 * Replay: drives one schedule through a compiled model.
 */
import type { Scenario } from '../lang/scenario.ts';
import type { Counterexample, Standing } from './counterexample.ts';
import type { Schedule } from './schedule.ts';

/** The first move of a schedule that the model does not allow, and why. */
export interface Divergence {
  /** Number of the move, from 1. */
  readonly step: number;
  readonly line: number;
  readonly wanted: string;
  /** `unknown actor`, `actor has ended`, `another step`, `guard is false`, `no violation at the end`, ... */
  readonly reason: string;
  /** The guard that refused, where there is one. */
  readonly guard: string | null;
  /** Every actor in the state reached. */
  readonly standings: readonly Standing[];
}

export type Replay =
  | { readonly result: 'reproduced'; readonly counterexample: Counterexample; readonly modelHash: string }
  | { readonly result: 'diverged'; readonly divergence: Divergence; readonly modelHash: string };

/** Drives the schedule against a variant (the schedule's own when not given). */
export function replay(_scenario: Scenario, _schedule: Schedule, _variant?: string): Replay {
  throw new Error('under construction');
}
