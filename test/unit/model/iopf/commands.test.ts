/**
 * Most scenarios of the fault path answer a page request, and invalidate caches, in the step that issues the command.
 * Through the command queue of the SMMU each of their forms gets the same verdict: what it violates, and by what property.
 */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { type Scenario, set } from '../../../../checker/lang/index.ts';
import { commandQueue, pageResponseBy } from '../../../../model/iopf/index.ts';
import flushThenClear from '../../../../scenarios/iopf-flush-then-clear.ts';
import lostLast from '../../../../scenarios/iopf-lost-last.ts';
import workerMmput from '../../../../scenarios/iopf-worker-mmput.ts';
import flushVsPriq from '../../../../scenarios/smmu-flush-vs-priq.ts';
import removeDevice from '../../../../scenarios/smmu-remove-device.ts';

const queue = [set(commandQueue, 'through the queue'), set(pageResponseBy, 'operation')];

/** The same scenario with a command queue in every form. */
const queued = (scenario: Scenario): Scenario => ({
  ...scenario,
  variants: Object.fromEntries(
    Object.entries(scenario.variants).map(([name, v]) => [name, { ...v, settings: [...(v.settings ?? []), ...queue] }]),
  ),
});

/** What is violated; and which goals are met, where nothing is. */
async function verdictOf(scenario: Scenario, variant: string, bounds: Record<string, number>) {
  const { outcome, complete, violations, properties, counts } = await check(scenario, {
    variant,
    bounds,
    explain: false,
  });
  const [first] = violations;
  const held = first === undefined ? properties.map((p) => `${p.name}: ${p.result}`) : [];
  return { counts, said: { outcome, complete, kind: first?.evidence.kind, property: first?.property, held } };
}

/** Smaller bounds for the forms that hold, which are searched to the end. */
const scenarios: readonly (readonly [Scenario, Record<string, number>])[] = [
  [flushVsPriq, { kills: 0 }],
  [flushThenClear, { requests_p: 1, kmalloc_failures: 0 }],
  [lostLast, {}],
  [removeDevice, { requests: 1 }],
  [workerMmput, { requests: 1 }],
];

describe.each(scenarios.map(([s, smaller]) => [s.name, s, smaller] as const))('%s', (_name, scenario, smaller) => {
  test.each(Object.keys(scenario.variants))('%s: the same verdict with a command queue', async (variant) => {
    const holds = scenario.variants[variant]?.expect.verdict === 'holds';
    const bounds = holds ? smaller : {};
    const plain = await verdictOf(scenario, variant, bounds);
    const through = await verdictOf(queued(scenario), variant, bounds);
    expect(through.said).toEqual(plain.said);
    expect(through.counts.states).toBeGreaterThan(plain.counts.states);
  });
});
