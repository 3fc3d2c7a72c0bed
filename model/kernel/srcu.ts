/**
 * SRCU: read sections that may sleep, a wait for the sections that are open, and callbacks that run after them.
 *
 * A grace period moves the open sections to `old` and ends when `old` is empty; sections that open later are not
 * waited for. Grace periods of one srcu_struct follow each other, as in the kernel.
 *
 * Limits: a task opens at most one section of a srcu_struct at a time; at most four callbacks wait at a time.
 */
import {
  type Actor,
  type ActorSet,
  actors,
  atomic,
  callbackType,
  int,
  nameOf,
  object,
  op,
  opaque,
  patch,
  procedure,
  type Ring,
  ring,
  type Statement,
  type View,
  Violation,
} from '../../checker/lang/index.ts';
import { group, labelled, type Of, type Options } from './options.ts';

/** Why its steps touch readers and callbacks at once. */
const oneCounter =
  'the open sections are one counter with two halves, kept with the callbacks under the lock of srcu_struct';

const headType = { rcu_pending: int(0, 1) };

/** The part that the kernel knows of an embedded RCU head, as the type of a parameter. */
export const Rcu = object('rcu_head', headType);

/** A callback that runs after a grace period; `containerOf` gives the object around the head. */
export const RcuCallback = callbackType('rcu_callback_t', { head: Rcu });

/** struct rcu_head: spread into the shape of the object that embeds it. */
export const rcuHead = { ...headType, rcu_func: op(RcuCallback) };
/** What a step sees of an embedded `rcuHead`. */
export type RcuHead = View<typeof rcuHead>;

/** struct srcu_struct: lives as long as the scenario. */
export const Srcu = object(
  'srcu_struct',
  {
    readers: atomic(actors(), oneCounter),
    old: atomic(actors(), oneCounter),
    callbacks: atomic(ring(opaque<RcuHead>(), 4), oneCounter),
  },
  { permanent: true },
);
export interface SrcuView {
  readonly readers: ActorSet;
  readonly old: ActorSet;
  readonly callbacks: Ring<RcuHead>;
}

/** srcu_read_lock(). */
export function srcuReadLock<F>(srcu: Of<F, SrcuView>, options: Options = {}): Statement<F> {
  return {
    op: 'step',
    ...labelled('srcu_read_lock', srcu, options),
    indivisible: oneCounter,
    act: (f, self) => {
      const s = srcu(f, self);
      if (s.readers.has(self) || s.old.has(self))
        throw new Violation(
          'lock-misuse',
          `${self.name} opens a second read section of ${nameOf(s)}`,
          [nameOf(s)],
          [self.name],
        );
      s.readers.add(self);
    },
  };
}

export function srcuReadUnlock<F>(srcu: Of<F, SrcuView>, options: Options = {}): Statement<F> {
  return {
    op: 'step',
    ...labelled('srcu_read_unlock', srcu, options),
    indivisible: oneCounter,
    act: (f, self) => {
      const s = srcu(f, self);
      if (!s.readers.has(self) && !s.old.has(self))
        throw new Violation(
          'lock-misuse',
          `${self.name} closes a read section of ${nameOf(s)} it never opened`,
          [nameOf(s)],
          [self.name],
        );
      s.readers.delete(self);
      s.old.delete(self);
    },
  };
}

/** Moves the open sections to `old`: a grace period begins. */
function begin(s: SrcuView): void {
  for (const reader of s.readers) s.old.add(reader);
  s.readers.clear();
}

/** synchronize_srcu(): sleeps until every section open at the call is closed. Inside a section it never returns. */
export function synchronizeSrcu<F>(srcu: Of<F, SrcuView>, options: Options = {}): Statement<F> {
  const label = labelled('synchronize_srcu', srcu, options);
  const old = (f: F, self: Actor) => srcu(f, self).old;
  return group<F>(
    {
      op: 'block',
      ...label,
      guard: (f, self) => old(f, self).size === 0,
      act: (f, self) => begin(srcu(f, self)),
      indivisible: oneCounter,
      waiting: { kind: 'wait', on: srcu, owners: old },
      sleeps: true,
    },
    {
      op: 'block',
      ...label,
      label: `end of grace period in ${label.label}`,
      derived: true,
      guard: (f, self) => old(f, self).size === 0,
      waiting: { kind: 'wait', on: srcu, owners: old },
      sleeps: true,
    },
  );
}

/** call_srcu(): `func` runs on the head after a grace period, in the context of a `srcuCallbacks` actor. */
export function callSrcu<F>(
  srcu: Of<F, SrcuView>,
  head: Of<F, RcuHead>,
  func: NonNullable<RcuHead['rcu_func']>,
  options: Options = {},
): Statement<F> {
  return {
    op: 'step',
    ...labelled('call_srcu', head, options),
    indivisible: 'the head is known to nobody else until it is queued',
    act: (f, self) => callLater(srcu(f, self), head(f, self), func),
  };
}

/** call_srcu(), for use inside a step. */
export function callLater(srcu: SrcuView, head: RcuHead, func: NonNullable<RcuHead['rcu_func']>): void {
  if (head.rcu_pending === 1)
    throw new Violation('double-free', `call_srcu() is given ${nameOf(head)} twice`, [nameOf(head)]);
  head.rcu_pending = 1;
  head.rcu_func = func;
  srcu.callbacks.push(head);
}

/** The context in which callbacks of call_srcu() run: one at a time, each after a grace period of its own. */
export const srcuCallbacks = procedure(
  'srcu_invoke_callbacks',
  {
    source: patch('spec 0.2 rule 7')('kernel/rcu/srcutree.c'),
    params: { srcu: Srcu },
    locals: { head: opaque<RcuHead>(), func: op(RcuCallback) },
  },
  (k) => [
    k.loop([
      k.blockUntil(
        'grace period for the oldest callback begins',
        (f) => f.srcu.callbacks.length > 0 && f.srcu.old.size === 0,
        {
          do: (f) => begin(f.srcu),
          indivisible: oneCounter,
          idle: true,
          waiting: { kind: 'queue', on: (f) => f.srcu },
        },
      ),
      k.blockUntil('grace period for the oldest callback ends', (f) => f.srcu.old.size === 0, {
        do: (f) => {
          f.head = f.srcu.callbacks.shift();
          f.func = f.head.rcu_func;
        },
        indivisible: oneCounter,
        waiting: { kind: 'wait', on: (f) => f.srcu, owners: (f) => f.srcu.old },
      }),
      k.callback(
        RcuCallback,
        (f) => f.func,
        (f) => ({ head: f.head as RcuHead }),
      ),
    ]),
  ],
);
