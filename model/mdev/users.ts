/**
 * Users of a parent: the first initialises it for SVA, the last shuts it down. Four ways to get there.
 *
 * Source: spec (e), variants V1 to V4; V4 is the change proposed in the thread.
 */
import { bool, EEXIST, ENODEV, errno, procedure, wake } from '../kernel/index.ts';
import { Device, iommuSvaDeviceInit, iommuSvaDeviceShutdown } from '../sva/index.ts';
import { mdevMmExit, parentMmExit } from './mm-exit.ts';
import { MdevParent } from './objects.ts';
import { MDEV_C, specE } from './sources.ts';
import { parentBonds, parentUsers } from './switches.ts';

/** iommu_sva_device_init() with the mm_exit that fits the bonds. */
const initParent = procedure(
  'parent_init',
  { source: specE(MDEV_C), params: { dev: Device }, locals: { rc: errno() }, returns: errno() },
  (k) => {
    const init = (mm_exit: typeof mdevMmExit) => [
      k.call(
        iommuSvaDeviceInit,
        (f) => ({ dev: f.dev, features: 0, mm_exit }),
        (f, rc) => {
          f.rc = rc;
        },
      ),
    ];
    return [
      k.switch(parentBonds, { left: init(mdevMmExit), direct: init(mdevMmExit), counted: init(parentMmExit) }),
      k.return((f) => f.rc),
    ];
  },
);

/** One more user of the parent, which is initialised when this returns 0. */
export const parentGet = procedure(
  'parent_get',
  {
    source: specE(MDEV_C),
    params: { parent: MdevParent, dev: Device },
    locals: { first: bool(), rc: errno() },
    returns: errno(),
  },
  (k) => {
    const init = k.call(
      initParent,
      (f) => ({ dev: f.dev }),
      (f, rc) => {
        f.rc = rc;
      },
    );
    const unlock = k.mutexUnlock((f) => f.parent.lock);
    const gone = k.test('parent->removed', (f) => f.parent.removed, [unlock, k.return(-ENODEV)]);
    return [
      k.switch(parentUsers, {
        core: [
          init,
          k.when(
            (f) => f.rc === -EEXIST,
            [
              k.local((f) => {
                f.rc = 0;
              }),
            ],
          ),
        ],
        mutex: [
          k.mutexLock((f) => f.parent.lock),
          gone,
          k.test('parent->users == 0', (f) => f.parent.users === 0, [init]),
          k.when(
            (f) => f.rc === 0,
            [
              k.step('parent->users++', (f) => {
                f.parent.users++;
              }),
            ],
          ),
          unlock,
        ],
        count: [
          k.mutexLock((f) => f.parent.lock),
          gone,
          k.step('first = parent->users++ == 0', (f) => {
            f.first = f.parent.users === 0;
            f.parent.users++;
          }),
          unlock,
          k.when((f) => f.first, [init]),
          k.when(
            (f) => f.rc !== 0,
            [
              k.mutexLock((f) => f.parent.lock),
              k.step('parent->users--', (f) => {
                f.parent.users--;
              }),
              unlock,
            ],
          ),
        ],
        states: [
          k.mutexLock((f) => f.parent.lock),
          k.waitEventLock(
            (f) => f.parent.wq,
            (f) => f.parent.state === 'off' || f.parent.state === 'on',
            (f) => f.parent.lock,
            { label: 'wait_event_lock(parent->wq, state is settled)' },
          ),
          gone,
          k.test(
            'parent->state == OFF: STARTING',
            (f) => {
              f.first = f.parent.state === 'off';
              if (f.first) f.parent.state = 'starting';
              else f.parent.users++;
              return f.first;
            },
            [
              unlock,
              init,
              k.mutexLock((f) => f.parent.lock),
              k.step(
                'parent->state = ON or OFF, wake_up_all(&parent->wq)',
                (f) => {
                  f.parent.state = f.rc === 0 ? 'on' : 'off';
                  if (f.rc === 0) f.parent.users++;
                  wake(f.parent.wq);
                },
                { parks: true },
              ),
            ],
          ),
          unlock,
        ],
      }),
      k.return((f) => f.rc),
    ];
  },
);

/** One user less; with the last one the parent is shut down. In V1 the caller holds the lock. */
export const parentPut = procedure(
  'parent_put',
  { source: specE(MDEV_C), params: { parent: MdevParent, dev: Device }, locals: { last: bool() } },
  (k) => {
    const shutdown = k.call(iommuSvaDeviceShutdown, (f) => ({ dev: f.dev }));
    const unlock = k.mutexUnlock((f) => f.parent.lock);
    return [
      k.switch(parentUsers, {
        core: [k.call(iommuSvaDeviceShutdown, (f) => ({ dev: f.dev }))],
        mutex: [
          k.test(
            '--parent->users == 0',
            (f) => {
              f.parent.users--;
              return f.parent.users === 0;
            },
            [shutdown],
          ),
        ],
        count: [
          k.mutexLock((f) => f.parent.lock),
          k.step('last = --parent->users == 0', (f) => {
            f.parent.users--;
            f.last = f.parent.users === 0;
          }),
          unlock,
          k.when((f) => f.last, [shutdown]),
        ],
        states: [
          k.mutexLock((f) => f.parent.lock),
          k.test(
            '--parent->users == 0: STOPPING',
            (f) => {
              f.parent.users--;
              if (f.parent.users > 0) return false;
              f.parent.state = 'stopping';
              return true;
            },
            [
              unlock,
              shutdown,
              k.mutexLock((f) => f.parent.lock),
              k.step(
                'parent->state = OFF, wake_up_all(&parent->wq)',
                (f) => {
                  f.parent.state = 'off';
                  wake(f.parent.wq);
                },
                { parks: true },
              ),
            ],
          ),
          unlock,
        ],
      }),
    ];
  },
);
