/**
 * mm_exit of the mediating driver: the process that an mdev works for goes away.
 *
 * With counted bonds it tells each mdev that shares the bond, once, with no lock held: a close waits for its own mdev
 * to be told and for nobody else's.
 *
 * Source: spec (e) mm_exit.
 */
import { errno, int, nameOf, opaque, procedure, ptr, ref, Violation, wake } from '../kernel/index.ts';
import { Device, MAX_PASID } from '../sva/index.ts';
import { Mdev, MdevBond, type MdevParent, MdevParent as Parent, SLOTS } from './objects.ts';
import { specE } from './sources.ts';
import { exitLookup, parentUsers } from './switches.ts';

/** An mdev stops its part of the hardware, which takes a while. */
const stopMdev = procedure('mdev_stop', { source: specE(), params: { mdev: ptr(Mdev) } }, (k) => [
  k.step('ask the queues of the mdev to stop', (f) => {
    if (!f.mdev.running)
      throw new Violation('protocol', `${nameOf(f.mdev)} is told twice, or of a process it does not work for`, [
        nameOf(f.mdev),
      ]);
  }),
  k.step('the queues have stopped', (f) => {
    f.mdev.running = false;
  }),
]);

const params = { dev: Device, pasid: int(0, MAX_PASID), drvdata: opaque() };

/** `left` and `direct`: the private data is the mdev. */
export const mdevMmExit = procedure(
  'mdev_mm_exit',
  { source: specE(), params, locals: { mdev: ptr(Mdev) }, returns: errno() },
  (k) => [
    k.local((f) => {
      f.mdev = f.drvdata as Mdev;
    }),
    k.call(stopMdev, (f) => ({ mdev: f.mdev })),
    k.step('mdev->pasid = 0', (f) => {
      f.mdev.pasid = 0;
    }),
    k.return(0),
  ],
);

/** `counted`: the private data is the parent. */
export const parentMmExit = procedure(
  'parent_mm_exit',
  {
    source: specE(),
    params,
    locals: { parent: ptr(Parent), b: ref(MdevBond), mdev: ref(Mdev), slot: int(0, SLOTS) },
    returns: errno(),
  },
  (k) => {
    const takeLock = [k.mutexLock((f) => f.parent.lock)];
    const giveLock = [k.mutexUnlock((f) => f.parent.lock)];
    const find = (living: boolean) =>
      k.step('b = the bond with that PASID, exiting', (f) => {
        f.b = f.parent.bonds.find((b) => b.pasid === f.pasid && !(living && b.dying));
        if (f.b !== null) f.b.exiting = true;
      });
    // V1 keeps the lock, the others tell without it.
    const lock = k.switch(parentUsers, { core: takeLock, mutex: [], count: takeLock, states: takeLock });
    const unlock = k.switch(parentUsers, { core: giveLock, mutex: [], count: giveLock, states: giveLock });
    return [
      k.local((f) => {
        f.parent = f.drvdata as MdevParent;
      }),
      k.mutexLock((f) => f.parent.lock),
      k.switch(exitLookup, { any: [find(false)], living: [find(true)] }),
      k.when((f) => f.b === null, [k.mutexUnlock((f) => f.parent.lock), k.return(0)]),
      unlock,
      k.loop([
        k.when((f) => f.slot === SLOTS, [k.break()]),
        lock,
        k.step('mdev = next that uses the bond', (f) => {
          const b = f.b as MdevBond;
          f.mdev = b.users.at(f.slot);
          b.telling = f.mdev;
        }),
        unlock,
        k.when(
          (f) => f.mdev !== null,
          [
            k.call(stopMdev, (f) => ({ mdev: f.mdev as Mdev })),
            lock,
            k.step(
              'it does not use the bond any more, wake_up_all(&parent->wq)',
              (f) => {
                const b = f.b as MdevBond;
                b.users.set(f.slot, null);
                b.telling = null;
                wake(f.parent.wq);
              },
              { parks: true },
            ),
            unlock,
          ],
        ),
        k.local((f) => {
          f.slot++;
        }),
      ]),
      lock,
      k.step('list_del(&b->node)', (f) => f.parent.bonds.remove(f.b as MdevBond)),
      k.mutexUnlock((f) => f.parent.lock),
      k.mmdrop((f) => (f.b as MdevBond).mm),
      k.kfree((f) => f.b),
      k.return(0),
    ];
  },
);
