/** What one task leaves behind when it has run through calls of a model: every end, where something may fail. */
import { check } from '../../checker/check.ts';
import type { Bounds, Operation, Setting, Setup } from '../../checker/lang/index.ts';
import { tiny } from './tiny.ts';

export interface Ends<W, T> {
  readonly world: (s: Setup<Bounds>) => W;
  readonly settings: readonly Setting[];
  readonly operations: (w: W, s: Setup<Bounds>) => readonly Operation[];
  /** What is looked at in the end; plain data. */
  readonly look: (w: W) => T;
  readonly failures?: Readonly<Record<string, number>>;
}

/**
 * Runs one task through the operations and looks at each of its ends, without repetition.
 *
 * @throws Error when a built-in check finds something on the way
 */
export async function everyEnd<W, T>({ world, settings, operations, look, failures = {} }: Ends<W, T>): Promise<T[]> {
  const seen: T[] = [];
  const verdict = await check(
    tiny(
      (s) => {
        const w = world(s);
        s.task('task', operations(w, s));
        s.failures(failures);
        s.property({
          kind: 'at-end',
          name: 'look',
          about: 'the end',
          check: () => {
            const sight = look(w);
            if (!seen.some((known) => JSON.stringify(known) === JSON.stringify(sight))) seen.push(sight);
            return null;
          },
        });
      },
      { settings },
    ),
    { explain: false },
  );
  if (verdict.outcome !== 'holds') throw new Error(verdict.violations[0]?.evidence.message ?? verdict.outcome);
  return seen;
}
