/** The catalogue as JSON: `quiesce list --json`. */
import type { Expectation } from '../checker/lang/scenario.ts';
import type { Source } from '../checker/lang/source.ts';
import { expectationShape, sourceShape } from './json.ts';
import { list, named, number, read, record, type Shape, text, word } from './shapes.ts';

/** One scenario: what it is about, and what is expected of each variant. */
export interface ListedScenario {
  readonly name: string;
  readonly title: string;
  readonly corpus: readonly string[];
  readonly systems: readonly string[];
  readonly source: Source;
  readonly bounds: Readonly<Record<string, number>>;
  readonly variants: readonly {
    readonly name: string;
    readonly about: string;
    readonly corpus: readonly string[];
    /** Every bound in effect. */
    readonly bounds: Readonly<Record<string, number>>;
    readonly expect: Expectation;
  }[];
}

/** The document, scenarios by name. */
export interface Catalogue {
  readonly schema: 'quiesce.list/1';
  readonly scenarios: readonly ListedScenario[];
}

export const catalogueShape: Shape<Catalogue> = record<Catalogue>({
  schema: word('quiesce.list/1'),
  scenarios: list(
    record<ListedScenario>({
      name: text,
      title: text,
      corpus: list(text),
      systems: list(text),
      source: sourceShape,
      bounds: named(number),
      variants: list(
        record<ListedScenario['variants'][number]>({
          name: text,
          about: text,
          corpus: list(text),
          bounds: named(number),
          expect: expectationShape,
        }),
      ),
    }),
  ),
});

export function catalogueToJson(scenarios: readonly ListedScenario[]): string {
  const document: Catalogue = { schema: 'quiesce.list/1', scenarios };
  const checked = read(catalogueShape, document, { what: 'a catalogue', hint: 'this is a defect in quiesce' });
  return `${JSON.stringify(checked, null, 2)}\n`;
}
