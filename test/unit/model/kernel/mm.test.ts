/** Address spaces, notifiers, SRCU and numbers: what runs when the last user leaves, once, and in which order. */
import { describe, expect, test } from 'vitest';
import {
  AsyncPuts,
  asyncPutWorker,
  type Bounds,
  bool,
  containerOf,
  errno,
  idr,
  idrFind,
  int,
  MmStruct,
  MmuNotifier,
  MmuRelease,
  makeMm,
  mmputProcedure,
  mmuNotifier,
  mmuNotifierUnregister,
  object,
  procedure,
  ptr,
  Rcu,
  RcuCallback,
  rcuHead,
  type Setup,
  Srcu,
  srcuCallbacks,
} from '../../../../model/kernel/index.ts';
import { source } from '../../../support/tiny.ts';
import { verdictOf } from './verdict.ts';

const User = object('user', { released: int(0, 3), mm: ptr(MmStruct), ...mmuNotifier, ...rcuHead });
const Log = object(
  'log',
  { released: int(0, 3), used: bool(), freed: bool(), order: int(0, 9), id: errno() },
  { permanent: true },
);
const assertion = (message: string) => ({ kind: 'assertion' as const, message, objects: [], actors: [] });

const onRelease = procedure('on_release', { source, params: { mn: MmuNotifier, mm: MmStruct } }, (k) => [
  k.step('release', (f) => {
    containerOf(f.mn, User).released++;
  }),
]);

const freeUser = procedure('free_user', { source, params: { head: Rcu } }, (k) => [k.kfree((f) => f.head)]);

const register = procedure('register', { source, params: { mm: MmStruct, user: User } }, (k) => [
  k.mmuNotifierRegister(
    (f) => f.user,
    (f) => f.mm,
    onRelease,
  ),
]);

function parts(s: Setup<Bounds>) {
  s.implementations(MmuRelease, [onRelease]);
  s.implementations(RcuCallback, [freeUser]);
  const srcu = s.object(Srcu, 'srcu');
  const asyncPuts = s.object(AsyncPuts, 'async_puts');
  const mm = makeMm(s, 'mm', { srcu, asyncPuts });
  return { srcu, asyncPuts, mm };
}

/** The state that mmu_notifier_register() leaves. */
function registered(s: Setup<Bounds>, mm: ReturnType<typeof makeMm>, name = 'user') {
  const user = s.object(User, name, { mn_release: onRelease, mm });
  mm.mm_count.counter++;
  mm.has_notifiers = true;
  mm.notifiers.add(user);
  return user;
}

describe('mmput', () => {
  test('by the last of several users releases every notifier once and frees the struct', async () => {
    const verdict = await verdictOf((s) => {
      const { mm } = parts(s);
      mm.mm_users.counter = 2;
      const users = [registered(s, mm, 'u0'), registered(s, mm, 'u1')];
      // The notifiers keep the struct, so that it can be looked at until the end.
      s.task('a', [{ procedure: mmputProcedure as never, args: { mm } }]);
      s.task('b', [{ procedure: mmputProcedure as never, args: { mm } }]);
      s.property({
        kind: 'at-end',
        name: 'released',
        about: 'once each',
        check: () =>
          users.every((u) => u.released === 1) && mm.mm_count.counter === 2 ? null : assertion('not once each'),
      });
    });
    expect(verdict).toBe('holds');
  });

  test('after the last one mmget_not_zero fails, and using the struct is a use after free', async () => {
    const use = procedure('use', { source, params: { mm: MmStruct, log: Log } }, (k) => [
      k.mmgetNotZero(
        (f) => f.mm,
        [
          k.step('used', (f) => {
            f.log.used = true;
          }),
          k.mmput((f) => f.mm),
        ],
      ),
    ]);
    const run = (grabbed: boolean) =>
      verdictOf((s) => {
        const { mm } = parts(s);
        if (grabbed) mm.mm_count.counter++;
        const log = s.object(Log, 'log');
        s.actor('exit', mmputProcedure, { mm });
        s.actor('user', use, { mm, log });
        s.property({ kind: 'sometimes', name: 'used', about: 'got it', reached: () => log.used });
      });
    expect(await run(true)).toBe('holds');
    expect(await run(false)).toBe('use-after-free');
  });

  test('mmput_async never tears down in the caller', async () => {
    const put = procedure('put_async', { source, params: { mm: MmStruct, user: User, log: Log } }, (k) => [
      k.mmputAsync((f) => f.mm),
      k.step('returned', (f) => {
        if (f.user.released === 0) f.log.order = 1;
      }),
    ]);
    const run = (worker: boolean) =>
      verdictOf((s) => {
        const { mm, asyncPuts } = parts(s);
        const user = registered(s, mm);
        const log = s.object(Log, 'log');
        s.actor('a', put, { mm, user, log });
        if (worker) s.actor('events', asyncPutWorker, { puts: asyncPuts }, { role: 'worker' });
        s.property({
          kind: 'at-end',
          name: 'released',
          about: 'by the worker',
          check: () => (user.released === 1 ? null : assertion('never released')),
        });
        s.property({ kind: 'sometimes', name: 'later', about: 'after the return', reached: () => log.order === 1 });
      });
    expect(await run(true)).toBe('holds');
    expect(await run(false)).toBe('assertion');
  });
});

describe('mmu_notifier_register', () => {
  test('needs a user of the address space', async () => {
    const late = procedure('late', { source, params: { mm: MmStruct, user: User } }, (k) => [
      k.mmgrab((f) => f.mm),
      k.mmput((f) => f.mm),
      k.call(register, (f) => ({ mm: f.mm, user: f.user })),
    ]);
    const verdict = await verdictOf((s) => {
      const { mm } = parts(s);
      s.actor('a', late, { mm, user: s.object(User, 'user') });
    });
    expect(verdict).toBe('assertion');
  });
});

describe('mmu_notifier_unregister', () => {
  const unregisterFree = procedure(
    'unregister_and_free',
    { source, params: { mm: MmStruct, user: User, log: Log } },
    (k) => [
      k.call(mmuNotifierUnregister, (f) => ({ mn: f.user, mm: f.mm })),
      k.step('count', (f) => {
        f.log.released = f.user.released;
      }),
      k.kfree((f) => f.user),
    ],
  );

  test('against exit: release runs once, and the notifier may be freed when it returns', async () => {
    const verdict = await verdictOf((s) => {
      const { mm } = parts(s);
      const user = registered(s, mm);
      const log = s.object(Log, 'log');
      s.actor('unregister', unregisterFree, { mm, user, log });
      s.actor('exit', mmputProcedure, { mm });
      s.property({
        kind: 'at-end',
        name: 'released',
        about: 'once',
        check: () => (log.released === 1 ? null : assertion(`${log.released}`)),
      });
    });
    expect(verdict).toBe('holds');
  });

  test('inside release waits for its own read section', async () => {
    const inside = procedure('inside', { source, params: { mn: MmuNotifier, mm: MmStruct } }, (k) => [
      k.synchronizeSrcu((f) => f.mm.srcu),
    ]);
    const verdict = await verdictOf((s) => {
      s.implementations(MmuRelease, [inside]);
      const srcu = s.object(Srcu, 'srcu');
      const mm = makeMm(s, 'mm', { srcu });
      const user = s.object(User, 'user', { mn_release: inside });
      mm.has_notifiers = true;
      mm.notifiers.add(user);
      s.actor('exit', mmputProcedure, { mm });
    });
    expect(verdict).toBe('deadlock: self');
  });

  const quiet = (delayed: boolean) =>
    procedure('unregister_quietly', { source, params: { mm: MmStruct, user: User } }, (k) => [
      ...k.mmuNotifierUnregisterNoRelease(
        (f) => f.user,
        (f) => f.mm,
      ),
      delayed
        ? k.callSrcu(
            (f) => f.mm.srcu,
            (f) => f.user,
            freeUser,
          )
        : k.kfree((f) => f.user),
    ]);

  test('without release needs call_srcu before the free', async () => {
    const run = (delayed: boolean) =>
      verdictOf((s) => {
        const { mm, srcu } = parts(s);
        const user = registered(s, mm);
        // Kept by the test, so that the step after the unregister can still reach srcu through it.
        mm.mm_count.counter++;
        s.actor('unregister', quiet(delayed), { mm, user });
        s.actor('exit', mmputProcedure, { mm });
        s.actor('srcu-worker', srcuCallbacks, { srcu }, { role: 'worker' });
      });
    expect(await run(true)).toBe('holds');
    expect(await run(false)).toBe('use-after-free');
  });
});

describe('SRCU', () => {
  const body = procedure('section', { source, params: { srcu: Srcu, log: Log } }, (k) => [
    k.step('read', (f) => {
      f.log.used = f.log.freed;
    }),
    k.step('read again', (f) => {
      f.log.order = f.log.freed && !f.log.used ? 9 : 1;
    }),
    k.srcuReadUnlock((f) => f.srcu),
  ]);
  const reader = procedure('reader', { source, params: { srcu: Srcu, log: Log } }, (k) => [
    k.srcuReadLock((f) => f.srcu),
    k.call(body, (f) => ({ srcu: f.srcu, log: f.log })),
  ]);
  const writer = (wait: boolean) =>
    procedure('writer', { source, params: { srcu: Srcu, log: Log } }, (k) => [
      ...(wait ? [k.synchronizeSrcu((f) => f.srcu)] : []),
      k.step('free', (f) => {
        f.log.freed = true;
      }),
    ]);
  /** Does the section see the write happen? `open`: it is open before the writer starts. */
  const sees = async (open: boolean, wait: boolean) => {
    const verdict = await verdictOf((s) => {
      const srcu = s.object(Srcu, 'srcu');
      const log = s.object(Log, 'log');
      const actor = s.actor('reader', open ? body : reader, { srcu, log });
      if (open) srcu.readers.add(actor);
      s.actor('writer', writer(wait), { srcu, log });
      s.property({
        kind: 'always',
        name: 'one side',
        about: 'the section sees one side of the write',
        check: () => (log.order === 9 ? assertion('both sides') : null),
      });
    });
    return verdict === 'assertion';
  };

  test('synchronize_srcu waits for a section that is open at the call', async () => {
    expect(await sees(true, false)).toBe(true);
    expect(await sees(true, true)).toBe(false);
  });

  test('synchronize_srcu does not wait for a section that opens later', async () => {
    expect(await sees(false, true)).toBe(true);
  });

  test('synchronize_srcu inside a section waits for itself', async () => {
    const inside = procedure('inside', { source, params: { srcu: Srcu } }, (k) => [
      k.srcuReadLock((f) => f.srcu),
      k.synchronizeSrcu((f) => f.srcu),
      k.srcuReadUnlock((f) => f.srcu),
    ]);
    expect(await verdictOf((s) => s.actor('a', inside, { srcu: s.object(Srcu, 'srcu') }))).toBe('deadlock: self');
  });

  test('a section closed twice, or opened twice, is a mistake', async () => {
    const closes = procedure('closes', { source, params: { srcu: Srcu } }, (k) => [k.srcuReadUnlock((f) => f.srcu)]);
    const opens = procedure('opens', { source, params: { srcu: Srcu } }, (k) => [
      k.srcuReadLock((f) => f.srcu),
      k.srcuReadLock((f) => f.srcu),
    ]);
    expect(await verdictOf((s) => s.actor('a', closes, { srcu: s.object(Srcu, 'srcu') }))).toBe('lock-misuse');
    expect(await verdictOf((s) => s.actor('a', opens, { srcu: s.object(Srcu, 'srcu') }))).toBe('lock-misuse');
  });
});

describe('idr', () => {
  const Table = object('table', { slots: idr(User, 2) }, { permanent: true });
  test('gives the lowest free number, and -ENOSPC when there is none', async () => {
    const fill = procedure(
      'fill',
      {
        source,
        params: { table: Table, user: User, log: Log },
        locals: { a: errno(), b: errno(), c: errno(), d: errno() },
      },
      (k) => [
        k.idrAlloc(
          (f) => f.table.slots,
          (f) => f.user,
          (f, id) => {
            f.a = id;
          },
        ),
        k.idrAlloc(
          (f) => f.table.slots,
          (f) => f.user,
          (f, id) => {
            f.b = id;
          },
        ),
        k.idrAlloc(
          (f) => f.table.slots,
          (f) => f.user,
          (f, id) => {
            f.c = id;
          },
        ),
        k.idrRemove(
          (f) => f.table.slots,
          (f) => f.a,
        ),
        k.idrAlloc(
          (f) => f.table.slots,
          (f) => f.user,
          (f, id) => {
            f.d = id;
          },
        ),
        k.step('check', (f) => {
          if (f.a === 1 && f.b === 2 && f.c === -28 && f.d === 1) f.log.order = 1;
          if (idrFind(f.table.slots, 1) === f.user && idrFind(f.table.slots, 7) === null) f.log.used = true;
        }),
      ],
    );
    const verdict = await verdictOf((s) => {
      const log = s.object(Log, 'log');
      s.actor('a', fill, { table: s.object(Table, 'table'), user: s.object(User, 'user'), log });
      s.implementations(MmuRelease, [onRelease]);
      s.implementations(RcuCallback, [freeUser]);
      s.property({ kind: 'sometimes', name: 'numbers', about: 'as expected', reached: () => log.order === 1 });
      s.property({ kind: 'sometimes', name: 'lookups', about: 'as expected', reached: () => log.used });
    });
    expect(verdict).toBe('holds');
  });
});
