/** The text of the page's script: functions that use nothing outside themselves, put together. */
import { files } from './files.ts';
import { inflate } from './inflate.ts';
import { page } from './page.ts';

export const script = (): string => `(${compact(page)})(window,${compact(inflate)},${compact(files)});`;

/** Source without indentation and whole-line comments. No function here has text that spans lines. */
const compact = (part: (...given: never[]) => unknown): string =>
  part
    .toString()
    .replace(/^\s+/gm, '')
    .replace(/^\/\/.*\n/gm, '');
