/**
 * The documents of `quiesce grow` as JSON, and back: what it saw on the way up, and with `--down` what a bug needs. As
 * for a verdict, keys have one order, `timing` is last, and reading checks every field.
 */
import type { Cell, CellViolation } from '../checker/grow/cell.ts';
import type { Growth, Range } from '../checker/grow/grow.ts';
import type { Needs, NeedsCell } from '../checker/grow/needs.ts';
import {
  type Fields,
  flag,
  kind,
  list,
  named,
  number,
  orNull,
  parse,
  read,
  record,
  type Shape,
  scalar,
  text,
  word,
} from './shapes.ts';

/** What `quiesce grow` writes. */
export type GrowDocument = Growth | Needs;

const tool = record<Growth['tool']>({ name: word('quiesce'), version: text });

const cellFields: Fields<Cell> = {
  bounds: named(number),
  outcome: word('holds', 'violated', 'undecided', 'refused'),
  because: orNull(text),
  states: number,
  transitions: number,
  depth: number,
  predicted: orNull(number),
  factors: named(number),
  violation: orNull(
    record<CellViolation>({
      property: text,
      kind,
      signature: text,
      headline: text,
      steps: number,
      switches: number,
      schedule: orNull(text),
    }),
  ),
};

export const growthShape: Shape<Growth> = record<Growth>({
  schema: word('quiesce.grow/1'),
  tool,
  scenario: text,
  variant: text,
  ranges: named(record<Range>({ from: number, to: orNull(number) })),
  fixed: named(number),
  options: named(scalar),
  cells: list(record<Cell>(cellFields)),
  largest: list(named(number)),
  ended: text,
  timing: record<Growth['timing']>({ seconds: number, cells: list(number), workers: number, processors: number }),
});

export const needsShape: Shape<Needs> = record<Needs>({
  schema: word('quiesce.needs/1'),
  tool,
  scenario: text,
  variant: text,
  options: named(scalar),
  declared: named(number),
  outcome: word('violated', 'holds', 'undecided'),
  bug: orNull(record<NonNullable<Needs['bug']>>({ property: text, kind, signature: text })),
  bounds: orNull(named(number)),
  failures: orNull(named(number)),
  signature: orNull(text),
  steps: orNull(number),
  proven: flag,
  because: orNull(text),
  cells: list(record<NeedsCell>({ ...cellFields, failures: orNull(named(number)), shows: flag })),
  timing: record<Needs['timing']>({ seconds: number, cells: list(number), workers: number }),
});

const stored = {
  what: 'a stored document of grow',
  hint: 'they are written by `quiesce grow`, one document.json below the folder of a run',
};

/** Is this JSON one of the documents of grow, or meant to be one? Only its schema is looked at. */
export function isGrowDocument(json: string): boolean {
  try {
    const { schema } = JSON.parse(json) as { schema?: unknown };
    return typeof schema === 'string' && /^quiesce\.(grow|needs)\//.test(schema);
  } catch {
    return false;
  }
}

/** The document as JSON text, ending in a line break. */
export function growDocumentToJson(document: GrowDocument): string {
  return `${JSON.stringify(checked(document), null, 2)}\n`;
}

/** Reads what `growDocumentToJson` wrote; throws `QuiesceError` (code `usage`) that names the first wrong field. */
export function growDocumentFromJson(json: string): GrowDocument {
  return checked(parse(json, stored));
}

function checked(document: unknown): GrowDocument {
  const { schema } = (document ?? {}) as { schema?: unknown };
  return typeof schema === 'string' && schema.startsWith('quiesce.needs/')
    ? read(needsShape, document, stored)
    : read(growthShape, document, stored);
}
