/** The list of the bug corpus, and the words by which scenarios name its entries. */
import { describe, expect, test } from 'vitest';
import { scenario } from '../../../checker/lang/index.ts';
import { corpus, corpusEntry, corpusIds, corpusIdsOfScenario, isCorpusId } from '../../../scenarios/corpus.ts';

const holds = { verdict: 'holds', states: 1, depth: 0 } as const;
const made = (ids?: string, ofFixed?: string) =>
  scenario('toy', {
    title: 'a toy',
    about: 'nothing',
    systems: ['sva'],
    source: { patch: 'none' },
    ...(ids === undefined ? {} : { corpus: ids }),
    bounds: {},
    variants: {
      posted: { about: 'as posted', expect: holds },
      fixed: { about: 'repaired', expect: holds, ...(ofFixed === undefined ? {} : { corpus: ofFixed }) },
    },
    setup: () => undefined,
  });

describe('the list', () => {
  test('has the ranked entries, the further ones and the cases that must not be reported', () => {
    const numbers = corpus.filter((e) => e.part === 'ranked').map((e) => Number(e.id.slice(1)));
    // 6, 11 and 28 were taken off the list.
    const all = Array.from({ length: 37 }, (_, i) => i + 1).filter((n) => ![6, 11, 28].includes(n));
    expect(numbers).toEqual(all);
    expect(corpus.filter((e) => e.part === 'guard').map((e) => e.id)).toEqual(
      Array.from({ length: 8 }, (_, i) => `guard ${i + 1}`),
    );
    expect(corpus.filter((e) => e.part === 'further').length).toBe(28);
  });

  test('names each entry once and says what it is', () => {
    expect(new Set(corpus.map((e) => e.id)).size).toBe(corpus.length);
    expect(new Set(corpus.map((e) => e.name)).size).toBe(corpus.length);
    for (const e of corpus) {
      expect(e.what).not.toBe('');
      // One line of a table, and no bar that would end its cell.
      expect(e.what).not.toMatch(/[|\n]/);
      expect(e.kind !== '').toBe(e.part !== 'guard');
      expect(corpusEntry(e.id)).toBe(e);
    }
  });
});

test.each([
  ['#12', true],
  ['#6', false],
  ['12', false],
  ['VTD-REL-1', true],
  ['VTD-REL-9', false],
  ['guard 8', true],
  ['guard 9', false],
  ['guard (a)', true],
  ['guard', false],
  ['new', true],
  ['peer', true],
  ['', false],
])('%j is a word of the corpus: %s', (id, known) => {
  expect(isCorpusId(id)).toBe(known);
});

test('a variant is about what it names, else about what its scenario names, else it is new', () => {
  expect(corpusIds(made('#3, #22'), 'posted')).toEqual(['#3', '#22']);
  expect(corpusIds(made('#3, #22', '#22'), 'fixed')).toEqual(['#22']);
  expect(corpusIds(made(undefined, '#22'), 'posted')).toEqual(['new']);
  expect(corpusIdsOfScenario(made('#3', '#3, guard 6'))).toEqual(['#3', 'guard 6']);
});
