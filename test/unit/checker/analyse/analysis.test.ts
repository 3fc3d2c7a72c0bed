/** An analysis as part of a check: where its states come from, what it says when they are not all, and how it is told. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import type { Scenario } from '../../../../checker/lang/index.ts';
import type { Verdict } from '../../../../checker/verdict.ts';
import { html, verdictFromJson, verdictText, verdictToJson } from '../../../../reports/index.ts';
import { WIDTH } from '../../../../reports/text/lines.ts';
import { scenarios } from '../../../../scenarios/index.ts';
import dining from '../../../../scenarios/peers/dining.ts';

const analysed = (options: Parameters<typeof check>[1]) =>
  check(dining, { bounds: { philosophers: 3 }, ...options, analyse: true });

test('only where it was asked for', async () => {
  const verdict = await check(dining, { variant: 'fixed' });
  expect(verdict.analysis).toBeUndefined();
  expect(verdictToJson(verdict)).not.toContain('analysis');
});

test('the states are all of them, whatever order the check itself had, whatever it folded, and where it stopped', async () => {
  const plain = await analysed({ variant: 'fixed' });
  expect(plain.analysis).toMatchObject({ states: plain.counts.states, complete: true });
  for (const options of [{ strategy: 'dfs' }, { strategy: 'pct', runs: 5 }, { store: 'compact' }] as const) {
    const { analysis } = await analysed({ variant: 'fixed', ...options });
    expect(analysis?.states).toBe(plain.analysis?.states);
    expect(analysis?.orders).toEqual(plain.analysis?.orders);
    expect(analysis?.races).toEqual(plain.analysis?.races);
    expect(analysis?.lockOrder.cycles).toEqual(plain.analysis?.lockOrder.cycles);
  }
  const posted = await analysed({ variant: 'posted' });
  const folded = await analysed({ variant: 'posted', symmetry: true });
  expect(folded.counts.states).toBeLessThan(posted.counts.states);
  expect(folded.analysis).toEqual(posted.analysis);
  expect(posted.complete).toBe(false);
  expect(posted.analysis?.complete).toBe(true);
  expect(posted.analysis?.states).toBeGreaterThan(posted.counts.states);
});

test('the verdict is the same with and without', async () => {
  for (const variant of ['posted', 'fixed']) {
    const { timing: _t, options: _o, analysis: _a, ...rest } = await analysed({ variant });
    const { timing: _u, options: _p, ...plain } = await check(dining, { variant, bounds: { philosophers: 3 } });
    expect(rest).toEqual(plain);
  }
});

test('a limit of states leaves cycles undecided and orders untold', async () => {
  const { analysis } = await analysed({ variant: 'posted', bounds: { philosophers: 5 }, maxStates: 30 });
  expect(analysis?.complete).toBe(false);
  expect(analysis?.incompleteBecause).toBe('limit of states');
  expect(analysis?.orders).toBeNull();
  expect(analysis?.lockOrder.cycles.every((c) => c.result !== 'impossible')).toBe(true);
});

describe('the known cycles of the corpus', () => {
  const scenario = (name: string) => scenarios.find((s) => s.name === name) as Scenario;

  test('are confirmed as posted, and gone in the repaired form', async () => {
    const { analysis } = await check(scenario('ioasid-two-locks'), { variant: 'posted', analyse: true });
    expect(analysis?.lockOrder.cycles.map((c) => [c.result, c.parts.map((p) => p.wants)])).toEqual([
      ['confirmed', ['ioasid.nb_lock', 'ioasid.allocator_lock']],
      ['confirmed', ['ioasid.nb_lock']],
    ]);
    const fixed = await check(scenario('ioasid-two-locks'), { variant: 'fixed', analyse: true });
    expect(fixed.analysis?.lockOrder.cycles.filter((c) => c.result === 'confirmed')).toEqual([]);
  });
});

describe('reports', () => {
  let verdict: Verdict;
  test('text, JSON and HTML say it', async () => {
    verdict = await analysed({ variant: 'posted' });
    const text = verdictText(verdict);
    expect(text).toContain('  lock order: ');
    expect(text).toMatch(/confirmed in \d+ steps/);
    expect(text).toContain('  orders of events: ');
    expect(text.split('\n').filter((l) => l.length > WIDTH)).toEqual([]);
    expect(verdictFromJson(verdictToJson(verdict))).toEqual(verdict);
    const page = html(verdict);
    expect(page).toContain('>Locks, races and orders</h2>');
    expect(page).toMatch(/<td class=h[0-3]>[b-][a-][o-]/);
  });

  test('the page grows by no more than 20 KB', async () => {
    const { analysis: _, ...without } = verdict;
    expect(Buffer.byteLength(html(verdict)) - Buffer.byteLength(html(without))).toBeLessThan(20_000);
  });
});
