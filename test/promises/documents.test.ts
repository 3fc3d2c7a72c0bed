/** What `--json` prints follows the schema that the document names, as a validator of others reads it. */
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, expect, test } from 'vitest';
import { quiesce, root, scratchFolder } from './quiesce.ts';

const cwd = scratchFolder();
const folder = join(root, 'reports', 'schema');
const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
const validators = new Map(
  readdirSync(folder).map((file) => {
    const schema = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return [schema.$id as string, ajv.compile(schema)] as const;
  }),
);
const stored = 'peers-sva.posted.a351ae9c.sched';

beforeAll(() => {
  mkdirSync(join(cwd, 'suite'));
  cpSync(join(root, 'scenarios', 'regressions', stored), join(cwd, 'suite', stored));
});

test.each([
  ['replay', ['replay', join('suite', stored)], 0, 'result'],
  ['replay', ['replay', join('suite', stored), '--variant', 'fixed-m'], 20, 'divergence'],
  ['regress', ['regress', 'suite'], 0, 'results'],
  ['corpus', ['corpus', 'vfio-init-leak', '--needs', '--quiet'], 0, 'timing'],
  ['explore', ['explore', 'iommufd', '--runs', '2', '--states', '2000', '--quiet'], 12, 'found'],
] as const)('%s: %j', { timeout: 120_000 }, async (name, args, status, key) => {
  const run = await quiesce([...args, '--json'], { cwd });
  expect(run, run.stderr).toMatchObject({ status });
  const document = JSON.parse(run.stdout);
  expect(document.schema).toBe(`quiesce.${name}/1`);
  const validate = validators.get(document.schema);
  expect(validate?.(document), JSON.stringify(validate?.errors)).toBe(true);
  // A schema that lets everything pass would be none.
  delete document[key];
  expect(validate?.(document)).toBe(false);
});
