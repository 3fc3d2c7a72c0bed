/**
 * Small scenarios, explored a second time by a slow and obvious explorer that shares no code with the engine, and
 * searched in every way there is: states, transitions, depth, verdict, violations with their shortest lengths and stuck
 * actors agree, as far as each way promises them. A part of all scenarios in each test file, so that they run side by
 * side.
 *
 * The reductions and the hashed stores are tried on every variant, the dear ways (`Way.oneIn`) on every second one in
 * turn, and what lies behind a first violation is compared up to `BEHIND` states. `QUIESCE_STATES` sets how large a
 * variant may be, and then every way is tried on each: that takes the better part of an hour.
 */
import { describe, expect, test } from 'vitest';
import type { Scenario } from '../../checker/lang/index.ts';
import { dist, loadCompiled } from './compiled.ts';
import type { Subject } from './soundness.ts';

/** More states than this take the twin too long for every run of the tests. */
const given = process.env['QUIESCE_STATES'];
const SMALL = Number(given ?? 6_000);
/** Where a promise is broken: a larger whole is compared as far as its first violation only. */
const BEHIND = given === undefined ? 3_000 : SMALL;

/** Compares this part of all small scenarios. */
export function everyWay(part: number, parts: number): void {
  describe('the engine agrees with brute force, in every way to search', async () => {
    const { module } = await loadCompiled<typeof import('./soundness.ts')>('soundness');
    const { compareWays, declaresBlocks, ways } = module;
    const url = dist('scenarios/index');
    const { scenarios } = (await import(url)) as { scenarios: readonly Scenario[] };
    const small = scenarios
      .flatMap((scenario) =>
        Object.entries(scenario.variants)
          .filter(([, v]) => v.expect.states <= SMALL)
          .map(([variant, v]) => ({ name: scenario.name, scenario, variant, expected: v.expect })),
      )
      .map((form, turn) => ({ ...form, turn }))
      .filter(({ turn }) => turn % parts === part);

    test('there are scenarios to compare', () => {
      expect(small.length).toBeGreaterThan(20);
      expect(small.some((s) => s.expected.verdict === 'violated')).toBe(true);
      expect(small.some((s) => s.expected.verdict === 'holds')).toBe(true);
    });

    test.each(small)('$name $variant', async ({ name, scenario, variant, expected, turn }) => {
      const subject: Subject = {
        scenario,
        variant,
        symmetric: declaresBlocks(scenario, variant),
        module: () => ({ url, name }),
      };
      // By parts, so that one file does not always meet the same half.
      const half = Math.floor(turn / parts);
      const chosen = ways.filter(({ oneIn }, i) => oneIn === undefined || given !== undefined || (half + i) % 2 === 0);
      const most = expected.verdict === 'violated' ? Math.max(BEHIND, expected.states + 1) : SMALL + 1;
      const { wrong, leftOut } = await compareWays(subject, chosen, most, true);
      expect(wrong).toEqual([]);
      expect(leftOut).toBeNull();
    });
  });
}
