/** The progress line of a search: four times a second on a terminal, every ten seconds elsewhere. */
import type { Progress } from '../checker/check.ts';
import { count, rate } from '../reports/numbers.ts';
import type { Console } from './console.ts';
import { liveLine } from './live-line.ts';

export interface ProgressLine {
  show(progress: Progress): void;
  /** Takes the line off the terminal, so that results stand alone. */
  clear(): void;
}

/** A progress line for one search. */
export function progressLine(console: Console, now?: () => Date): ProgressLine {
  const line = liveLine(console, now);
  return {
    show: (progress) => line.show(progress.seconds, (width) => progressText(progress, width)),
    clear: line.clear,
  };
}

/**
 * One line: elapsed time, depth, distinct states, states made, queue, speed, duplicates, growth of the newest level,
 * memory. Where the terminal is narrow the last ones are left out, never cut in the middle. There is no percentage,
 * because a breadth-first search has none.
 */
export function progressText(p: Progress, width = Number.POSITIVE_INFINITY): string {
  const clock = `${String(Math.floor(p.seconds / 60)).padStart(2, '0')}:${String(Math.floor(p.seconds % 60)).padStart(2, '0')}`;
  if (p.phase === 'compile') return ` ${clock}  compiling the model`;
  if (p.phase === 'analyse') return ` ${clock}  analysing locks, races and orders`;
  if (p.phase === 'shrink') return ` ${clock}  shrinking the counterexample`;
  if (p.phase === 'explain') return ` ${clock}  explaining the counterexample`;
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  const parts = [
    p.phase === 'search' ? clock : `${clock}  ${p.phase}`,
    `depth ${p.depth}`,
    `distinct ${count(p.states)}`,
    `made ${count(p.transitions)}`,
    `queue ${count(p.queue)}`,
    rate(p.statesPerSecond),
    `dup ${Math.round(p.duplicates * 100)}%`,
    ...(p.front === null ? [] : [`front x${p.front.toFixed(2)}`]),
    `mem ${gib(p.memoryBytes)}${p.memoryLimitBytes === null ? '' : `/${gib(p.memoryLimitBytes)}`} GiB`,
  ];
  let line = '';
  for (const part of parts) {
    const longer = `${line}${line === '' ? ' ' : '  '}${part}`;
    if (longer.length > width && line !== '') break;
    line = longer;
  }
  return line;
}
