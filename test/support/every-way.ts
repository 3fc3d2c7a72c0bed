/**
 * Small scenarios, explored a second time by a slow and obvious explorer that shares no code with the engine, and
 * searched in every way there is: states, transitions, depth, verdict, violations with their shortest lengths and stuck
 * actors agree, as far as each way promises them. A part of all scenarios in each test file, so that they run side by
 * side.
 *
 * Every way is tried on every variant. `QUIESCE_STATES` sets how large a variant may be.
 */
import { describe, expect, test } from 'vitest';
import type { Scenario } from '../../checker/lang/index.ts';
import { dist, loadCompiled } from './compiled.ts';
import type { Subject } from './soundness.ts';

/** More states than this take the twin too long for every run of the tests. */
const SMALL = Number(process.env['QUIESCE_STATES'] ?? 6_000);

/** Where threads find a scenario: in a file of its own, since loading all takes longer than many a search. */
const moduleOf = (name: string) => ({ url: dist(`scenarios/${name.replace(/^peers-/, 'peers/')}`), name });

/** Compares this part of all small scenarios. */
export function everyWay(part: number, parts: number): void {
  describe('the engine agrees with brute force, in every way to search', async () => {
    const { module } = await loadCompiled<typeof import('./soundness.ts')>('soundness');
    const { compareWays, declaresBlocks, ways } = module;
    const { scenarios } = (await import(dist('scenarios/index'))) as { scenarios: readonly Scenario[] };
    const small = scenarios
      .flatMap((scenario) =>
        Object.entries(scenario.variants)
          .filter(([, v]) => v.expect.states <= SMALL)
          .map(([variant, v]) => ({ name: scenario.name, scenario, variant, expected: v.expect })),
      )
      .filter((_, turn) => turn % parts === part);

    test('there are scenarios to compare', () => {
      expect(small.length).toBeGreaterThan(20);
      expect(small.some((s) => s.expected.verdict === 'violated')).toBe(true);
      expect(small.some((s) => s.expected.verdict === 'holds')).toBe(true);
    });

    test.each(small)('$name $variant', async ({ name, scenario, variant }) => {
      const subject: Subject = {
        scenario,
        variant,
        symmetric: declaresBlocks(scenario, variant),
        module: () => moduleOf(name),
      };
      const { wrong, leftOut } = await compareWays(subject, ways, SMALL + 1, true);
      expect(wrong).toEqual([]);
      expect(leftOut).toBeNull();
    });
  });
}
