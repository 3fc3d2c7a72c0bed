/**
 * Errors a user can cause. Each tells what is wrong, where, the likely cause and what to do; tests match on
 * the class and the code, never on the text.
 */
export type QuiesceErrorCode =
  | 'model' // the model is malformed: found while it is compiled
  | 'model-threw' // a step, guard or property threw something that is not a violation
  | 'nondeterminism' // a step gave two results for one state
  | 'usage' // a name, flag or bound given by the user is unknown or out of range
  | 'schedule' // a stored schedule is malformed or does not fit
  | 'load' // a model file cannot be bundled or imported
  | 'config' // flags or environment that do not go together
  | 'io'; // disk

/**
 * An error with a place and a hint, printed as `quiesce: what` / `at where` / `hint`.
 *
 * @example
 * ```ts
 * import { check, QuiesceError, scenarios } from 'quiesce';
 *
 * const error = await check(scenarios[0], { variant: 'postd' }).catch((e) => e);
 * console.log(error instanceof QuiesceError, error.code); // true usage
 * console.log(error.hint); // did you mean "posted"?
 * ```
 */
export class QuiesceError extends Error {
  readonly code: QuiesceErrorCode;
  readonly where: string | undefined;
  readonly hint: string | undefined;

  constructor(code: QuiesceErrorCode, what: string, details: { where?: string; hint?: string; cause?: unknown } = {}) {
    super(what, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'QuiesceError';
    this.code = code;
    this.where = details.where;
    this.hint = details.hint;
  }
}

/** A malformed model: unknown object, loop without a step, two steps with one label, recursion, ... */
export function modelError(what: string, where?: string, hint?: string): QuiesceError {
  return new QuiesceError('model', what, {
    ...(where === undefined ? {} : { where }),
    ...(hint === undefined ? {} : { hint }),
  });
}

/**
 * The name among `known` nearest to `given` by edit distance, if any is near enough to be a misspelling.
 *
 * @example
 * ```ts
 * import { nearest } from 'quiesce';
 *
 * console.log(nearest('psoted', ['posted', 'fixed'])); // posted
 * console.log(nearest('elephant', ['posted', 'fixed'])); // undefined
 * ```
 */
export function nearest(given: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(given.length / 3)) + 1;
  for (const name of known) {
    const d = editDistance(given, name);
    if (d < bestDistance) [best, bestDistance] = [name, d];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
