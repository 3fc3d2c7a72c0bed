/**
 * struct mm_struct and its mmu notifiers. `mm_users` counts users of the address space, `mm_count` users of the
 * struct. The last mmput() tears the address space down in its own context: release of every notifier with an
 * SRCU section held, wait for other sections, unmap, one mmdrop(); the last mmdrop() frees the struct.
 * mmput_async() leaves the teardown to a worker.
 *
 * A process that exits drops its address space before it closes its files: give its task `mmput` as its first
 * operation and the release of its files after it.
 *
 * A notifier is embedded by shape (`...mmuNotifier`). Its release runs once, from mmput() or from
 * mmu_notifier_unregister(), whichever comes first. Memory must live until the read sections end.
 *
 * Limits: page tables are not modelled; at most four notifiers an mm; the list lock is folded into the steps that
 * link and unlink.
 */
import {
  atomic,
  type Bounds,
  bool,
  callbackType,
  kit,
  list,
  nameOf,
  object,
  op,
  opaque,
  patch,
  procedure,
  ring,
  type Setup,
  type Statement,
  type View,
  Violation,
} from '../../checker/lang/index.ts';
import { kfree } from './memory.ts';
import { labelled, type Of, type Options, orNothing } from './options.ts';
import { ptr } from './pointer.ts';
import { decAndTest, inc, incNotZero, refcount, refcountDecAndTest } from './refcount.ts';
import { Srcu, srcuReadLock, srcuReadUnlock, synchronizeSrcu } from './srcu.ts';

const notifierType = { mn_released: atomic(bool(), 'hlist_del_init_rcu under a spinlock that is not modelled') };

/** The part that the kernel knows of an embedded notifier, as the type of a parameter. */
export const MmuNotifier = object('mmu_notifier', notifierType);

/** Address spaces whose last user left with mmput_async(), for `asyncPutWorker`. */
export const AsyncPuts = object(
  'async_puts',
  { mms: atomic(ring(opaque<MmView>(), 4), 'under pool->lock, which is not modelled') },
  { permanent: true },
);

const shape = {
  mm_users: refcount(1),
  mm_count: refcount(1),
  /** Set by the first registration and never cleared, like the pointer to the notifier data. */
  has_notifiers: atomic(bool(), 'smp_store_release of mm->notifier_subscriptions'),
  notifiers: atomic(list(MmuNotifier, 4), 'hlist_add_head_rcu under a spinlock that is not modelled'),
  srcu: ptr(Srcu),
  async_puts: ptr(AsyncPuts),
};

/** struct mm_struct. */
export const MmStruct = object('mm_struct', shape);

/** An mm_struct whose memory may be given to a new mm as soon as it is freed, so that a stale pointer matches it. */
export const MmStructReused = object('mm_struct', shape, { reusesAddress: true });

/** What a step sees of an mm. */
export interface MmView extends View<typeof shape> {}

/** The release callback of a notifier: runs once, may sleep, with an SRCU section held. */
export const MmuRelease = callbackType('release', { mn: MmuNotifier, mm: MmStruct });

/** struct mmu_notifier: spread into the shape of the object that embeds it. */
export const mmuNotifier = { ...notifierType, mn_release: op(MmuRelease) };
/** What a step sees of an embedded `mmuNotifier`. */
export type MmuNotifierItem = View<typeof mmuNotifier>;

/** Creates an mm with one user and one reference, as a scenario needs it. */
export function makeMm<B extends Bounds>(
  s: Setup<B>,
  name: string,
  globals: { readonly srcu?: View<(typeof Srcu)['shape']>; readonly asyncPuts?: View<(typeof AsyncPuts)['shape']> },
  type: typeof MmStruct = MmStruct,
): MmView {
  return s.object(type, name, {
    ...(globals.srcu ? { srcu: globals.srcu } : {}),
    ...(globals.asyncPuts ? { async_puts: globals.asyncPuts } : {}),
  });
}

const fork = patch('spec 0.2 rule 5')('kernel/fork.c');
const notifier = patch('spec 0.2 rule 7')('mm/mmu_notifier.c');

/** mmget(): the caller already has a user reference. */
export function mmget<F>(mm: Of<F, MmView>, options: Options = {}): Statement<F> {
  return { op: 'step', ...labelled('mmget', mm, options, ''), act: (f, self) => inc(mm(f, self).mm_users) };
}

/** mmget_not_zero(): fails once exit has begun. */
export function mmgetNotZero<F>(
  mm: Of<F, MmView>,
  yes: readonly Statement<F>[],
  no: readonly Statement<F>[] = [],
  options: Options = {},
): Statement<F> {
  return {
    op: 'branch',
    ...labelled('mmget_not_zero', mm, options, ''),
    test: (f, self) => incNotZero(mm(f, self).mm_users),
    yes,
    no,
  };
}

/** mmgrab(): keeps the struct, not the address space. */
export function mmgrab<F>(mm: Of<F, MmView>, options: Options = {}): Statement<F> {
  return { op: 'step', ...labelled('mmgrab', mm, options, ''), act: (f, self) => inc(mm(f, self).mm_count) };
}

/** mmdrop(): the last one frees the struct. */
export function mmdrop<F>(mm: Of<F, MmView>, options: Options = {}): Statement<F> {
  const drop = labelled('mmdrop', mm, options, '');
  return { op: 'branch', ...drop, test: (f, self) => decAndTest(mm(f, self).mm_count), yes: [kfree(mm)], no: [] };
}

/** mmu_notifier_release(): what exit_mmap() does before any page is freed. */
export const mmuNotifierRelease = procedure(
  'mmu_notifier_release',
  { source: notifier, params: { mm: MmStruct }, locals: { mn: opaque<MmuNotifierItem>(), release: op(MmuRelease) } },
  (k) => [
    k.test('mm_has_notifiers(mm)', (f) => f.mm.has_notifiers, [
      srcuReadLock((f) => f.mm.srcu, { as: '&srcu' }),
      k.loop([
        k.test(
          'next notifier whose release has not run',
          (f) => {
            const mn = f.mm.notifiers.find((n) => !n.mn_released) as MmuNotifierItem | null;
            if (mn === null) return false;
            mn.mn_released = true;
            f.mn = mn;
            f.release = mn.mn_release;
            return true;
          },
          [],
          [k.break()],
          { indivisible: "the mark is the model's own: it stands for how far the walk along the list has come" },
        ),
        k.callback(
          MmuRelease,
          (f) => f.release,
          (f) => ({ mn: f.mn as MmuNotifierItem, mm: f.mm }),
          undefined,
          // An owner without release has nothing to tear down.
          orNothing,
        ),
      ]),
      k.step('hlist_del_init_rcu(each notifier)', (f) => f.mm.notifiers.clear()),
      srcuReadUnlock((f) => f.mm.srcu, { as: '&srcu' }),
      synchronizeSrcu((f) => f.mm.srcu, { as: '&srcu' }),
    ]),
  ],
);

/** __mmput(): tears the address space down, then drops the reference that all users together had on the struct. */
export const tearDownMm = procedure('__mmput', { source: fork, params: { mm: MmStruct } }, (k) => [
  k.call(mmuNotifierRelease, (f) => ({ mm: f.mm })),
  mmdrop((f) => f.mm),
]);

/** mmput() as a procedure, for a task's operations: the exit of a process that drops the last user reference. */
export const mmputProcedure = procedure('mmput', { source: fork, params: { mm: MmStruct } }, (k) => [
  refcountDecAndTest((f) => f.mm.mm_users, [k.call(tearDownMm, (f) => ({ mm: f.mm }))], [], {
    label: 'atomic_dec_and_test(&mm->mm_users)',
    sleeps: true,
  }),
]);

/** mmput(): may run the whole teardown here and now. The accessor may follow parameters and locals only. */
export function mmput<F>(mm: Of<F, MmView>): Statement<F> {
  return kit.call(mmputProcedure, (f: F, self) => ({ mm: mm(f, self) }) as never);
}

/** mmput_async(): the last one leaves the teardown to an `asyncPutWorker`. Never sleeps. */
export function mmputAsync<F>(mm: Of<F, MmView>, options: Options = {}): Statement<F> {
  return {
    op: 'step',
    ...labelled('mmput_async', mm, options, ''),
    act: (f, self) => {
      const it = mm(f, self);
      if (decAndTest(it.mm_users)) it.async_puts.mms.push(it);
    },
  };
}

/** The system workqueue as mmput_async() uses it: an actor that runs teardowns one after the other. */
export const asyncPutWorker = procedure(
  'mmput_async_fn',
  { source: fork, params: { puts: AsyncPuts }, locals: { mm: opaque<MmView>() } },
  (k) => [
    k.loop([
      k.blockUntil('take an mm', (f) => f.puts.mms.length > 0, {
        do: (f) => {
          f.mm = f.puts.mms.shift();
        },
        idle: true,
        waiting: { kind: 'queue', on: (f) => f.puts },
      }),
      k.call(tearDownMm, (f) => ({ mm: f.mm as MmView })),
    ]),
  ],
);

/**
 * mmu_notifier_register(): the caller holds a user reference, which the step checks. Fails when the scenario's
 * budget `mmu_notifier_register` allows and `orElse` is given.
 */
export function mmuNotifierRegister<F>(
  mn: Of<F, MmuNotifierItem>,
  mm: Of<F, MmView>,
  release: NonNullable<MmuNotifierItem['mn_release']>,
  options: Options & { readonly orElse?: readonly Statement<F>[] } = {},
): Statement<F> {
  const { orElse, ...rest } = options;
  return {
    op: 'attempt',
    ...labelled('mmu_notifier_register', mn, rest),
    protects: 'notifier',
    budget: orElse === undefined ? null : 'mmu_notifier_register',
    act: (f, self) => {
      const m = mm(f, self);
      if (m.mm_users.counter === 0)
        throw new Violation('assertion', `mmu_notifier_register() on ${nameOf(m)} without a user reference`, [
          nameOf(m),
        ]);
      const n = mn(f, self);
      n.mn_release = release;
      n.mn_released = false;
      inc(m.mm_count);
      m.has_notifiers = true;
      m.notifiers.addFirst(n);
    },
    orElse: orElse ?? [],
    sleeps: true,
    indivisible: 'under mmap_sem and mmu_notifier_mm->lock, which are not modelled',
  };
}

const underListLock = 'under mmu_notifier_mm->lock, which is not modelled';

/** hlist_del_init_rcu() under the list lock: touches the node, which exit_mmap() may have unlinked before. */
export function unlinkNotifier(mm: MmView, mn: View<typeof notifierType>): void {
  // Read first: an unlink writes the node even when exit_mmap() has taken it off the list.
  const released = mn.mn_released;
  if (mm.notifiers.has(mn)) mm.notifiers.remove(mn);
  else if (!released)
    throw new Violation('list-corruption', `${nameOf(mn)} is unlinked but was not registered with ${nameOf(mm)}`, [
      nameOf(mn),
      nameOf(mm),
    ]);
}

/**
 * mmu_notifier_unregister_no_release(): unlinks and drops the reference on the struct; atomic. The caller must
 * let read sections end (call_srcu) before it frees the memory of the notifier.
 */
export function mmuNotifierUnregisterNoRelease<F>(
  mn: Of<F, MmuNotifierItem>,
  mm: Of<F, MmView>,
  options: Options = {},
): readonly Statement<F>[] {
  return [
    {
      op: 'step',
      ...labelled('mmu_notifier_unregister_no_release', mn, options),
      act: (f, self) => unlinkNotifier(mm(f, self), mn(f, self)),
      indivisible: underListLock,
    },
    mmdrop(mm),
  ];
}

/** mmu_notifier_unregister(): runs release if it has not run, unlinks, waits for read sections. */
export const mmuNotifierUnregister = procedure(
  'mmu_notifier_unregister',
  { source: notifier, params: { mn: MmuNotifier, mm: MmStruct }, locals: { release: op(MmuRelease) } },
  (k) => [
    srcuReadLock((f) => f.mm.srcu, { as: '&srcu' }),
    k.test(
      'release has not run',
      (f) => {
        if (f.mn.mn_released) return false;
        f.mn.mn_released = true;
        f.release = (f.mn as MmuNotifierItem).mn_release;
        return true;
      },
      [
        k.callback(
          MmuRelease,
          (f) => f.release,
          (f) => ({ mn: f.mn, mm: f.mm }),
          undefined,
          orNothing,
        ),
      ],
    ),
    srcuReadUnlock((f) => f.mm.srcu, { as: '&srcu' }),
    k.step('hlist_del_init_rcu(&mn->hlist)', (f) => unlinkNotifier(f.mm, f.mn), { indivisible: underListLock }),
    synchronizeSrcu((f) => f.mm.srcu, { as: '&srcu' }),
    mmdrop((f) => f.mm),
  ],
);
