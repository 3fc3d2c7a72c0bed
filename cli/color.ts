/** Colour for a terminal: only what must be seen at a glance, and never what carries a meaning of its own. */
import type { Console } from './console.ts';

const codes = { red: '1;31', green: '1;32', yellow: '1;33', bold: '1' } as const;

const rules: readonly (readonly [RegExp, keyof typeof codes])[] = [
  [/^(VIOLATION|FAIL|DIVERGED)\b.*/gm, 'red'],
  [/^NO VIOLATION within bounds/gm, 'green'],
  [/^NO VIOLATION SO FAR.*/gm, 'yellow'],
  [/^expected {2}NO/gm, 'red'],
  [/^MODEL: .*/gm, 'bold'],
  [/^largest complete: (?!none).*/gm, 'green'],
  [/^(largest complete: none|violation at .*)/gm, 'red'],
  [/^needs: .*/gm, 'bold'],
];

/** The text with its headlines coloured, or as it is where colour is not wanted. */
export function paint(text: string, console: Console): string {
  if (!console.color) return text;
  return rules.reduce((t, [pattern, name]) => t.replace(pattern, `\x1b[${codes[name]}m$&\x1b[0m`), text);
}
