/** The documents of grow are read back field for field, and what is wrong with one is named. */
import { describe, expect, test } from 'vitest';
import type { Cell } from '../../../checker/grow/cell.ts';
import { grow } from '../../../checker/grow/grow.ts';
import { needs } from '../../../checker/grow/needs.ts';
import { QuiesceError } from '../../../checker/lang/errors.ts';
import { growDocumentFromJson, growDocumentToJson, isGrowDocument } from '../../../reports/index.ts';
import initLeak from '../../../scenarios/vfio-init-leak.ts';

const grown = await grow(initLeak, { ranges: { binders: { from: 1, to: 2 } }, maxStates: 2000, maxSeconds: 60 });
const least = await needs(initLeak, { maxSeconds: 60 });

describe.each([
  ['grow', grown],
  ['needs', least],
] as const)('%s', (_name, document) => {
  const json = growDocumentToJson(document);

  test('reads back what it wrote, field for field, with nothing renamed', () => {
    expect(growDocumentFromJson(json)).toEqual(document);
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(document)));
    expect(growDocumentToJson(growDocumentFromJson(json))).toBe(json);
  });

  test('begins with its schema and ends with what differs between two runs', () => {
    const keys = Object.keys(JSON.parse(json));
    expect([keys[0], keys.at(-1)]).toEqual(['schema', 'timing']);
  });

  test('names the first field that is wrong', () => {
    const with1 = (change: object) => () => growDocumentFromJson(JSON.stringify({ ...document, ...change }));
    const [first] = document.cells as readonly Cell[];
    expect(with1({ cells: [{ ...first, states: '12' }] })).toThrow(
      /cells\[0\]\.states should be a number, not a string/,
    );
    expect(with1({ variant: undefined })).toThrow(/variant should be a string, not nothing/);
    expect(with1({ schema: document.schema.replace('1', '2') })).toThrow(/schema should be .*, not quiesce\.\w+\/2/);
    expect(with1({ timing: null })).toThrow(QuiesceError);
  });
});

test('the fixtures hold a violation, a cell that was cut, and the fewest failures', () => {
  expect(grown.cells.some((c) => c.violation !== null || c.outcome === 'undecided')).toBe(true);
  expect(least).toMatchObject({ failures: { kmalloc: 1 }, proven: true });
  expect(least.cells.some((c) => c.violation !== null)).toBe(true);
});

test.each([
  ['{"schema":"quiesce.grow/1"}', true],
  ['{"schema":"quiesce.needs/7"}', true],
  ['{"schema":"quiesce.verdict/1"}', false],
  ['{"schema":7}', false],
  ['null', false],
  ['{', false],
])('%s is a document of grow: %s', (json, is) => {
  expect(isGrowDocument(json)).toBe(is);
});

test('what is no JSON is refused as such', () => {
  expect(() => growDocumentFromJson('{')).toThrow(/is not JSON/);
  expect(() => growDocumentFromJson('[]')).toThrow(/the document should be an object, not a list/);
});
