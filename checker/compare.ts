/**
 * Variants of a scenario side by side: each is searched within the same bounds, and each counterexample is driven through
 * the other variants, up to the first step that refuses, and the guard that does.
 */
import { type CheckOptions, check } from './check.ts';
import type { Bounds, Scenario } from './lang/index.ts';
import { type CrossReplay, crossReplay } from './trace/cross-replay.ts';
import type { Verdict } from './verdict.ts';

export type { CrossReplay };

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
