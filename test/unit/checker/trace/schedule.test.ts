/** Stored schedules: what is written is read again, and everything else is refused with its line. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMove, formatSchedule, parseSchedule, type Schedule } from '../../../../checker/trace/schedule.ts';
import { refusalOf } from '../../../support/tiny.ts';

const word = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
/** One line of text, as labels and arms of a model are. */
const line = fc
  .string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
  .filter((s) => !/[\p{Cc}\u2028\u2029]/u.test(s));
const plainChoice = line.map((s) => s.replace(/[[\]]/g, '')).filter((s) => s !== '');
const move = fc.record({
  actor: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.#-]{0,8}$/),
  procedure: line.map((s) => s.replaceAll('/', '')).filter((s) => s !== ''),
  label: line,
  choice: fc.option(plainChoice),
});
const schedule = fc.record({
  scenario: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,10}$/),
  variant: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,10}$/),
  bounds: fc.dictionary(
    word.filter((w) => w !== '__proto__'),
    fc.nat({ max: 999_999 }),
    { maxKeys: 4, noNullPrototype: true },
  ),
  modelHash: fc.stringMatching(/^[0-9a-f]{16}$/),
  property: line,
  signature: fc.stringMatching(/^[0-9a-f]{8}$/),
  moves: fc.array(
    move.map((m) => ({ ...m, line: 0 })),
    { maxLength: 8 },
  ),
});
const unplaced = (s: Schedule): Schedule => ({ ...s, moves: s.moves.map((m) => ({ ...m, line: 0 })) });

describe('round trips', () => {
  test('what was formatted is parsed to the same text, whatever the names contain', () => {
    fc.assert(
      fc.property(schedule, (s) => {
        const text = formatSchedule(s);
        expect(formatSchedule(parseSchedule(text))).toBe(text);
      }),
    );
  });

  test('names without brackets come back as they were', () => {
    const bare = schedule.map((s) => ({
      ...s,
      moves: s.moves.map((m) => ({ ...m, label: m.label.replace(/[[\]]/g, '_') })),
    }));
    fc.assert(
      fc.property(bare, (s) => {
        expect(unplaced(parseSchedule(formatSchedule(s)))).toEqual(s);
      }),
    );
  });

  test('comments, empty lines and carriage returns change nothing', () => {
    fc.assert(
      fc.property(schedule, (s) => {
        const text = formatSchedule(s);
        const [first, ...rest] = text.split('\n');
        const noisy = [
          first,
          '# found by somebody',
          ...rest.flatMap((l) => (l.includes(': ') ? [l, '', '# so'] : [l])),
        ];
        expect(unplaced(parseSchedule(noisy.join('\r\n')))).toEqual(unplaced(parseSchedule(text)));
      }),
    );
  });
});

const good = `quiesce schedule 1
scenario tiny
variant posted
bounds mms=1 groups=2
model 0123456789abcdef
property deadlock
signature 01234567

a: p/lock the lock
b: q/choose one [left]
end 2 steps
`;

test('the parts of a schedule are read, and every move knows its line', () => {
  expect(parseSchedule(good)).toEqual({
    scenario: 'tiny',
    variant: 'posted',
    bounds: { mms: 1, groups: 2 },
    modelHash: '0123456789abcdef',
    property: 'deadlock',
    signature: '01234567',
    moves: [
      { actor: 'a', procedure: 'p', label: 'lock the lock', choice: null, line: 9 },
      { actor: 'b', procedure: 'q', label: 'choose one', choice: 'left', line: 10 },
    ],
  });
});

test('a schedule without bounds and moves is one', () => {
  const empty = good.replace(' mms=1 groups=2', '').replace(/^a: .*\nb: .*\nend 2/m, 'end 0');
  expect(parseSchedule(empty)).toMatchObject({ bounds: {}, moves: [] });
});

test('a move is written with its choice in brackets', () => {
  expect(formatMove({ actor: 'a', procedure: 'p', label: 'x', choice: null })).toBe('a: p/x');
  expect(formatMove({ actor: 'a', procedure: 'p', label: 'x', choice: 'fail' })).toBe('a: p/x [fail]');
});

test('one step is not called steps', () => {
  const one = good.replace(/^b: .*\nend 2 steps/m, 'end 1 step');
  expect(formatSchedule(parseSchedule(one))).toBe(one);
});

/** What is wrong, the text, the line it is found on, what is said. */
const refusals: [what: string, text: string, line: number, says: RegExp][] = [
  ['nothing', '', 1, /^this is not a stored schedule$/],
  ['another kind of text', '{"json": true}\n', 1, /^this is not a stored schedule$/],
  ['another version', good.replace('schedule 1', 'schedule 2'), 1, /^schedule version 2 is not known$/],
  ['a version that is no number', good.replace('schedule 1', 'schedule one'), 1, /^this is not a stored schedule$/],
  ['an unknown header', good.replace('variant posted', 'varient posted'), 3, /^unknown header "varient"$/],
  ['a header twice', good.replace('model ', 'variant fixed\nmodel '), 5, /^header "variant" stands twice$/],
  ['a missing header', good.replace('property deadlock\n', ''), 7, /^header "property" is missing$/],
  ['only the first line', 'quiesce schedule 1', 2, /^header "scenario" is missing$/],
  ['a bound without a number', good.replace('mms=1', 'mms=x'), 4, /^bound "mms=x" is not of the form name=number$/],
  ['a negative bound', good.replace('mms=1', 'mms=-1'), 4, /^bound "mms=-1" is not/],
  ['a huge bound', good.replace('mms=1', 'mms=99999999999'), 4, /^bound "mms=99999999999" is not/],
  [
    'a bad bound below a comment',
    good.replace('bounds mms=1', '# a comment\nbounds mms=x'),
    5,
    /^bound "mms=x" is not of the form/,
  ],
  ['a line that is no step', good.replace('a: p/lock the lock', 'a waits'), 9, /^this is not a step$/],
  ['a step without a procedure', good.replace('a: p/lock', 'a: lock'), 9, /^this is not a step$/],
  ['an actor that is no word', good.replace('a: p/', 'a b: p/'), 9, /^this is not a step$/],
  ['a lost step', good.replace(/^b: .*\n/m, ''), 10, /^the schedule has 1 steps, not 2$/],
  ['an added step', good.replace(/^b: /m, 'a: p/x\nb: '), 12, /^the schedule has 3 steps, not 2$/],
  ['no end', good.replace(/end 2 steps\n/, ''), 11, /^the schedule has no end line$/],
  ['text after the end', `${good}a: p/x\n`, 12, /^something stands after the end/],
  ['two ends', `${good}end 2 steps\n`, 12, /^something stands after the end/],
  ['a NUL', good.replace('the lock', 'the\u0000lock'), 9, /^the line has control characters$/],
  ['a terminal escape', good.replace('the lock', '\u001b[2Jlock'), 9, /^the line has control characters$/],
  ['a tab in a header', good.replace('variant posted', 'variant\tposted'), 3, /^the line has control characters$/],
  ['a line separator', good.replace('the lock', 'the\u2028lock'), 9, /^the line has control characters$/],
  ['a C1 control', good.replace('the lock', 'the\u009block'), 9, /^the line has control characters$/],
  ['a carriage return inside a line', good.replace('the lock', 'the\rlock'), 9, /^the line has control characters$/],
  ['two megabytes', good + '#'.repeat(2 ** 21), 1, /^the file is larger than a schedule can be$/],
  [
    'more steps than any schedule has',
    good.replace(/^a: .*\n/m, 'a: p/x\n'.repeat(20_001)),
    20_009,
    /^the schedule has more than 20000 steps$/,
  ],
];

test.each(refusals)('%s is refused with its line', (_what, text, line, says) => {
  expect(refusalOf(() => parseSchedule(text, 'x.sched'))).toMatchObject({
    code: 'schedule',
    what: expect.stringMatching(says),
    where: `x.sched:${line}`,
  });
});

test('a file cut anywhere is refused, but for its last word', () => {
  // The last newline and the s of "steps" may be missing: no step is lost.
  for (let length = 0; length < good.length - 2; length++)
    expect(refusalOf(() => parseSchedule(good.slice(0, length)))).toMatchObject({ code: 'schedule' });
});

test('a hostile header is quoted in part', () => {
  const refusal = refusalOf(() => parseSchedule(good.replace('variant', 'x'.repeat(5000))));
  expect(refusal.what).toBe(`unknown header "${'x'.repeat(40)}"`);
});
