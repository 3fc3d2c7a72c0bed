import { describe, expect, it } from 'vitest';
import { count } from '../../../reports/numbers.ts';
import { WIDTH } from '../../../reports/text/lines.ts';
import { divergenceText, replayText } from '../../../reports/text/listing.ts';
import { resultWord, summaryTable } from '../../../reports/text/summary.ts';
import { verdictText } from '../../../reports/text/verdict.ts';
import * as fixtures from './fixtures.ts';

const violated = fixtures.verdict([fixtures.deadlock]);

describe('verdict text', () => {
  it.each([
    ['violated', violated],
    ['holds', fixtures.holds],
    ['undecided', fixtures.undecided],
  ])('%s is the one that was agreed upon', async (name, verdict) => {
    await expect(`${verdictText(verdict)}\n`).toMatchFileSnapshot(`golden/verdict-${name}.txt`);
  });

  it('is 72 columns wide', () => {
    for (const v of [violated, fixtures.holds, fixtures.undecided, fixtures.verdict([fixtures.hostile])])
      expect(
        verdictText(v)
          .split('\n')
          .filter((l) => l.length > WIDTH || !/^[\x20-\x7e]*$/.test(l)),
      ).toEqual([]);
  });

  it('says complete only of a complete search', () => {
    expect(verdictText(fixtures.holds)).toMatch(/^NO VIOLATION within bounds/);
    expect(verdictText(fixtures.holds)).toMatch(/verdict {3}never .* COMPLETE/);
    const open = verdictText(fixtures.undecided);
    expect(open).toMatch(/^NO VIOLATION SO FAR/);
    expect(open).toContain('the limit of 1,000,000 states was reached, 88,310 states');
    expect(open).toMatch(/verdict {3}unknown .* INCOMPLETE/);
    expect(open).not.toMatch(/complete: queue empty|\bCOMPLETE\b/);
  });

  it('never takes an incomplete search that calls itself holding for a proof', () => {
    const odd = fixtures.verdict([], { complete: false, incompleteBecause: 'stopped' });
    expect(verdictText(odd)).toMatch(/^NO VIOLATION SO FAR/);
  });

  it('prints the numbers of the document', () => {
    const text = verdictText(fixtures.holds);
    for (const n of [fixtures.holds.counts.states, fixtures.holds.counts.transitions]) expect(text).toContain(count(n));
  });

  it('caps coverage and counts the rest', () => {
    const text = verdictText(fixtures.holds, { coverageRows: 1 });
    expect(text).toContain('never taken: 3');
    expect(text).toContain('and 2 more');
  });

  it('names files, one pair a violation', () => {
    const two = fixtures.verdict([fixtures.deadlock, fixtures.useAfterFree]);
    const text = verdictText(two, {
      schedules: ['a.sched', 'b.sched'],
      reports: ['a.html', 'b.html'],
      verdict: 'v.json',
    });
    for (const wanted of ['schedule  a.sched', 'schedule  b.sched', 'report    b.html', 'document  v.json'])
      expect(text).toContain(wanted);
    expect(text.match(/^VIOLATION /gm)).toHaveLength(2);
  });

  it('names a goal that was never reached', () => {
    const v = fixtures.verdict([], {
      outcome: 'violated',
      properties: [{ name: 'a callback runs', kind: 'sometimes', about: 'it is called', result: 'never reached' }],
    });
    expect(verdictText(v)).toContain('never reached: a callback runs');
    expect(verdictText(v)).toMatch(/^VIOLATION: goal never reached/);
    expect(resultWord(v)).toBe('goal never reached');
  });

  it('says why a verdict is not the expected one', () => {
    const v = fixtures.verdict([], { asExpected: false, unexpected: ['12 states, 13 expected'] });
    expect(verdictText(v)).toContain('expected  NO\n  12 states, 13 expected');
  });
});

describe('summary table', () => {
  it('has a row for each verdict, in columns, without times unless asked', () => {
    const table = summaryTable([violated, fixtures.holds, fixtures.undecided]);
    const rows = table.split('\n');
    expect(rows).toHaveLength(5);
    expect(rows[2]).toMatch(/vfio-detach-exit {2}posted {3}deadlock in 17 +1,204,118 +31 {2}-/);
    expect(table).not.toContain('7.1 s');
    expect(summaryTable([violated], { times: true })).toContain('7.1 s');
  });
});

describe('replay', () => {
  it('lists every step with its changes', async () => {
    const text = replayText(fixtures.isolation);
    await expect(`${text}\n`).toMatchFileSnapshot('golden/replay.txt');
    for (const s of fixtures.isolation.steps) expect(text).toContain(`${s.actor}: ${s.procedure}/${s.label}`);
    expect(text).toContain('A req0.pasid: none -> 5');
  });

  it('names the first divergence and the guard that refused', () => {
    const text = divergenceText(
      {
        step: 13,
        line: 21,
        wanted: 'owner: vfio_iommu_type1_detach_group/mutex_lock(&iommu->lock)',
        reason: 'guard is false',
        guard: 'mutex_lock(&iommu->lock)',
        standings: fixtures.deadlock.steps[12]?.standings ?? [],
      },
      {
        scenario: 's',
        variant: 'posted',
        bounds: {},
        modelHash: 'h',
        property: 'deadlock',
        signature: '4f3c21d9',
        moves: [],
      },
      'fixed',
    );
    expect(text).toContain('driven against fixed');
    expect(text).toContain('DIVERGED at step 13, line 21: guard is false');
    expect(text).toContain('refused by: mutex_lock(&iommu->lock)');
    expect(text).toMatch(/exit +waits for iommu\.lock at mutex_lock\(&iommu->lock\), owned by\s+owner/);
  });
});
