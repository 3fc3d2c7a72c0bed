/**
 * Typed objects: declared once, seen by steps as plain property access on a view of the state vector.
 */
import { modelError } from './errors.ts';
import type { ConstantOf, EachOf, Field, ParamSpec } from './fields.ts';
import type { Source } from './source.ts';

/** The fields of an object, by name. */
export type Shape = Record<string, Field<any>>;

/** What a step sees of an object: its fields, readable and writable. */
export type View<S extends Shape> = {
  -readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never;
};

/** A declared type of object, as `object` returns it. */
export interface ObjectType<S extends Shape> {
  readonly kind: 'object';
  readonly name: string;
  readonly shape: S;
  /** Exists for the whole run: it has no liveness byte and cannot be freed. */
  readonly permanent: boolean;
  /** A freed slot may be allocated again at once, so that a stale pointer can meet a new object (ABA). */
  readonly reusesAddress: boolean;
  readonly source: Source | undefined;
  readonly $view?: View<S>;
}

/** The view type of an object type: `type Mm = ViewOf<typeof MmStruct>`. */
export type ViewOf<O> = O extends ObjectType<infer S> ? View<S> : never;

/**
 * Declares a type of object.
 *
 * `permanent` objects exist for the whole run and cost no liveness byte. All others are checked at every
 * access: a freed one is a use after free at that step. `reusesAddress` lets the allocator hand a freed slot
 * out again, as the slab allocator does; without it a slot is used again only when nothing points to it any
 * more, so that no use after free is hidden by reuse.
 *
 * Limits: at most 255 bytes of fields; at most 254 objects in a scenario.
 */
export function object<S extends Shape>(
  name: string,
  shape: S,
  options: { permanent?: boolean; reusesAddress?: boolean; source?: Source } = {},
): ObjectType<S> {
  if (name === '') throw modelError('an object type needs a name');
  for (const field of Object.keys(shape))
    if (!/^[a-z_][a-z0-9_]*$/i.test(field) || field.startsWith('$'))
      throw modelError(`field "${field}" of ${name} is not a C identifier`, `object('${name}')`);
  return {
    kind: 'object',
    name,
    shape,
    permanent: options.permanent ?? false,
    reusesAddress: options.reusesAddress ?? false,
    source: options.source,
  };
}

/** What a step sees for each kind of parameter. */
export type ParamValue<P> =
  P extends ObjectType<infer S>
    ? View<S>
    : P extends ConstantOf<infer C>
      ? C
      : P extends EachOf<infer T>
        ? readonly T[]
        : P extends Field<infer T>
          ? T
          : never;

/** The values of the parameters of a procedure, by name. */
export type ParamValues<P extends Record<string, ParamSpec>> = { -readonly [K in keyof P]: ParamValue<P[K]> };
