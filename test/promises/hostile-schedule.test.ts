/**
 * Whatever a schedule file holds, it is read, refused with file and line, or replayed to a named divergence. Nothing
 * else can come out of it: no crash, no hang, no other error.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QuiesceError } from '../../checker/lang/index.ts';
import { replay } from '../../checker/trace/replay.ts';
import { parseSchedule, type Schedule } from '../../checker/trace/schedule.ts';
import peersSva from '../../scenarios/peers/sva.ts';
import { root } from './quiesce.ts';

const folder = join(root, 'scenarios', 'regressions');
const name = readdirSync(folder).find((file) => file.startsWith('peers-sva.posted.')) ?? '';
const good = readFileSync(join(folder, name), 'utf8');
const seed = 20_261_121;

/** The schedule, or null when it was refused as it should be. */
function read(text: string): Schedule | null {
  try {
    return parseSchedule(text, 'file.sched');
  } catch (error) {
    expect(error).toBeInstanceOf(QuiesceError);
    expect((error as QuiesceError).code).toBe('schedule');
    expect((error as QuiesceError).where).toMatch(/^file\.sched:\d+$/);
    return null;
  }
}

function drive(schedule: Schedule): void {
  try {
    const result = replay(peersSva, schedule);
    if (result.result === 'diverged') {
      expect(result.divergence.step).toBeGreaterThan(0);
      expect(result.divergence.reason).not.toBe('');
    } else expect(result.counterexample.evidence.kind).toBe('deadlock');
  } catch (error) {
    expect(error).toBeInstanceOf(QuiesceError);
  }
}

describe(`seed ${seed}`, () => {
  test('the stored one is read and reproduces', () => {
    const schedule = read(good);
    expect(schedule).not.toBeNull();
    expect(replay(peersSva, schedule as Schedule).result).toBe('reproduced');
  });

  test('any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => void read(text)),
      { seed, numRuns: 500 },
    );
  });

  test('a stored one with lines removed, repeated, swapped or replaced', () => {
    const lines = good.split('\n');
    const line = fc.nat(lines.length - 1);
    const junk = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.constantFrom(
        '__proto__: x/y',
        'end 1 step',
        '#',
        'bounds mms=-1',
        'bounds mms=99999999999',
        'variant constructor',
      ),
    );
    const change = fc.oneof(
      line.map((i) => (l: string[]) => l.toSpliced(i, 1)),
      line.map((i) => (l: string[]) => l.toSpliced(i, 0, l[i] ?? '')),
      fc.tuple(line, line).map(
        ([i, j]) =>
          (l: string[]) =>
            l.with(i, l[j] ?? '').with(j, l[i] ?? ''),
      ),
      fc.tuple(line, junk).map(
        ([i, text]) =>
          (l: string[]) =>
            l.with(i, text),
      ),
    );
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        // The count at the end is kept true, so that more than the count is put to the test.
        const changed = changes.reduce((l, f) => f(l.length === lines.length ? l : pad(l, lines.length)), lines);
        const moves = changed.filter((l) => /^\S+: .*\//.test(l)).length;
        const schedule = read(changed.join('\n').replace(/^end \d+/m, `end ${moves}`));
        if (schedule === null) return;
        accepted++;
        drive(schedule);
      }),
      { seed, numRuns: 400 },
    );
    // Else the test would only ever see what is refused.
    expect(accepted).toBeGreaterThan(20);
  });

  test('any schedule of known names', () => {
    const move = fc.constantFrom(...parseSchedule(good).moves);
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => drive({ ...parseSchedule(good), moves })),
      { seed, numRuns: 300 },
    );
  });
});

function pad(lines: string[], length: number): string[] {
  return [...lines, ...Array.from({ length }, () => '')].slice(0, length);
}
