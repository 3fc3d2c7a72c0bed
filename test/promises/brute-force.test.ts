/**
 * Small scenarios, explored a second time by a slow and obvious explorer that shares no code with the engine: states,
 * transitions, depth, verdict, violations with their shortest lengths and stuck actors agree.
 */
import { describe, expect, test } from 'vitest';
import { check } from '../../checker/check.ts';
import { scenarios } from '../../scenarios/index.ts';
import { type BruteForce, bruteForce } from '../support/brute-force.ts';
import { differences } from '../support/compare.ts';

/** More than this takes the twin too long. */
const SMALL = 20_000;

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
    const first = await check(scenario, { variant, explain: false });
    expect(differences(first, bruteForce(scenario, variant, { stopAtFirst: true }))).toEqual([]);
    // A variant with a violation is also searched to its end, where that is not too far away.
    if (expected.verdict === 'holds') return;
    const all = await check(scenario, { variant, explain: false, all: true, maxStates: SMALL });
    if (!all.complete) return;
    const twin: BruteForce = bruteForce(scenario, variant);
    expect(differences(all, twin)).toEqual([]);
  });
});
