/** Wait queues and completions: no wake-up is lost, none is invented, and conditions are read again in live memory. */
import { describe, expect, test } from 'vitest';
import {
  type Actor,
  bool,
  completion,
  constant,
  ERESTARTSYS,
  errno,
  int,
  mutex,
  object,
  procedure,
  spinlock,
  waitQueueHead,
} from '../../../../model/kernel/index.ts';
import { source } from '../../../support/tiny.ts';
import { verdictOf } from './verdict.ts';

const Box = object('box', {
  lock: spinlock(),
  guard: mutex(),
  wq: waitQueueHead(),
  ready: bool(),
  done: completion(),
  woken: int(0, 4),
  rc: errno(),
});
const Result = object('result', { woken: int(0, 4), rc: errno() }, { permanent: true });

const waiter = procedure('waiter', { source, params: { box: Box } }, (k) => [
  k.waitEvent(
    (f) => f.box.wq,
    (f) => f.box.ready,
  ),
  k.step('woken', (f) => {
    f.box.woken++;
  }),
]);

const lockedWaiter = procedure('locked_waiter', { source, params: { box: Box, result: Result } }, (k) => [
  k.spinLock((f) => f.box.lock),
  k.waitEventLock(
    (f) => f.box.wq,
    (f) => f.box.ready,
    (f) => f.box.lock,
  ),
  k.spinUnlock((f) => f.box.lock),
  k.step('woken', (f) => {
    f.result.woken++;
  }),
]);

const setAndWake = procedure('set_and_wake', { source, params: { box: Box } }, (k) => [
  k.step('ready = true', (f) => {
    f.box.ready = true;
  }),
  k.wakeUpAll((f) => f.box.wq),
]);

describe('wait_event', () => {
  test('returns when somebody sets the condition and wakes, whatever the order', async () => {
    expect(
      await verdictOf((s) => {
        const box = s.object(Box, 'box');
        s.actor('w0', waiter, { box });
        s.actor('w1', waiter, { box });
        s.actor('waker', setAndWake, { box });
        s.property({ kind: 'sometimes', name: 'both', about: 'woken', reached: () => box.woken === 2 });
        s.property({
          kind: 'sometimes',
          name: 'asleep',
          about: 'both at once',
          reached: () => box.wq.waiters.size === 2,
        });
      }),
    ).toBe('holds');
  });

  test('never returns when nobody wakes', async () => {
    const setOnly = procedure('set_only', { source, params: { box: Box } }, (k) => [
      k.step('ready = true', (f) => {
        f.box.ready = true;
      }),
    ]);
    expect(
      await verdictOf((s) => {
        const box = s.object(Box, 'box');
        s.actor('waiter', waiter, { box });
        s.actor('setter', setOnly, { box });
      }),
    ).toBe('deadlock: lost wake-up');
  });

  test('never returns when the wake-up comes before the condition', async () => {
    const wakeFirst = procedure('wake_first', { source, params: { box: Box } }, (k) => [
      k.wakeUpAll((f) => f.box.wq),
      k.step('ready = true', (f) => {
        f.box.ready = true;
      }),
    ]);
    expect(
      await verdictOf((s) => {
        const box = s.object(Box, 'box');
        s.actor('waiter', waiter, { box });
        s.actor('waker', wakeFirst, { box });
      }),
    ).toBe('deadlock: lost wake-up');
  });

  test('evaluates its condition again after a wake-up', async () => {
    const wakeTwice = procedure('wake_twice', { source, params: { box: Box } }, (k) => [
      k.wakeUpAll((f) => f.box.wq),
      k.step('ready = true', (f) => {
        f.box.ready = true;
      }),
      k.wakeUpAll((f) => f.box.wq),
    ]);
    expect(
      await verdictOf((s) => {
        const box = s.object(Box, 'box');
        s.actor('waiter', waiter, { box });
        s.actor('waker', wakeTwice, { box });
        s.property({
          kind: 'always',
          name: 'condition',
          about: 'true when the wait returns',
          check: () =>
            box.woken > 0 && !box.ready ? { kind: 'assertion', message: 'early', objects: [], actors: [] } : null,
        });
      }),
    ).toBe('holds');
  });

  test('reads freed memory when the object goes away during the sleep', async () => {
    const wakeAndFree = procedure('wake_and_free', { source, params: { box: Box } }, (k) => [
      k.step('ready = true', (f) => {
        f.box.ready = true;
      }),
      k.wakeUpAll((f) => f.box.wq),
      k.kfree((f) => f.box),
    ]);
    expect(
      await verdictOf((s) => {
        const box = s.object(Box, 'box');
        s.actor('waiter', waiter, { box });
        s.actor('waker', wakeAndFree, { box });
      }),
    ).toBe('use-after-free');
  });

  test('may not be called with a spinlock held', async () => {
    const atomic = procedure('atomic', { source, params: { box: Box } }, (k) => [
      k.spinLock((f) => f.box.lock),
      k.waitEvent(
        (f) => f.box.wq,
        (f) => f.box.ready,
      ),
      k.spinUnlock((f) => f.box.lock),
    ]);
    expect(await verdictOf((s) => s.actor('a', atomic, { box: s.object(Box, 'box', { ready: true }) }))).toBe(
      'sleep-in-atomic',
    );
  });
});

describe('wait_event_lock', () => {
  const locked = procedure('wake_locked', { source, params: { box: Box } }, (k) => [
    k.spinLock((f) => f.box.lock),
    k.step('ready = true', (f) => {
      f.box.ready = true;
    }),
    k.wakeUpAll((f) => f.box.wq),
    k.spinUnlock((f) => f.box.lock),
  ]);

  test('drops the lock while it sleeps and holds it when it returns', async () => {
    expect(
      await verdictOf((s) => {
        const box = s.object(Box, 'box');
        const result = s.object(Result, 'result');
        s.actor('w0', lockedWaiter, { box, result });
        s.actor('w1', lockedWaiter, { box, result });
        s.actor('waker', locked, { box });
        s.property({ kind: 'sometimes', name: 'both', about: 'woken', reached: () => result.woken === 2 });
        s.property({
          kind: 'sometimes',
          name: 'asleep',
          about: 'both at once',
          reached: () => box.wq.waiters.size === 2,
        });
      }),
    ).toBe('holds');
  });

  test('finds the object freed when it wakes up', async () => {
    const other = procedure('waits_on_other', { source, params: { box: Box, global: Box } }, (k) => [
      k.spinLock((f) => f.global.lock),
      k.waitEventLock(
        (f) => f.box.wq,
        (f) => f.box.ready,
        (f) => f.global.lock,
      ),
      k.spinUnlock((f) => f.global.lock),
    ]);
    // Only once the waiter sleeps: a waiter that comes after the free would be no test of the wake-up.
    const free = procedure('wake_and_free', { source, params: { box: Box, global: Box } }, (k) => [
      k.blockUntil('the waiter sleeps', (f) => f.box.wq.waiters.size === 1),
      k.spinLock((f) => f.global.lock),
      k.wakeUpAll((f) => f.box.wq),
      k.kfree((f) => f.box),
      k.spinUnlock((f) => f.global.lock),
    ]);
    const verdict = await verdictOf((s) => {
      const box = s.object(Box, 'box');
      const global = s.object(Box, 'global');
      s.actor('waiter', other, { box, global });
      s.actor('waker', free, { box, global });
    });
    expect(verdict).toBe('use-after-free');
  });

  test('is a mistake without the lock, and under a second spinlock', async () => {
    const bare = procedure('bare', { source, params: { box: Box } }, (k) => [
      k.waitEventLock(
        (f) => f.box.wq,
        (f) => f.box.ready,
        (f) => f.box.lock,
      ),
    ]);
    expect(await verdictOf((s) => s.actor('a', bare, { box: s.object(Box, 'box') }))).toBe('lock-misuse');
    const two = procedure('two', { source, params: { box: Box, other: Box } }, (k) => [
      k.spinLock((f) => f.other.lock),
      k.spinLock((f) => f.box.lock),
      k.waitEventLock(
        (f) => f.box.wq,
        (f) => f.box.ready,
        (f) => f.box.lock,
      ),
    ]);
    expect(
      await verdictOf((s) => s.actor('a', two, { box: s.object(Box, 'box'), other: s.object(Box, 'other') })),
    ).toBe('sleep-in-atomic');
  });

  test('under a mutex that the waker needs is lock + wait', async () => {
    const under = procedure('under', { source, params: { box: Box } }, (k) => [
      k.mutexLock((f) => f.box.guard),
      k.waitEvent(
        (f) => f.box.wq,
        (f) => f.box.ready,
        { owners: () => [] },
      ),
      k.mutexUnlock((f) => f.box.guard),
    ]);
    const needs = procedure('needs', { source, params: { box: Box } }, (k) => [
      k.mutexLock((f) => f.box.guard),
      k.step('ready = true', (f) => {
        f.box.ready = true;
      }),
      k.wakeUpAll((f) => f.box.wq),
      k.mutexUnlock((f) => f.box.guard),
    ]);
    expect(
      await verdictOf((s) => {
        const box = s.object(Box, 'box');
        s.actor('waiter', under, { box });
        s.actor('waker', needs, { box });
      }),
    ).toMatch(/^deadlock/);
  });
});

describe('interruptible waits', () => {
  const interruptible = procedure(
    'interruptible',
    { source, params: { box: Box, result: Result }, locals: { rc: errno() } },
    (k) => [
      k.waitEvent(
        (f) => f.box.wq,
        (f) => f.box.ready,
        {
          interruptible: {
            result: (f, value) => {
              f.rc = value;
            },
          },
        },
      ),
      k.step('store the result', (f) => {
        f.result.rc = f.rc;
        f.result.woken++;
      }),
    ],
  );
  const kill = procedure('kill', { source, params: { task: constant<Actor>() } }, (k) => [k.sendSignal((f) => f.task)]);

  const run = (withWaker: boolean, expected: number) =>
    verdictOf((s) => {
      const box = s.object(Box, 'box');
      const result = s.object(Result, 'result');
      const task = s.actor('waiter', interruptible, { box, result });
      s.actor('killer', kill, { task });
      if (withWaker) s.actor('waker', setAndWake, { box });
      s.property({
        kind: 'sometimes',
        name: 'result',
        about: 'seen',
        reached: () => result.woken === 1 && result.rc === expected,
      });
      s.property({
        kind: 'at-end',
        name: 'unhooked',
        about: 'nobody stays on the queue',
        check: () =>
          box.wq.waiters.size > 0 ? { kind: 'assertion', message: 'left on queue', objects: [], actors: [] } : null,
      });
    });

  test('a signal ends the wait with -ERESTARTSYS', async () => {
    expect(await run(false, -ERESTARTSYS)).toBe('holds');
  });

  test('either may come first', async () => {
    expect(await run(true, 0)).toBe('holds');
    expect(await run(true, -ERESTARTSYS)).toBe('holds');
  });

  test('a signal does not end an uninterruptible wait', async () => {
    expect(
      await verdictOf((s) => {
        const box = s.object(Box, 'box');
        const task = s.actor('waiter', waiter, { box });
        s.actor('killer', kill, { task });
      }),
    ).toBe('deadlock: lost wake-up');
  });

  test('the form that drops a lock holds it again after a signal', async () => {
    const locked = procedure(
      'locked',
      { source, params: { box: Box, result: Result }, locals: { rc: errno() } },
      (k) => [
        k.spinLock((f) => f.box.lock),
        k.waitEventLock(
          (f) => f.box.wq,
          (f) => f.box.ready,
          (f) => f.box.lock,
          {
            interruptible: {
              result: (f, value) => {
                f.rc = value;
              },
            },
          },
        ),
        k.spinUnlock((f) => f.box.lock),
        k.step('store the result', (f) => {
          f.result.rc = f.rc;
        }),
      ],
    );
    expect(
      await verdictOf((s) => {
        const box = s.object(Box, 'box');
        const result = s.object(Result, 'result');
        const task = s.actor('waiter', locked, { box, result });
        s.actor('killer', kill, { task });
        s.property({ kind: 'sometimes', name: 'rc', about: 'seen', reached: () => result.rc === -ERESTARTSYS });
        s.property({ kind: 'sometimes', name: 'slept', about: 'first', reached: () => box.wq.waiters.size === 1 });
        s.property({
          kind: 'at-end',
          name: 'unhooked',
          about: 'nobody stays on the queue',
          check: () =>
            box.wq.waiters.size > 0 ? { kind: 'assertion', message: 'left on queue', objects: [], actors: [] } : null,
        });
      }),
    ).toBe('holds');
  });
});

describe('completion', () => {
  const waits = procedure('waits', { source, params: { box: Box } }, (k) => [
    k.waitForCompletion((f) => f.box.done),
    k.step('woken', (f) => {
      f.box.woken++;
    }),
  ]);
  const completes = procedure('completes', { source, params: { box: Box } }, (k) => [k.complete((f) => f.box.done)]);
  const completesAll = procedure('completes_all', { source, params: { box: Box } }, (k) => [
    k.completeAll((f) => f.box.done),
  ]);
  const run = (waker: typeof completes, waiters: number) =>
    verdictOf((s) => {
      const box = s.object(Box, 'box');
      for (let i = 0; i < waiters; i++) s.actor(`w${i}`, waits, { box });
      s.actor('waker', waker, { box });
    });

  test('complete lets one waiter go, before or after it waits', async () => {
    expect(await run(completes, 1)).toBe('holds');
    expect(await run(completes, 2)).toMatch(/^deadlock/);
  });

  test('complete_all lets everybody go', async () => {
    expect(await run(completesAll, 3)).toBe('holds');
  });
});

describe('wait_event_timeout', () => {
  const giver = (expires: (box: { ready: boolean }) => boolean) =>
    procedure('giver', { source, params: { box: Box, result: Result }, locals: { done: bool() } }, (k) => [
      k.waitEventTimeout(
        (f) => f.box.wq,
        (f) => f.box.ready,
        {
          expires: (f) => expires(f.box),
          result: (f, done) => {
            f.done = done;
          },
        },
      ),
      k.step('returned', (f) => {
        f.result.woken++;
        f.result.rc = f.done ? 1 : 0;
      }),
    ]);
  const returns = (expires: (box: { ready: boolean }) => boolean, wake: boolean, rcs: readonly number[]) =>
    verdictOf((s) => {
      const box = s.object(Box, 'box');
      const result = s.object(Result, 'result');
      s.actor('giver', giver(expires), { box, result });
      if (wake) s.actor('waker', setAndWake, { box });
      for (const rc of rcs)
        s.property({
          kind: 'sometimes',
          name: `returns ${rc}`,
          about: 'reached',
          reached: () => result.woken === 1 && result.rc === rc,
        });
      s.property({
        kind: 'always',
        name: 'nobody stays on the queue',
        about: 'after it has returned',
        check: () =>
          result.woken === 1 && box.wq.waiters.size > 0
            ? { kind: 'assertion', message: 'still queued', objects: [], actors: [] }
            : null,
      });
    });

  test('returns when the condition is true, or when the time is up', async () => {
    expect(await returns(() => true, true, [0, 1])).toBe('holds');
    expect(await returns(() => true, false, [0])).toBe('holds');
  });

  test('waits as wait_event() does while its time cannot be up', async () => {
    expect(await returns(() => false, true, [1])).toBe('holds');
    expect(await returns(() => false, false, [])).toBe('deadlock: lost wake-up');
  });

  test('looks once more when the time is up', async () => {
    // The time is up only when the condition is true already: never a failure, and no wake-up is needed.
    expect(await returns((box) => box.ready, true, [1])).toBe('holds');
  });
});
