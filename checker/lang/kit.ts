/**
 * The base vocabulary of a procedure body. Each function returns a statement; nothing runs until the model is
 * compiled. What has a label is a step of its own, where other actors may come between; what has none touches
 * only parameters and locals and is fused into the step before it (the checker reports it when it does not).
 */
import type { Acts, Arm, Reads, Statement, StepNotes, Waiting } from './body.ts';
import type { Actor, ParamSpec } from './fields.ts';
import type { ObjectType, ParamValues, Shape, View } from './object.ts';
import type { CallbackType, Procedure } from './procedure.ts';
import type { Switch } from './switches.ts';

/** Notes of a step whose label is given beside them. */
export type Notes = Omit<StepNotes, 'label'>;

/** Notes of a step that may block, what it does when it goes on, and what it waits for. */
export interface BlockOptions<F> extends Notes {
  readonly do?: Acts<F>;
  readonly waiting?: Waiting<F>;
}

/**
 * The base vocabulary: what the body of a procedure is written with. `k` in `procedure(name, spec, (k) => [...])`. The
 * kit of `quiesce/model/kernel` adds locks, references, waits and work.
 */
export interface Kit<F> {
  /** One indivisible effect on shared objects. */
  step(label: string, act: Acts<F>, notes?: Notes): Statement<F>;
  /** Waits until the guard holds and acts in the same instant. The guard may only read. */
  blockUntil(label: string, guard: Reads<F, boolean>, options?: BlockOptions<F>): Statement<F>;
  /** Reads shared memory in a step of its own and branches on it; the test may also act (test-and-set). */
  test(
    label: string,
    test: Reads<F, unknown>,
    yes: readonly Statement<F>[],
    no?: readonly Statement<F>[],
    notes?: Notes,
  ): Statement<F>;
  /** Branches on parameters and locals; no step of its own. */
  when(test: Reads<F, unknown>, yes: readonly Statement<F>[], no?: readonly Statement<F>[]): Statement<F>;
  /** Assigns locals from parameters and locals; no step of its own. */
  local(act: Acts<F>): Statement<F>;
  /** Repeats until `break`, `return` or `goto`. */
  loop(body: readonly Statement<F>[]): Statement<F>;
  break(): Statement<F>;
  continue(): Statement<F>;
  /** A place for `goto`, like the kernel's `out_unbind:`. */
  label(name: string): Statement<F>;
  goto(name: string): Statement<F>;
  call<P extends Record<string, ParamSpec>, R>(
    procedure: Procedure<P, R> | (() => Procedure<P, R>),
    args: Reads<F, ParamValues<P>>,
    receive?: (f: F, result: R) => void,
  ): Statement<F>;
  /** Calls through an operations table; `orElse` runs when the entry is NULL (without it, that is a NULL dereference). */
  callback<P extends Record<string, ParamSpec>, R>(
    type: CallbackType<P, R>,
    target: Reads<F, Procedure<P, R> | null>,
    args: Reads<F, ParamValues<P>>,
    receive?: (f: F, result: R) => void,
    orElse?: readonly Statement<F>[],
  ): Statement<F>;
  return(value?: number | boolean | string | null | Reads<F, unknown>): Statement<F>;
  /** One of several arms, each with an optional guard; the search tries all that are enabled. */
  choose(
    label: string,
    arms: readonly (Omit<Arm<F>, 'body'> & { readonly body?: readonly Statement<F>[] })[],
    options?: Notes & { readonly waiting?: Waiting<F> },
  ): Statement<F>;
  /** One element of a list; the search tries all for which `when` holds. */
  pick<T>(
    label: string,
    from: Reads<F, readonly T[]>,
    act: (f: F, option: T, self: Actor) => void,
    options?: Notes & { readonly when?: (f: F, option: T, self: Actor) => boolean; readonly waiting?: Waiting<F> },
  ): Statement<F>;
  /** A step that may fail when the scenario's budget of that name is not used up; `orElse` is the failure. */
  attempt(budget: string, label: string, act: Acts<F>, orElse: readonly Statement<F>[], notes?: Notes): Statement<F>;
  /** Takes a free slot of a type and fills it in the same step. `mayFail` names the failure budget. */
  alloc<S extends Shape>(
    type: ObjectType<S>,
    act: (f: F, fresh: View<S>, self: Actor) => void,
    options?: Notes & { readonly label?: string; readonly mayFail?: string; readonly orElse?: readonly Statement<F>[] },
  ): Statement<F>;
  /** Ends the life of an object; NULL is ignored, a second free is a double free. */
  free(
    what: Reads<F, object | null>,
    options?: Notes & { readonly label?: string; readonly do?: Acts<F> },
  ): Statement<F>;
  /** The arm for the value the scenario's variant gives to the switch. */
  switch<V extends string>(on: Switch<V>, arms: { readonly [K in V]: readonly Statement<F>[] }): Statement<F>;
}

/** What a blocked step waits for when the model does not say. */
const anyWaiting: Waiting<any> = { kind: 'wait' };

/** The base vocabulary. Bodies are given it, so that only a kit of one's own needs this name. */
export const kit: Kit<any> = {
  step: (label, act, notes) => ({ op: 'step', label, act, ...notes }),
  blockUntil: (label, guard, options = {}) => {
    const { do: act, waiting, ...notes } = options;
    return { op: 'block', label, guard, waiting: waiting ?? anyWaiting, ...(act ? { act } : {}), ...notes };
  },
  test: (label, test, yes, no = [], notes) => ({ op: 'branch', label, test, yes, no, ...notes }),
  when: (test, yes, no = []) => ({ op: 'if', test, yes, no }),
  local: (act) => ({ op: 'local', act }),
  loop: (body) => ({ op: 'loop', body }),
  break: () => ({ op: 'break' }),
  continue: () => ({ op: 'continue' }),
  label: (name) => ({ op: 'label', name }),
  goto: (name) => ({ op: 'goto', name }),
  call: (procedure, args, receive) => ({
    op: 'call',
    procedure: (typeof procedure === 'function' ? procedure : () => procedure) as never,
    args: args as never,
    ...(receive ? { receive: receive as never } : {}),
  }),
  callback: (type, target, args, receive, orElse = []) => ({
    op: 'callback',
    type: type as never,
    target,
    args: args as never,
    ...(receive ? { receive: receive as never } : {}),
    orElse,
  }),
  return: (value) =>
    value === undefined
      ? { op: 'return' }
      : { op: 'return', value: (typeof value === 'function' ? value : () => value) as Reads<unknown, unknown> },
  choose: (label, arms, options = {}) => {
    const { waiting, ...notes } = options;
    return {
      op: 'choose',
      label,
      arms: arms.map((arm) => ({ ...arm, body: arm.body ?? [] })),
      waiting: waiting ?? anyWaiting,
      ...notes,
    };
  },
  pick: (label, from, act, options = {}) => {
    const { when, waiting, ...notes } = options;
    return {
      op: 'pick',
      label,
      from,
      act: act as never,
      waiting: waiting ?? anyWaiting,
      ...(when ? { when: when as never } : {}),
      ...notes,
    };
  },
  attempt: (budget, label, act, orElse, notes) => ({ op: 'attempt', budget, label, act, orElse, ...notes }),
  alloc: (type, act, options = {}) => {
    const { label, mayFail, orElse, ...notes } = options;
    return {
      op: 'alloc',
      label: label ?? `allocate ${type.name}`,
      derived: label === undefined,
      budget: mayFail ?? null,
      type: type as never,
      act: act as never,
      orElse: orElse ?? [],
      ...notes,
    };
  },
  free: (what, options = {}) => {
    const { label, do: act, ...notes } = options;
    return {
      op: 'free',
      label: label ?? `free ${pathOf(what) ?? 'object'}`,
      derived: label === undefined,
      what,
      ...(act ? { act } : {}),
      ...notes,
    };
  },
  switch: (on, arms) => ({ op: 'switch', on, arms: arms as never }),
};

/**
 * The C expression an accessor stands for: `(f) => f.iommu.lock` gives `iommu->lock`. Null where the accessor is
 * more than a path, so that a label must be given.
 *
 * @example
 * ```ts
 * import { pathOf } from 'quiesce';
 *
 * console.log(pathOf((f) => f.iommu.lock)); // iommu->lock
 * console.log(pathOf((f) => f.count + 1)); // null
 * ```
 */
export function pathOf(accessor: (f: never, self: never) => unknown): string | null {
  const paths = new WeakMap<object, string>();
  const recorder = (path: string): object => {
    const proxy = new Proxy(() => undefined, {
      get: (_target, key) => {
        if (typeof key !== 'string') throw new Error('not a path');
        return recorder(path === '' ? key : `${path}->${key}`);
      },
      apply: () => {
        throw new Error('not a path');
      },
    });
    paths.set(proxy, path);
    return proxy;
  };
  try {
    const result = (accessor as (f: unknown, self: unknown) => unknown)(recorder(''), recorder('current'));
    return (typeof result === 'function' && paths.get(result)) || null;
  } catch {
    return null;
  }
}
