/**
 * A counterexample of one variant driven through another: up to the first step that refuses, and the guard that does.
 * What a repair is said to prevent is seen at that step.
 */

import { type Bounds, QuiesceError } from '../lang/index.ts';
import type { Expectation, Scenario } from '../lang/scenario.ts';
import { replay } from './replay.ts';
import { parseSchedule } from './schedule.ts';

/** What becomes of a counterexample of one variant on another. */
export interface CrossReplay {
  readonly from: string;
  readonly signature: string;
  readonly on: string;
  /** `refused`: a step cannot be taken; `harmless`: all can, and no promise is broken at the end. */
  readonly result: 'reproduced' | 'another violation' | 'refused' | 'harmless';
  /** The step that is refused, from 1, as it is written in a schedule, and why; null otherwise. */
  readonly step: number | null;
  readonly wanted: string | null;
  readonly reason: string | null;
  readonly guard: string | null;
}

/** A variant that is declared to hold, and what becomes of the counterexamples of another on it. */
export interface Repaired {
  readonly variant: string;
  readonly about: string;
  /** What its scenario declares and the tests of the corpus check, at the bounds of the variant. */
  readonly states: number;
  readonly depth: number;
  readonly bounds: Bounds;
  readonly replays: readonly CrossReplay[];
}

/** Drives the text of a schedule through the variant `on`. Costs one replay. */
export function crossReplay(scenario: Scenario, text: string, signature: string, on: string): CrossReplay {
  const schedule = parseSchedule(text);
  const outcome = replay(scenario, schedule, on);
  const about = { from: schedule.variant, signature, on };
  if (outcome.result !== 'diverged')
    return { ...about, result: outcome.result, step: null, wanted: null, reason: null, guard: null };
  const { step, wanted, reason, guard } = outcome.divergence;
  if (step > schedule.moves.length)
    return { ...about, result: 'harmless', step: null, wanted: null, reason, guard: null };
  return { ...about, result: 'refused', step, wanted, reason, guard };
}

/**
 * The first variant other than `from` that is declared to hold, with the counterexamples driven through it; null where
 * there is none, or where it cannot be set up within the bounds of the counterexamples.
 */
export function againstRepaired(
  scenario: Scenario,
  from: string,
  counterexamples: readonly { readonly schedule: string; readonly signature: string }[],
): Repaired | null {
  const holds = (expect: Expectation) => expect.verdict === 'holds';
  const found = Object.entries(scenario.variants).find(([name, v]) => name !== from && holds(v.expect));
  if (found === undefined || counterexamples.length === 0) return null;
  const [variant, { about, expect, bounds }] = found;
  if (expect.verdict !== 'holds') return null;
  let replays: CrossReplay[];
  try {
    replays = counterexamples.map((ce) => crossReplay(scenario, ce.schedule, ce.signature, variant));
  } catch (error) {
    if (error instanceof QuiesceError) return null;
    throw error;
  }
  return {
    variant,
    about,
    states: expect.states,
    depth: expect.depth,
    bounds: { ...scenario.bounds, ...bounds } as Bounds,
    replays,
  };
}
