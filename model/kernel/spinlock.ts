/**
 * spinlock_t: its holder may not sleep. The irq forms differ in their name only: interrupts are no actors that run
 * on top of a task here, an interrupt thread is an actor of its own.
 */
import { type Actor, actor, type Statement, struct } from '../../checker/lang/index.ts';
import { ownerOf, release } from './mutex.ts';
import { labelled, type Of, type Options } from './options.ts';

/** What a step sees of a spinlock. */
export interface Spinlock {
  owner: Actor | null;
}

/** A spinlock embedded in an object. */
export const spinlock = () => struct('spinlock', { owner: actor() }, { spins: true });

export interface SpinOptions<F> extends Options {
  /** Reads and writes under the lock in the instant it is taken. */
  readonly do?: (f: F, self: Actor) => void;
}

export function spinLock<F>(lock: Of<F, Spinlock>, options: SpinOptions<F> = {}): Statement<F> {
  const { do: then, ...rest } = options;
  return {
    op: 'block',
    ...labelled('spin_lock', lock, rest),
    guard: (f, self) => lock(f, self).owner === null,
    act: (f, self) => {
      lock(f, self).owner = self;
      then?.(f, self);
    },
    waiting: { kind: 'lock', owners: (f, self) => ownerOf(lock(f, self)), on: lock, lock },
  };
}

export function spinUnlock<F>(lock: Of<F, Spinlock>, options: Options = {}): Statement<F> {
  return {
    op: 'step',
    ...labelled('spin_unlock', lock, options),
    act: (f, self) => release(lock(f, self), self),
  };
}
