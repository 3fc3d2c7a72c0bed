/**
 * Ctrl-C. The first signal asks the search to stop, so that what is known so far can be told; a second one ends
 * the process at once.
 */
import type { Console } from './console.ts';
import type { ExitStatus } from './exit.ts';

const statusOfSignal = { SIGINT: 130, SIGTERM: 143 } as const satisfies Record<string, ExitStatus>;

export interface Interrupt {
  readonly signal: AbortSignal;
  /** The status to exit with when a signal arrived. */
  readonly status: ExitStatus | null;
  /** Gives the signals back to their default action. */
  release(): void;
}

/** Listens for SIGINT and SIGTERM until released. */
export function onInterrupt(console: Console): Interrupt {
  const abort = new AbortController();
  let status: ExitStatus | null = null;
  const listen = (name: 'SIGINT' | 'SIGTERM') => () => {
    if (status !== null) process.exit(statusOfSignal[name]);
    status = statusOfSignal[name];
    console.note(`\nstopping after ${name}; again to stop at once`);
    abort.abort();
  };
  const listeners = { SIGINT: listen('SIGINT'), SIGTERM: listen('SIGTERM') };
  process.on('SIGINT', listeners.SIGINT);
  process.on('SIGTERM', listeners.SIGTERM);
  return {
    signal: abort.signal,
    get status() {
      return status;
    },
    release: () => {
      process.off('SIGINT', listeners.SIGINT);
      process.off('SIGTERM', listeners.SIGTERM);
    },
  };
}
