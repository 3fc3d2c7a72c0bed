/** The lines of a corpus run, and the page about the corpus: a verdict that is wrong or missing is told as such. */
import { describe, expect, test } from 'vitest';
import { scenario } from '../../../checker/lang/index.ts';
import {
  type CorpusResult,
  type CorpusRun,
  corpusColumns,
  corpusLine,
  corpusPage,
  corpusSummary,
  type Measured,
  missingEntries,
  needsLine,
  type PageEntry,
} from '../../../reports/index.ts';

const result = (about: Partial<CorpusResult> = {}): CorpusResult => ({
  scenario: 'toy',
  variant: 'posted',
  expected: { verdict: 'violated', kind: 'deadlock', length: 7, states: 1234 },
  outcome: 'violated',
  states: 1234,
  depth: 8,
  violation: { kind: 'deadlock', property: 'deadlock', signature: '01234567', steps: 7 },
  asExpected: true,
  unexpected: [],
  ...about,
});
const wrong = result({
  outcome: 'failed',
  violation: null,
  states: 0,
  asExpected: false,
  unexpected: [`the thread ended: ${'very '.repeat(40)}unexpectedly`],
});
const run = (results: readonly CorpusResult[], complete = true): CorpusRun => ({
  schema: 'quiesce.corpus/1',
  tool: { name: 'quiesce', version: '0.0.0' },
  results,
  complete,
  timing: { seconds: 75, jobs: 2, results: results.map((_, i) => i + 1) },
});

describe('a run', () => {
  const columns = corpusColumns([{ scenario: 'toy', variant: 'posted' }]);

  test('has a line for each variant', () => {
    expect(corpusLine(result(), 0.5, columns)).toBe('ok     toy  posted  deadlock in 7                1,234   0.50 s');
  });

  test('tells what was not expected', () => {
    const [line, ...why] = corpusLine(wrong, 1, columns).split('\n');
    expect(line).toMatch(/^WRONG {2}toy {2}posted {2}failed /);
    expect(why.join(' ')).toMatch(/the thread ended: very .* unexpectedly/);
    for (const text of why) expect(text.length).toBeLessThanOrEqual(100);
  });

  test('ends with what it comes to', () => {
    const holds = result({ scenario: 'other', outcome: 'holds', violation: null });
    expect(corpusSummary(run([result(), holds])).split('\n')).toEqual([
      '2 variants of 2 scenarios: 1 violated, 1 hold; 2,468 states',
      '1 min 15 s, 2 searches at a time; slowest: other posted 2.0 s, toy posted 1.0 s',
      'every verdict is the expected one',
    ]);
    expect(corpusSummary(run([result(), wrong]))).toContain('NOT AS EXPECTED: toy posted');
    expect(corpusSummary(run([result()], false))).toMatch(/every verdict so far is the expected one\ninterrupted: /);
  });
});

describe('the page', () => {
  const shows = scenario('toy', {
    title: 'a toy',
    about: 'nothing races with nothing',
    systems: ['sva'],
    source: { patch: 'v2 05/40', file: 'a|b.c' },
    corpus: '#1',
    bounds: { mms: 2, exits: 1 },
    variants: {
      posted: { about: 'as posted', expect: { verdict: 'violated', kind: 'refcount', length: 7, states: 1234 } },
      half: { about: 'half', expect: { verdict: 'violated', kind: 'leak', length: 9, states: 99 }, corpus: 'new' },
      late: { about: 'holds too', expect: { verdict: 'holds', states: 5, depth: 4 } },
      fixed: { about: 'repaired', expect: { verdict: 'holds', states: 56_789, depth: 4 }, corpus: '#1, guard 1' },
    },
    setup: () => undefined,
  });
  const entry = (id: string, part: PageEntry['part']): PageEntry => ({ id, part, name: id, what: 'it', kind: 'leak' });
  const entries = [
    entry('#1', 'ranked'),
    entry('#2', 'ranked'),
    entry('VTD-1', 'further'),
    entry('guard 1', 'guard'),
    entry('guard 2', 'guard'),
  ];
  const idsOf = (s: typeof shows, v: string) => (s.variants[v]?.corpus ?? s.corpus ?? '').split(', ');
  const measured: Record<string, Measured> = {
    'toy posted': { seconds: 0.25, needs: { bounds: { mms: 1, exits: 0 }, failures: {}, steps: 7, proven: true } },
  };
  const page = corpusPage({ entries, scenarios: [shows], idsOf, measured });
  const rows = page.split('\n').filter((line) => line.startsWith('|'));

  test('has a row for each variant that shows an entry', () => {
    expect(rows).toContain(
      '| **#1**: it | leak | v2 05/40, a\\|b.c | `toy` posted | refcount in 7 steps, 1,234 states, 0.3 s | fixed: holds, 56,789 states | mms=1 |',
    );
    expect(rows.filter((row) => row.includes('`toy` half'))).toEqual([
      '| `toy` half | half | v2 05/40, a\\|b.c | leak in 9 steps, 99 states |',
    ]);
  });

  test('shows what is missing', () => {
    expect(missingEntries({ entries, scenarios: [shows], idsOf }).map((e) => e.id)).toEqual(['#2', 'VTD-1', 'guard 2']);
    expect(rows).toContain('| **#2**: it | leak | | **missing** | | | |');
    expect(rows).toContain('| **guard 2**: it | **missing** | |');
    expect(page).toContain('1 of 2 have a scenario.');
    expect(page).toContain('* VTD-1 (leak): it');
  });

  test('a case that must not be reported has the scenario that holds and what is reported beside it', () => {
    expect(rows).toContain(
      '| **guard 1**: it | `toy` fixed: 56,789 states | posted: refcount in 7 steps; half: leak in 9 steps |',
    );
  });
});

test.each([
  [null, ''],
  [{ bounds: {}, failures: {}, steps: 1, proven: true }, 'nothing'],
  [{ bounds: { mms: 2, exits: 0 }, failures: { kmalloc: 2 }, steps: 1, proven: true }, 'mms=2, 2 kmalloc failures'],
  [{ bounds: { mms: 2 }, failures: {}, steps: 1, proven: false }, 'mms=2 (not proven least)'],
])('needs %j read %j', (needs, text) => {
  expect(needsLine(needs)).toBe(text);
});
