/** The comparison of variants as JSON. */
import type { Comparison, CrossReplay } from '../checker/compare.ts';
import { verdictShape } from './json.ts';
import { list, named, number, orNull, read, record, type Shape, text, word } from './shapes.ts';

export const comparisonShape: Shape<Comparison> = record<Comparison>({
  schema: word('quiesce.comparison/1'),
  scenario: text,
  bounds: named(number),
  verdicts: list(verdictShape),
  crossReplays: list(
    record<CrossReplay>({
      from: text,
      signature: text,
      on: text,
      result: word('reproduced', 'another violation', 'refused', 'harmless'),
      step: orNull(number),
      wanted: orNull(text),
      reason: orNull(text),
      guard: orNull(text),
    }),
  ),
});

/** The document as JSON text, ending in a line break. */
export function comparisonToJson(comparison: Comparison): string {
  const document = read(comparisonShape, comparison, { what: 'a comparison', hint: 'this is a defect in quiesce' });
  return `${JSON.stringify(document, null, 2)}\n`;
}
