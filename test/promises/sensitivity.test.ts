/**
 * The tables of docs/sensitivity.md are those that were measured last, and for the smallest scenarios they are what comes
 * out today. The larger ones are not searched again here: they take minutes.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sensitivity } from '../../checker/sensitivity/sensitivity.ts';
import { storedTables } from '../../cli/sensitivity-tables.ts';
import { sensitivityPage } from '../../reports/markdown/sensitivity.ts';
import { sensitivityFromJson, sensitivityToJson } from '../../reports/sensitivity-json.ts';
import { numberOf, sensitivityText } from '../../reports/text/sensitivity.ts';
import { scenarios } from '../../scenarios/index.ts';
import { quiesce, root, scratchFolder } from './quiesce.ts';

const stored = storedTables();
const small = ['sva-two-pasids', 'sva-init-vs-init'];

test('the page is made from the tables', () => {
  const page = readFileSync(join(root, 'docs', 'sensitivity.md'), 'utf8');
  expect(stored.length).toBeGreaterThanOrEqual(small.length);
  expect(sensitivityPage(page, stored)).toBe(page);
});

test('every table is of a variant that exists, holds and was searched whole', () => {
  for (const table of stored) {
    const scenario = scenarios.find((s) => s.name === table.scenario);
    expect(scenario?.variants[table.variant]?.expect, table.scenario).toMatchObject({
      verdict: 'holds',
      states: table.states,
    });
    expect(table.complete).toBe(true);
  }
});

describe.each(small)('%s', (name) => {
  test('has the table of the page', { timeout: 120_000 }, async () => {
    const scenario = scenarios.find((s) => s.name === name);
    const before = stored.find((table) => table.scenario === name);
    expect(before).toBeDefined();
    if (scenario !== undefined && before !== undefined)
      expect(await sensitivity(scenario, { variant: before.variant })).toEqual(before);
  });
});

test('text and JSON hold every mutant, in 72 columns', () => {
  for (const table of stored) {
    const text = sensitivityText(table);
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(72);
    expect(text.match(/^ {4}\S/gm)?.length).toBe(table.rows.length);
    expect(text.match(/REDUNDANT/g)?.length ?? 0).toBe(numberOf(table, 'redundant'));
    expect(sensitivityFromJson(sensitivityToJson(table))).toEqual(table);
  }
});

test('a document of another kind, or with a wrong field, is refused by name', () => {
  expect(() => sensitivityFromJson('{"schema":"quiesce.verdict/1"}')).toThrow(/schema should be/);
  const wrong = { ...stored[0], states: 'many' };
  expect(() => sensitivityFromJson(JSON.stringify(wrong))).toThrow(/states should be a number/);
});

describe('the report of a form that holds', () => {
  const cwd = scratchFolder();
  const pageOf = async (name: string, variant: string) => {
    await quiesce(['check', name, '--variant', variant, '--quiet', '--out', 'runs'], { cwd });
    return readFileSync(join(cwd, 'runs', `${name}-${variant}`, 'verdict.html'), 'utf8');
  };

  test('tells what it rests on, also beside a damaged table', async () => {
    const folder = join(cwd, 'runs', 'sva-init-vs-init-fixed', 'sensitivity');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'document.json'), '{ "schema": "quies');
    const table = stored.find((t) => t.scenario === 'sva-init-vs-init');
    expect(await pageOf('sva-init-vs-init', 'fixed')).toContain(`${table?.rows.length} mutants: `);
  });

  test('says so when it was not measured', async () => {
    const page = await pageOf('peers-peterson', 'fixed');
    expect(page).toContain('Not measured. <code>quiesce sensitivity peers-peterson --variant fixed</code>');
  });
});
