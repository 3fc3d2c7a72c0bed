/**
 * Notifiers by address space: a subscriber that does not know the set, and may come before there is one.
 *
 * Source: v3 11/14 and its review, 20201023114332.GD2265982@myrica; V4 09/18 has ioasid_find_mm_set() without the
 * reference that its comment names.
 * Limits: the allocation of the list entry is where the review wants it; v3 writes through a list head instead.
 */
import {
  EBUSY,
  ENOMEM,
  errno,
  inc,
  int,
  type KernelKit,
  procedure,
  ptr,
  ref,
  type Statement,
} from '../kernel/index.ts';
import { setPutLocked } from './free.ts';
import { lockAllocator, lockBoth, lockNb, unlockAllocator, unlockBoth, unlockNb } from './lock.ts';
import { chainOf, chainRegister, chainUnregister, underChainLock } from './notify.ts';
import { Ioasid, IoasidSet, IoasidSetNb, NotifierBlock } from './objects.ts';
import { IOASID_C, v3_11, v4_09 } from './sources.ts';
import { lockOrder, registerLookup, registerPut, registerUndo, setLife, unregisterLock } from './switches.ts';

/** ioasid_find_mm_set(): v3 takes a reference of the set, V4 does not. */
export const ioasidFindMmSet = procedure(
  'ioasid_find_mm_set',
  {
    source: v4_09(IOASID_C),
    params: { core: Ioasid, token: int(1, 2) },
    locals: { set: ref(IoasidSet) },
    returns: ref(IoasidSet),
  },
  (k) => [
    lockAllocator(k),
    k.step('set = the set of the token', (f) => {
      f.set = null;
      for (const set of f.core.sets) if (set?.token === f.token) f.set = set;
    }),
    k.switch(setLife, {
      'last-id': [],
      counted: [k.when((f) => f.set, [k.step('refcount_inc(&set->ref)', (f) => inc((f.set as IoasidSet).ref))])],
    }),
    unlockAllocator(k),
    k.return((f) => f.set),
  ],
);

interface Registers {
  core: Ioasid;
  token: number;
  nb: NotifierBlock;
  set: IoasidSet | null;
  curr: IoasidSetNb;
  ret: number;
}

/**
 * The end of a registration: ioasid_nb_lock is held, the set was looked up. `putting` gives its reference back, in v3
 * only on success.
 */
function link<F extends Registers>(k: KernelKit<F>, putting: readonly Statement<F>[]): Statement<F>[] {
  return [
    k.when(
      (f) => f.set !== null,
      [
        k.test(
          'set->nr_ioasids',
          (f) => (f.set as IoasidSet).nr_ioasids > 0,
          [
            k.local((f) => {
              f.ret = -EBUSY;
            }),
          ],
          [],
        ),
      ],
    ),
    k.when(
      (f) => f.ret === 0,
      [
        k.kmalloc(
          IoasidSetNb,
          (f, curr) => {
            curr.token = f.token;
            curr.nb = f.nb;
            curr.set = f.set;
            curr.active = f.set !== null;
            f.curr = curr;
          },
          {
            atomic: true,
            orElse: [
              k.local((f) => {
                f.ret = -ENOMEM;
              }),
            ],
          },
        ),
      ],
    ),
    k.when(
      (f) => f.ret === 0,
      [
        k.when(
          (f) => f.set !== null,
          [
            k.step(
              'atomic_notifier_chain_register(&set->nh, nb)',
              (f) => chainRegister(chainOf(f.set as IoasidSet), f.nb),
              { indivisible: underChainLock },
            ),
          ],
        ),
        k.step('list_add(&curr->list, &ioasid_nb_pending_list)', (f) => f.core.pending.addFirst(f.curr)),
      ],
    ),
    k.switch(registerUndo, {
      kept: [k.when((f) => f.set !== null && f.ret === 0, putting)],
      'given-back': [k.when((f) => f.set !== null, putting)],
    }),
  ];
}

/** ioasid_register_notifier_mm(). */
export const ioasidRegisterNotifierMm = procedure(
  'ioasid_register_notifier_mm',
  {
    source: v3_11(IOASID_C),
    params: { core: Ioasid, token: int(1, 2), nb: NotifierBlock },
    locals: { set: ref(IoasidSet), curr: ptr(IoasidSetNb), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const find = k.call(
      ioasidFindMmSet,
      (f) => ({ core: f.core, token: f.token }),
      (f, set) => {
        f.set = set;
      },
    );
    const known = k.test(
      'the notifier is registered already',
      (f) => f.core.pending.find((c) => c.token === f.token && c.nb === f.nb) !== null,
      [
        k.local((f) => {
          f.ret = -EBUSY;
        }),
        k.goto('exit_unlock'),
      ],
    );
    const locked = [lockAllocator(k), setPutLocked(k, (f) => f.set as IoasidSet), unlockAllocator(k)];
    const putting = k.switch(setLife, {
      'last-id': [],
      counted: [
        k.switch(registerPut, {
          'takes-locks': [lockBoth(k), setPutLocked(k, (f) => f.set as IoasidSet), unlockBoth(k)],
          'locked-form': locked,
        }),
      ],
    });
    // In the order nb, allocator a set without a count of its own stays while both locks are held.
    const bothHeld = [
      lockBoth(k),
      known,
      k.step('set = the set of the token', (f) => {
        f.set = null;
        for (const set of f.core.sets) if (set?.token === f.token) f.set = set;
      }),
      ...link(k, []),
      k.label('exit_unlock'),
      unlockBoth(k),
    ];
    const underNb = [lockNb(k), known, find, ...link(k, [putting]), k.label('exit_unlock'), unlockNb(k)];
    return [
      k.switch(registerLookup, {
        'under-nb': [
          k.switch(setLife, {
            'last-id': [k.switch(lockOrder, { 'allocator-first': underNb, 'nb-first': bothHeld })],
            counted: underNb,
          }),
        ],
        'before-nb': [find, lockNb(k), known, ...link(k, [putting]), k.label('exit_unlock'), unlockNb(k)],
      }),
      k.return((f) => f.ret),
    ];
  },
);

/** ioasid_unregister_notifier_mm(). atomic_notifier_chain_unregister() unlinks, and sleeps for a grace period. */
export const ioasidUnregisterNotifierMm = procedure(
  'ioasid_unregister_notifier_mm',
  {
    source: v3_11(IOASID_C),
    params: { core: Ioasid, token: int(1, 2), nb: NotifierBlock },
    locals: { curr: ref(IoasidSetNb) },
  },
  (k) => {
    const find = k.test(
      'curr = the entry of nb, list_del(&curr->list)',
      (f) => {
        f.curr = f.core.pending.find((c) => c.token === f.token && c.nb === f.nb);
        if (f.curr !== null) f.core.pending.remove(f.curr);
        return f.curr !== null;
      },
      [],
      [unlockNb(k), k.return(0)],
    );
    const grace = k.synchronizeSrcu((f) => f.core.rcu, { label: 'synchronize_rcu()' });
    const leave = (waits: boolean) =>
      k.test('curr->active', (f) => (f.curr as IoasidSetNb).active, [
        k.step(
          'notifier_chain_unregister(&curr->set->nh.head, nb)',
          (f) => chainUnregister(chainOf((f.curr as IoasidSetNb).set as IoasidSet), f.nb),
          { indivisible: underChainLock },
        ),
        ...(waits ? [grace] : []),
      ]);
    return [
      lockNb(k),
      find,
      k.switch(unregisterLock, {
        unlocked: [unlockNb(k), leave(true)],
        locked: [leave(true), unlockNb(k)],
        'wait-later': [leave(false), unlockNb(k), grace],
      }),
      k.kfree((f) => f.curr),
    ];
  },
);
