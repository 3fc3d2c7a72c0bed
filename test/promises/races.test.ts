/**
 * The repaired forms of the corpus have no data race but those that are known and told in docs/analyses.md: what the
 * models access without a lock on purpose is marked so. A few walks of each form, the same in every run.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findRaces } from '../../checker/analyse/races.ts';
import type { Scenario } from '../../checker/lang/index.ts';
import { Simulator } from '../../checker/trace/simulator.ts';
import { scenarios } from '../../scenarios/index.ts';
import { root } from './quiesce.ts';

const STEPS = 1200;

/** Fields that the C code reads and writes without a lock or a mark, by their last names. */
const known = ['invalid', 'nr_ioasids', 'iommu_group', 'revoked', 'ats_broken', 'group.domain'];

const fieldsOf = (scenario: Scenario, variant: string): string[] =>
  findRaces(new Simulator(scenario, { variant }), { steps: STEPS }).found.map((r) => r.field);

test('the page about analyses names them all', () => {
  const page = readFileSync(join(root, 'docs', 'analyses.md'), 'utf8');
  for (const field of known) expect(page).toContain(field.replace('.', '->'));
});

test('forms that hold show no other race', () => {
  const found: string[] = [];
  let forms = 0;
  for (const scenario of scenarios)
    for (const [variant, { expect: expected }] of Object.entries(scenario.variants)) {
      if (expected.verdict !== 'holds') continue;
      forms++;
      for (const field of fieldsOf(scenario, variant))
        if (!known.some((name) => field.endsWith(`.${name}`))) found.push(`${scenario.name} ${variant}: ${field}`);
    }
  expect(forms).toBeGreaterThan(50);
  // It holds although a lock is missing, which shows here.
  expect(found).toEqual(['iommufd-dmabuf-unpin posted-lru-lock: dmabuf.pin_count']);
}, 300_000);

test('forms as posted show races where the repair is a lock', () => {
  const scenario = (name: string) => scenarios.find((s) => s.name === name) as Scenario;
  expect(fieldsOf(scenario('lu-two-tokens'), 'posted')).toContain('hwpt0.lu_token');
  expect(fieldsOf(scenario('mdev-parent-removal'), 'posted')).toEqual(['parent.removed']);
});
