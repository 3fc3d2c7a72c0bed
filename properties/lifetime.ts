/**
 * Lifetime promises that the built-in checks cannot know: what a teardown call owes its caller when it returns, and
 * what must be gone at the end.
 */
import { type Always, type AtEnd, always, atEnd, nameOf, type Pool, violated } from '../checker/lang/index.ts';

/** Ghost fields of the data that a driver hands to a callback. */
export interface CallbackData {
  /** A callback is using the data. */
  readonly in_exit: boolean;
  /** The teardown call for the data has returned. */
  readonly closed: boolean;
}

/** After a teardown call has returned, no callback with that caller's data runs or starts. */
export function noCallbackAfterTeardown(data: readonly CallbackData[]): Always {
  return always(
    'no-callback-after-teardown',
    'after unbind or shutdown has returned, mm_exit neither runs nor starts with the data of that binding',
    () => {
      for (const d of data)
        if (d.closed && d.in_exit)
          return violated('protocol', `mm_exit uses ${nameOf(d)} although the teardown call for it has returned`, {
            objects: [nameOf(d)],
          });
      return null;
    },
  );
}

/** Objects of these pools are all freed at the end but those that stay, whether or not something still leads to them. */
export function allFreed(pools: readonly Pool<object>[], stay: readonly object[] = []): AtEnd {
  return atEnd('all-freed', 'at the end every object of the listed types has been freed', () => {
    for (const pool of pools)
      for (const left of pool)
        if (!stay.includes(left))
          return violated('leak', `${nameOf(left)} is still allocated at the end`, { objects: [nameOf(left)] });
    return null;
  });
}
