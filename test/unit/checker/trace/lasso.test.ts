/** Schedules that go on for ever: their text, and what makes one what it claims to be. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { int, leadsTo, object, procedure } from '../../../../checker/lang/index.ts';
import { replay } from '../../../../checker/trace/replay.ts';
import { formatSchedule, parseSchedule } from '../../../../checker/trace/schedule.ts';
import { refusalOf, source, tiny } from '../../../support/tiny.ts';

const Thing = object('thing', { value: int(0, 9) }, { permanent: true });
const count = procedure('count', { source, params: { thing: Thing } }, (k) => [
  k.step('begin', (f) => {
    f.thing.value = 1;
  }),
  k.loop([
    k.step('up', (f) => {
      f.thing.value++;
    }),
    k.step('down', (f) => {
      f.thing.value--;
    }),
  ]),
]);

/** One actor that counts up and down for ever; `to` is what one leads to. */
const counting = (to: number) =>
  tiny((s) => {
    const thing = s.object(Thing, 'thing');
    s.actor('counter', count, { thing });
    s.property(
      leadsTo(
        'comes',
        `the value is ${to}`,
        () => thing.value === 1,
        () => thing.value === to,
        { objects: ['thing'] },
      ),
    );
  });

const head = (property: string) =>
  [
    'quiesce schedule 1',
    'scenario tiny',
    'variant posted',
    'bounds',
    'model 0',
    `property ${property}`,
    'signature 0',
  ].join('\n');
const lines = (...steps: string[]) => {
  const moves = steps.filter((s) => s !== 'loop').length;
  const text = steps.map((s) => (s === 'loop' ? s : `counter: count/${s}`)).join('\n');
  return `${head('comes')}\n\n${text}\nend ${moves} ${moves === 1 ? 'step' : 'steps'}\n`;
};

describe('the text', () => {
  test.each([
    ['in the middle', lines('begin', 'loop', 'up', 'down'), 1],
    ['at the start', lines('loop', 'up'), 0],
    ['at the end', lines('begin', 'loop'), 1],
  ])('a loop %s is read and written', (_, text, loop) => {
    const schedule = parseSchedule(text);
    expect(schedule.loop).toBe(loop);
    expect(formatSchedule(schedule)).toBe(text);
  });

  test('a schedule without a loop has none', () => {
    expect(parseSchedule(lines('begin'))).not.toHaveProperty('loop');
  });

  test('two loops are refused', () => {
    expect(refusalOf(() => parseSchedule(lines('loop', 'begin', 'loop', 'up'), 'x.sched'))).toMatchObject({
      code: 'schedule',
      what: 'the schedule has two loops',
      where: 'x.sched:11',
    });
  });
});

describe('replay', () => {
  const driven = (text: string, to: number) => {
    const result = replay(counting(to), parseSchedule(text));
    if (result.result !== 'diverged') return result.counterexample;
    return `step ${result.divergence.step}: ${result.divergence.reason}`;
  };

  test('what goes round and never keeps the promise is reproduced', () => {
    expect(driven(lines('begin', 'loop', 'up', 'down'), 5)).toMatchObject({
      property: 'comes',
      loop: 2,
      headline: 'liveness in count',
      story: [
        'After step 3 everything is as it was before step 2, so counter can go round for ever.',
        'It never comes that the value is 5, while counter goes round for ever.',
      ],
      minimal: 'local',
      needed: null,
    });
  });

  test('a longer way round is one as well', () => {
    expect(driven(lines('begin', 'up', 'loop', 'down', 'up', 'down', 'up'), 5)).toMatchObject({ loop: 3 });
  });

  test.each([
    [
      'does not close',
      lines('begin', 'loop', 'up'),
      5,
      'step 2: the loop does not end in the state in which it begins',
    ],
    ['keeps the promise', lines('begin', 'loop', 'up', 'down'), 2, 'step 2: the loop keeps the promise'],
    ['keeps it before', lines('begin', 'up', 'loop'), 2, 'step 2: it keeps the promise'],
    ['never makes it', lines('loop'), 5, 'step 1: the promise was never made'],
    [
      'stays although it could go on',
      lines('begin', 'loop'),
      5,
      'step 1: the loop is not fair: counter could move all the time and never does',
    ],
    [
      'takes a step that is not there',
      lines('begin', 'loop', 'down'),
      5,
      'step 2: counter stands before count/up instead',
    ],
  ])('one that %s diverges', (_, text, to, reason) => {
    expect(driven(text, to)).toBe(reason);
  });

  test('what check finds is what replay makes of it', async () => {
    const [found] = (await check(counting(5))).violations;
    const again = driven(found?.schedule ?? '', 5);
    expect(again).toEqual({ ...found, minimal: 'local' });
  });
});
