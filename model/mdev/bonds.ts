/**
 * Bonds of mediated devices. The SVA core has one bond of a parent with a process, whoever asked for it; counted bonds
 * keep a table of who uses which, so that the core's bond goes with the last of them.
 *
 * A bond is removed with no lock held, since the core waits for mm_exit, which takes the lock. Meanwhile it is marked as
 * dying, and a user reference keeps the process from exiting, so that the PASID cannot become somebody else's.
 *
 * Source: spec (e) bind, unbind. Limits: an mdev binds one process; the caller of bind holds a user of the mm.
 */
import {
  bool,
  EEXIST,
  errno,
  incNotZero,
  int,
  MmStruct,
  type MmView,
  procedure,
  ptr,
  ref,
  wake,
} from '../kernel/index.ts';
import { Device, type IommuSvaParam, iommuSvaBindDevice, iommuSvaUnbindDevice, MAX_PASID } from '../sva/index.ts';
import { Mdev, MdevBond, MdevParent, SLOTS } from './objects.ts';
import { MDEV_C, specE } from './sources.ts';
import { parentBonds, parentUsers } from './switches.ts';

const source = specE(MDEV_C);

/** Does another mdev use the bond? */
function shared(b: MdevBond, slot: number): boolean {
  for (let i = 0; i < SLOTS; i++) if (i !== slot && b.users.at(i) !== null) return true;
  return false;
}

/** mdev_bind(): the PASID, or a negated error number. */
export const mdevBind = procedure(
  'mdev_bind',
  {
    source,
    params: { mdev: Mdev, mm: MmStruct },
    locals: { parent: ptr(MdevParent), dev: ptr(Device), b: ref(MdevBond), slot: int(0, SLOTS - 1), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const read = k.step('parent = mdev->parent, its device', (f) => {
      f.parent = f.mdev.parent;
      f.dev = f.parent.dev;
      f.slot = f.mdev.slot;
    });
    const receive = (f: { ret: number }, ret: number) => {
      f.ret = ret;
    };
    const bindItself = [
      k.call(iommuSvaBindDevice, (f) => ({ dev: f.dev, mm: f.mm, flags: 0, drvdata: f.mdev }), receive),
      k.when(
        (f) => f.ret === -EEXIST,
        [
          k.step(
            'bound already: take the PASID of that bond',
            (f) => {
              const param = f.dev.sva_param as IommuSvaParam | null;
              f.ret = param?.mm_list.find((bond) => bond.io_mm.mm === f.mm)?.io_mm.pasid ?? -EEXIST;
            },
            { note: 'the list is read as one step' },
          ),
        ],
      ),
      k.when(
        (f) => f.ret > 0,
        [
          k.step('mdev->pasid = pasid, the mdev works for the process', (f) => {
            f.mdev.pasid = f.ret;
            f.mdev.running = true;
          }),
        ],
      ),
    ];
    return [
      read,
      k.switch(parentBonds, {
        left: bindItself,
        direct: bindItself,
        counted: [
          k.mutexLock((f) => f.parent.lock),
          k.waitEventLock(
            (f) => f.parent.wq,
            (f) => f.parent.bonds.find((b) => b.mm === f.mm && b.dying) === null,
            (f) => f.parent.lock,
            { label: 'wait_event_lock(parent->wq, no bond of mm is dying)' },
          ),
          k.test(
            'b = the bond of mm: one more user',
            (f) => {
              f.b = f.parent.bonds.find((b) => b.mm === f.mm);
              f.b?.users.set(f.slot, f.mdev);
              f.ret = f.b?.pasid ?? 0;
              return f.b !== null;
            },
            [
              k.step('the mdev works for the process, as others do', (f) => {
                f.mdev.running = true;
              }),
              k.mutexUnlock((f) => f.parent.lock),
              k.return((f) => f.ret),
            ],
          ),
          k.call(iommuSvaBindDevice, (f) => ({ dev: f.dev, mm: f.mm, flags: 0, drvdata: f.parent }), receive),
          k.when(
            (f) => f.ret > 0,
            [
              k.kmalloc(MdevBond, (f, b) => {
                b.mm = f.mm as MmView;
                b.pasid = f.ret;
                b.users.set(f.slot, f.mdev);
                f.b = b;
              }),
              k.mmgrab((f) => f.mm),
              k.step('list_add(&b->node, &parent->bonds)', (f) => f.parent.bonds.add(f.b as MdevBond)),
              k.step('the mdev works for the process', (f) => {
                f.mdev.running = true;
              }),
            ],
          ),
          k.mutexUnlock((f) => f.parent.lock),
        ],
      }),
      k.return((f) => f.ret),
    ];
  },
);

/** Gives up what an mdev has bound: its own share, and nobody else's. In V1 the caller holds the lock. */
export const mdevUnbindAll = procedure(
  'mdev_unbind_all',
  {
    source,
    params: { mdev: Mdev, parent: MdevParent, dev: Device },
    locals: {
      b: ref(MdevBond),
      mm: ref(MmStruct),
      slot: int(0, SLOTS - 1),
      pasid: int(0, MAX_PASID),
      exiting: bool(),
      told: bool(),
      others: bool(),
      alive: bool(),
    },
  },
  (k) => {
    const lock = k.mutexLock((f) => f.parent.lock);
    const unlock = k.mutexUnlock((f) => f.parent.lock);
    const unbind = k.call(iommuSvaUnbindDevice, (f) => ({ dev: f.dev, pasid: f.pasid }));
    const find = k.test(
      'b = a bond that the mdev uses',
      (f) => {
        f.slot = f.mdev.slot;
        f.b = f.parent.bonds.find((b) => b.users.at(f.slot) === f.mdev && !b.dying);
        if (f.b === null) return false;
        f.pasid = f.b.pasid;
        f.mm = f.b.mm;
        f.exiting = f.b.exiting;
        f.told = f.b.telling === f.mdev;
        f.alive = false;
        f.others = shared(f.b, f.slot);
        return true;
      },
      [],
      [k.break()],
    );
    const untilTold = k.waitEventLock(
      (f) => f.parent.wq,
      (f) => f.parent.bonds.find((b) => b.users.at(f.slot) === f.mdev) === null,
      (f) => f.parent.lock,
      { label: 'wait_event_lock(parent->wq, mm_exit has told the mdev)' },
    );
    const leave = (why: string) =>
      k.step(`the mdev does not use the bond any more, ${why}`, (f) => {
        (f.b as MdevBond).users.set(f.slot, null);
        f.mdev.running = false;
      });
    const free = [k.mmdrop((f) => f.mm as MmView), k.kfree((f) => f.b)];
    const unlink = k.step(
      'list_del(&b->node), wake_up_all(&parent->wq)',
      (f) => {
        f.parent.bonds.remove(f.b as MdevBond);
        wake(f.parent.wq);
      },
      { parks: true },
    );
    const outside = [
      lock,
      k.loop([
        find,
        k.when((f) => f.exiting && !f.told, [leave('mm_exit has not come to it'), k.continue()]),
        k.when((f) => f.others && !f.exiting, [leave('others do'), k.continue()]),
        k.when(
          (f) => !f.exiting,
          [
            k.step('alive = mmget_not_zero(b->mm)', (f) => {
              f.alive = incNotZero((f.mm as MmView).mm_users);
              if (f.alive) (f.b as MdevBond).dying = true;
            }),
          ],
        ),
        // Its process exits: mm_exit tells this mdev, or has not begun.
        k.when((f) => !f.alive, [untilTold, k.continue()]),
        leave('nobody does'),
        unlock,
        unbind,
        lock,
        unlink,
        unlock,
        k.mmput((f) => f.mm as MmView),
        ...free,
        lock,
      ]),
      unlock,
    ];
    return [
      k.switch(parentBonds, {
        left: [],
        direct: [
          k.step('pasid = mdev->pasid', (f) => {
            f.pasid = f.mdev.pasid;
          }),
          k.when((f) => f.pasid !== 0, [unbind]),
        ],
        counted: [
          k.switch(parentUsers, {
            core: outside,
            mutex: [k.loop([find, leave('with the lock held'), k.when((f) => !f.others, [unbind, unlink, ...free])])],
            count: outside,
            states: outside,
          }),
        ],
      }),
    ];
  },
);
