/** Exports by name: what each is for, the file it makes, and whether it is made of a whole verdict or of one violation. */
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import type { Context } from '../facts.ts';
import { chromeTrace } from './chrome.ts';
import { dot, gexfText } from './graphs.ts';
import { itf } from './itf.ts';
import { mermaid } from './mermaid.ts';
import { type Exported, sarif } from './sarif.ts';
import { shiviz } from './shiviz.ts';

export { type ExportFormat, exportFormats } from './formats.ts';
export { scheduleOfItf } from './itf.ts';
export { type JunitCase, type JunitSuite, junit, suiteOf } from './junit.ts';
export { type Exported, exportedOf } from './sarif.ts';

/** Formats of one violation: its file is `<signature>.<extension>`. */
export const violationFormats = {
  itf: { extension: 'itf.json', write: (ce: Counterexample, context: Context) => itf(ce, context) },
  chrome: { extension: 'trace.json', write: (ce: Counterexample, context: Context) => chromeTrace(ce, context) },
  shiviz: { extension: 'shiviz.log', write: (ce: Counterexample) => shiviz(ce) },
  dot: { extension: 'dot', write: (ce: Counterexample) => dot(ce) },
  gexf: { extension: 'gexf', write: (ce: Counterexample) => gexfText(ce) },
  mermaid: { extension: 'mmd', write: (ce: Counterexample) => mermaid(ce) },
} as const;

export const sarifText = (exported: Exported): string => sarif(exported);

export type ViolationFormat = keyof typeof violationFormats;
