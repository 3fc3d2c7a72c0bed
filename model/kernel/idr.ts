/**
 * IDR: small numbers for pointers, the lowest free one first. Callers hold a lock over it. Number 0 is never given
 * out, as PASID 0 never is.
 */
import {
  type Actor,
  array,
  type FixedArray,
  type ObjectType,
  ref,
  type Shape,
  type Statement,
} from '../../checker/lang/index.ts';
import { ENOMEM, ENOSPC } from './errno.ts';
import { labelled, type Of, type Options } from './options.ts';

/** An IDR that can hand out the numbers 1 to `most`; element 0 stays empty. */
export const idr = <S extends Shape>(type: ObjectType<S> | (() => ObjectType<S>), most: number) =>
  array(ref(type), most + 1);

/** idr_alloc(), for use inside a step: the lowest free number from `min` to `most`, or -ENOSPC. */
export function idrInsert<T>(slots: FixedArray<T | null>, value: T, min = 1, most = slots.length - 1): number {
  for (let id = min; id <= most && id < slots.length; id++)
    if (slots.at(id) === null) {
      slots.set(id, value);
      return id;
    }
  return -ENOSPC;
}

/** idr_find(), for use inside a step; NULL for a number that is not given out. */
export function idrFind<T>(slots: FixedArray<T | null>, id: number): T | null {
  return id >= 0 && id < slots.length ? slots.at(id) : null;
}

/** The numbers that may be given out; read in the step itself. All from 1 on when not given. */
export interface IdrRange<F> {
  readonly min?: Of<F, number>;
  readonly most?: Of<F, number>;
}

/**
 * idr_alloc(): `assign` receives the number, -ENOSPC when all are given out, or -ENOMEM when the scenario's budget
 * `idr_alloc` lets it fail.
 */
export function idrAlloc<F, T>(
  slots: Of<F, FixedArray<T | null>>,
  value: Of<F, T>,
  assign: (f: F, id: number) => void,
  options: Options & IdrRange<F> = {},
): Statement<F> {
  const { min, most, ...rest } = options;
  return {
    op: 'attempt',
    ...labelled('idr_alloc', slots, rest),
    budget: 'idr_alloc',
    act: (f, self) => assign(f, idrInsert(slots(f, self), value(f, self), min?.(f, self), most?.(f, self))),
    orElse: [{ op: 'local', act: (f) => assign(f, -ENOMEM) }],
  };
}

export function idrRemove<F, T>(
  slots: Of<F, FixedArray<T | null>>,
  id: (f: F, self: Actor) => number,
  options: Options = {},
): Statement<F> {
  return {
    op: 'step',
    ...labelled('idr_remove', slots, options),
    act: (f, self) => slots(f, self).set(id(f, self), null),
  };
}
