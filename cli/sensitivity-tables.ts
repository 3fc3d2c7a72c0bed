/**
 * The tables of docs/sensitivity.md: `scenarios/sensitivity/<scenario>.json` holds those of one scenario, one a line, so
 * that a check reads no others.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sensitivity } from '../checker/sensitivity/sensitivity.ts';
import { sensitivityFromJson } from '../reports/sensitivity-json.ts';
import { writeWhole } from './files.ts';
import { packageRoot } from './package.ts';

const folder = join(packageRoot, 'scenarios', 'sensitivity');
const SUFFIX = '.json';

const fileOf = (scenario: string): string => join(folder, `${scenario}${SUFFIX}`);
const keyOf = (t: Sensitivity): string => `${t.scenario} ${t.variant}`;
const byKey = (a: Sensitivity, b: Sensitivity): number => (keyOf(a) < keyOf(b) ? -1 : 1);

/** Every table, in the order of the page. Throws a `usage` error for a document of another kind. */
export function storedTables(): readonly Sensitivity[] {
  if (!existsSync(folder)) return [];
  const scenarios = readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
  return scenarios.flatMap((name) => tablesOf(name.slice(0, -SUFFIX.length))).sort(byKey);
}

/** The tables of one scenario; none for one that was not measured, or that is not ours. */
export function tablesOf(scenario: string): readonly Sensitivity[] {
  // A generated scenario is named by its whole program, which is no name of a file.
  if (!/^[\w.-]{1,100}$/.test(scenario) || !existsSync(fileOf(scenario))) return [];
  const documents = JSON.parse(readFileSync(fileOf(scenario), 'utf8')) as readonly unknown[];
  return documents.map((document) => sensitivityFromJson(JSON.stringify(document)));
}

/** Puts a table in its place and returns its file. */
export function storeTable(table: Sensitivity): string {
  const others = tablesOf(table.scenario).filter((t) => keyOf(t) !== keyOf(table));
  const tables = [...others, table].sort(byKey);
  writeWhole(fileOf(table.scenario), `[\n${tables.map((t) => JSON.stringify(t)).join(',\n')}\n]\n`);
  return fileOf(table.scenario);
}
