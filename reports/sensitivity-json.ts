/** The table of `quiesce sensitivity` as JSON, and back. */
import type { Sensitivity, SensitivityRow } from '../checker/sensitivity/sensitivity.ts';
import { flag, list, named, number, orNull, parse, read, record, type Shape, text, word } from './shapes.ts';

export const sensitivityShape: Shape<Sensitivity> = record<Sensitivity>({
  schema: word('quiesce.sensitivity/1'),
  tool: record<Sensitivity['tool']>({ name: word('quiesce'), version: text }),
  scenario: text,
  variant: text,
  bounds: named(number),
  states: number,
  mostStates: number,
  steps: flag,
  symmetry: flag,
  rows: list(
    record<SensitivityRow>({
      kind: word('lock', 'reference', 'flush', 'wait', 'wake-up', 'notifier', 'callback', 'check', 'step'),
      change: word('left out', 'always yes', 'always no', 'later', 'earlier'),
      procedure: text,
      labels: list(text),
      result: word('noticed', 'redundant', 'blind', 'undecided', 'refused'),
      because: orNull(text),
      property: orNull(text),
      violation: orNull(text),
      length: orNull(number),
      states: number,
    }),
  ),
  complete: flag,
});

const stored = { what: 'a table of sensitivity', hint: 'they are written by `quiesce sensitivity`' };

/** The document as JSON text, ending in a line break. */
export function sensitivityToJson(table: Sensitivity): string {
  return `${JSON.stringify(read(sensitivityShape, table, stored), null, 2)}\n`;
}

/** Reads what `sensitivityToJson` wrote; throws `QuiesceError` (code `usage`) that names the first wrong field. */
export function sensitivityFromJson(json: string): Sensitivity {
  return read(sensitivityShape, parse(json, stored), stored);
}
