/**
 * The types of fields an object, a frame or a machine may have. A field is data about a few bytes of the state
 * vector; the TypeScript type of what a step sees is inferred from it.
 */
import { modelError } from './errors.ts';
import type { ObjectType, Shape, View } from './object.ts';
import type { CallbackType, Procedure } from './procedure.ts';

/** Any field whose value a step sees as a `T`. */
export interface Field<T> {
  readonly kind: FieldSpec['kind'];
  readonly $value?: T;
}

/** What `racy` and `atomic` say of unlocked accesses to a field, for the analysis of data races. */
export interface FieldMark {
  /** `racy`: as by READ_ONCE and WRITE_ONCE, and orders nothing. `atomic`: a write is before a read that comes later. */
  readonly how: 'racy' | 'atomic';
  readonly why: string;
}

export type FieldSpec = { readonly mark?: FieldMark } & (
  | { readonly kind: 'int'; readonly lo: number; readonly hi: number; readonly init: number }
  | { readonly kind: 'bool'; readonly init: boolean }
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  | { readonly kind: 'ref'; readonly target: () => ObjectType<Shape> | null }
  | { readonly kind: 'actor' }
  | { readonly kind: 'actors' }
  | { readonly kind: 'callback'; readonly type: CallbackType<Record<string, ParamSpec>, unknown> }
  | { readonly kind: 'list'; readonly target: () => ObjectType<Shape>; readonly capacity: number }
  | { readonly kind: 'ring'; readonly element: FieldSpec; readonly capacity: number }
  | { readonly kind: 'array'; readonly element: FieldSpec; readonly length: number }
  | {
      readonly kind: 'struct';
      readonly name: string;
      readonly shape: Shape;
      readonly lock: LockRole | null;
      readonly counts: boolean;
    }
);

/** What a parameter of a procedure may be: an object, a scalar field, or a constant list of objects. */
export type ParamSpec = ObjectType<Shape> | Field<any> | EachOf<any> | ConstantOf<any>;

/** How an embedded struct acts as a lock: its actor fields name the holders. */
export interface LockRole {
  /** A holder may not sleep while it holds the lock. */
  readonly spins: boolean;
}

/** An actor as a step sees it: who I am, who holds a lock, who sleeps. */
export interface Actor {
  readonly name: string;
  /** Asleep on a wait queue until somebody wakes it. Only in models with a step that parks. */
  parked: boolean;
  /** A signal is pending. Only in models with a step that parks. */
  signalled: boolean;
}

/** A set of actors, stored as a bit mask (at most 16 actors in a scenario that has such a field). */
export interface ActorSet extends Iterable<Actor> {
  readonly size: number;
  has(actor: Actor): boolean;
  add(actor: Actor): void;
  delete(actor: Actor): void;
  clear(): void;
}

/**
 * An intrusive list: its links live inside the nodes, so walking or unlinking touches the node's memory and a
 * freed node is found at the access.
 */
export interface List<T> extends Iterable<T> {
  readonly length: number;
  /** First node or null (list_first_entry_or_null). Reads the head only. */
  readonly first: T | null;
  /** The node after `node`, or null at the end. Reads `node`. */
  next(node: T): T | null;
  /** The node before `node`, or null at the start. Reads `node`. */
  prev(node: T): T | null;
  /** list_add: in front. */
  addFirst(node: T): void;
  /** list_add_tail: at the end. */
  add(node: T): void;
  /** list_del: `node` and its neighbours are touched. */
  remove(node: T): void;
  /** Is the node linked here? Reads the head only, for properties and assertions. */
  has(node: T): boolean;
  /** First node that satisfies the predicate; each node walked over is touched. */
  find(predicate: (node: T) => boolean): T | null;
  /** INIT_LIST_HEAD: forgets the nodes without touching them. */
  clear(): void;
}

/** A bounded first-in first-out queue of scalars or references. */
export interface Ring<T> extends Iterable<T> {
  readonly length: number;
  readonly capacity: number;
  readonly full: boolean;
  readonly first: T | null;
  push(value: T): void;
  shift(): T;
  /** Removes the element at a position; the rest closes up. */
  removeAt(index: number): T;
  at(index: number): T;
  clear(): void;
}

/** A fixed number of elements of one field type; of structs, `at` gives the view. */
export interface FixedArray<T> extends Iterable<T> {
  readonly length: number;
  at(index: number): T;
  set(index: number, value: T): void;
}

/** A whole number from `lo` to `hi` (at most 256 values); out of range is a modelling error that names the field. */
export function int(lo: number, hi: number, init = lo <= 0 && hi >= 0 ? 0 : lo): Field<number> {
  if (!(Number.isInteger(lo) && Number.isInteger(hi) && lo <= hi && hi - lo < 256))
    throw modelError(`int(${lo}, ${hi}) does not fit in one byte`, undefined, 'give bounds at most 255 apart');
  if (!(init >= lo && init <= hi)) throw modelError(`int(${lo}, ${hi}) cannot start at ${init}`);
  return { kind: 'int', lo, hi, init } as Field<number>;
}

/** A whole number from 0 to 255. */
export function u8(init = 0): Field<number> {
  return int(0, 255, init);
}

/** True or false; one byte of the state. */
export function bool(init = false): Field<boolean> {
  return { kind: 'bool', init } as Field<boolean>;
}

/** One of several names; the first is the initial value. */
export function oneOf<const V extends readonly string[]>(...values: V): Field<V[number]> {
  return { kind: 'enum', values } as Field<V[number]>;
}

/** A pointer to an object or NULL. It survives the object: following it then is a use after free. */
export function ref<S extends Shape>(target: ObjectType<S> | (() => ObjectType<S>)): Field<View<S> | null> {
  const thunk = typeof target === 'function' ? target : () => target;
  return { kind: 'ref', target: thunk } as unknown as Field<View<S> | null>;
}

/** A `void *`: a pointer whose type the owner does not know, such as a callback's private data. */
export function opaque<T extends object = object>(): Field<T | null> {
  return { kind: 'ref', target: () => null } as unknown as Field<T | null>;
}

/** A pointer to an actor or nobody, such as the owner of a lock. */
export function actor(): Field<Actor | null> {
  return { kind: 'actor' } as Field<Actor | null>;
}

/** A set of actors, such as the readers of a semaphore or the sleepers of a wait queue. */
export function actors(): Field<ActorSet> {
  return { kind: 'actors' } as Field<ActorSet>;
}

/** An entry of an operations table: a procedure of that callback type, or NULL. */
export function op<P extends Record<string, ParamSpec>, R>(type: CallbackType<P, R>): Field<Procedure<P, R> | null> {
  return { kind: 'callback', type } as unknown as Field<Procedure<P, R> | null>;
}

/** An intrusive list of at most `capacity` nodes. */
export function list<S extends Shape>(
  target: ObjectType<S> | (() => ObjectType<S>),
  capacity: number,
): Field<List<View<S>>> {
  const thunk = typeof target === 'function' ? target : () => target;
  return { kind: 'list', target: thunk, capacity } as unknown as Field<List<View<S>>>;
}

/** A bounded queue, such as a hardware ring. */
export function ring<T>(element: Field<T>, capacity: number): Field<Ring<NonNullable<T>>> {
  return { kind: 'ring', element, capacity } as unknown as Field<Ring<NonNullable<T>>>;
}

/** `length` elements of one field type. */
export function array<T>(element: Field<T>, length: number): Field<FixedArray<T>> {
  return { kind: 'array', element, length } as unknown as Field<FixedArray<T>>;
}

/**
 * Fields embedded under one name. With a lock role, its actor fields are read as the holders of a lock; as `'references'`,
 * its numbers count owners.
 */
export function struct<S extends Shape>(
  name: string,
  shape: S,
  role: LockRole | 'references' | null = null,
): Field<View<S>> {
  const counts = role === 'references';
  return { kind: 'struct', name, shape, lock: counts ? null : role, counts } as unknown as Field<View<S>>;
}

/**
 * A field that several actors access without a lock on purpose, and the access is marked so in the C code or harmless:
 * READ_ONCE, WRITE_ONCE, data_race(). The analysis of data races passes over it. It orders nothing. `why` names the macro or the
 * reason.
 *
 * @example
 * ```ts
 * import { bool, object, racy } from 'quiesce';
 *
 * const Dev = object('dev', { dying: racy(bool(), 'READ_ONCE in dev_open()') });
 * console.log(Dev.shape.dying.mark.why); // READ_ONCE in dev_open()
 * ```
 */
export function racy<T>(field: Field<T>, why: string): Field<T> {
  return marked(field, 'racy', why);
}

/**
 * A field that is accessed atomically, with acquire and release, or under a lock that is not modelled: test_and_set_bit,
 * cmpxchg, rcu_assign_pointer. The analysis of data races passes over it, and what was done before it is written is
 * before what is done after it is read. `why` names the operation.
 *
 * @example
 * ```ts
 * import { atomic, bool, object } from 'quiesce';
 *
 * const Dev = object('dev', { busy: atomic(bool(), 'test_and_set_bit') });
 * console.log(Dev.shape.busy.mark.how); // atomic
 * ```
 */
export function atomic<T>(field: Field<T>, why: string): Field<T> {
  return marked(field, 'atomic', why);
}

function marked<T>(field: Field<T>, how: FieldMark['how'], why: string): Field<T> {
  if (why.trim() === '')
    throw modelError(`a field is marked ${how} without a reason`, undefined, 'name the macro of the C code');
  return { ...field, mark: { how, why } } as Field<T>;
}

/** A parameter that is a constant list of objects, fixed when the scenario is set up. */
export interface EachOf<T> {
  readonly kind: 'each';
  readonly $value?: readonly T[];
}

/** A parameter that is a list of objects, fixed when the scenario is set up. No part of the state. */
export function each<S extends Shape>(_type: ObjectType<S>): EachOf<View<S>> {
  return { kind: 'each' };
}

/** A parameter of any type, fixed when the scenario is set up and no part of the state. */
export interface ConstantOf<T> {
  readonly kind: 'constant';
  readonly $value?: T;
}

/**
 * A parameter of any type that is fixed when the scenario is set up: a number, a table, a function. No part of the
 * state.
 */
export function constant<T>(): ConstantOf<T> {
  return { kind: 'constant' };
}
