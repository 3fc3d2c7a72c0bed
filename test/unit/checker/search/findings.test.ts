/** What searches record: one violation for each signature, goals, properties that break, which checks are made. */
import { describe, expect, test } from 'vitest';
import {
  always,
  atEnd,
  int,
  object,
  type Procedure,
  procedure,
  ref,
  type Setup,
  sometimes,
  violated,
  violationKinds,
} from '../../../../checker/lang/index.ts';
import { builtIn, checkOf, listOf } from '../../../../checker/search/findings.ts';
import { breadthFirst } from '../../../support/search.ts';
import { drop, lock, plain, race, refusalOf, source, take, tiny } from '../../../support/tiny.ts';

const Mm = object('mm', { users: int(0, 9) });

/** Frees and uses `mm<which>` of several. */
function useAfterFree(which: number, label = 'use') {
  return tiny((s) => {
    const all = s.objects(Mm, 'mm', 3);
    const mm = all[which] as (typeof all)[0];
    s.actor(
      'freer',
      procedure('drop', { source }, (k) => [k.free(() => mm, { label: 'kfree' })]),
      {},
    );
    s.actor(
      'user',
      procedure('bind', { source }, (k) => [k.step(label, () => void mm.users)]),
      {},
    );
  });
}

const signatures = (scenario: ReturnType<typeof tiny>) =>
  breadthFirst(scenario).findings.violations.map((v) => v.signature);

describe('a signature', () => {
  test('is eight hex digits', () => {
    expect(signatures(useAfterFree(0))).toEqual([expect.stringMatching(/^[0-9a-f]{8}$/)]);
  });

  test('of one bug with other object numbers is the same', () => {
    expect(signatures(useAfterFree(2))).toEqual(signatures(useAfterFree(0)));
  });

  test('of one bug with other actors in the same roles is the same: both are found once', () => {
    const scene = tiny((s) => {
      const mm = s.object(Mm, 'mm');
      const use = procedure('bind', { source }, (k) => [k.step('use', () => void mm.users)]);
      s.actor(
        'freer',
        procedure('drop', { source }, (k) => [k.free(() => mm, { label: 'kfree' })]),
        {},
      );
      s.actor('user1', use, {});
      s.actor('user2', use, {});
    });
    expect(signatures(scene)).toEqual(signatures(useAfterFree(0)));
  });

  test('of a bug at another step, of another kind or of another object differs', () => {
    const Bond = object('bond', { users: int(0, 9) });
    const other = tiny((s) => {
      const bond = s.object(Bond, 'bond');
      s.actor(
        'freer',
        procedure('drop', { source }, (k) => [k.free(() => bond, { label: 'kfree' })]),
        {},
      );
      s.actor(
        'user',
        procedure('bind', { source }, (k) => [k.step('use', () => void bond.users)]),
        {},
      );
    });
    const twice = tiny((s) => {
      const mm = s.object(Mm, 'mm');
      s.actor(
        'a',
        procedure('bind', { source }, (k) => [k.free(() => mm, { label: 'use' })]),
        {},
      );
      s.actor(
        'b',
        procedure('drop', { source }, (k) => [k.free(() => mm, { label: 'kfree' })]),
        {},
      );
    });
    const all = [useAfterFree(0), useAfterFree(0, 'other use'), other, twice].flatMap(signatures);
    // A double free may befall either of its two steps.
    expect(all).toHaveLength(5);
    expect(new Set(all).size).toBe(5);
  });
});

describe('the signature of a deadlock', () => {
  const Two = object('two', { a: lock(), b: lock() }, { permanent: true });

  /** Two tasks take two locks in opposite order; bystanders want one of them at places of their own. */
  const crossed = (bystanders: number, places: readonly string[] = ['wants a', 'wants b']) =>
    tiny((s) => {
      const two = s.object(Two, 'two');
      const both = (name: string, first: 'a' | 'b', second: 'a' | 'b') =>
        procedure(name, { source }, (k) => [
          take(`lock ${first} first`, () => two[first]),
          take(`lock ${second} second`, () => two[second]),
          k.step('unlock', () => {
            two.a.owner = null;
            two.b.owner = null;
          }),
        ]);
      s.actor('forth', both('forth', 'a', 'b'), {});
      s.actor('back', both('back', 'b', 'a'), {});
      for (let i = 0; i < bystanders; i++)
        s.actor(
          `bystander${i}`,
          plain(`look${i}`, (k) => [
            k.step('begin', () => {}),
            take(places[i] as string, () => (i === 0 ? two.a : two.b)),
            drop('give back', () => (i === 0 ? two.a : two.b)),
          ]),
          {},
        );
    });
  const deadlocks = (scenario: ReturnType<typeof tiny>) =>
    breadthFirst(scenario, { stopAtFirst: false }).findings.violations.filter((v) => v.property === 'deadlock');

  test('is that of the cycle: whoever waits behind it does not matter', () => {
    const alone = deadlocks(crossed(0));
    expect(alone).toHaveLength(1);
    for (const bystanders of [1, 2])
      expect(deadlocks(crossed(bystanders)).map((v) => v.signature)).toEqual(alone.map((v) => v.signature));
  });

  test('names everybody all the same', () => {
    const actors = deadlocks(crossed(2)).map((v) => v.evidence.actors);
    expect(actors[0]).toEqual(expect.arrayContaining(['forth', 'back']));
  });

  test('differs for other program points and for other locks', () => {
    const Three = object('three', { a: lock(), b: lock(), c: lock() }, { permanent: true });
    const pair = (label: string, second: 'b' | 'c') =>
      tiny((s) => {
        const three = s.object(Three, 'three');
        const both = (name: string, x: 'a' | 'b' | 'c', y: 'a' | 'b' | 'c') =>
          procedure(name, { source }, (k) => [
            take('first', () => three[x]),
            take(label, () => three[y]),
            k.step('unlock', () => {
              three[x].owner = null;
              three[y].owner = null;
            }),
          ]);
        s.actor('forth', both('forth', 'a', second), {});
        s.actor('back', both('back', second, 'a'), {});
      });
    const all = [pair('second', 'b'), pair('then', 'b'), pair('second', 'c')].flatMap(deadlocks);
    expect(new Set(all.map((v) => v.signature)).size).toBe(3);
  });

  test('of a lock that is never released is that of the lock, whoever wants it', () => {
    const kept = (wanting: readonly string[]) =>
      tiny((s) => {
        const two = s.object(Two, 'two');
        s.actor(
          'keeper',
          plain('keep', () => [take('take', () => two.a)]),
          {},
        );
        for (const name of wanting)
          s.actor(
            name,
            plain(name, () => [take('want', () => two.a), drop('give back', () => two.a)]),
            {},
          );
      });
    const only = (scenario: ReturnType<typeof tiny>) =>
      new Set(
        breadthFirst(scenario, { stopAtFirst: false, only: ['deadlock'] }).findings.violations.map((v) => v.signature),
      );
    expect(only(kept(['x', 'y']))).toEqual(only(kept(['x'])));
    expect(only(kept(['y', 'z', 'x']))).toEqual(only(kept(['z'])));
  });

  test('without a cycle is that of those who wait for nobody, if others wait behind them', () => {
    const lost = (others: boolean) =>
      tiny((s) => {
        const two = s.object(Two, 'two');
        s.actor(
          'sleeper',
          plain('sleep', (k) => [take('take', () => two.a), k.blockUntil('a wake-up that never comes', () => false)]),
          {},
        );
        if (!others) return;
        s.actor(
          'behind',
          plain('behind', () => [take('want', () => two.a), drop('give back', () => two.a)]),
          {},
        );
        s.actor(
          'elsewhere',
          plain('elsewhere', (k) => [k.blockUntil('something else', () => false)]),
          {},
        );
      });
    expect(deadlocks(lost(true)).map((v) => v.signature)).toContain(deadlocks(lost(false))[0]?.signature);
    // The state in which nobody waits behind the sleeper is told by both who wait for nobody.
    expect(deadlocks(lost(true))).toHaveLength(2);
  });

  test('of an actor that waits for itself is not that of two who wait for each other', () => {
    const self = tiny((s) => {
      const two = s.object(Two, 'two');
      s.actor(
        'a',
        plain('p', () => [take('want', () => two.a), take('again', () => two.a)]),
        {},
      );
    });
    const each = tiny((s) => {
      const two = s.object(Two, 'two');
      const p = (mine: 'a' | 'b', other: 'a' | 'b') =>
        plain('p', () => [take('want', () => two[mine]), take('again', () => two[other])]);
      s.actor('a', p('a', 'b'), {});
      s.actor('b', p('b', 'a'), {});
    });
    const [first] = deadlocks(self);
    expect(deadlocks(each).map((v) => v.signature)).not.toContain(first?.signature);
  });
});

test('a property that stays violated while actors walk on is one violation', () => {
  const scenario = tiny((s) => {
    const mm = s.object(Mm, 'mm');
    s.actor(
      'a',
      plain('p', (k) => [
        k.step('break it', () => {
          mm.users = 1;
        }),
        ...[1, 2, 3].map((n) => k.step(`go on ${n}`, () => {})),
      ]),
      {},
    );
    s.property(always('unused', '', () => (mm.users > 0 ? violated('assertion', 'used', { actors: ['a'] }) : null)));
  });
  expect(breadthFirst(scenario, { stopAtFirst: false }).findings.violations).toHaveLength(1);
});

describe('properties', () => {
  const scene = (add: (s: Setup<any>, mm: { users: number }) => void) =>
    tiny((s) => {
      const mm = s.object(Mm, 'mm');
      const count = procedure('count', { source }, (k) =>
        [1, 2, 3].map((n) =>
          k.step(`count ${n}`, () => {
            mm.users = n;
          }),
        ),
      );
      s.actor('a', count, {});
      add(s, mm);
    });

  test('that must always hold are evaluated in every state, the initial one too', () => {
    const seen: number[] = [];
    breadthFirst(
      scene((s, mm) => {
        s.property(
          always('look', '', () => {
            seen.push(mm.users);
            return null;
          }),
        );
      }),
    );
    expect(seen).toEqual([0, 1, 2, 3]);
    const { findings } = breadthFirst(scene((s) => s.property(always('no', '', () => violated('assertion', 'never')))));
    expect(findings.violations[0]).toMatchObject({ property: 'no', length: 0, moves: [], fault: false });
  });

  test('that are goals are evaluated until they are reached', () => {
    let asked = 0;
    const { findings } = breadthFirst(
      scene((s, mm) => {
        s.property(
          sometimes('two', '', () => {
            asked++;
            return mm.users === 2;
          }),
        );
      }),
    );
    expect([asked, [...findings.reached]]).toEqual([3, ['two']]);
  });

  test('of the end are evaluated where everybody has ended', () => {
    const seen: number[] = [];
    breadthFirst(
      scene((s, mm) => {
        s.property(
          atEnd('look', '', () => {
            seen.push(mm.users);
            return null;
          }),
        );
      }),
    );
    expect(seen).toEqual([3]);
  });

  test('of the end are not evaluated in a deadlock', () => {
    const { findings } = breadthFirst(
      tiny((s) => {
        s.actor(
          'a',
          plain('p', (k) => [k.blockUntil('never', () => false)]),
          {},
        );
        s.property(atEnd('fails', '', () => violated('assertion', 'at the end')));
      }),
    );
    expect(findings.violations.map((v) => v.property)).toEqual(['deadlock']);
  });

  test.each([
    [
      'always',
      (mm: { users: number }) => always('look', '', () => (mm.users === 9 ? violated('assertion', 'nine') : null)),
    ],
    [
      'atEnd',
      (mm: { users: number }) => atEnd('look', '', () => (mm.users === 9 ? violated('assertion', 'nine') : null)),
    ],
  ])('%s that look at a freed object are an error of the model, not a verdict', (_kind, make) => {
    const scenario = tiny((s) => {
      const mm = s.object(Mm, 'mm');
      s.actor(
        'a',
        plain('p', (k) => [k.free(() => mm, { label: 'kfree' })]),
        {},
      );
      s.property(make(mm));
    });
    expect(refusalOf(() => breadthFirst(scenario))).toMatchObject({
      code: 'model-threw',
      what: 'property "look" breaks a promise itself: users of mm is accessed after mm was freed',
      hint: 'it is evaluated in every state, also when an object is freed or a pointer is NULL',
    });
  });

  test('that are goals are not reached where they look at a freed object or behind a NULL pointer', () => {
    const Pair = object('pair', { mm: ref(Mm) });
    const scenario = tiny((s) => {
      const mm = s.object(Mm, 'mm');
      const pair = s.object(Pair, 'pair');
      const p = plain('p', (k) => [
        k.free(() => mm, { label: 'kfree' }),
        k.step('set', () => {
          pair.mm = null;
        }),
      ]);
      s.actor('a', p, {});
      s.property(sometimes('live', '', () => mm.users === 0));
      s.property(sometimes('freed', '', () => mm.users === 9));
      s.property(sometimes('followed', '', () => (pair.mm as unknown as { users: number }).users === 0));
    });
    expect([...breadthFirst(scenario).findings.reached]).toEqual(['live']);
  });

  test('that throw are an error of the model', () => {
    const broken = scene((s) =>
      s.property(
        always('broken', '', () => {
          throw new RangeError('off by one');
        }),
      ),
    );
    expect(refusalOf(() => breadthFirst(broken))).toMatchObject({
      code: 'model-threw',
      what: 'property "broken" threw RangeError: off by one',
    });
  });

  test.each([undefined, true, false, 'text', {}])('that give %j are an error of the model', (result) => {
    const wrong = scene((s) => s.property(always('wrong', '', () => result as never)));
    expect(refusalOf(() => breadthFirst(wrong))).toMatchObject({
      code: 'model-threw',
      what: `property "wrong" gives ${String(result)}`,
      hint: 'it must give null where it holds, else violated(kind, message)',
    });
  });

  test('may not have the name of a built-in check', () => {
    expect(refusalOf(() => breadthFirst(scene((s) => s.property(always('leak', '', () => null)))))).toMatchObject({
      code: 'model',
      what: 'property "leak" has the name of a built-in check',
    });
  });

  test('that are not wanted are not looked at', () => {
    const scenario = scene((s) => {
      s.property(always('no', '', () => violated('assertion', 'never')));
      s.property(sometimes('goal', '', () => true));
    });
    expect(breadthFirst(scenario, { only: ['deadlock'] }).findings).toMatchObject({
      violations: [],
      goals: [],
      watchesStates: false,
    });
    expect(breadthFirst(scenario, { only: ['no'] }).findings.violations).toHaveLength(1);
  });
});

test('every kind of violation belongs to a built-in check', () => {
  for (const kind of Object.keys(violationKinds)) expect(builtIn).toHaveProperty(checkOf(kind as never));
  expect(checkOf('double-free')).toBe('memory');
  expect(checkOf('isolation')).toBe('model');
});

test('everybody who is in a deadlock is named, and who has ended or may rest is not', () => {
  const wait = (name: string): Procedure<any, number> => plain(name, (k) => [k.blockUntil('never', () => false)]);
  const idle = plain('idle', (k) => [k.blockUntil('work', () => false, { idle: true })]);
  const { findings } = breadthFirst(
    race(
      wait('p'),
      idle,
      plain('q', (k) => [k.step('x', () => {})]),
      wait('r'),
    ),
  );
  expect(findings.violations.map((v) => v.evidence)).toEqual([
    { kind: 'deadlock', message: 'a and d can never move again', objects: [], actors: ['a', 'd'] },
  ]);
});

test('a violation that names no actor is that of the actor whose step it was', () => {
  const { findings } = breadthFirst(useAfterFree(1));
  expect(findings.violations[0]?.evidence.actors).toEqual(['user']);
});

test('names are listed as a sentence does', () => {
  expect([listOf([]), listOf(['a']), listOf(['a', 'b']), listOf(['a', 'b', 'c'])]).toEqual([
    'nobody',
    'a',
    'a and b',
    'a, b and c',
  ]);
});
