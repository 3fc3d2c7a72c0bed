/**
 * Pointers that the author does not expect to be NULL, and the step from an embedded part to what embeds it.
 */
import { type Field, type ObjectType, ref, type Shape, type View } from '../../checker/lang/index.ts';

/**
 * A pointer like `ref`, typed as never NULL, so that a body reads like C. It starts at NULL all the same, and
 * following it then is a NULL dereference that the checker reports.
 */
export function ptr<S extends Shape>(target: ObjectType<S> | (() => ObjectType<S>)): Field<View<S>> {
  return ref(target) as unknown as Field<View<S>>;
}

/**
 * The object that embeds a work item, notifier or RCU head. Embedding is by shape: the container has the part's
 * fields among its own, so the two are the same memory and one liveness.
 */
export function containerOf<S extends Shape>(part: object, _container: ObjectType<S>): View<S> {
  return part as View<S>;
}
