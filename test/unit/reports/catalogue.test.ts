/** The table of scenarios: every fact that is asked of it, nothing wider than 100 columns, no name that breaks its line. */
import { describe, expect, test } from 'vitest';
import { scenario } from '../../../checker/lang/index.ts';
import { CATALOGUE_WIDTH, type CatalogueEntry, catalogueText } from '../../../reports/index.ts';

function entry(about: Partial<Parameters<typeof scenario>[1]> = {}, more: Partial<CatalogueEntry> = {}) {
  const made = scenario('sva-toy', {
    title: 'a toy',
    about: 'nothing races with nothing',
    systems: ['sva', 'iopf'],
    source: { patch: 'v2 05/40', file: 'drivers/iommu/iommu-sva.c' },
    corpus: '#2',
    bounds: { mms: 2, kmalloc_failures: 0 },
    variants: {
      posted: { about: 'as posted', expect: { verdict: 'violated', kind: 'refcount', length: 7, states: 1234 } },
      fixed: { about: 'repaired', bounds: { mms: 3 }, expect: { verdict: 'holds', states: 56_789, depth: 4 } },
    },
    setup: () => undefined,
    ...about,
  });
  return { scenario: made, corpus: ['#2'], ofVariant: {}, ...more };
}

describe('the table', () => {
  const lines = catalogueText([entry({}, { ofVariant: { fixed: ['new'] } })]).split('\n');

  test('has system, entry and source of a scenario, and verdict, states and bounds of each variant', () => {
    expect(lines).toEqual([
      'scenario   system   corpus   source',
      '  variant  expected       states  bounds',
      '',
      'sva-toy   sva, iopf   #2   v2 05/40, drivers/iommu/iommu-sva.c',
      '  posted   refcount in 7   1,234  mms=2 kmalloc_failures=0',
      '  fixed    holds          56,789  mms=3 kmalloc_failures=0 (new)',
      '',
      '1 scenario, 2 variants: 1 violated, 1 hold',
    ]);
  });

  test('breaks long facts between them and long bounds between bounds', () => {
    const bounds = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`requests_of_process_${i}`, i]));
    const patch = `patch v2 13/40 of a series with a name that takes ${'a very '.repeat(8)}long line`;
    const text = catalogueText([entry({ bounds, source: { patch, file: 'drivers/iommu/x.c' } })]);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(CATALOGUE_WIDTH);
    for (let i = 0; i < 12; i++) expect(text).toContain(`requests_of_process_${i}=${i}`);
    expect(text.replaceAll(/\s+/g, ' ')).toContain(patch);
  });

  test('keeps what a name holds in its line', () => {
    const text = catalogueText([entry({ source: { patch: 'a\nb\x1b[31m', file: 'c' } })]);
    expect(text).toContain('a b\\x1b[31m, c');
  });
});
