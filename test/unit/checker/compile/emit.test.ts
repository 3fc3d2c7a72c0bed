/** The emitted program: numbers of program points, wide program counters, wide states, sleep and locks held. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { compile } from '../../../../checker/compile/compile.ts';
import { NEXT } from '../../../../checker/compile/model.ts';
import { array, int, object, procedure } from '../../../../checker/lang/index.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { attempt, drive, drop, lock, plain, race, source, spin, take, tiny, values } from '../../../support/tiny.ts';

/** An actor of `n` steps in a row. */
const long = (name: string, n: number) =>
  plain(name, (k) => Array.from({ length: n }, (_, i) => k.step(`step ${i}`, () => {})));

describe('program counters', () => {
  test.each([
    [1, 1],
    [254, 1],
    [255, 2],
    [600, 2],
  ])('of an actor with %d points take %d bytes', (points, bytes) => {
    const model = compile(race(long('walk', points)));
    expect(model.actors[0]).toMatchObject({ pcBytes: bytes });
    expect(model.actors[0]?.points).toHaveLength(points);
    expect(model.layout.end).toBe(bytes);
  });

  test.each([254, 255, 256, 300])('lead through %d steps one by one', async (n) => {
    const verdict = await check(race(long('walk', n)));
    expect(verdict).toMatchObject({ outcome: 'holds', counts: { states: n + 1, depth: n, transitions: n } });
  });

  test('of two bytes lie beside those of others without touching them', async () => {
    const verdict = await check(race(long('walk', 300), long('run', 3), long('fly', 257)));
    expect(verdict.counts).toMatchObject({ states: 301 * 4 * 258, depth: 560 });
  });
});

// A table named by its number once hid a function named by the number of an actor: in models of some ten actors with
// little else, an actor could not move.
test.each(Array.from({ length: 60 }, (_, i) => i + 1))('%d actors of one step each can all move at once', (n) => {
  const one = plain('one', (k) => [k.step('step', () => {})]);
  const scenario = tiny((s) => {
    for (let i = 0; i < n; i++) s.actor(`t${i}`, one, {});
  });
  expect(new Simulator(scenario).moves().map((m) => m.actor)).toEqual(Array.from({ length: n }, (_, i) => i));
  const model = compile(scenario);
  model.expand(model.initial, 0, 0, 0);
  expect([...model.moves.subarray(0, n)].map((move) => move >> 16)).toEqual(Array.from({ length: n }, (_, i) => i));
  expect(model.registers[NEXT]).toBe(n);
});

test('an actor that loops moves beside any number of actors that have nothing to do', () => {
  for (let n = 0; n < 40; n++) {
    const scenario = tiny((s) => {
      s.actor(
        'loop',
        plain('loop', (k) => [k.loop([k.step('tick', () => {}), k.step('tock', () => {})])]),
        {},
      );
      for (let i = 0; i < n; i++)
        s.actor(
          `t${i}`,
          plain('empty', () => []),
          {},
        );
    });
    const model = compile(scenario);
    model.expand(model.initial, 0, 0, 0);
    expect([n, model.registers[NEXT]]).toEqual([n, 1]);
  }
});

describe('states wider than 48 words', () => {
  const Page = object('page', { words: array(int(0, 255), 100) }, { permanent: true });
  /** Two actors each write 1 to 3 into a cell of their own at the far ends of a wide state. */
  const wide = (pages: number) =>
    tiny((s) => {
      const all = s.objects(Page, 'page', pages);
      for (const [name, page, index] of [
        ['a', all[0], 0],
        ['b', all[pages - 1], 99],
      ] as const)
        s.actor(
          name,
          procedure(`write_${name}`, { source }, (k) =>
            [1, 2, 3].map((v) => k.step(`write ${v}`, () => page?.words.set(index, v))),
          ),
          {},
        );
    });

  test.each([1, 2, 5])('of %d hundred bytes are told apart and counted as narrow ones are', async (pages) => {
    const verdict = await check(wide(pages));
    expect(verdict.counts).toMatchObject({ states: 16, transitions: 24, depth: 6 });
    expect(verdict.counts.stateBytes).toBe((pages * 100 + 2 + 3) & ~3);
  });

  test('are driven to the same values', () => {
    const sim = drive(wide(3), 'a b b a b');
    expect(values(sim)).toMatchObject({ 'page0.words[0]': '2', 'page2.words[99]': '3', 'page1.words[50]': '0' });
  });
});

describe('a step that may sleep', () => {
  const Locks = object('locks', { spin: spin(), mutex: lock() }, { permanent: true });
  const scene = (which: 'spin' | 'mutex', sleeps: boolean) =>
    tiny((s) => {
      const locks = s.object(Locks, 'locks');
      const p = procedure('p', { source }, (k) => [
        take('lock', () => locks[which]),
        k.step('work', () => {}, sleeps ? { sleeps } : {}),
        drop('unlock', () => locks[which]),
      ]);
      s.actor('a', p, {});
    });

  test('is sleep in atomic context with a spinning lock held', () => {
    expect(drive(scene('spin', true), 'a').step(0, 0)).toEqual({
      result: 'fault',
      evidence: {
        kind: 'sleep-in-atomic',
        message: 'work in p may sleep while a holds locks.spin',
        objects: ['locks.spin'],
        actors: ['a'],
      },
    });
  });

  test('is allowed with a sleeping lock held', () => {
    expect(attempt(drive(scene('mutex', true), 'a'), 'a')).toBe('moved');
  });

  test('is what the step says it is: others are allowed with a spinning lock', () => {
    expect(attempt(drive(scene('spin', false), 'a'), 'a')).toBe('moved');
  });

  test('is found even when its guard is false', () => {
    const scenario = tiny((s) => {
      const locks = s.object(Locks, 'locks');
      const p = procedure('p', { source }, (k) => [
        take('lock', () => locks.spin),
        k.blockUntil('wait', () => false, { sleeps: true }),
      ]);
      s.actor('a', p, {});
    });
    expect(attempt(drive(scenario, 'a'), 'a')).toBe('sleep-in-atomic: wait in p may sleep while a holds locks.spin');
  });
});

test('a lock held when an operation returns is reported at its last step', async () => {
  const Locks = object('locks', { mutex: lock() }, { permanent: true });
  const scenario = tiny((s) => {
    const locks = s.object(Locks, 'locks');
    s.actor(
      'a',
      plain('probe', (k) => [k.step('before', () => {}), take('mutex_lock', () => locks.mutex)]),
      {},
    );
  });
  const verdict = await check(scenario);
  expect(verdict.violations[0]).toMatchObject({
    property: 'locking',
    evidence: { kind: 'lock-misuse', message: 'probe returns with locks.mutex held', actors: ['a'] },
  });
  expect(verdict.violations[0]?.steps.map((s) => s.label)).toEqual(['before', 'mutex_lock']);
});

test('a lock that is handed to another actor is no lock held at return', async () => {
  const Locks = object('locks', { mutex: lock() }, { permanent: true });
  const scenario = tiny((s) => {
    const locks = s.object(Locks, 'locks');
    const heir = s.actor(
      'b',
      plain('finish', (k) => [
        k.blockUntil('mine', (_f, self) => locks.mutex.owner === self),
        drop('unlock', () => locks.mutex),
      ]),
      {},
    );
    s.actor(
      'a',
      plain('probe', (k) => [
        take('lock', () => locks.mutex),
        k.step('hand over', () => {
          locks.mutex.owner = heir;
        }),
      ]),
      {},
    );
  });
  expect((await check(scenario)).outcome).toBe('holds');
});

test('conditions on locals are no steps of their own', async () => {
  const p = procedure('p', { source, locals: { n: int(0, 3) } }, (k) => [
    k.step('one', (f) => {
      f.n = 1;
    }),
    k.when((f) => f.n === 1, [k.step('yes', () => {})], [k.step('no', () => {})]),
    k.local((f) => {
      f.n = 3;
    }),
    k.when((f) => f.n === 3, [k.step('three', () => {})]),
  ]);
  const scenario = tiny((s) => void s.actor('a', p, {}));
  expect((await check(scenario)).counts).toMatchObject({ states: 4, depth: 3 });
  expect(drive(scenario, 'a a').point(0)?.label).toBe('three');
});

test('an actor may end before its first step', async () => {
  const p = procedure('p', { source, locals: { n: int(0, 3) } }, (k) => [
    k.when((f) => f.n > 0, [k.step('never', () => {})]),
  ]);
  const verdict = await check(tiny((s) => void s.actor('a', p, {})));
  expect(verdict).toMatchObject({ outcome: 'holds', counts: { states: 1, depth: 0 } });
  expect(verdict.coverage).toMatchObject({ steps: 1, taken: 0 });
});

test('a step that throws something else breaks the model, with procedure, step and actor', () => {
  const broken = race(
    plain('p', (k) => [
      k.step('fine', () => {}),
      k.step('divide', () => {
        throw new RangeError('by zero');
      }),
    ]),
  );
  expect(() => drive(broken, 'a a')).toThrow(
    expect.objectContaining({
      code: 'model-threw',
      message: 'the model threw RangeError: by zero',
      where: 'p/divide (actor a)',
      hint: 'a step may throw a Violation only; look at its code',
    }),
  );
});

// Each condition once had a copy of all that follows: thirty of them were a thousand million lines.
test('thirty conditions in a row compile', () => {
  const p = procedure('p', { source, locals: { n: int(0, 100) } }, (k) => [
    k.step('start', () => {}),
    ...Array.from({ length: 30 }, (_, i) =>
      k.when(
        (f) => f.n === i,
        [
          k.local((f) => {
            f.n = i + 1;
          }),
        ],
      ),
    ),
    k.step('end', () => {}),
  ]);
  const sim = drive(new Simulator(tiny((s) => void s.actor('a', p, {}))), 'a');
  expect(values(sim)['a:n']).toBe('30');
});
