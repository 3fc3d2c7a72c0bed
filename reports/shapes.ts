/**
 * Shapes of documents: what a value must be, in which order its keys stand, and what is said where it is something else.
 * Every document that is stored and read back is written down in these words once; TypeScript refuses a shape in which a
 * field of the document's type is missing. The published schema of a document, in reports/schema/, is told by its shape.
 */
import * as v from 'valibot';
import { QuiesceError } from '../checker/lang/errors.ts';
import { type ViolationKind, violationKinds } from '../checker/lang/violation.ts';

/** Checks a value and puts its keys in order. The message of each schema is what it wants, for `refuse`. */
export type Shape<T> = v.GenericSchema<unknown, T>;

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What each shape is in JSON Schema. */
const schemas = new WeakMap<object, () => JsonSchema>();

function known<T>(shape: Shape<T>, schema: () => JsonSchema): Shape<T> {
  schemas.set(shape, schema);
  return shape;
}

/** The shape in JSON Schema, draft 2020-12. */
export function jsonSchemaOf(shape: Shape<unknown>): JsonSchema {
  const schema = schemas.get(shape);
  if (schema === undefined) throw new Error('a shape that was not made here has no schema');
  return schema();
}

export const text: Shape<string> = known(v.string('a string'), () => ({ type: 'string' }));
export const number: Shape<number> = known(v.pipe(v.number('a number'), v.finite('a finite number')), () => ({
  type: 'number',
}));
export const flag: Shape<boolean> = known(v.boolean('true or false'), () => ({ type: 'boolean' }));
export const scalar: Shape<string | number | boolean | null> = known(
  v.union([v.string(), v.number(), v.boolean(), v.null()], 'a single value'),
  () => ({ type: ['string', 'number', 'boolean', 'null'] }),
);

export function word<const W extends string>(...words: readonly W[]): Shape<W> {
  return known(v.picklist(words, `one of ${words.join(', ')}`), () => ({ enum: words }));
}

export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return known(v.nullable(shape), () => ({ anyOf: [jsonSchemaOf(shape), { type: 'null' }] }));
}

export function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return known(v.array(shape, 'a list'), () => ({ type: 'array', items: jsonSchemaOf(shape) }));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const anyObject = v.custom<Record<string, unknown>>(isObject, 'an object');

/** Names chosen by a scenario, in the order it gave them; `constructor` may be one, which `v.record` would drop. */
export function named<T>(shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  const checked = v.lazy((input) => {
    if (!isObject(input)) return anyObject as Shape<Record<string, T>>;
    return v.object(Object.fromEntries(Object.keys(input).map((name) => [name, shape]))) as Shape<Record<string, T>>;
  });
  return known(checked, () => ({ type: 'object', additionalProperties: jsonSchemaOf(shape) }));
}

/** One of several shapes; the value itself says which. */
export function oneOf<T>(shapes: readonly Shape<T>[], choose: (input: unknown) => Shape<T>): Shape<T> {
  return known(v.lazy(choose), () => ({ anyOf: shapes.map(jsonSchemaOf) }));
}

export type Fields<T> = { readonly [K in keyof T]-?: Shape<T[K]> };

/** Shapes of fields that may be missing. */
const optionals = new WeakSet<object>();

/** Exactly these keys, in this order; a key whose value is undefined is left out. */
export function record<T extends object>(fields: Fields<T>): Shape<T> {
  const keys = Object.keys(fields) as (keyof T & string)[];
  const filled = (o: Record<string, unknown>) => Object.fromEntries(keys.map((key) => [key, o[key]]));
  const given = (o: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(o).filter(([, value]) => value !== undefined));
  // Filled first, so that a field which is missing is told as any other that is wrong.
  const shape = v.pipe(
    anyObject,
    v.transform(filled),
    v.object(fields as unknown as v.ObjectEntries),
    v.transform(given),
  ) as unknown as Shape<T>;
  return known(shape, () => ({
    type: 'object',
    properties: Object.fromEntries(keys.map((key) => [key, jsonSchemaOf(fields[key])])),
    required: keys.filter((key) => !optionals.has(fields[key])),
  }));
}

export function optional<T>(shape: Shape<T>): Shape<T> {
  const made = v.optional(shape) as Shape<T>;
  optionals.add(made);
  return known(made, () => jsonSchemaOf(shape));
}

/** Where a value stands: `violations[0].steps[2].actor`. */
function pathOf(issue: v.BaseIssue<unknown>): string {
  return (issue.path ?? [])
    .map(({ key }, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`))
    .join('');
}

/** Any kind of violation. */
export const kind: Shape<ViolationKind> = word(...(Object.keys(violationKinds) as ViolationKind[]));

/** What a document is called in an error, and where it comes from. */
export interface Stored {
  readonly what: string;
  readonly hint: string;
}

/** The JSON of a document, whatever it holds; throws `QuiesceError` (code `usage`) where it is none. */
export function parse(json: string, stored: Stored): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new QuiesceError('usage', `not ${stored.what}: the file is not JSON`, { cause, hint: stored.hint });
  }
}

/** The document with its keys in order; throws `QuiesceError` (code `usage`) that names the first field that is wrong. */
export function read<T>(shape: Shape<T>, document: unknown, stored: Stored): T {
  const result = v.safeParse(shape, document, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const { input, message } = issue;
  const got =
    input === undefined ? 'nothing' : input === null ? 'null' : Array.isArray(input) ? 'a list' : `a ${typeof input}`;
  const where = pathOf(issue) || 'the document';
  // Documents of other commands are told by their name.
  const told = where === 'schema' && typeof input === 'string' && /^[\w./-]{1,40}$/.test(input) ? input : got;
  throw new QuiesceError('usage', `not ${stored.what}: ${where} should be ${message}, not ${told}`, {
    hint: stored.hint,
  });
}
