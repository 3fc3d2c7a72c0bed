/**
 * Temporary holders: a call looks an object up, has it while it runs, and puts it back.
 *
 * With the semaphore, put drops the user first and then touches the object once more; by then it may be freed (#9). With
 * the count, the last touch of the object is the decrement of `wait_cnt`, and the queue to wake is in the context.
 *
 * Source: iommufd_private.h and main.c before and after 6f9c4d8c468c.
 */
import { bool, opaque, pointerTo, procedure, xaLoad } from '../kernel/index.ts';
import { IommufdCtx, type IommufdObject, type ObjectWithOps, objectId, objectType } from './objects.ts';
import { MAIN_C, PRIVATE_H, specH } from './sources.ts';
import { destroyWake, holders, putOrder } from './switches.ts';

const source = specH(PRIVATE_H);

/** iommufd_lock_obj(): false when the object is on its way out. The caller holds xa_lock, or a user of the object. */
export const iommufdLockObj = procedure(
  'iommufd_lock_obj',
  { source, params: { obj: pointerTo<IommufdObject>() }, returns: bool() },
  (k) => [
    k.switch(holders, {
      semaphore: [
        k.downReadTrylock((f) => f.obj.destroy_rwsem, [], [k.return(false)]),
        k.refcountIncNotZero((f) => f.obj.users, [], [k.upRead((f) => f.obj.destroy_rwsem), k.return(false)]),
      ],
      count: [
        k.refcountIncNotZero((f) => f.obj.users, [], [k.return(false)]),
        k.refcountIncNotZero((f) => f.obj.wait_cnt, [], [k.refcountDec((f) => f.obj.users), k.return(false)]),
      ],
    }),
    k.return(true),
  ],
);

/** iommufd_get_object(): the object with that number and type, held; NULL stands for -ENOENT. */
export const iommufdGetObject = procedure(
  'iommufd_get_object',
  {
    source: specH(MAIN_C),
    params: { ictx: IommufdCtx, id: objectId(), type: objectType() },
    locals: { obj: opaque<ObjectWithOps>(), locked: bool() },
    returns: opaque<ObjectWithOps>(),
  },
  (k) => [
    k.xaLock((f) => f.ictx.objects),
    k.step('obj = xa_load(&ictx->objects, id), of that type', (f) => {
      f.obj = f.id > 0 ? xaLoad(f.ictx.objects, f.id) : null;
      if (f.obj !== null && f.type !== 'any' && f.obj.type !== f.type) f.obj = null;
    }),
    k.when(
      (f) => f.obj !== null,
      [
        k.call(
          iommufdLockObj,
          (f) => ({ obj: f.obj as ObjectWithOps }),
          (f, locked) => {
            f.locked = locked;
            if (!locked) f.obj = null;
          },
        ),
      ],
    ),
    k.xaUnlock((f) => f.ictx.objects),
    k.return((f) => f.obj),
  ],
);

/** iommufd_put_object(). */
export const iommufdPutObject = procedure(
  'iommufd_put_object',
  { source, params: { ictx: IommufdCtx, obj: pointerTo<IommufdObject>() } },
  (k) => {
    const users = k.refcountDec((f) => f.obj.users);
    const wait_cnt = k.refcountDecAndTest(
      (f) => f.obj.wait_cnt,
      [
        k.switch(destroyWake, {
          interruptible: [
            k.step('wake_up_interruptible_all(&ictx->destroy_wait)', (f) => f.ictx.destroy_wait.waiters.size, {
              note: 'passes over destroyers, which sleep uninterruptibly',
            }),
          ],
          all: [k.wakeUpAll((f) => f.ictx.destroy_wait)],
        }),
      ],
    );
    return [
      k.switch(holders, {
        semaphore: [users, k.upRead((f) => f.obj.destroy_rwsem)],
        count: [k.switch(putOrder, { 'wait_cnt first': [wait_cnt, users], 'users first': [users, wait_cnt] })],
      }),
    ];
  },
);
