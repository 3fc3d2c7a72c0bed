/**
 * struct completion: a counter that complete() raises and a waiter lowers; complete_all() opens it for good.
 */
import { type Actor, atomic, int, type Statement, struct } from '../../checker/lang/index.ts';
import { labelled, type Of, type Options } from './options.ts';

const ALL = 15;

/** What a step sees of a `completion`. */
export interface Completion {
  done: number;
}

/** struct completion, not yet done. */
export const completion = () => struct('completion', { done: atomic(int(0, ALL), 'under the lock of its wait queue') });

export function complete<F>(c: Of<F, Completion>, options: Options = {}): Statement<F> {
  return {
    op: 'step',
    protects: 'wake-up',
    ...labelled('complete', c, options),
    act: (f, self) => {
      const it = c(f, self);
      if (it.done < ALL) it.done++;
    },
  };
}

export function completeAll<F>(c: Of<F, Completion>, options: Options = {}): Statement<F> {
  return {
    op: 'step',
    protects: 'wake-up',
    ...labelled('complete_all', c, options),
    act: (f, self) => {
      c(f, self).done = ALL;
    },
  };
}

export function reinitCompletion<F>(c: Of<F, Completion>, options: Options = {}): Statement<F> {
  return {
    op: 'step',
    ...labelled('reinit_completion', c, options),
    act: (f, self) => {
      c(f, self).done = 0;
    },
  };
}

export function waitForCompletion<F>(
  c: Of<F, Completion>,
  options: Options & { readonly owners?: (f: F, self: Actor) => Iterable<Actor> } = {},
): Statement<F> {
  const { owners, ...rest } = options;
  return {
    op: 'block',
    ...labelled('wait_for_completion', c, rest),
    guard: (f, self) => c(f, self).done > 0,
    act: (f, self) => {
      const it = c(f, self);
      if (it.done < ALL) it.done--;
    },
    waiting: { kind: 'completion', on: c, ...(owners === undefined ? {} : { owners }) },
    sleeps: true,
  };
}
