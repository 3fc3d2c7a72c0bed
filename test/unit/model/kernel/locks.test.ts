/** Mutex, spinlock and semaphore: who gets in, who waits, and what is a mistake. */
import { describe, expect, test } from 'vitest';
import {
  always,
  int,
  kernelKit,
  mutex,
  object,
  procedure,
  rwsem,
  spinlock,
  violated,
} from '../../../../model/kernel/index.ts';
import { source } from '../../../support/tiny.ts';
import { verdictOf } from './verdict.ts';

const Box = object(
  'box',
  {
    outer: mutex(),
    inner: mutex(),
    spin: spinlock(),
    sem: rwsem(),
    inside: int(0, 4),
    readers: int(0, 4),
    got: int(0, 4),
  },
  { permanent: true },
);
const Thing = object('thing', { x: int(0, 1), lock: mutex() });

const critical = (lock: 'outer' | 'spin') =>
  procedure('critical', { source, params: { box: Box } }, (k) => [
    lock === 'outer' ? k.mutexLock((f) => f.box.outer) : k.spinLock((f) => f.box.spin),
    k.step('enter', (f) => {
      f.box.inside++;
    }),
    k.step('leave', (f) => {
      f.box.inside--;
    }),
    lock === 'outer' ? k.mutexUnlock((f) => f.box.outer) : k.spinUnlock((f) => f.box.spin),
  ]);

describe.each(['outer', 'spin'] as const)('lock %s', (lock) => {
  test('lets one in at a time', async () => {
    const verdict = await verdictOf((s) => {
      const box = s.object(Box, 'box');
      for (const name of ['a', 'b', 'c']) s.actor(name, critical(lock), { box });
      s.property(always('one inside', 'one', () => (box.inside > 1 ? violated('assertion', 'two inside') : null)));
    });
    expect(verdict).toBe('holds');
  });
});

describe('mutex', () => {
  test('taken twice by one task is a self-deadlock', async () => {
    const twice = procedure('twice', { source, params: { box: Box } }, (k) => [
      k.mutexLock((f) => f.box.outer),
      k.mutexLock((f) => f.box.outer),
    ]);
    expect(await verdictOf((s) => s.actor('a', twice, { box: s.object(Box, 'box') }))).toBe('deadlock: self');
  });

  test('two in opposite orders are a lock cycle', async () => {
    const order = (first: 'outer' | 'inner', second: 'outer' | 'inner') =>
      procedure(`take_${first}_${second}`, { source, params: { box: Box } }, (k) => [
        k.mutexLock((f) => f.box[first]),
        k.mutexLock((f) => f.box[second]),
        k.mutexUnlock((f) => f.box[second]),
        k.mutexUnlock((f) => f.box[first]),
      ]);
    const run = (same: boolean) =>
      verdictOf((s) => {
        const box = s.object(Box, 'box');
        s.actor('a', order('outer', 'inner'), { box });
        s.actor('b', same ? order('outer', 'inner') : order('inner', 'outer'), { box });
      });
    expect(await run(false)).toBe('deadlock: lock cycle');
    expect(await run(true)).toBe('holds');
  });

  test('released by somebody who does not hold it is a mistake', async () => {
    const release = procedure('release', { source, params: { box: Box } }, (k) => [k.mutexUnlock((f) => f.box.outer)]);
    expect(await verdictOf((s) => s.actor('a', release, { box: s.object(Box, 'box') }))).toBe('lock-misuse');
    expect(
      await verdictOf((s) => {
        const box = s.object(Box, 'box');
        s.actor('holder', critical('outer'), { box });
        s.actor('stranger', release, { box });
      }),
    ).toBe('lock-misuse');
  });

  test('still held at return is a mistake', async () => {
    const keep = procedure('keep', { source, params: { box: Box } }, (k) => [k.mutexLock((f) => f.box.outer)]);
    expect(await verdictOf((s) => s.actor('a', keep, { box: s.object(Box, 'box') }))).toBe('lock-misuse');
  });

  test('of a freed object is a use after free', async () => {
    const late = procedure('late', { source, params: { thing: Thing } }, (k) => [
      k.kfree((f) => f.thing),
      k.mutexLock((f) => f.thing.lock),
    ]);
    expect(await verdictOf((s) => s.actor('a', late, { thing: s.object(Thing, 'thing') }))).toBe('use-after-free');
  });

  test('trylock takes it or goes on, and never both', async () => {
    const attempt = procedure('attempt', { source, params: { box: Box } }, (k) => [
      k.mutexTrylock(
        (f) => f.box.outer,
        [
          k.step('enter', (f) => {
            f.box.inside++;
          }),
          k.step('leave', (f) => {
            f.box.inside--;
          }),
          k.mutexUnlock((f) => f.box.outer),
        ],
        [
          k.step('missed', (f) => {
            f.box.got++;
          }),
        ],
      ),
    ]);
    const verdict = await verdictOf((s) => {
      const box = s.object(Box, 'box');
      s.actor('a', attempt, { box });
      s.actor('b', attempt, { box });
      s.property(
        always('one inside', 'one', () => (box.inside > 1 ? violated('assertion', 'two inside') : null)),
        always('one misses', 'one', () => (box.got > 1 ? violated('assertion', 'both missed') : null)),
        { kind: 'sometimes', name: 'a miss', about: 'somebody missed', reached: () => box.got === 1 },
      );
    });
    expect(verdict).toBe('holds');
  });
});

describe('sleeping with a spinlock held', () => {
  const k = kernelKit;
  const under = (name: string, ...body: Parameters<typeof k.loop>[0]) =>
    procedure(name, { source, params: { box: Box } }, () => [
      k.spinLock((f) => f.box.spin),
      ...body,
      k.spinUnlock((f) => f.box.spin),
    ]);
  const run = (p: ReturnType<typeof under>) =>
    verdictOf((s) => {
      s.pool(Thing, 1);
      s.mayOutlive(Thing as never);
      s.actor('a', p, { box: s.object(Box, 'box') });
    });

  test.each([
    [
      'mutex_lock',
      under(
        'f',
        k.mutexLock((f) => f.box.outer),
        k.mutexUnlock((f) => f.box.outer),
      ),
    ],
    [
      'down_read',
      under(
        'f',
        k.downRead((f) => f.box.sem),
        k.upRead((f) => f.box.sem),
      ),
    ],
    [
      'down_write',
      under(
        'f',
        k.downWrite((f) => f.box.sem),
        k.upWrite((f) => f.box.sem),
      ),
    ],
    [
      'kmalloc',
      under(
        'f',
        k.kmalloc(Thing, () => {}),
      ),
    ],
  ])('%s is a mistake', async (_name, p) => {
    expect(await run(p)).toBe('sleep-in-atomic');
  });

  test('mutex_trylock and an atomic kmalloc are allowed', async () => {
    expect(
      await run(
        under(
          'f',
          k.mutexTrylock((f) => f.box.outer, [k.mutexUnlock((f) => f.box.outer)]),
        ),
      ),
    ).toBe('holds');
    expect(
      await run(
        under(
          'f',
          k.kmalloc(Thing, () => {}, { atomic: true }),
        ),
      ),
    ).toBe('holds');
  });
});

describe('rwsem', () => {
  const reader = procedure('reader', { source, params: { box: Box } }, (k) => [
    k.downRead((f) => f.box.sem),
    k.step('read', (f) => {
      f.box.readers++;
    }),
    k.step('done', (f) => {
      f.box.readers--;
    }),
    k.upRead((f) => f.box.sem),
  ]);
  const writer = procedure('writer', { source, params: { box: Box } }, (k) => [
    k.downWrite((f) => f.box.sem),
    k.step('write', (f) => {
      f.box.inside++;
    }),
    k.step('done', (f) => {
      f.box.inside--;
    }),
    k.upWrite((f) => f.box.sem),
  ]);

  test('readers share, a writer is alone', async () => {
    const verdict = await verdictOf((s) => {
      const box = s.object(Box, 'box');
      s.actor('r0', reader, { box });
      s.actor('r1', reader, { box });
      s.actor('w0', writer, { box });
      s.actor('w1', writer, { box });
      s.property(
        always('writer alone', 'alone', () =>
          box.inside > 1 || (box.inside === 1 && box.readers > 0) ? violated('assertion', 'writer is not alone') : null,
        ),
        { kind: 'sometimes', name: 'two readers', about: 'at once', reached: () => box.readers === 2 },
      );
    });
    expect(verdict).toBe('holds');
  });

  test('an upgrade deadlocks with itself', async () => {
    const upgrade = procedure('upgrade', { source, params: { box: Box } }, (k) => [
      k.downRead((f) => f.box.sem),
      k.downWrite((f) => f.box.sem),
    ]);
    expect(await verdictOf((s) => s.actor('a', upgrade, { box: s.object(Box, 'box') }))).toBe('deadlock: self');
  });

  test('released for reading by somebody who does not read is a mistake', async () => {
    const release = procedure('release', { source, params: { box: Box } }, (k) => [k.upRead((f) => f.box.sem)]);
    expect(await verdictOf((s) => s.actor('a', release, { box: s.object(Box, 'box') }))).toBe('lock-misuse');
  });
});
