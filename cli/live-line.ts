/**
 * One line that tells how far something is. On a terminal it is rewritten; elsewhere a dated line is printed every ten
 * seconds, so that a log shows that the work goes on and nothing more.
 */
import type { Console } from './console.ts';

const secondsBetweenLines = 10;

export interface LiveLine {
  /** @param text what to say in at most so many columns, however much that is where there is no terminal. */
  show(seconds: number, text: (width: number) => string): void;
  /** Takes the line off the terminal, so that results stand alone. */
  clear(): void;
}

export function liveLine(console: Console, now: () => Date = () => new Date()): LiveLine {
  let onScreen = false;
  let last = 0;
  return {
    show(seconds, text) {
      if (console.stderrIsTerminal) {
        console.raw(`\r\x1b[K${text(console.columns - 1)}`);
        onScreen = true;
      } else if (seconds - last >= secondsBetweenLines) {
        last = seconds;
        console.note(`${now().toISOString().slice(0, 19)}Z ${text(Number.POSITIVE_INFINITY)}`);
      }
    },
    clear() {
      if (onScreen) console.raw('\r\x1b[K');
      onScreen = false;
    },
  };
}

/** The same for work that does not tell its seconds: they count from here. */
export function timedLine(console: Console): { show(text: string): void; clear(): void } {
  const line = liveLine(console);
  const started = performance.now();
  return {
    show: (text) => line.show((performance.now() - started) / 1000, (width) => text.slice(0, width)),
    clear: line.clear,
  };
}
