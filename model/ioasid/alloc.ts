/**
 * ioasid_set_alloc() and ioasid_alloc().
 *
 * Source: V4 05/18, 06/18, 09/18. Limits: the default allocator, from 1 to the highest number; a set whose memory is
 * short fails as one whose table is full.
 */
import {
  callLater,
  EEXIST,
  ENOMEM,
  ENOSPC,
  errno,
  idrInsert,
  int,
  type KernelKit,
  opaque,
  procedure,
  ptr,
  ref,
  type Statement,
} from '../kernel/index.ts';
import { ioasidDataFree, setIsValid, underLock } from './free.ts';
import { lockAllocator, lockBoth, lockNb, unlockAllocator, unlockBoth, unlockNb, type WithCore } from './lock.ts';
import { chainOf, chainRegister, ioasidNotify, underChainLock } from './notify.ts';
import { Ioasid, IoasidData, IoasidSet, ioasidT, quota } from './objects.ts';
import { IOASID_C, v3_11, v4_05 } from './sources.ts';
import { allocUndo, lockOrder, setLife } from './switches.ts';

/** ioasid_add_pending_nb(): who registered for the address space before there was a set joins its chain now. */
function addPending<F extends WithCore & { set: IoasidSet | null }>(k: KernelKit<F>): Statement<F> {
  return k.step(
    'ioasid_add_pending_nb(set)',
    (f) => {
      const set = f.set as IoasidSet;
      for (const curr of f.core.pending)
        if (curr.token === set.token && !curr.active) {
          chainRegister(chainOf(set), curr.nb);
          curr.set = set;
          curr.active = true;
        }
    },
    { source: v3_11(IOASID_C), indivisible: underChainLock },
  );
}

/** ioasid_set_alloc(): the set, or NULL. `ret` of the kernel's ERR_PTR is not looked at by anybody here. */
export const ioasidSetAlloc = procedure(
  'ioasid_set_alloc',
  {
    source: v4_05(IOASID_C),
    params: { core: Ioasid, token: int(0, 2), quota: quota() },
    locals: { set: ref(IoasidSet), want: quota(), ret: errno() },
    returns: ref(IoasidSet),
  },
  (k) => {
    const fail = (ret: number) =>
      k.local((f) => {
        f.set = null;
        f.ret = -ret;
      });
    return [
      k.local((f) => {
        f.want = f.quota;
      }),
      // Read without the lock, as in V4: what is left may be less when the lock is taken.
      k.when(
        (f) => f.quota === 0,
        [
          k.step('quota = ioasid_capacity_avail', (f) => {
            f.want = f.core.capacity_avail;
          }),
        ],
      ),
      k.switch(lockOrder, { 'allocator-first': [lockAllocator(k)], 'nb-first': [lockBoth(k)] }),
      k.test('quota > ioasid_capacity_avail', (f) => f.want > f.core.capacity_avail, [fail(ENOSPC), k.goto('unlock')]),
      k.test(
        'xa_for_each(&ioasid_sets): the token is taken',
        (f) => {
          for (const set of f.core.sets) if (set !== null && f.token !== 0 && set.token === f.token) return true;
          return false;
        },
        [fail(EEXIST), k.goto('unlock')],
      ),
      k.kmalloc(
        IoasidSet,
        (f, set) => {
          set.token = f.token;
          f.set = set;
        },
        { atomic: true, orElse: [fail(ENOMEM), k.goto('unlock')] },
      ),
      k.step('xa_alloc(&ioasid_sets, &id, set); ioasid_capacity_avail -= quota', (f) => {
        const set = f.set as IoasidSet;
        set.id = idrInsert(f.core.sets, set);
        set.quota = f.want;
        f.core.capacity_avail -= f.want;
      }),
      k.when(
        (f) => f.token !== 0,
        [
          k.switch(lockOrder, {
            'allocator-first': [lockNb(k), addPending(k), unlockNb(k)],
            'nb-first': [addPending(k)],
          }),
        ],
      ),
      k.label('unlock'),
      k.switch(lockOrder, { 'allocator-first': [unlockAllocator(k)], 'nb-first': [unlockBoth(k)] }),
      k.return((f) => f.set),
    ];
  },
);

/** ioasid_alloc(): the ID, or 0 for INVALID_IOASID. */
export const ioasidAlloc = procedure(
  'ioasid_alloc',
  {
    source: v4_05(IOASID_C),
    params: { core: Ioasid, set: ptr(IoasidSet), priv: opaque() },
    locals: { data: ptr(IoasidData), id: ioasidT() },
    returns: ioasidT(),
  },
  (k) => {
    // default_free() gives the data to kfree_rcu(), and exit_free frees it once more.
    const free = (fails: boolean) =>
      k.step(
        'active_allocator->ops->free(id): xa_erase, kfree_rcu(data)',
        (f) => {
          f.core.xa.set(f.id, null);
          callLater(f.core.rcu, f.data, ioasidDataFree);
          if (fails) f.id = 0;
        },
        { indivisible: underLock },
      );
    return [
      lockAllocator(k),
      k.test(
        'ioasid_set_is_valid(set) && set->nr_ioasids < set->quota',
        (f) => setIsValid(f.core, f.set) && f.set.nr_ioasids < f.set.quota,
        [],
        [k.goto('done_unlock')],
      ),
      k.kmalloc(
        IoasidData,
        (f, data) => {
          data.set = f.set;
          data.private = f.priv;
          f.data = data;
        },
        { atomic: true, orElse: [k.goto('done_unlock')] },
      ),
      k.attempt(
        'xa_alloc',
        'id = active_allocator->ops->alloc(min, max, data)',
        (f) => {
          f.id = Math.max(idrInsert(f.core.xa, f.data), 0);
        },
        [
          k.local((f) => {
            f.id = 0;
          }),
        ],
      ),
      k.when((f) => f.id === 0, [k.goto('exit_free')]),
      k.step('data->id = id', (f) => {
        f.data.id = f.id;
      }),
      k.attempt('xa_store', 'xa_store(&set->xa, id, data)', (f) => f.set.xa.set(f.id, f.data), [
        k.switch(allocUndo, {
          posted: [free(false)],
          'frees-twice': [free(true)],
          undone: [
            k.step('xa_erase(&active_allocator->xa, id), id = INVALID_IOASID', (f) => {
              f.core.xa.set(f.id, null);
              f.id = 0;
            }),
          ],
        }),
        k.goto('exit_free'),
      ]),
      k.switch(setLife, {
        'last-id': [
          k.step('set->nr_ioasids++', (f) => {
            f.set.nr_ioasids++;
          }),
        ],
        counted: [
          k.step('set->nr_ioasids++, a reference of the set', (f) => {
            f.set.nr_ioasids++;
            f.set.ref.counter++;
          }),
        ],
      }),
      k.call(ioasidNotify, (f) => ({ core: f.core, data: f.data, code: 'alloc' as const, all: false })),
      k.goto('done_unlock'),
      k.label('exit_free'),
      k.kfree((f) => f.data),
      k.label('done_unlock'),
      unlockAllocator(k),
      k.return((f) => f.id),
    ];
  },
);
