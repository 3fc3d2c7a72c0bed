/**
 * The end of IDs and sets: what runs under ioasid_allocator_lock in one piece, and ioasid_put(), ioasid_free(),
 * ioasid_free_all_in_set() and ioasid_set_free() around it.
 *
 * Source: V4 05/18, 06/18, 09/18; ioasid_set_put() of v3, which the counted form keeps.
 */
import {
  bool,
  callLater,
  containerOf,
  decAndTest,
  EACCES,
  EBUSY,
  EINVAL,
  ENOENT,
  EPERM,
  errno,
  inc,
  int,
  type KernelKit,
  procedure,
  ptr,
  RcuCallback,
  ref,
  type Statement,
} from '../kernel/index.ts';
import {
  lockAllocator,
  lockBoth,
  lockForFree,
  unlockAllocator,
  unlockBoth,
  unlockForFree,
  type WithCore,
} from './lock.ts';
import { ioasidNotify } from './notify.ts';
import { Ioasid, IoasidData, IoasidSet, ioasidT, LAST_ID, LAST_SET } from './objects.ts';
import { IOASID_C, v3_11, v4_05, v4_06, v4_09, v4_11 } from './sources.ts';
import { freeAllTest, quotaReturn, setLife } from './switches.ts';

/** kfree_rcu() of an ioasid_data. */
export const ioasidDataFree = procedure(
  'kfree_rcu_ioasid_data',
  { source: v4_05(IOASID_C), params: RcuCallback.params, locals: { data: ptr(IoasidData) } },
  (k) => [
    k.local((f) => {
      f.data = containerOf(f.head, IoasidData);
    }),
    k.kfree((f) => f.data),
  ],
);

/** kfree_rcu() of an ioasid_set. */
export const ioasidSetFreeRcu = procedure(
  'kfree_rcu_ioasid_set',
  { source: v4_05(IOASID_C), params: RcuCallback.params, locals: { set: ptr(IoasidSet) } },
  (k) => [
    k.local((f) => {
      f.set = containerOf(f.head, IoasidSet);
    }),
    k.kfree((f) => f.set),
  ],
);

/** What decides the end of a set. */
export interface SetEnd {
  readonly life: 'last-id' | 'counted';
  readonly quota: 'kept' | 'returned';
}

/** The same statements for each way a set may end. */
export function bySetEnd<F>(k: KernelKit<F>, body: (end: SetEnd) => readonly Statement<F>[]): Statement<F> {
  const byQuota = (life: SetEnd['life']) => [
    k.switch(quotaReturn, { kept: body({ life, quota: 'kept' }), returned: body({ life, quota: 'returned' }) }),
  ];
  return k.switch(setLife, { 'last-id': byQuota('last-id'), counted: byQuota('counted') });
}

/** Why a step that ends IDs and sets touches several fields at once. */
export const underLock = 'under ioasid_allocator_lock; RCU heads are known to nobody else until they are queued';

/** ioasid_set_is_valid(). */
export const setIsValid = (core: Ioasid, set: IoasidSet): boolean => core.sets.at(set.id) === set;

/** ioasid_set_free_locked(): out of the table, its notifiers back to pending, and freed after a grace period. */
export function setFreeLocked(core: Ioasid, set: IoasidSet, end: SetEnd): number {
  if (!setIsValid(core, set)) return -EINVAL;
  if (set.nr_ioasids > 0) return -EBUSY;
  if (end.quota === 'returned') core.capacity_avail += set.quota;
  for (const curr of core.pending) if (curr.token === set.token) curr.active = false;
  core.sets.set(set.id, null);
  callLater(core.rcu, set, ioasidSetFreeRcu);
  return 0;
}

/** ioasid_do_free_locked(): the ID may be given out again from here on. */
export function doFreeLocked(core: Ioasid, data: IoasidData, end: SetEnd): void {
  const { set, id } = data;
  core.xa.set(id, null);
  callLater(core.rcu, data, ioasidDataFree);
  set.nr_ioasids--;
  set.xa.set(id, null);
  if (end.life === 'counted' ? decAndTest(set.ref) : set.nr_ioasids === 0) setFreeLocked(core, set, end);
}

/** ioasid_get_locked(). */
export function getLocked(core: Ioasid, set: IoasidSet | null, id: number): number {
  const data = core.xa.at(id);
  if (data === null) return -EINVAL;
  if (data.state === 'free-pending') return -EBUSY;
  if (set !== null && data.set !== set) return -EACCES;
  inc(data.refs);
  return 0;
}

/** ioasid_put_locked(): was it the last reference? */
export function putLocked(core: Ioasid, set: IoasidSet | null, id: number, end: SetEnd): boolean {
  const data = core.xa.at(id);
  if (data === null || (set !== null && data.set !== set)) return false;
  if (!decAndTest(data.refs)) return false;
  doFreeLocked(core, data, end);
  return true;
}

/** ioasid_get(). Without a set it does not matter whose ID it is. */
export const ioasidGet = procedure(
  'ioasid_get',
  {
    source: v4_06(IOASID_C),
    params: { core: Ioasid, set: ref(IoasidSet), id: ioasidT() },
    locals: { ret: errno() },
    returns: errno(),
  },
  (k) => [
    lockAllocator(k),
    k.step('ret = ioasid_get_locked(set, ioasid)', (f) => {
      f.ret = getLocked(f.core, f.set, f.id);
    }),
    unlockAllocator(k),
    k.return((f) => f.ret),
  ],
);

/** ioasid_get_if_owned(): the set of the ID must have the caller's mm as its token. */
export const ioasidGetIfOwned = procedure(
  'ioasid_get_if_owned',
  {
    source: v4_11(IOASID_C),
    params: { core: Ioasid, id: ioasidT(), mm: int(0, 2) },
    locals: { ret: errno() },
    returns: errno(),
  },
  (k) => [
    lockAllocator(k),
    k.step('set = ioasid_find_set(ioasid); current->mm == set->token; ioasid_get_locked', (f) => {
      const set = f.core.xa.at(f.id)?.set ?? null;
      if (set === null) f.ret = -ENOENT;
      else if (set.token === 0) f.ret = -EINVAL;
      else if (set.token !== f.mm) f.ret = -EPERM;
      else f.ret = getLocked(f.core, set, f.id);
    }),
    unlockAllocator(k),
    k.return((f) => f.ret),
  ],
);

/** ioasid_put(): whether that was the last reference, so that the ID is free. */
export const ioasidPut = procedure(
  'ioasid_put',
  {
    source: v4_06(IOASID_C),
    params: { core: Ioasid, set: ref(IoasidSet), id: ioasidT() },
    locals: { ret: bool() },
    returns: bool(),
  },
  (k) => [
    lockForFree(k),
    bySetEnd(k, (end) => [
      k.step(
        'ret = ioasid_put_locked(set, ioasid)',
        (f) => {
          f.ret = putLocked(f.core, f.set, f.id, end);
        },
        { indivisible: underLock },
      ),
    ]),
    unlockForFree(k),
    k.return((f) => f.ret),
  ],
);

/** ioasid_free_locked(): FREE is told while somebody else has a reference. */
export const ioasidFreeLocked = procedure(
  'ioasid_free_locked',
  {
    source: v4_09(IOASID_C),
    params: { core: Ioasid, set: ptr(IoasidSet), id: ioasidT() },
    locals: { data: ref(IoasidData), last: bool() },
  },
  (k) => [
    bySetEnd(k, (end) => [
      k.step(
        'data->state = FREE_PENDING; last = refcount_dec_and_test(&data->refs): ioasid_do_free_locked(data)',
        (f) => {
          f.data = f.core.xa.at(f.id);
          f.last = true;
          const { data, core } = f;
          if (data === null || data.set !== f.set || core.sets.at(f.set.id) === null) return;
          if (data.state === 'free-pending') return;
          data.state = 'free-pending';
          f.last = decAndTest(data.refs);
          if (f.last) doFreeLocked(core, data, end);
        },
        { indivisible: underLock },
      ),
    ]),
    k.when(
      (f) => !f.last,
      [k.call(ioasidNotify, (f) => ({ core: f.core, data: f.data as IoasidData, code: 'free' as const, all: true }))],
    ),
  ],
);

/** ioasid_free(). */
export const ioasidFree = procedure(
  'ioasid_free',
  { source: v4_06(IOASID_C), params: { core: Ioasid, set: ptr(IoasidSet), id: ioasidT() } },
  (k) => [lockForFree(k), k.call(ioasidFreeLocked, (f) => ({ core: f.core, set: f.set, id: f.id })), unlockForFree(k)],
);

/** ioasid_free_all_in_set(). */
export const ioasidFreeAllInSet = procedure(
  'ioasid_free_all_in_set',
  {
    source: v4_09(IOASID_C),
    params: { core: Ioasid, set: ptr(IoasidSet) },
    locals: { at: int(0, LAST_SET), index: ioasidT(), found: bool() },
  },
  (k) => {
    const walk = [
      k.loop([
        k.test(
          'xa_for_each(&set->xa, index, entry)',
          (f) => {
            let index = f.index + 1;
            while (index <= LAST_ID && f.set.xa.at(index) === null) index++;
            if (index > LAST_ID) return false;
            f.index = index;
            return true;
          },
          [],
          [k.break()],
        ),
        k.call(ioasidFreeLocked, (f) => ({ core: f.core, set: f.set, id: f.index })),
        k.step('xa_erase(&set->xa, index)', (f) => f.set.xa.set(f.index, null)),
      ]),
    ];
    return [
      k.switch(freeAllTest, {
        unlocked: [
          k.step('set->id', (f) => {
            f.at = f.set.id;
          }),
          k.test('ioasid_set_is_valid(set)', (f) => f.core.sets.at(f.at) === f.set, [], [k.return(0)]),
          k.test('set->nr_ioasids', (f) => f.set.nr_ioasids > 0, [], [k.return(0)]),
          lockBoth(k),
          ...walk,
        ],
        locked: [
          lockBoth(k),
          k.test(
            'ioasid_set_is_valid(set) && set->nr_ioasids',
            (f) => setIsValid(f.core, f.set) && f.set.nr_ioasids > 0,
            walk,
          ),
        ],
      }),
      unlockBoth(k),
    ];
  },
);

/** ioasid_set_free(), or in the counted form ioasid_set_put() of v3: the creator is done with the set. */
export const ioasidSetFree = procedure(
  'ioasid_set_free',
  { source: v4_09(IOASID_C), params: { core: Ioasid, set: ptr(IoasidSet) } },
  (k) => [lockBoth(k), setPutLocked(k, (f) => f.set), unlockBoth(k)],
);

/** ioasid_set_put_locked() of v3; V4 has ioasid_set_free_locked() in its place, which refuses a set with IDs. */
export function setPutLocked<F extends WithCore>(k: KernelKit<F>, of: (f: F) => IoasidSet): Statement<F> {
  return bySetEnd(k, (end) => [
    end.life === 'counted'
      ? k.step(
          'ioasid_set_put_locked(set)',
          (f) => {
            if (decAndTest(of(f).ref)) setFreeLocked(f.core, of(f), end);
          },
          { source: v3_11(IOASID_C), indivisible: underLock },
        )
      : k.step(
          'ioasid_set_free_locked(set)',
          (f) => {
            setFreeLocked(f.core, of(f), end);
          },
          { indivisible: underLock },
        ),
  ]);
}
