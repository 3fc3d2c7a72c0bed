/**
 * refcount_t and struct kref: a counter of owners. An increment from zero and a decrement below zero are errors
 * at the step that does them; the kernel would saturate or corrupt memory later.
 */
import { int, nameOf, type Statement, struct, Violation } from '../../checker/lang/index.ts';
import { labelled, type Of, type Options, tries } from './options.ts';

/** What a step sees of a reference count. */
export interface Refcount {
  counter: number;
}

/** A reference count embedded in an object. `most` bounds it: more is a modelling error that names the field. */
export const refcount = (init = 0, most = 15) => struct('refcount', { counter: int(0, most, init) }, 'references');

/** refcount_inc(), for use inside a step. */
export function inc(refs: Refcount): void {
  if (refs.counter === 0) throw new Violation('refcount', `${nameOf(refs)} is incremented from zero`, [nameOf(refs)]);
  refs.counter++;
}

/** refcount_inc_not_zero(), for use inside a step. */
export function incNotZero(refs: Refcount): boolean {
  if (refs.counter === 0) return false;
  refs.counter++;
  return true;
}

/** refcount_dec(), for use inside a step: for who knows that it is not the last reference. */
export function dec(refs: Refcount): void {
  if (decAndTest(refs))
    throw new Violation('refcount', `${nameOf(refs)} drops to zero by a refcount_dec, so nobody frees its object`, [
      nameOf(refs),
    ]);
}

/** refcount_dec_and_test(), for use inside a step: was it the last reference? */
export function decAndTest(refs: Refcount): boolean {
  if (refs.counter === 0) throw new Violation('refcount', `${nameOf(refs)} is decremented below zero`, [nameOf(refs)]);
  refs.counter--;
  return refs.counter === 0;
}

/** refcount_dec_if_one(), for use inside a step: drops the last reference or does nothing. */
export function decIfOne(refs: Refcount): boolean {
  if (refs.counter !== 1) return false;
  refs.counter = 0;
  return true;
}

export function refcountInc<F>(refs: Of<F, Refcount>, options: Options = {}): Statement<F> {
  return { op: 'step', ...labelled('refcount_inc', refs, options), act: (f, self) => inc(refs(f, self)) };
}

export function refcountDec<F>(refs: Of<F, Refcount>, options: Options = {}): Statement<F> {
  return { op: 'step', ...labelled('refcount_dec', refs, options), act: (f, self) => dec(refs(f, self)) };
}

export function refcountSet<F>(refs: Of<F, Refcount>, value: number, options: Options = {}): Statement<F> {
  return {
    op: 'step',
    ...labelled('refcount_set', refs, options),
    act: (f, self) => {
      refs(f, self).counter = value;
    },
  };
}

export function refcountIncNotZero<F>(
  refs: Of<F, Refcount>,
  yes: readonly Statement<F>[],
  no: readonly Statement<F>[] = [],
  options: Options = {},
): Statement<F> {
  return tries('refcount_inc_not_zero', refs, incNotZero, yes, no, options);
}

/** `last` runs when this was the last reference. */
export function refcountDecAndTest<F>(
  refs: Of<F, Refcount>,
  last: readonly Statement<F>[],
  others: readonly Statement<F>[] = [],
  options: Options = {},
): Statement<F> {
  return tries('refcount_dec_and_test', refs, decAndTest, last, others, options);
}

export function refcountDecIfOne<F>(
  refs: Of<F, Refcount>,
  yes: readonly Statement<F>[],
  no: readonly Statement<F>[] = [],
  options: Options = {},
): Statement<F> {
  return tries('refcount_dec_if_one', refs, decIfOne, yes, no, options);
}
