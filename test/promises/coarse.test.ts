/**
 * Every step of a model is as small as the machine's, or says why it is not: an audit longer than the one before a
 * search finds no step that touches several shared fields without a lock in common and without a reason.
 */
import { expect, test } from 'vitest';
import { audit } from '../../checker/analyse/audit.ts';
import { compile } from '../../checker/compile/compile.ts';
import { scenarios } from '../../scenarios/index.ts';

/** Steps of each walk: about forty runs through a scenario of ordinary depth. */
const STEPS = 1500;

test.each(scenarios.map((s) => [s.name, s] as const))('%s has no step that is too coarse', (_name, scenario) => {
  for (const variant of Object.keys(scenario.variants)) {
    const { coarse } = audit(compile(scenario, { variant, instrumented: true }), STEPS);
    const open = coarse.filter((step) => step.because === null);
    expect(
      open.map(
        (s) => `${variant}: ${s.procedure}/${s.label}: ${s.fields.map((f) => `${f.field} (${f.other} ${f.step})`)}`,
      ),
    ).toEqual([]);
  }
});
