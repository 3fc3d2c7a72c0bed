/** The commands that a page shows, and whether what they print is what it shows. */

export interface Command {
  readonly line: number;
  readonly text: string;
  readonly output: readonly string[];
}

/** Commands of the `console` blocks of a page, in order. */
export function commandsOf(page: string): Command[] {
  const found: (Command & { output: string[] })[] = [];
  let inside = false;
  for (const [i, line] of page.split('\n').entries()) {
    if (line.startsWith('```')) inside = line === '```console';
    else if (inside && line.startsWith('$ ')) found.push({ line: i + 1, text: line.slice(2), output: [] });
    else if (inside) found.at(-1)?.output.push(line);
  }
  return found;
}

/** Does the output match the lines of the page? `...` matches any number of lines, also none. */
export function matches(actual: readonly string[], expected: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return actual.length === 0;
  if (first === '...') return actual.some((_, i) => matches(actual.slice(i), rest)) || matches([], rest);
  return actual.length > 0 && actual[0]?.trimEnd() === first.trimEnd() && matches(actual.slice(1), rest);
}
