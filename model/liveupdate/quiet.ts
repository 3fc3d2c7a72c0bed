/**
 * A sleeping lock as a kernel without CONFIG_DEBUG_ATOMIC_SLEEP takes it in atomic context: nobody notices, and as long as
 * the lock is free nothing happens.
 */
import type { Statement } from '../kernel/index.ts';

/** The same statement, not reported in atomic context; it still waits for the owner. */
export function quiet<F>(statement: Statement<F>): Statement<F> {
  return { ...statement, sleeps: false } as Statement<F>;
}
