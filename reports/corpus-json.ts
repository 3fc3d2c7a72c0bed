/** A run of the corpus as JSON: `quiesce corpus --json`, with `needs` when they were asked for. */
import type { CorpusResult, CorpusRun } from './corpus.ts';
import { expectationShape } from './json.ts';
import type { Measured } from './markdown/corpus.ts';
import { flag, kind, list, named, number, optional, orNull, read, record, type Shape, text, word } from './shapes.ts';

export const corpusShape: Shape<CorpusRun> = record<CorpusRun>({
  schema: word('quiesce.corpus/1'),
  tool: record<CorpusRun['tool']>({ name: word('quiesce'), version: text }),
  results: list(
    record<CorpusResult>({
      scenario: text,
      variant: text,
      expected: expectationShape,
      outcome: word('violated', 'holds', 'undecided', 'failed'),
      states: number,
      depth: number,
      violation: orNull(
        record<NonNullable<CorpusResult['violation']>>({ kind, property: text, signature: text, steps: number }),
      ),
      asExpected: flag,
      unexpected: list(text),
    }),
  ),
  complete: flag,
  needs: optional(
    named(
      orNull(
        record<NonNullable<Measured['needs']>>({
          bounds: named(number),
          failures: named(number),
          steps: number,
          proven: flag,
        }),
      ),
    ),
  ) as Shape<NonNullable<CorpusRun['needs']>>,
  timing: record<CorpusRun['timing']>({ seconds: number, jobs: number, results: list(number) }),
});

/** The document as JSON text, ending in a line break. */
export function corpusToJson(run: CorpusRun): string {
  const document = read(corpusShape, run, { what: 'a run of the corpus', hint: 'this is a defect in quiesce' });
  return `${JSON.stringify(document, null, 2)}\n`;
}
