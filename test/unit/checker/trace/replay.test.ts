/** Replay: a stored schedule gives the same counterexample again, or the first divergence and its reason. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import {
  always,
  type Body,
  int,
  type Kit,
  object,
  type Scenario,
  scenario,
  set,
  switchOf,
  type View,
  Violation,
  violated,
} from '../../../../checker/lang/index.ts';
import type { Divergence } from '../../../../checker/trace/drive.ts';
import { replay } from '../../../../checker/trace/replay.ts';
import { formatSchedule, parseSchedule, type Schedule } from '../../../../checker/trace/schedule.ts';
import { anything, drop, lock, plain, refusalOf, source, take, tiny } from '../../../support/tiny.ts';

const World = object('w', { l: lock(), m: lock(), n: int(0, 9) }, { permanent: true });
type World = View<typeof World.shape>;
const Mm = object('mm', { users: int(0, 9) });

function scene(
  bodies: Record<string, (k: Kit<any>, w: World) => Body<any>>,
  property?: (w: World) => Parameters<typeof always>[2],
): Scenario {
  return tiny((s) => {
    const w = s.object(World, 'w');
    for (const [name, body] of Object.entries(bodies))
      s.actor(
        name,
        plain(`${name}_fn`, (k) => body(k, w)),
        {},
      );
    if (property !== undefined) s.property(always('mine', 'what I want', property(w)));
  });
}

const locks = (first: 'l' | 'm', second: 'l' | 'm') => (_k: Kit<any>, w: World) => [
  take(`take ${first}`, () => w[first]),
  take(`take ${second}`, () => w[second]),
  drop(`drop ${second}`, () => w[second]),
  drop(`drop ${first}`, () => w[first]),
];

/** One scenario for each way in which a violation is found. */
const violating: Record<string, Scenario> = {
  'a deadlock': scene({ a: locks('l', 'm'), b: locks('m', 'l') }),
  'a stuck actor': scene({
    a: (k, w) => [
      k.step('miss it', () => {
        w.n = 1;
      }),
      k.blockUntil('never', () => w.n === 2),
    ],
    b: (k) => [k.loop([k.step('tick', () => {}), k.step('tock', () => {})])],
  }),
  'a step that breaks a promise': tiny((s) => {
    const mm = s.object(Mm, 'mm');
    s.actor(
      'free',
      plain('put', (k) => [k.free(() => mm, { label: 'kfree' })]),
      {},
    );
    s.actor(
      'use',
      plain('get', (k) => [k.step('look', () => {}), k.step('use', () => void mm.users)]),
      {},
    );
  }),
  'a property of every state': scene(
    {
      a: (k, w) => [
        k.step('one', () => {
          w.n += 1;
        }),
      ],
      b: (k, w) => [
        k.step('two', () => {
          w.n += 2;
        }),
      ],
    },
    (w) => () => (w.n === 3 ? violated('protocol', 'three') : null),
  ),
  'a leak': tiny((s) => {
    s.pool(Mm, 1);
    s.actor(
      'a',
      plain('probe', (k) => [k.alloc(Mm, () => {})]),
      {},
    );
  }),
  'a failed allocation': tiny((s) => {
    s.pool(Mm, 1);
    s.failures({ kmalloc: 1 });
    s.actor(
      'a',
      plain('probe', (k) => [
        k.alloc(Mm, () => {}, {
          label: 'kzalloc',
          mayFail: 'kmalloc',
          orElse: [
            k.step('use NULL', () => {
              throw new Violation('null-dereference', 'p is NULL');
            }),
          ],
        }),
        k.blockUntil('stay', () => true, { idle: true }),
        k.loop([k.step('tick', () => {})]),
      ]),
      {},
    );
  }),
};

describe.each(Object.entries(violating))('%s', (_what, scenario) => {
  test('is reproduced, byte for byte, from its stored schedule', async () => {
    const verdict = await check(scenario);
    const [found] = verdict.violations;
    if (found === undefined) throw new Error('nothing is violated');
    const again = replay(scenario, parseSchedule(found.schedule));
    if (again.result !== 'reproduced') throw new Error(again.result);
    expect(again.modelHash).toBe(verdict.modelHash);
    // A replay does not know that the schedule is a shortest one; everything else is the same.
    expect({ ...again.counterexample, minimal: found.minimal }).toEqual(found);
  });
});

const switching = switchOf('order', 'which lock first', 'wrong', 'right');
const ordered = scenario('ordered', {
  title: '',
  about: '',
  systems: [],
  source,
  bounds: { tasks: 2 },
  variants: {
    posted: { about: '', expect: anything },
    fixed: { about: '', expect: anything, settings: [set(switching, 'right')] },
  },
  setup: (s) => {
    const w = s.object(World, 'w');
    const second = plain('second', (k) => [
      k.switch(switching, { wrong: locks('m', 'l')(k, w), right: locks('l', 'm')(k, w) }),
    ]);
    s.actor(
      'a',
      plain('first', (k) => locks('l', 'm')(k, w)),
      {},
    );
    s.actor('b', second, {});
  },
});

const moves = (...lines: string[]): Schedule['moves'] =>
  lines.map((text, i) => {
    const m = /^(\w+): (\w+)\/([^[]+?)(?: \[(.*)\])?$/.exec(text) as RegExpExecArray;
    return {
      actor: m[1] as string,
      procedure: m[2] as string,
      label: m[3] as string,
      choice: m[4] ?? null,
      line: i + 9,
    };
  });

function diverge(s: Scenario, lines: string[], more: Partial<Schedule> = {}, variant?: string): Divergence {
  const schedule: Schedule = {
    scenario: s.name,
    variant: 'posted',
    bounds: {},
    modelHash: '0'.repeat(16),
    property: 'deadlock',
    signature: '0'.repeat(8),
    moves: moves(...lines),
    ...more,
  };
  const result = replay(s, schedule, variant);
  if (result.result !== 'diverged') throw new Error('it is reproduced');
  return result.divergence;
}

describe('a schedule that does not fit', () => {
  test('names an actor that does not exist', () => {
    expect(diverge(ordered, ['a: first/take l', 'z: first/take l'])).toMatchObject({
      step: 2,
      line: 10,
      wanted: 'z: first/take l',
      reason: 'there is no actor z',
      guard: null,
    });
  });

  test('names an actor that has ended', () => {
    const all = ['take l', 'take m', 'drop m', 'drop l', 'take l'].map((label) => `a: first/${label}`);
    expect(diverge(ordered, all)).toMatchObject({ step: 5, line: 13, reason: 'a has ended' });
  });

  test('names the step before which the actor stands', () => {
    expect(diverge(ordered, ['a: first/take l', 'a: first/drop l'])).toMatchObject({
      step: 2,
      reason: 'a stands before first/take m instead',
    });
    expect(diverge(ordered, ['a: first/take l [fail]'])).toMatchObject({
      reason: 'a stands before first/take l instead',
    });
  });

  test('names the guard that is false, what it waits for and who must move', () => {
    const divergence = diverge(ordered, ['b: second/take m', 'a: first/take l', 'a: first/take m']);
    expect(divergence).toMatchObject({
      step: 3,
      line: 11,
      wanted: 'a: first/take m',
      reason: 'its guard is false',
      guard: 'first/take m waits for w.m, up to b',
    });
    expect(divergence.standings).toMatchObject([
      {
        actor: 'a',
        status: 'blocked',
        holds: [{ lock: 'w.l', since: 2 }],
        waits: { on: 'w.m', owners: ['b'], since: 2 },
      },
      {
        actor: 'b',
        status: 'blocked',
        holds: [{ lock: 'w.m', since: 1 }],
        waits: { on: 'w.l', owners: ['a'], since: 2 },
      },
    ]);
  });

  test('names the promise that a step breaks too early', () => {
    const scenario = violating['a step that breaks a promise'] as Scenario;
    expect(diverge(scenario, ['free: put/kfree', 'use: get/look', 'use: get/use', 'use: get/use'])).toMatchObject({
      step: 3,
      reason: 'the step already breaks a promise: users of mm is accessed after mm was freed',
    });
  });

  test('and ends where nothing is broken lacks its violation', () => {
    expect(diverge(ordered, ['a: first/take l'])).toMatchObject({
      step: 2,
      line: 0,
      wanted: 'deadlock (00000000)',
      reason: 'no promise is broken at the end',
    });
  });

  test.each(['leak', 'deadlock'])('and ends in another violation than the stored %s says which', (property) => {
    const lines = ['a: first/take l', 'b: second/take m'];
    const stored: Schedule = {
      scenario: ordered.name,
      variant: 'posted',
      bounds: {},
      modelHash: '0'.repeat(16),
      property,
      signature: '0'.repeat(8),
      moves: moves(...lines),
    };
    expect(replay(ordered, stored)).toMatchObject({
      result: 'another violation',
      wanted: `${property} (00000000)`,
      counterexample: { property: 'deadlock', signature: expect.stringMatching(/^(?!0{8})[0-9a-f]{8}$/) },
    });
  });

  test('about a stuck actor that may yet move lacks its violation', () => {
    expect(diverge(violating['a stuck actor'] as Scenario, ['b: b_fn/tick'], { property: 'stuck' })).toMatchObject({
      reason: 'no promise is broken at the end',
    });
  });
});

describe('the schedule of the posted variant on the fixed one', () => {
  test('is refused at the first step that differs', async () => {
    const found = (await check(ordered)).violations[0];
    const schedule = parseSchedule(found?.schedule ?? '');
    expect(replay(ordered, schedule).result).toBe('reproduced');
    const fixed = replay(ordered, schedule, 'fixed');
    expect(fixed).toMatchObject({
      result: 'diverged',
      divergence: { reason: 'b stands before second/take l instead' },
    });
  });
});

describe('a schedule for', () => {
  const schedule = async () => parseSchedule((await check(ordered)).violations[0]?.schedule ?? '');

  test('an unknown variant is refused', async () => {
    const s = await schedule();
    expect(refusalOf(() => replay(ordered, { ...s, variant: 'postd' }))).toMatchObject({
      code: 'usage',
      hint: 'did you mean "posted"?',
    });
  });

  test.each(['toString', '__proto__', 'constructor'])('a variant or bound named %s is refused', async (name) => {
    const s = await schedule();
    expect(refusalOf(() => replay(ordered, { ...s, variant: name }))).toMatchObject({ code: 'usage' });
    const bounds = Object.fromEntries([[name, 1]]);
    expect(refusalOf(() => replay(ordered, { ...s, bounds }))).toMatchObject({ code: 'usage' });
  });

  test('other bounds is replayed with them', async () => {
    const s = await schedule();
    expect(replay(ordered, { ...s, bounds: { tasks: 3 } })).toMatchObject({ result: 'reproduced' });
    expect(refusalOf(() => replay(ordered, { ...s, bounds: { task: 3 } }))).toMatchObject({ code: 'usage' });
  });
});

test('a schedule is written again as it was read', async () => {
  const found = (await check(ordered)).violations[0];
  expect(formatSchedule(parseSchedule(found?.schedule ?? ''))).toBe(found?.schedule);
});
