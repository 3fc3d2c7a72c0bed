import { expect, test } from 'vitest';
import { historyFromJson, historyToJson, withRun } from '../../../reports/history.ts';
import * as fixtures from './fixtures.ts';

const at = (day: number, verdict = fixtures.holds) => ({
  ...verdict,
  timing: { ...verdict.timing, date: `2026-11-${String(day).padStart(2, '0')}T10:00:00.000Z` },
});

test('runs that said the same of the same model are one result', () => {
  let history = withRun(null, at(1));
  history = withRun(history, at(3));
  expect(history.results).toHaveLength(1);
  expect(history.results[0]).toMatchObject({
    runs: 2,
    first: '2026-11-01T10:00:00.000Z',
    last: '2026-11-03T10:00:00.000Z',
  });
});

test('another verdict, another model or other bounds begin another', () => {
  const violated = fixtures.verdict([fixtures.deadlock]);
  let history = withRun(null, at(1, violated));
  for (const [day, verdict] of [
    [2, fixtures.holds],
    [3, { ...fixtures.holds, modelHash: 'ffffffffffffffff' }],
    [4, { ...fixtures.holds, modelHash: 'ffffffffffffffff', bounds: { mms: 9 } }],
    [5, violated],
  ] as const)
    history = withRun(history, at(day, verdict));
  expect(history.results.map((r) => r.runs)).toEqual([1, 1, 1, 1, 1]);
  expect(history.results[0]?.signatures).toEqual(history.results[4]?.signatures);
});

test('is read back as it was written, and keeps the newest', () => {
  let history = withRun(null, at(1));
  for (let i = 0; i < 60; i++) history = withRun(history, at(2, { ...fixtures.holds, modelHash: String(i) }));
  expect(history.results).toHaveLength(40);
  expect(history.results.at(-1)?.modelHash).toBe('59');
  expect(historyFromJson(historyToJson(history))).toEqual(history);
});

test('anything else is refused by the field that is wrong', () => {
  expect(() => historyFromJson('{')).toThrow(/not a stored history/);
  const wrong = JSON.stringify({ ...withRun(null, at(1)), results: [{ outcome: 'fine' }] });
  expect(() => historyFromJson(wrong)).toThrow(/results\[0\]\.outcome/);
});
