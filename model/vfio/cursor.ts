/** The local of that name as the cursor of a list walk. */
import type { Cursor } from '../kernel/index.ts';

export function cursor<F, K extends keyof F & string>(name: K): Cursor<F, NonNullable<F[K]>> {
  return {
    get: (f) => f[name] as NonNullable<F[K]> | null,
    set: (f, node) => {
      f[name] = node as F[K];
    },
  };
}
