/** Growth and needs as text: every fact of the document, in at most 72 columns of ASCII. */
import { describe, expect, test } from 'vitest';
import type { Cell } from '../../../checker/grow/cell.ts';
import type { Growth } from '../../../checker/grow/grow.ts';
import type { Needs, NeedsCell } from '../../../checker/grow/needs.ts';
import { cellText, growthText, needsText } from '../../../reports/index.ts';

const cell = (bounds: Record<string, number>, about: Partial<Cell> = {}): Cell => ({
  bounds,
  outcome: 'holds',
  because: null,
  states: 1234,
  transitions: 5000,
  depth: 12,
  predicted: null,
  factors: {},
  violation: null,
  ...about,
});
const violation = {
  property: 'refcount',
  kind: 'refcount',
  signature: '57daa1e0',
  headline: 'refcount in toy_use',
  steps: 4,
  switches: 1,
  schedule: 'runs/first-posted/grow/tasks=3/57daa1e0.sched',
} as const;
const growth = (cells: readonly Cell[], about: Partial<Growth> = {}): Growth => ({
  schema: 'quiesce.grow/1',
  tool: { name: 'quiesce', version: '0.0.0' },
  scenario: 'first',
  variant: 'posted',
  ranges: { tasks: { from: 1, to: null } },
  fixed: {},
  options: {},
  cells,
  largest: [],
  ended: 'time is spent',
  timing: { seconds: 1, cells: cells.map(() => 1), workers: 1, processors: 2 },
  ...about,
});
const needs = (cells: readonly NeedsCell[], about: Partial<Needs> = {}): Needs => ({
  schema: 'quiesce.needs/1',
  tool: { name: 'quiesce', version: '0.0.0' },
  scenario: 'first',
  variant: 'posted',
  options: {},
  declared: { tasks: 3 },
  outcome: 'violated',
  bug: { property: 'refcount', kind: 'refcount', signature: '57daa1e0' },
  bounds: { tasks: 1 },
  failures: {},
  signature: '57daa1e0',
  steps: 4,
  proven: true,
  because: null,
  cells,
  timing: { seconds: 1, cells: cells.map(() => 1), workers: 1 },
  ...about,
});

/** No line of a report is longer than a mail or holds anything but ASCII; paths alone may be as long as they are. */
function isMail(text: string): void {
  for (const line of text.split('\n')) {
    expect(line).toMatch(/^[\x20-\x7e]*$/);
    if (!line.startsWith('schedule  ')) expect(line.length).toBeLessThanOrEqual(72);
  }
}

describe('growth', () => {
  test('is a table, what is known at most, the violations and why it ended', () => {
    const text = growthText(
      growth(
        [
          cell({ tasks: 1, mms: 2 }),
          cell({ tasks: 2, mms: 2 }, { states: 8638, factors: { tasks: 7 } }),
          cell({ tasks: 3, mms: 2 }, { outcome: 'violated', states: 99, depth: 4, violation }),
          cell({ tasks: 4, mms: 2 }, { outcome: 'undecided', because: 'time limit', states: 500 }),
          cell({ tasks: 5, mms: 2 }, { outcome: 'refused', because: 'no room', states: 0, depth: 0 }),
          cell({ tasks: 6, mms: 2 }, { outcome: 'refused', because: 'no room', states: 0, depth: 0 }),
        ],
        { fixed: { mms: 2 }, largest: [{ tasks: 2, mms: 2 }] },
      ),
    );
    expect(text.split('\n')).toEqual([
      'GROW first posted   mms=2',
      '  tasks  verdict        states  depth  growth',
      '      1  holds           1,234     12',
      '      2  holds           8,638     12  x7.0',
      '      3  refcount in 4      99      4',
      '      4  undecided         500     12',
      '      time limit',
      '      5  refused',
      '      no room',
      '      6  refused',
      '',
      'largest complete: tasks=2 mms=2, 8,638 states',
      'violation at tasks=3   refcount in toy_use',
      'schedule  runs/first-posted/grow/tasks=3/57daa1e0.sched',
      'ended: time is spent',
    ]);
    isMail(text);
  });

  test('says that nothing is complete', () => {
    const text = growthText(growth([cell({ tasks: 1 }, { outcome: 'undecided', because: 'time limit' })]));
    expect(text).toContain('largest complete: none');
  });

  test('numbers bounds whose names would not fit, one factor for each in their order', () => {
    const names = ['kmalloc_failures', 'cookie_failures', 'attach_failures', 'processes'];
    const bounds = Object.fromEntries(names.map((name) => [name, 1]));
    const text = growthText(
      growth([cell(bounds, { factors: { cookie_failures: 1.25, processes: 12 } })], {
        ranges: Object.fromEntries(names.map((name) => [name, { from: 1, to: null }])),
      }),
    );
    expect(text).toContain('[1] kmalloc_failures, [2] cookie_failures, [3] attach_failures, [4]');
    expect(text).toMatch(/^ {2}\[1\] {2}\[2\] {2}\[3\] {2}\[4\] {2}verdict/m);
    expect(text).toMatch(/- {5}x1\.3 {2}- {5}x12$/m);
    isMail(text);
  });

  test('survives hostile names', () => {
    isMail(
      growthText(
        growth([cell({ tasks: 1 }, { outcome: 'refused', because: `\x1b[31m${'x'.repeat(200)}\u2028` })], {
          scenario: 'a'.repeat(100),
          ended: 'because \x07',
        }),
      ),
    );
  });

  test('tells each cell in one line while it goes on', () => {
    expect(cellText(cell({ tasks: 2, mms: 1 }))).toBe('tasks=2 mms=1  holds  1,234 states');
    expect(cellText(cell({}, { violation, outcome: 'violated', states: 1 }))).toBe('refcount in 4  1 state');
  });
});

describe('needs', () => {
  const shown = (tasks: number, shows: boolean, failures: Record<string, number> | null = null): NeedsCell => ({
    ...cell({ tasks }, shows ? { outcome: 'violated', violation } : {}),
    failures,
    shows,
  });

  test('is what was tried, the smallest bounds, and that it is proven', () => {
    const text = needsText(needs([shown(3, true), shown(0, false), shown(1, true), shown(1, false, { kmalloc: 0 })]));
    expect(text.split('\n')).toEqual([
      'NEEDS first posted   refcount 57daa1e0',
      '  tasks  fail:kmalloc  verdict        states  depth  bug',
      '      3                refcount in 4   1,234     12  yes',
      '      0                holds           1,234     12  no',
      '      1                refcount in 4   1,234     12  yes',
      '      1             0  holds           1,234     12  no',
      '',
      'needs: tasks=1, no injected failure',
      '  there: 4 steps, signature 57daa1e0, the same',
      '  every smaller one was searched and does not show it',
      `schedule  ${violation.schedule}`,
    ]);
    isMail(text);
  });

  test('tells failures, another signature, and what is not proven', () => {
    const text = needsText(
      needs([shown(3, true)], {
        failures: { kmalloc: 2 },
        signature: 'ffffffff',
        proven: false,
        because: 'tasks=2 is undecided: time limit',
      }),
    );
    expect(text).toContain('needs: tasks=1, 2 failures of kmalloc');
    expect(text).toContain('signature ffffffff, not that of the declared bounds');
    expect(text).toContain('not proven: tasks=2 is undecided: time limit');
    expect(text).not.toContain('every smaller one');
  });

  test('does not call searched what is no model', () => {
    const none = { ...shown(0, false), outcome: 'refused', because: 'no actor' } as const;
    const text = needsText(needs([shown(3, true), none, shown(1, true)]));
    expect(text).toContain('every smaller one that is a model was searched and does not show it');
  });

  test('says why there is nothing to make smaller', () => {
    const text = needsText(
      needs([shown(3, false)], {
        bug: null,
        bounds: null,
        outcome: 'holds',
        because: 'no violation at the declared bounds',
      }),
    );
    expect(text).toContain('nothing to make smaller: no violation at the declared bounds');
  });
});
