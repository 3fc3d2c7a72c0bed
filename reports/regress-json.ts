/** What became of a folder of stored schedules, and of the variants that none decides: `quiesce regress --json`. */
import { flag, list, orNull, read, record, type Shape, text, word } from './shapes.ts';

/** One stored schedule, or one variant that was searched. */
export interface Regressed {
  /** Null for a variant that was searched. */
  readonly file: string | null;
  /** `moved`: it shows its violation, in a model that has changed since. */
  readonly result: 'reproduced' | 'moved' | 'as expected' | 'failed';
  readonly text: string;
}

export interface RegressDocument {
  readonly schema: 'quiesce.regress/1';
  /** Stored schedules first. */
  readonly results: readonly Regressed[];
  /** Nothing failed, and nothing was interrupted. */
  readonly passed: boolean;
}

export const regressShape: Shape<RegressDocument> = record<RegressDocument>({
  schema: word('quiesce.regress/1'),
  results: list(
    record<Regressed>({
      file: orNull(text),
      result: word('reproduced', 'moved', 'as expected', 'failed'),
      text,
    }),
  ),
  passed: flag,
});

/** The document as JSON text, ending in a line break. */
export function regressToJson(document: RegressDocument): string {
  const checked = read(regressShape, document, { what: 'a regression run', hint: 'this is a defect in quiesce' });
  return `${JSON.stringify(checked, null, 2)}\n`;
}
