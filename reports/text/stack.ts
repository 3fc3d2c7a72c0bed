/** Stacks in text: `function  file`, innermost first, files in one column. */
import type { Call } from '../../checker/trace/counterexample.ts';
import { placeOf } from '../trace.ts';
import { cut, WIDTH } from './lines.ts';

/** At most `most` frames; a last line tells how many callers are left out, unless only the innermost was asked for. */
export function stackLines(calls: readonly Call[], most: number): string[] {
  const shown = calls.slice(0, most);
  const column = Math.max(0, ...shown.map((c) => c.procedure.length)) + 2;
  const lines = shown.map((c) => {
    const place = placeOf(c.source);
    // A long path loses its front: the file name is what tells.
    const room = Math.max(12, WIDTH - 2 - Math.min(column, 46));
    const short = place.length <= room ? place : `...${place.slice(place.length - room + 3)}`;
    return cut(
      `  ${cut(c.procedure, WIDTH - 4 - short.length).padEnd(Math.min(column, WIDTH - 2 - short.length))}${short}`,
    );
  });
  if (calls.length > shown.length && most > 1) lines.push(`  and ${calls.length - shown.length} more`);
  return lines;
}
