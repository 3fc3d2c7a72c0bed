/**
 * Small scenarios, explored a second time by a slow and obvious explorer that shares no code with the engine, and
 * searched in every way there is: states, transitions, depth, verdict, violations with their shortest lengths and stuck
 * actors agree, as far as each way promises them.
 *
 * `QUIESCE_STATES` sets how large a variant may be: 20000 takes some minutes.
 */
import { describe, expect, test } from 'vitest';
import type { Scenario } from '../../checker/lang/index.ts';
import { dist, loadCompiled } from '../support/compiled.ts';
import type { Subject } from '../support/soundness.ts';

/** More states than this take the twin too long for every run of the tests. */
const SMALL = Number(process.env['QUIESCE_STATES'] ?? 6_000);

const { module } = await loadCompiled<typeof import('../support/soundness.ts')>('soundness');
const { compareWays, declaresBlocks, ways } = module;
const url = dist('scenarios/index');
const { scenarios } = (await import(url)) as { scenarios: readonly Scenario[] };

/** Every sixth, unless the size is given: all of them take a quarter of an hour. */
const small = scenarios
  .flatMap((scenario) =>
    Object.entries(scenario.variants)
      .filter(([, v]) => v.expect.states <= SMALL)
      .map(([variant, v]) => ({ name: scenario.name, scenario, variant, expected: v.expect })),
  )
  .filter((_, i) => process.env['QUIESCE_STATES'] !== undefined || i % 6 === 0);

describe('the engine agrees with brute force, in every way to search', () => {
  test('there are scenarios to compare', () => {
    expect(small.length).toBeGreaterThan(0);
    expect(small.some((s) => s.expected.verdict === 'violated')).toBe(true);
    expect(small.some((s) => s.expected.verdict === 'holds')).toBe(true);
  });

  test.each(small)('$name $variant', async ({ name, scenario, variant }) => {
    const subject: Subject = {
      scenario,
      variant,
      symmetric: declaresBlocks(scenario, variant),
      module: () => ({ url, name }),
    };
    const { wrong, leftOut } = await compareWays(subject, ways, SMALL, true);
    expect(wrong).toEqual([]);
    expect(leftOut).toBeNull();
  });
});
