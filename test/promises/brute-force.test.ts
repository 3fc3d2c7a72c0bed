/**
 * Small scenarios, explored a second time by a slow and obvious explorer that shares no code with the engine: states,
 * transitions, depth, verdict, violations with their shortest lengths and stuck actors agree.
 *
 * `QUIESCE_STATES` sets how large a variant may be: 20000 takes a minute or two.
 */
import { describe, expect, test } from 'vitest';
import { check } from '../../checker/check.ts';
import { scenarios } from '../../scenarios/index.ts';
import { bruteForce } from '../support/brute-force.ts';
import { differences } from '../support/compare.ts';

/** More states than this take the twin too long for every run of the tests. */
const SMALL = Number(process.env['QUIESCE_STATES'] ?? 6_000);

const small = scenarios.flatMap((scenario) =>
  Object.entries(scenario.variants)
    .filter(([, v]) => v.expect.states <= SMALL)
    .map(([variant, v]) => ({ name: scenario.name, scenario, variant, expected: v.expect })),
);

describe('the engine agrees with brute force', () => {
  test('there are scenarios to compare', () => {
    expect(small.length).toBeGreaterThan(0);
    expect(small.some((s) => s.expected.verdict === 'violated')).toBe(true);
    expect(small.some((s) => s.expected.verdict === 'holds')).toBe(true);
  });

  test.each(small)('$name $variant', async ({ scenario, variant, expected }) => {
    const options = { variant, explain: false };
    const first = await check(scenario, options);
    // A variant with a violation is also searched to its end, where that is not too far away.
    const all =
      expected.verdict === 'holds' ? first : await check(scenario, { ...options, all: true, maxStates: SMALL });
    const twin = bruteForce(scenario, variant, { stopAtFirst: !all.complete });
    expect(differences(first, twin)).toEqual([]);
    if (all.complete) expect(differences(all, twin)).toEqual([]);
  });
});
