/**
 * Variants of a scenario side by side: each is searched within the same bounds, and each counterexample is driven through
 * the other variants, up to the first step that refuses, and the guard that does.
 */
import { type CheckOptions, check } from './check.ts';
import type { Bounds, Scenario } from './lang/index.ts';
import { replay } from './trace/replay.ts';
import { parseSchedule } from './trace/schedule.ts';
import type { Verdict } from './verdict.ts';

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

export interface Comparison {
  readonly schema: 'quiesce.comparison/1';
  readonly scenario: string;
  readonly bounds: Bounds;
  readonly verdicts: readonly Verdict[];
  readonly crossReplays: readonly CrossReplay[];
}

/**
 * Compares variants in the order given. Costs the search of each and a replay for each counterexample and other variant.
 * `options` apply to every search; an abort leaves the verdicts that are missing out.
 */
export async function compare(
  scenario: Scenario,
  variants: readonly string[],
  bounds: Bounds,
  options: Omit<CheckOptions, 'variant' | 'bounds'> = {},
): Promise<Comparison> {
  const verdicts: Verdict[] = [];
  for (const variant of variants) {
    if (options.signal?.aborted) break;
    verdicts.push(await check(scenario, { ...options, variant, bounds }));
  }
  const crossReplays = verdicts.flatMap((verdict) =>
    verdict.violations.flatMap(({ schedule, signature }) =>
      variants.filter((on) => on !== verdict.variant).map((on) => crossReplay(scenario, schedule, signature, on)),
    ),
  );
  return { schema: 'quiesce.comparison/1', scenario: scenario.name, bounds, verdicts, crossReplays };
}

function crossReplay(scenario: Scenario, text: string, signature: string, on: string): CrossReplay {
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
