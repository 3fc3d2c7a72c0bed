/**
 * Creation of a mediated device, and the removal of its parent, which takes every mdev with it and waits until nobody
 * uses the parent any more.
 *
 * Source: spec (e) parent_remove; MDEV-1 (5715c4dd66a3). Limits: who creates an mdev holds a reference of the parent,
 * as the open attribute file does.
 */
import { ENODEV, ENOMEM, errno, int, procedure, ref } from '../kernel/index.ts';
import { Mdev, MdevParent, SLOTS } from './objects.ts';
import { MDEV_C, mdev1, specE } from './sources.ts';
import { removalLock } from './switches.ts';

const source = mdev1(MDEV_C);

/** mdev_put_parent(): the last reference frees the parent. */
export const putParent = procedure('mdev_put_parent', { source, params: { parent: MdevParent } }, (k) => [
  k.refcountDecAndTest((f) => f.parent.refs, [k.kfree((f) => f.parent)]),
]);

/** mdev_device_create(): the caller's reference of the parent goes with it. */
export const mdevCreate = procedure(
  'mdev_device_create',
  {
    source,
    params: { parent: MdevParent, slot: int(0, SLOTS - 1) },
    locals: { mdev: ref(Mdev), ret: errno() },
    returns: errno(),
  },
  (k) => [
    // Not down_read(): the removal waits for those who have the attribute file open, with the semaphore held.
    k.switch(removalLock, {
      none: [],
      semaphore: [
        k.downReadTrylock(
          (f) => f.parent.unreg_sem,
          [],
          [
            k.local((f) => {
              f.ret = -ENODEV;
            }),
            k.goto('put'),
          ],
        ),
      ],
    }),
    k.test(
      'the parent is registered',
      (f) => !f.parent.removed,
      [],
      [
        k.local((f) => {
          f.ret = -ENODEV;
        }),
        k.goto('out'),
      ],
    ),
    k.kmalloc(
      Mdev,
      (f, mdev) => {
        mdev.parent = f.parent;
        mdev.slot = f.slot;
        f.mdev = mdev;
      },
      {
        orElse: [
          k.local((f) => {
            f.ret = -ENOMEM;
          }),
          k.goto('out'),
        ],
      },
    ),
    k.mutexLock((f) => f.parent.lock),
    k.step('list_add(&mdev->next, &parent->mdevs)', (f) => f.parent.mdevs.add(f.mdev as Mdev)),
    k.mutexUnlock((f) => f.parent.lock),
    k.step('device_register(mdev)', (f) => {
      (f.mdev as Mdev).registered = true;
    }),
    k.label('out'),
    k.switch(removalLock, { none: [], semaphore: [k.upRead((f) => f.parent.unreg_sem)] }),
    k.label('put'),
    k.call(putParent, (f) => ({ parent: f.parent })),
    k.return((f) => f.ret),
  ],
);

/** mdev_unregister_device(): when it returns there is no mdev on the parent and nobody uses it. */
export const parentRemove = procedure(
  'mdev_unregister_device',
  { source, params: { parent: MdevParent }, locals: { mdev: ref(Mdev) } },
  (k) => [
    k.switch(removalLock, { none: [], semaphore: [k.downWrite((f) => f.parent.unreg_sem)] }),
    k.mutexLock((f) => f.parent.lock),
    k.step('parent->removed = true', (f) => {
      f.parent.removed = true;
    }),
    k.mutexUnlock((f) => f.parent.lock),
    k.loop([
      k.mutexLock((f) => f.parent.lock),
      k.step('mdev = first of parent->mdevs, unlinked', (f) => {
        f.mdev = f.parent.mdevs.first;
        if (f.mdev !== null) f.parent.mdevs.remove(f.mdev);
      }),
      k.mutexUnlock((f) => f.parent.lock),
      k.when((f) => f.mdev === null, [k.break()]),
      k.kfree((f) => f.mdev, { label: 'device_unregister(mdev), freed' }),
    ]),
    k.mutexLock((f) => f.parent.lock),
    k.waitEventLock(
      (f) => f.parent.wq,
      (f) => f.parent.users === 0 && f.parent.state === 'off',
      (f) => f.parent.lock,
      { label: 'wait_event_lock(parent->wq, nobody uses the parent)', source: specE(MDEV_C) },
    ),
    k.mutexUnlock((f) => f.parent.lock),
    k.switch(removalLock, { none: [], semaphore: [k.upWrite((f) => f.parent.unreg_sem)] }),
    k.step('the removal is done', (f) => {
      f.parent.gone = true;
    }),
    k.call(putParent, (f) => ({ parent: f.parent })),
  ],
);
