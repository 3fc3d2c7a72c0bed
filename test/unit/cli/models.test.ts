/** From a name to a scenario: each lies in the file of its name, so that only that one is loaded. */
import { expect, test } from 'vitest';
import { findScenario } from '../../../cli/models.ts';
import { scenarios } from '../../../scenarios/index.ts';

test.each(scenarios.map((s) => [s.name, s] as const))('%s is found in the file of its name', async (name, scenario) => {
  const found = await findScenario(name);
  expect(found.scenario).toBe(scenario);
  expect(found.module.name).toBe(name);
  expect(found.module.url).toMatch(new RegExp(`/scenarios/(${name}|peers/${name.replace('peers-', '')})\\.js$`));
});

test.each(['index', 'peers-', 'regressions', '../scenarios/peers/sva', 'peers-sv'])(
  '%s is no scenario',
  async (name) => {
    await expect(findScenario(name)).rejects.toThrow();
  },
);
