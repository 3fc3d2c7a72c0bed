/** What `--json` prints follows the schema that the document names, as a validator of others reads it. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
  const text = readFileSync(join(cwd, 'suite', stored), 'utf8');
  writeFileSync(join(cwd, 'other.sched'), text.replace(/^signature .*$/m, 'signature 01234567'));
  writeFileSync(join(cwd, 'gone.sched'), text.replace(/^variant .*$/m, 'variant fixed-m'));
});

test.each([
  ['replay', ['replay', join('suite', stored)], 0, 'result'],
  ['replay', ['replay', join('suite', stored), '--variant', 'fixed-m'], 20, 'divergence'],
  ['shrink', ['shrink', join('suite', stored), '-o', 'small.sched'], 0, 'before'],
  ['shrink', ['shrink', 'other.sched'], 20, 'wanted'],
  ['shrink', ['shrink', 'gone.sched'], 20, 'divergence'],
  ['list', ['list'], 0, 'scenarios'],
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

test.each([
  ['peers-sva', ['start', 'violation', 'end']],
  ['vfio-detach-vs-mm-exit --order anytime', ['start', 'violation', 'stage', 'end']],
  ['sva-unbind-vs-exit --variant fixed --order pct --runs 3 --seed x', ['start', 'end']],
])('each line of check %s --events', async (args, wanted) => {
  const run = await quiesce(['check', ...args.split(' '), '--events', '--quiet'], { cwd });
  const lines = run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; schema?: string });
  expect(lines[0]?.schema).toBe('quiesce.events/1');
  const validate = validators.get('quiesce.events/1');
  for (const line of lines) {
    expect(validate?.(line), `${JSON.stringify(line)} ${JSON.stringify(validate?.errors)}`).toBe(true);
    expect(validate?.({ event: line.event })).toBe(false);
  }
  const events = lines.map(({ event }) => event);
  for (const event of wanted) expect(events).toContain(event);
});
