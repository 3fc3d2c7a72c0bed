/** The published schemas are those of the shapes, and what we write follows them, checked by a validator of others. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { check } from '../../../checker/check.ts';
import { compare } from '../../../checker/compare.ts';
import type { Scenario } from '../../../checker/lang/index.ts';
import { comparisonToJson } from '../../../reports/comparison-json.ts';
import { verdictToJson } from '../../../reports/json.ts';
import { publishedSchemas } from '../../../reports/schema.ts';
import { scenarios } from '../../../scenarios/index.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'reports', 'schema');
const schemas = publishedSchemas();

describe('published', () => {
  if (process.env['UPDATE_SCHEMAS'] !== undefined) {
    mkdirSync(folder, { recursive: true });
    for (const { file, schema } of schemas) writeFileSync(join(folder, file), `${JSON.stringify(schema, null, 2)}\n`);
  }

  test.each(schemas.map(({ file, schema }) => [file, schema] as const))(
    '%s is current (UPDATE_SCHEMAS=1 writes it)',
    (file, schema) => {
      expect(existsSync(join(folder, file))).toBe(true);
      expect(JSON.parse(readFileSync(join(folder, file), 'utf8'))).toEqual(schema);
    },
  );

  test('nothing else lies there', () => {
    expect(readdirSync(folder).sort()).toEqual(schemas.map((s) => s.file).sort());
  });
});

describe('documents follow them', () => {
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
  const validators = new Map(schemas.map(({ schema }) => [schema['$id'] as string, ajv.compile(schema)]));
  const errorsOf = (document: { schema: string }) => {
    const validate = validators.get(document.schema);
    if (validate === undefined) throw new Error(`no schema for ${document.schema}`);
    validate(document);
    return validate.errors ?? [];
  };
  const scenario = (name: string) => scenarios.find((s) => s.name === name) as Scenario;

  test.each([
    ['vfio-detach-vs-mm-exit', 'posted', {}],
    ['sva-unbind-vs-exit', 'fixed', {}],
    ['ioasid-two-locks', 'posted', { analyse: true }],
    ['vfio-init-leak', 'posted', { strategy: 'pct', runs: 5 }],
    ['peers-dining', 'fixed', { store: 'compact' }],
    ['sva-unbind-vs-exit', 'fixed', { strategy: 'anytime' }],
  ] as const)('verdict of %s %s %j', async (name, variant, options) => {
    const document = JSON.parse(verdictToJson(await check(scenario(name), { variant, ...options })));
    expect(errorsOf(document)).toEqual([]);
    // A schema that lets everything pass would be none.
    expect(errorsOf({ ...document, outcome: 'fine' })).not.toEqual([]);
    delete document.counts;
    expect(errorsOf(document)).not.toEqual([]);
  });

  test('comparison', async () => {
    const comparison = await compare(scenario('vfio-detach-vs-mm-exit'), ['posted', 'fixed'], { binders: 0 });
    expect(errorsOf(JSON.parse(comparisonToJson(comparison)))).toEqual([]);
  });
});
