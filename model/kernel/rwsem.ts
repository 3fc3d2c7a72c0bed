/**
 * struct rw_semaphore: one writer or many readers, all of them may sleep.
 *
 * Limits: a waiting writer does not hold new readers back, so a deadlock that needs a writer between two nested
 * read locks of one task is not found.
 */
import {
  type Actor,
  type ActorSet,
  actor,
  actors,
  nameOf,
  type Statement,
  struct,
  Violation,
} from '../../checker/lang/index.ts';
import { ownerOf, release } from './mutex.ts';
import { labelled, type Of, type Options, tries } from './options.ts';

/** What a step sees of an `rwsem`. */
export interface Rwsem {
  owner: Actor | null;
  readonly readers: ActorSet;
}

/** A reader-writer semaphore embedded in an object. */
export const rwsem = () => struct('rw_semaphore', { owner: actor(), readers: actors() }, { spins: false });

export function downRead<F>(sem: Of<F, Rwsem>, options: Options = {}): Statement<F> {
  return {
    op: 'block',
    ...labelled('down_read', sem, options),
    guard: (f, self) => sem(f, self).owner === null,
    act: (f, self) => sem(f, self).readers.add(self),
    waiting: { kind: 'lock', owners: (f, self) => ownerOf(sem(f, self)), on: sem, lock: sem },
    sleeps: true,
  };
}

/** Takes the semaphore for reading unless a writer holds it; never sleeps. */
export function downReadTrylock<F>(
  sem: Of<F, Rwsem>,
  yes: readonly Statement<F>[],
  no: readonly Statement<F>[] = [],
  options: Options = {},
): Statement<F> {
  return tries(
    'down_read_trylock',
    sem,
    ({ owner, readers }, self) => {
      if (owner !== null) return false;
      readers.add(self);
      return true;
    },
    yes,
    no,
    options,
  );
}

export function upRead<F>(sem: Of<F, Rwsem>, options: Options = {}): Statement<F> {
  return {
    op: 'step',
    ...labelled('up_read', sem, options),
    act: (f, self) => {
      const { readers } = sem(f, self);
      if (!readers.has(self))
        throw new Violation(
          'lock-misuse',
          `${self.name} releases ${nameOf(sem(f, self))} for reading but does not hold it`,
          [nameOf(sem(f, self))],
          [self.name],
        );
      readers.delete(self);
    },
  };
}

export function downWrite<F>(sem: Of<F, Rwsem>, options: Options = {}): Statement<F> {
  return {
    op: 'block',
    ...labelled('down_write', sem, options),
    guard: (f, self) => sem(f, self).owner === null && sem(f, self).readers.size === 0,
    act: (f, self) => {
      sem(f, self).owner = self;
    },
    waiting: {
      kind: 'lock',
      owners: (f, self) => [...ownerOf(sem(f, self)), ...sem(f, self).readers],
      on: sem,
      lock: sem,
    },
    sleeps: true,
  };
}

export function upWrite<F>(sem: Of<F, Rwsem>, options: Options = {}): Statement<F> {
  return {
    op: 'step',
    ...labelled('up_write', sem, options),
    act: (f, self) => release(sem(f, self), self),
  };
}
