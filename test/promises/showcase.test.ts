/** `npm start`: the headline scenarios, found and proven clean, with reports to open and a table at the end. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { headlines } from '../../cli/commands/showcase.ts';
import { scenarios } from '../../scenarios/index.ts';
import { quiesce, scratchFolder } from './quiesce.ts';

const cwd = scratchFolder();

test('every headline is a scenario with a violated form and a fixed one', () => {
  for (const name of headlines) {
    const variants = scenarios.find((s) => s.name === name)?.variants ?? {};
    expect(
      Object.values(variants).map((v) => v.expect.verdict),
      name,
    ).toContain('violated');
    expect(variants['fixed']?.expect.verdict, name).toBe('holds');
  }
});

test('every verdict is the expected one, every report exists, and a table ends it', async () => {
  const run = await quiesce(['showcase'], { cwd });
  expect(run, run.stderr).toMatchObject({ status: 0 });
  const lines = run.stdout.trimEnd().split('\n');
  const rule = lines.findLastIndex((line) => /^-+( {2}-+)+$/.test(line));
  const rows = lines.slice(rule + 1, lines.indexOf('', rule));
  expect(rows).toHaveLength(2 * headlines.length);
  for (const row of rows) expect(row).toMatch(/ yes$/);
  for (const name of headlines) expect(rows.filter((row) => row.startsWith(`${name} `))).toHaveLength(2);

  const reports = lines.slice(lines.indexOf('reports to open in a browser:') + 1).map((line) => line.trim());
  expect(reports).toHaveLength(2 * headlines.length);
  for (const path of reports) expect(readFileSync(join(cwd, path), 'utf8')).toMatch(/^<!doctype html>/i);
  for (const kind of ['VIOLATION', 'NO VIOLATION within bounds']) expect(run.stdout).toContain(kind);
});
