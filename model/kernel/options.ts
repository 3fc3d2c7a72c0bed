/**
 * What every kernel statement accepts besides its operands, and how its label is made: like the C call it stands
 * for, from the path the accessor follows.
 */
import { type Actor, type Notes, pathOf, type Reads, type Statement } from '../../checker/lang/index.ts';

/** `label` replaces the derived one, where the accessor is no plain path or a phrase reads better. */
export interface Options extends Notes {
  readonly label?: string;
  /** The operand as C names it, where the accessor's path does not read so: `&iommu_sva_lock`. */
  readonly as?: string;
}

/** Label and notes of a statement that stands for `fn(&path)`. Repetitions are numbered by the compiler. */
export function labelled(
  fn: string,
  operand: ((f: never, self: never) => unknown) | null,
  options: Options,
  prefix = '&',
): Notes & { readonly label: string; readonly derived: boolean } {
  const { label, as, ...notes } = options;
  const path = operand === null ? null : pathOf(operand);
  const shown = as ?? (path === null ? '' : `${prefix}${path}`);
  return { ...notes, label: label ?? `${fn}(${shown})`, derived: label === undefined };
}

/** A call that tells by its result whether it did its work: `test` does it, or leaves everything as it was. */
export function tries<F, T>(
  fn: string,
  operand: Of<F, T>,
  test: (it: T, self: Actor) => boolean,
  yes: readonly Statement<F>[],
  no: readonly Statement<F>[],
  options: Options,
): Statement<F> {
  return {
    op: 'branch',
    ...labelled(fn, operand, options),
    test: (f, self) => test(operand(f, self), self),
    yes,
    no,
  };
}

/** Several statements as one. They must not contain a `break` of the author's own. */
export function group<F>(...statements: readonly Statement<F>[]): Statement<F> {
  return { op: 'loop', body: [...statements, { op: 'break' }] };
}

/** An accessor of one operand. */
export type Of<F, T> = Reads<F, T>;

/** For a callback whose entry may be NULL: then nothing happens. */
export const orNothing: readonly Statement<any>[] = [{ op: 'local', act: () => {} }];
