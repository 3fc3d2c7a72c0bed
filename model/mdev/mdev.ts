/**
 * Open and close of a mediated device: close gives up what this mdev has bound, and its share of the parent.
 *
 * Source: spec (e) mdev_open, mdev_close.
 */
import { errno, procedure, ptr } from '../kernel/index.ts';
import { Device } from '../sva/index.ts';
import { mdevUnbindAll } from './bonds.ts';
import { Mdev, MdevParent } from './objects.ts';
import { MDEV_C, specE } from './sources.ts';
import { parentUsers } from './switches.ts';
import { parentGet, parentPut } from './users.ts';

const source = specE(MDEV_C);
const above = { parent: ptr(MdevParent), dev: ptr(Device) };

/** mdev_open(). */
export const mdevOpen = procedure(
  'mdev_open',
  { source, params: { mdev: Mdev }, locals: { ...above, rc: errno() }, returns: errno() },
  (k) => [
    k.step('parent = mdev->parent, its device', (f) => {
      f.parent = f.mdev.parent;
      f.dev = f.parent.dev;
    }),
    k.call(
      parentGet,
      (f) => ({ parent: f.parent, dev: f.dev }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.when(
      (f) => f.rc === 0,
      [
        k.step('the mdev is open', (f) => {
          f.mdev.opened = true;
        }),
      ],
    ),
    k.return((f) => f.rc),
  ],
);

/** mdev_close(), and the end of the private data of its file. */
export const mdevClose = procedure('mdev_close', { source, params: { mdev: Mdev }, locals: above }, (k) => {
  const unbindAndPut = [
    k.call(mdevUnbindAll, (f) => ({ mdev: f.mdev, parent: f.parent, dev: f.dev })),
    k.call(parentPut, (f) => ({ parent: f.parent, dev: f.dev })),
  ];
  return [
    k.step('the mdev is closed', (f) => {
      f.mdev.opened = false;
      f.parent = f.mdev.parent;
      f.dev = f.parent.dev;
    }),
    k.switch(parentUsers, {
      core: unbindAndPut,
      mutex: [k.mutexLock((f) => f.parent.lock), ...unbindAndPut, k.mutexUnlock((f) => f.parent.lock)],
      count: unbindAndPut,
      states: unbindAndPut,
    }),
    k.kfree((f) => f.mdev),
  ];
});

/** A file whose open failed is not closed. */
export const mdevCloseIfOpen = procedure('mdev_close_if_open', { source, params: { mdev: Mdev } }, (k) => [
  k.test('the mdev is open', (f) => f.mdev.opened, [k.call(mdevClose, (f) => ({ mdev: f.mdev }))]),
]);
