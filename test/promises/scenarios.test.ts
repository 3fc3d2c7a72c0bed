/**
 * Every scenario, every variant: the verdict is exactly the declared one, with its counts, and every counterexample
 * replays to the same bytes. Run through the program, as a user would.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Replay } from '../../checker/trace/replay.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { scenarios } from '../../scenarios/index.ts';
import { quiesce, scratchFolder } from './quiesce.ts';

const cwd = scratchFolder();

const variants = scenarios.flatMap((scenario) =>
  Object.entries(scenario.variants).map(([variant, { expect }]) => ({
    name: scenario.name,
    variant,
    declared: expect,
  })),
);

describe('the declared verdict', () => {
  test.concurrent.each(variants)('$name $variant', async ({ name, variant, declared }) => {
    const run = await quiesce(['check', name, '--variant', variant, '--json', '--quiet'], { cwd });
    expect(run.stderr).toBe('');
    const verdict = JSON.parse(run.stdout) as Verdict;
    expect(verdict.unexpected).toEqual([]);
    expect(verdict).toMatchObject({ outcome: declared.verdict, asExpected: true });

    // Said once more in the test's own words, so that the comparison does not rest on the checker's alone.
    if (declared.verdict === 'holds') {
      expect(verdict).toMatchObject({ complete: true, violations: [] });
      expect(verdict.counts).toMatchObject({ states: declared.states, depth: declared.depth, left: 0 });
      expect(run.status).toBe(0);
      return;
    }
    expect(verdict.counts.states).toBe(declared.states);
    const [first] = verdict.violations;
    expect(first).toBeDefined();
    expect(first?.evidence.kind).toBe(declared.kind);
    expect(first?.steps).toHaveLength(declared.length);
    if (declared.property !== undefined) expect(first?.property).toBe(declared.property);

    for (const { signature, schedule } of verdict.violations) {
      const file = join('runs', `${name}-${variant}`, `${signature}.sched`);
      expect(readFileSync(join(cwd, file), 'utf8')).toBe(schedule);
      const again = await quiesce(['replay', file, '--json', '--quiet'], { cwd });
      expect(again, again.stderr).toMatchObject({ status: 0, stderr: '' });
      const replayed = JSON.parse(again.stdout) as Extract<Replay, { result: 'reproduced' }>;
      expect(replayed.result).toBe('reproduced');
      expect(replayed.modelHash).toBe(verdict.modelHash);
      expect(replayed.counterexample.schedule).toBe(schedule);
      expect(replayed.counterexample.signature).toBe(signature);
    }
  });
});

test('the names of scenarios are distinct', () => {
  expect(new Set(scenarios.map((s) => s.name)).size).toBe(scenarios.length);
});
