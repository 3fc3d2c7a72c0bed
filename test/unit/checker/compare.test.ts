/** Variants side by side: a counterexample reproduces on its own variant, and the repaired one refuses a step of it. */
import { expect, test } from 'vitest';
import { compare } from '../../../checker/compare.ts';
import type { Scenario } from '../../../checker/lang/index.ts';
import { comparisonToJson } from '../../../reports/comparison-json.ts';
import { comparisonText } from '../../../reports/text/compare.ts';
import { scenarios } from '../../../scenarios/index.ts';

const scenario = scenarios.find((s) => s.name === 'vfio-detach-vs-mm-exit') as Scenario;

test('posted and fixed', async () => {
  const comparison = await compare(scenario, ['posted', 'fixed'], { binders: 0 });
  expect(comparison.verdicts.map((v) => v.outcome)).toEqual(['violated', 'holds']);
  expect(comparison.crossReplays).toMatchObject([{ from: 'posted', on: 'fixed', result: 'refused' }]);
  const [cross] = comparison.crossReplays;
  expect(cross?.step).toBeGreaterThan(1);
  expect(cross?.wanted).toContain('owner: ');
  const text = comparisonText(comparison);
  expect(text).toContain(`on fixed: step ${cross?.step} is refused`);
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(72);
  expect(JSON.parse(comparisonToJson(comparison))).toMatchObject({ schema: 'quiesce.comparison/1' });
});

test('a variant with the same hole has the same violation', async () => {
  const twin = { ...scenario, variants: { ...scenario.variants, again: scenario.variants['posted'] } } as Scenario;
  const { crossReplays } = await compare(twin, ['posted', 'again'], { binders: 0 });
  expect(crossReplays.map((c) => c.result)).toEqual(['reproduced', 'reproduced']);
});
