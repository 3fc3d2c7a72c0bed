/**
 * Removal: whoever gets `users` from one to zero under xa_lock takes the object out of the xarray, waits until temporary
 * holders are gone, and destroys it.
 *
 * A destroy that puts the context (devices) does so here after the object is freed: a release is deferred until the caller
 * returns to user space.
 *
 * Three callers: IOMMU_DESTROY, by number; a kernel driver that has a user of its object and must succeed (destroy_user);
 * and whoever drops a user of an automatic domain, which goes with the last (put_and_try_destroy).
 *
 * Source: main.c as merged with 6f9c4d8c468c and later; before that with the semaphore, 99f98a7c0d69 and what it repairs.
 */
import {
  bool,
  EBUSY,
  ENOENT,
  errno,
  int,
  nameOf,
  opaque,
  orNothing,
  procedure,
  ptr,
  Violation,
  xaLoad,
  xaStore,
} from '../kernel/index.ts';
import { destroyAndFree } from './destroy.ts';
import { iommufdGetObject } from './get-put.ts';
import { IommufdCtx, ObjectPreDestroy, ObjectWithOps, objectId, type ObjectWithOps as WithOps } from './objects.ts';
import { iommufdCtxPut } from './release.ts';
import { destroyById, MAIN_C, PRIVATE_H, sixtySeconds, specH, waitCount } from './sources.ts';
import { destroyIoctl, destroyTimeout, giveUp, holders } from './switches.ts';

/** Flags of `iommufdObjectRemove`: the caller has a user and waits first; the number is not given out again. */
export const REMOVE_WAIT = 1;
export const REMOVE_OBJ_TOMBSTONE = 2;

/** iommufd_object_dec_wait(): drops the count of the xarray and waits for the others; -EBUSY when the time is up. */
const iommufdObjectDecWait = procedure(
  'iommufd_object_dec_wait',
  {
    source: waitCount(MAIN_C),
    params: { ictx: IommufdCtx, to_destroy: ptr(ObjectWithOps) },
    locals: { done: bool() },
    returns: errno(),
  },
  (k) => {
    const wait = (expires: (wait_cnt: number, endless: number) => boolean) => [
      k.waitEventTimeout(
        (f) => f.ictx.destroy_wait,
        (f) => f.to_destroy.wait_cnt.counter === 0,
        {
          label: 'wait_event_timeout(ictx->destroy_wait, !to_destroy->wait_cnt)',
          expires: (f) => expires(f.to_destroy.wait_cnt.counter, f.ictx.endless),
          result: (f, done) => {
            f.done = done;
          },
          source: sixtySeconds(MAIN_C),
          indivisible: 'whether time goes by is no access of the waiter',
        },
      ),
    ];
    return [
      k.refcountDecAndTest((f) => f.to_destroy.wait_cnt, [k.return(0)]),
      k.callback(
        ObjectPreDestroy,
        (f) => f.to_destroy.pre_destroy,
        (f) => ({ obj: f.to_destroy }),
        undefined,
        orNothing,
      ),
      k.switch(destroyTimeout, {
        'ten seconds': wait(() => true),
        // Nobody is left to wake the waiter, or never will: then time goes by.
        'sixty seconds': wait((wait_cnt, endless) => wait_cnt === 0 || endless > 0),
        'for ever': wait(() => false),
      }),
      k.when((f) => f.done, [k.return(0)]),
      k.switch(giveUp, {
        increment: [k.refcountInc((f) => f.to_destroy.wait_cnt)],
        'unless zero': [k.refcountIncNotZero((f) => f.to_destroy.wait_cnt, [], [k.return(0)])],
      }),
      k.return(-EBUSY),
    ];
  },
);

/**
 * iommufd_object_remove(): 0, or -ENOENT or -EBUSY and the object stays. With `to_destroy` the caller's user is gone
 * in any case.
 */
export const iommufdObjectRemove = procedure(
  'iommufd_object_remove',
  {
    source: specH(MAIN_C),
    params: {
      ictx: IommufdCtx,
      to_destroy: opaque<WithOps>(),
      id: objectId(),
      flags: int(0, REMOVE_WAIT | REMOVE_OBJ_TOMBSTONE),
    },
    locals: { obj: opaque<WithOps>(), zerod_wait_cnt: bool(), holds_ctx: bool(), ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.when(
      (f) => (f.flags & REMOVE_WAIT) !== 0,
      [
        k.switch(holders, {
          semaphore: [k.downWrite((f) => (f.to_destroy as WithOps).destroy_rwsem, { as: 'obj->destroy_rwsem' })],
          count: [
            k.call(
              iommufdObjectDecWait,
              (f) => ({ ictx: f.ictx, to_destroy: f.to_destroy as WithOps }),
              (f, ret) => {
                f.ret = ret;
              },
            ),
            k.when(
              (f) => f.ret !== 0,
              [
                k.refcountDec((f) => (f.to_destroy as WithOps).users, { as: 'to_destroy->users' }),
                k.return((f) => f.ret),
              ],
            ),
            k.local((f) => {
              f.zerod_wait_cnt = true;
            }),
          ],
        }),
      ],
    ),
    k.xaLock((f) => f.ictx.objects),
    k.step('obj = xas_load(&xas)', (f) => {
      f.obj = f.id > 0 ? xaLoad(f.ictx.objects, f.id) : null;
      f.holds_ctx = f.obj?.holds_ctx ?? false;
    }),
    k.when(
      (f) => f.to_destroy !== null,
      [
        k.refcountDec((f) => (f.to_destroy as WithOps).users, {
          label: 'refcount_dec(&obj->users), that of the caller',
        }),
        k.when(
          (f) => f.obj !== f.to_destroy,
          [
            k.step('WARN_ON(obj != to_destroy)', (f) => {
              throw new Violation('assertion', `the slot of ${nameOf(f.to_destroy)} holds ${nameOf(f.obj)}`, [
                nameOf(f.to_destroy),
              ]);
            }),
          ],
        ),
      ],
      [
        k.when(
          (f) => f.obj === null,
          [
            k.local((f) => {
              f.ret = -ENOENT;
            }),
            k.goto('err_xa'),
          ],
        ),
      ],
    ),
    k.refcountDecIfOne(
      (f) => (f.obj as WithOps).users,
      [],
      [
        k.local((f) => {
          f.ret = -EBUSY;
        }),
        k.goto('err_xa'),
      ],
      { as: 'obj->users' },
    ),
    k.step('xas_store(&xas, NULL or XA_ZERO_ENTRY)', (f) =>
      xaStore(f.ictx.objects, f.id, (f.flags & REMOVE_OBJ_TOMBSTONE) !== 0 ? 'tombstone' : null),
    ),
    k.xaUnlock((f) => f.ictx.objects),
    k.switch(holders, {
      semaphore: [
        k.when(
          (f) => (f.flags & REMOVE_WAIT) !== 0,
          [k.upWrite((f) => (f.obj as WithOps).destroy_rwsem, { as: 'obj->destroy_rwsem' })],
        ),
      ],
      count: [
        k.when(
          (f) => !f.zerod_wait_cnt,
          [
            k.call(
              iommufdObjectDecWait,
              (f) => ({ ictx: f.ictx, to_destroy: f.obj as WithOps }),
              (f, ret) => {
                f.ret = ret;
              },
            ),
            k.when(
              (f) => f.ret !== 0,
              [
                k.step('WARN_ON(ret), the object is lost', (f) => {
                  f.ictx.removed_not_destroyed = true;
                }),
                k.return((f) => f.ret),
              ],
            ),
          ],
        ),
      ],
    }),
    k.call(destroyAndFree, (f) => ({ obj: f.obj as WithOps })),
    k.when((f) => f.holds_ctx, [k.call(iommufdCtxPut, (f) => ({ ictx: f.ictx }))]),
    k.return(0),
    k.label('err_xa'),
    k.when((f) => f.zerod_wait_cnt, [k.refcountSet((f) => (f.obj as WithOps).wait_cnt, 1, { as: 'obj->wait_cnt, 1' })]),
    k.xaUnlock((f) => f.ictx.objects),
    k.switch(holders, {
      semaphore: [
        k.when(
          (f) => (f.flags & REMOVE_WAIT) !== 0,
          [k.upWrite((f) => (f.to_destroy as WithOps).destroy_rwsem, { as: 'obj->destroy_rwsem' })],
        ),
      ],
      count: [],
    }),
    k.return((f) => f.ret),
  ],
);

/** IOMMU_DESTROY: 0, -ENOENT or -EBUSY. */
export const iommufdDestroy = procedure(
  'iommufd_destroy',
  {
    source: destroyById(MAIN_C),
    params: { ictx: IommufdCtx, id: objectId() },
    locals: { obj: opaque<WithOps>(), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const receive = (f: { ret: number }, ret: number) => {
      f.ret = ret;
    };
    return [
      k.switch(destroyIoctl, {
        'takes a reference': [
          k.call(
            iommufdGetObject,
            (f) => ({ ictx: f.ictx, id: f.id, type: 'any' as const }),
            (f, obj) => {
              f.obj = obj;
            },
          ),
          k.when((f) => f.obj === null, [k.return(-ENOENT)]),
          k.upRead((f) => (f.obj as WithOps).destroy_rwsem, { label: 'up_read(&obj->destroy_rwsem), the user stays' }),
          k.call(
            iommufdObjectRemove,
            (f) => ({ ictx: f.ictx, to_destroy: f.obj, id: f.id, flags: REMOVE_WAIT }),
            receive,
          ),
        ],
        'by id': [
          k.call(iommufdObjectRemove, (f) => ({ ictx: f.ictx, to_destroy: null, id: f.id, flags: 0 }), receive),
        ],
      }),
      k.return((f) => f.ret),
    ];
  },
);

const onBehalfOfAKernelDriver = { ictx: IommufdCtx, obj: ptr(ObjectWithOps) };

/** A kernel driver gives up its object: removal that must succeed, and WARN_ON() if not. */
function mustRemove(name: string, flags: number) {
  return procedure(
    name,
    { source: specH(PRIVATE_H), params: onBehalfOfAKernelDriver, locals: { id: objectId(), ret: errno() } },
    (k) => [
      k.step('id = obj->id', (f) => {
        f.id = f.obj.id;
      }),
      k.call(
        iommufdObjectRemove,
        (f) => ({ ictx: f.ictx, to_destroy: f.obj, id: f.id, flags }),
        (f, ret) => {
          f.ret = ret;
        },
      ),
      k.when(
        (f) => f.ret !== 0,
        [
          k.step('WARN_ON(ret)', (f) => {
            f.ictx.destroy_user_failed = true;
          }),
        ],
      ),
    ],
  );
}

/** iommufd_object_destroy_user(): the caller holds a user, and no temporary reference. */
export const iommufdObjectDestroyUser = mustRemove('iommufd_object_destroy_user', REMOVE_WAIT);

/** iommufd_object_tombstone_user(): the same, and the number is not given out again. */
export const iommufdObjectTombstoneUser = mustRemove(
  'iommufd_object_tombstone_user',
  REMOVE_WAIT | REMOVE_OBJ_TOMBSTONE,
);

/** iommufd_object_put_and_try_destroy(): drops a user; the object goes if it was the last but that of the xarray. */
export const iommufdObjectPutAndTryDestroy = procedure(
  'iommufd_object_put_and_try_destroy',
  { source: specH(PRIVATE_H), params: onBehalfOfAKernelDriver, locals: { id: objectId() } },
  (k) => [
    k.step('id = obj->id', (f) => {
      f.id = f.obj.id;
    }),
    k.call(iommufdObjectRemove, (f) => ({ ictx: f.ictx, to_destroy: f.obj, id: f.id, flags: 0 })),
  ],
);
