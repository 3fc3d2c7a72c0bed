/**
 * Pointers that the author does not expect to be NULL, and the step from an embedded part to what embeds it.
 */
import {
  type Field,
  type List,
  type ObjectType,
  opaque,
  ref,
  type Shape,
  type View,
} from '../../checker/lang/index.ts';

/**
 * A pointer like `ref`, typed as never NULL, so that a body reads like C. It starts at NULL all the same, and
 * following it then is a NULL dereference that the checker reports.
 */
export function ptr<S extends Shape>(target: ObjectType<S> | (() => ObjectType<S>)): Field<View<S>> {
  return ref(target) as unknown as Field<View<S>>;
}

/**
 * Pointer to, and list of, a type that is known by its interface only. Types that refer to each other need one such
 * place in every circle, since TypeScript cannot infer a circle:
 * `interface Bond extends ViewOf<typeof IommuBond> {}`, then `pointerTo<Bond>()`.
 */
export function pointerTo<T extends object>(): Field<T> {
  return opaque<T>() as unknown as Field<T>;
}

/** Like `list`, for a type known by its interface. */
export function listOf<T extends object>(capacity: number): Field<List<T>> {
  return { kind: 'list', target: () => null, capacity } as unknown as Field<List<T>>;
}

/**
 * The object that embeds a work item, notifier or RCU head. Embedding is by shape: the container has the part's
 * fields among its own, so the two are the same memory and one liveness.
 */
export function containerOf<S extends Shape>(part: object, _container: ObjectType<S>): View<S> {
  return part as View<S>;
}
