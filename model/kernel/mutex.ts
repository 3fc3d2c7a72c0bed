/**
 * struct mutex: sleeping, not recursive, released by its owner only. A second lock by the owner blocks for ever,
 * which is a self-deadlock.
 */
import { type Actor, actor, nameOf, type Statement, struct, Violation } from '../../checker/lang/index.ts';
import { labelled, type Of, type Options, tries } from './options.ts';

/** What a step sees of a mutex. */
export interface Mutex {
  owner: Actor | null;
}

/** A mutex embedded in an object. */
export const mutex = () => struct('mutex', { owner: actor() }, { spins: false });

export function mutexLock<F>(lock: Of<F, Mutex>, options: Options = {}): Statement<F> {
  return {
    op: 'block',
    ...labelled('mutex_lock', lock, options),
    guard: (f, self) => lock(f, self).owner === null,
    act: (f, self) => {
      lock(f, self).owner = self;
    },
    waiting: {
      kind: 'lock',
      owners: (f, self) => ownerOf(lock(f, self)),
      on: lock,
      lock,
    },
    sleeps: true,
  };
}

/** Takes the mutex if it is free; never sleeps. */
export function mutexTrylock<F>(
  lock: Of<F, Mutex>,
  yes: readonly Statement<F>[],
  no: readonly Statement<F>[] = [],
  options: Options = {},
): Statement<F> {
  return tries(
    'mutex_trylock',
    lock,
    (it, self) => {
      if (it.owner !== null) return false;
      it.owner = self;
      return true;
    },
    yes,
    no,
    options,
  );
}

export function mutexUnlock<F>(lock: Of<F, Mutex>, options: Options = {}): Statement<F> {
  return {
    op: 'step',
    ...labelled('mutex_unlock', lock, options),
    act: (f, self) => release(lock(f, self), self),
  };
}

/** The holder, as the list a blocked step names. */
export function ownerOf(lock: Mutex): Actor[] {
  return lock.owner === null ? [] : [lock.owner];
}

/** Gives the lock up; it is an error unless `self` holds it. */
export function release(lock: Mutex, self: Actor): void {
  if (lock.owner !== self) {
    const holder = lock.owner === null ? 'nobody holds it' : `${lock.owner.name} holds it`;
    throw new Violation(
      'lock-misuse',
      `${self.name} releases ${nameOf(lock)} but ${holder}`,
      [nameOf(lock)],
      lock.owner === null ? [self.name] : [self.name, lock.owner.name],
    );
  }
  lock.owner = null;
}
