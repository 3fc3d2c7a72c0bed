/** The text of the page's script: functions that use nothing outside themselves, put together. */
import { elements } from './elements.ts';
import { files } from './files.ts';
import { inflate } from './inflate.ts';
import { type Parts, page } from './page.ts';
import { pane } from './pane.ts';
import { start } from './start.ts';
import { trace } from './trace.ts';

const parts: Parts = { inflate, files, trace, elements, pane };

export const script = (): string =>
  `(${compact(start)})(window,()=>(${compact(page)})(window,{${Object.entries(parts).map(([name, part]) => `${name}:${compact(part)}`)}}));`;

/** Source without indentation and whole-line comments. No function here has text that spans lines. */
const compact = (part: (...given: never[]) => unknown): string =>
  part
    .toString()
    .replace(/^\s+/gm, '')
    .replace(/^\/\/.*\n/gm, '');
