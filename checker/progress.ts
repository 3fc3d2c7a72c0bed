/**
 * What a check tells while it runs.
 */
import type { SearchCounts } from './search/strategy.ts';

/** Told about four times a second while a search runs. */
export interface Progress {
  readonly phase: 'compile' | 'search' | 'stuck actors' | 'promises' | 'shrink' | 'explain' | 'analyse';
  readonly seconds: number;
  readonly depth: number;
  readonly states: number;
  readonly transitions: number;
  /** States found and not yet expanded. */
  readonly queue: number;
  readonly statesPerSecond: number;
  /** Share of transitions that led to a state already known. */
  readonly duplicates: number;
  /** Size of the newest complete level divided by the one before; below one the end is near. */
  readonly front: number | null;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number | null;
}

const TELL_MS = 250;

interface Told {
  readonly maxMemoryBytes?: number | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Calls `onProgress` about four times a second, and once for each new phase. */
export function teller(options: Told, started: number) {
  let last = 0;
  let lastPhase: Progress['phase'] | null = null;
  return (phase: Progress['phase'], counts: SearchCounts): void => {
    const now = performance.now();
    if (options.onProgress === undefined || (phase === lastPhase && now - last < TELL_MS)) return;
    last = now;
    lastPhase = phase;
    const seconds = (now - started) / 1000;
    const { levels } = counts;
    const [before, newest] = [levels[levels.length - 3], levels[levels.length - 2]];
    options.onProgress({
      phase,
      seconds,
      depth: counts.depth,
      states: counts.states,
      transitions: counts.transitions,
      queue: counts.left,
      statesPerSecond: seconds > 0 ? Math.round(counts.states / seconds) : 0,
      duplicates: counts.duplicates,
      front: before !== undefined && newest !== undefined && before > 0 ? newest / before : null,
      memoryBytes: counts.memoryBytes,
      memoryLimitBytes: options.maxMemoryBytes ?? null,
    });
  };
}
