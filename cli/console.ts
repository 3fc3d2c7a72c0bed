/**
 * Where a command writes: results to stdout, progress and notes to stderr. The only place that knows about the
 * process's streams, so that commands can be driven by tests.
 */

export interface Console {
  /** A result. */
  out(text: string): void;
  /** A note; dropped with `--quiet`. */
  note(text: string): void;
  /** An error; never dropped. */
  error(text: string): void;
  /** Raw text to stderr, for the rewritten progress line. */
  raw(text: string): void;
  readonly stderrIsTerminal: boolean;
  /** Columns of the terminal, 80 where there is none. */
  readonly columns: number;
  /** Results may be coloured: stdout is a terminal and nobody asked for none. */
  readonly color: boolean;
}

export interface ConsoleOptions {
  readonly quiet?: boolean;
  readonly color?: boolean;
}

/** The console of this process. */
export function processConsole(options: ConsoleOptions = {}): Console {
  const line = (text: string) => (text.endsWith('\n') ? text : `${text}\n`);
  return {
    out: (text) => void process.stdout.write(line(text)),
    note: (text) => {
      if (!options.quiet) process.stderr.write(line(text));
    },
    error: (text) => void process.stderr.write(line(text)),
    raw: (text) => {
      if (!options.quiet) process.stderr.write(text);
    },
    stderrIsTerminal: process.stderr.isTTY === true && process.env['TERM'] !== 'dumb',
    columns: process.stderr.columns ?? 80,
    // NO_COLOR: any value other than the empty string asks for plain text.
    color: (options.color ?? true) && process.stdout.isTTY === true && !process.env['NO_COLOR'],
  };
}
