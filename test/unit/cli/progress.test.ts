/** The progress line: what it says, and how often. */
import { expect, test } from 'vitest';
import type { Progress } from '../../../checker/check.ts';
import type { Console } from '../../../cli/console.ts';
import { progressLine, progressText } from '../../../cli/progress.ts';

const progress: Progress = {
  phase: 'search',
  seconds: 67.4,
  depth: 31,
  states: 1_204_118,
  transitions: 4_981_220,
  queue: 88_310,
  statesPerSecond: 412_000,
  duplicates: 0.758,
  front: 0.94,
  memoryBytes: 0.6 * 2 ** 30,
  memoryLimitBytes: 8 * 2 ** 30,
};

const full =
  ' 01:07  depth 31  distinct 1,204,118  made 4,981,220  queue 88,310  412k/s  dup 76%  front x0.94  mem 0.6/8.0 GiB';

test('a line says how far the search is', () => {
  expect(progressText(progress)).toBe(full);
});

test('before the second level there is no growth to tell, and without a limit none', () => {
  expect(progressText({ ...progress, front: null, memoryLimitBytes: null })).toMatch(/dup 76% {2}mem 0\.6 GiB$/);
});

test('on a narrow terminal whole parts are left out', () => {
  for (let width = 20; width <= 120; width++) {
    const line = progressText(progress, width);
    expect(line.length).toBeLessThanOrEqual(width);
    expect(full.startsWith(line) && (full.length === line.length || full.startsWith('  ', line.length))).toBe(true);
  }
});

function recorder(stderrIsTerminal: boolean) {
  const raw: string[] = [];
  const notes: string[] = [];
  const console: Console = {
    out: () => expect.unreachable('progress is no result'),
    note: (text) => void notes.push(text),
    error: () => expect.unreachable('progress is no error'),
    raw: (text) => void raw.push(text),
    stderrIsTerminal,
    columns: 200,
    color: false,
  };
  return { raw, notes, console };
}

test('a terminal sees one line rewritten, and none when the search is done', () => {
  const { raw, notes, console } = recorder(true);
  const line = progressLine(console);
  line.show(progress);
  line.show({ ...progress, seconds: 67.7 });
  line.clear();
  line.clear();
  expect(raw).toEqual([`\r\x1b[K${full}`, `\r\x1b[K${full}`, '\r\x1b[K']);
  expect(notes).toEqual([]);
});

test('a log sees a dated line every ten seconds', () => {
  const { raw, notes, console } = recorder(false);
  const line = progressLine(console, () => new Date('2026-01-02T03:04:05.678Z'));
  for (let seconds = 0; seconds < 35; seconds += 0.25) line.show({ ...progress, seconds });
  line.clear();
  expect(raw).toEqual([]);
  expect(notes.map((n) => n.slice(0, 28))).toEqual([
    '2026-01-02T03:04:05Z  00:10 ',
    '2026-01-02T03:04:05Z  00:20 ',
    '2026-01-02T03:04:05Z  00:30 ',
  ]);
});
