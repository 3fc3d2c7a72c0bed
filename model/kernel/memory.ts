/**
 * kmalloc() and kfree(). Allocation sleeps unless it is atomic, and fails when the scenario's budget `kmalloc`
 * allows; a freed object is poisoned, so that every later access is found.
 */
import type { Actor, ObjectType, Shape, Statement, View } from '../../checker/lang/index.ts';
import { labelled, type Of, type Options } from './options.ts';

/** Notes of an allocation, and what is done when it fails. */
export interface AllocOptions<F> extends Options {
  /** What runs when the allocation fails; without it the allocation cannot fail (GFP_NOFAIL). */
  readonly orElse?: readonly Statement<F>[];
  /** GFP_ATOMIC: allowed with a spinlock held. */
  readonly atomic?: boolean;
  /** Name of the failure budget; `kmalloc` when not given. */
  readonly budget?: string;
}

/** Allocates and initialises in one step: nobody else can know the object before it is published. */
export function kmalloc<F, S extends Shape>(
  type: ObjectType<S>,
  init: (f: F, fresh: View<S>, self: Actor) => void,
  options: AllocOptions<F> = {},
): Statement<F> {
  const { orElse, atomic, budget, label, as, ...notes } = options;
  return {
    op: 'alloc',
    ...notes,
    label: label ?? `kmalloc(${as ?? `struct ${type.name}`})`,
    derived: label === undefined,
    budget: orElse === undefined ? null : (budget ?? 'kmalloc'),
    type: type as never,
    act: init as never,
    orElse: orElse ?? [],
    ...(atomic ? {} : { sleeps: true }),
  };
}

/** NULL is ignored. */
export function kfree<F>(what: Of<F, object | null>, options: Options = {}): Statement<F> {
  return { op: 'free', ...labelled('kfree', what, options, ''), what };
}
