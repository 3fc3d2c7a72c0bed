/**
 * Lines of plain text that survive mail: printable ASCII only, at most 72 columns. Everything a text report prints
 * passes through `wrap` or `cut`, so that no name in a model can break out of its line.
 */

/** Width of every text report. */
export const WIDTH = 72;

export const RULE = '='.repeat(WIDTH);
export const THIN_RULE = '-'.repeat(WIDTH);

/** Printable ASCII: white space becomes a blank, everything else its code point, such as `\x1b` or `\u{2028}`. */
export function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (c) => {
    const code = c.codePointAt(0) as number;
    if (code === 9 || code === 10 || code === 13) return ' ';
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** One line of at most `width` columns; what does not fit is cut and marked by a tilde. */
export function cut(text: string, width = WIDTH): string {
  const clean = ascii(text).trimEnd();
  return clean.length <= width ? clean : `${clean.slice(0, Math.max(0, width - 1))}~`;
}

/** Pads to a column. */
export function pad(text: string, width: number): string {
  return cut(text, width).padEnd(width);
}

/**
 * Breaks text into lines of at most `width` columns, between words where possible. `first` begins the first line,
 * `rest` the others.
 */
export function wrap(text: string, options: { first?: string; rest?: string; width?: number } = {}): string[] {
  const { first = '', rest = '', width = WIDTH } = options;
  const lines: string[] = [];
  let line = first;
  let empty = true;
  const flush = () => {
    lines.push(line.trimEnd());
    line = rest;
    empty = true;
  };
  for (let word of ascii(text).split(' ')) {
    if (word === '') continue;
    if (!empty && line.length + 1 + word.length > width) flush();
    // A word longer than a whole line is broken, as C text is where that is possible.
    while (word.length > width - line.length - (empty ? 0 : 1)) {
      const room = Math.max(1, width - line.length);
      const at = breakBefore(word, room);
      line += word.slice(0, at);
      word = word.slice(at);
      flush();
    }
    if (word === '') continue;
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  if (!empty || lines.length === 0) flush();
  return lines;
}

/** Where to break a word that has no more than `room` columns: after an arrow, bracket, comma, slash or underscore. */
function breakBefore(word: string, room: number): number {
  for (let at = room; at > room / 2; at--) if (/->$|[(,/_]$/.test(word.slice(0, at))) return at;
  return room;
}

/** Facts side by side, three blanks apart, broken only between facts. */
export function facts(parts: readonly string[], options: { first?: string; rest?: string } = {}): string[] {
  const lines: string[] = [];
  let line = options.first ?? '';
  let empty = true;
  for (const part of parts.filter((p) => p !== '')) {
    if (!empty && line.length + 3 + part.length > WIDTH) {
      lines.push(line);
      line = options.rest ?? '';
      empty = true;
    }
    line += empty ? part : `   ${part}`;
    empty = false;
  }
  // A single fact may still be longer than a line.
  return [...lines, line].flatMap((l) =>
    ascii(l).length <= WIDTH ? [ascii(l)] : wrap(l, { rest: options.rest ?? '' }),
  );
}

/** `a`, `a and b`, `a, b and c`. */
export function listing(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;
}

/**
 * A shell command of any length in at most 72 columns: a backslash at the end of a line continues it, inside a word
 * too, so that the whole can be pasted.
 */
export function command(text: string, first = ''): string[] {
  const words = ascii(text).split(' ');
  const lines: string[] = [];
  let line = first;
  for (const [i, word] of words.entries()) {
    const separator = i === 0 ? '' : ' ';
    const last = i === words.length - 1;
    if (line.length + separator.length + word.length <= WIDTH - (last ? 0 : 2)) {
      line += separator + word;
      continue;
    }
    lines.push(`${line} \\`);
    line = `  ${word}`;
    // Without an indent the shell joins the halves of the word again.
    while (line.length > WIDTH - (last ? 0 : 2)) {
      lines.push(`${line.slice(0, WIDTH - 1)}\\`);
      line = line.slice(WIDTH - 1);
    }
  }
  return [...lines, line];
}
