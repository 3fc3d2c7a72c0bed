/**
 * Shapes of documents: what a value must be, in which order its keys stand, and what is said where it is something else.
 * Every document that is stored and read back is written down in these words once; TypeScript refuses a shape in which a
 * field of the document's type is missing.
 */
import * as v from 'valibot';
import { QuiesceError } from '../checker/lang/errors.ts';
import { type ViolationKind, violationKinds } from '../checker/lang/violation.ts';

/** Checks a value and puts its keys in order. The message of each schema is what it wants, for `refuse`. */
export type Shape<T> = v.GenericSchema<unknown, T>;

export const text: Shape<string> = v.string('a string');
export const number: Shape<number> = v.pipe(v.number('a number'), v.finite('a finite number'));
export const flag: Shape<boolean> = v.boolean('true or false');
export const scalar: Shape<string | number | boolean | null> = v.union(
  [v.string(), v.number(), v.boolean(), v.null()],
  'a single value',
);

export function word<const W extends string>(...words: readonly W[]): Shape<W> {
  return v.picklist(words, `one of ${words.join(', ')}`);
}

export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return v.nullable(shape);
}

export function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return v.array(shape, 'a list');
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const anyObject = v.custom<Record<string, unknown>>(isObject, 'an object');

/** Names chosen by a scenario, in the order it gave them; `constructor` may be one, which `v.record` would drop. */
export function named<T>(shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return v.lazy((input) => {
    if (!isObject(input)) return anyObject as Shape<Record<string, T>>;
    return v.object(Object.fromEntries(Object.keys(input).map((name) => [name, shape]))) as Shape<Record<string, T>>;
  });
}

export type Fields<T> = { readonly [K in keyof T]-?: Shape<T[K]> };

/** Exactly these keys, in this order; a key whose value is undefined is left out. */
export function record<T extends object>(fields: Fields<T>): Shape<T> {
  const keys = Object.keys(fields);
  const filled = (o: Record<string, unknown>) => Object.fromEntries(keys.map((key) => [key, o[key]]));
  const given = (o: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(o).filter(([, value]) => value !== undefined));
  // Filled first, so that a field which is missing is told as any other that is wrong.
  return v.pipe(
    anyObject,
    v.transform(filled),
    v.object(fields as unknown as v.ObjectEntries),
    v.transform(given),
  ) as unknown as Shape<T>;
}

export function optional<T>(shape: Shape<T>): Shape<T> {
  return v.optional(shape) as Shape<T>;
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
