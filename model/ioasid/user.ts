/**
 * Who creates a set for a process and gives out its IDs: VFIO, through /dev/ioasid.
 *
 * Source: V4 18/18 (ioasid_user_release), spec (f). Limits: one ID a user at a time.
 */
import { int, procedure, ref } from '../kernel/index.ts';
import { ioasidAlloc, ioasidSetAlloc } from './alloc.ts';
import { ioasidFree, ioasidFreeAllInSet, ioasidSetFree } from './free.ts';
import { Ioasid, IoasidSet, IoasidUser, ioasidT, quota } from './objects.ts';
import { specF, v4_18 } from './sources.ts';

const source = v4_18('drivers/iommu/ioasid_user.c');

/** The set of a process. */
export const userOpen = procedure(
  'ioasid_user_get',
  {
    source,
    params: { core: Ioasid, user: IoasidUser, token: int(0, 2), quota: quota() },
    locals: { set: ref(IoasidSet) },
  },
  (k) => [
    k.call(
      ioasidSetAlloc,
      (f) => ({ core: f.core, token: f.token, quota: f.quota }),
      (f, set) => {
        f.set = set;
      },
    ),
    k.step('iuser->ioasid_set = set', (f) => {
      f.user.set = f.set;
    }),
  ],
);

/** IOCTL_IOASID_REQUEST_ALLOC, if there is a set. */
export const userAlloc = procedure(
  'ioasid_alloc_ioctl',
  { source, params: { core: Ioasid, user: IoasidUser }, locals: { set: ref(IoasidSet), id: ioasidT() } },
  (k) => [
    k.step('set = iuser->ioasid_set', (f) => {
      f.set = f.user.set;
    }),
    k.when(
      (f) => f.set,
      [
        k.call(
          ioasidAlloc,
          (f) => ({ core: f.core, set: f.set as IoasidSet, priv: null }),
          (f, id) => {
            f.id = id;
          },
        ),
        k.step('the ID is told to user space', (f) => {
          f.user.id = f.id;
        }),
      ],
    ),
  ],
);

/** IOCTL_IOASID_REQUEST_FREE, if there is an ID. */
export const userFree = procedure(
  'ioasid_free_ioctl',
  {
    source: specF('drivers/iommu/ioasid_user.c'),
    params: { core: Ioasid, user: IoasidUser },
    locals: { set: ref(IoasidSet), id: ioasidT() },
  },
  (k) => [
    k.step('set = iuser->ioasid_set', (f) => {
      f.set = f.user.set;
    }),
    k.step('the ID of user space, which gives it up', (f) => {
      f.id = f.user.id;
      f.user.id = 0;
    }),
    k.when(
      (f) => f.set !== null && f.id !== 0,
      [k.call(ioasidFree, (f) => ({ core: f.core, set: f.set as IoasidSet, id: f.id }))],
    ),
  ],
);

/**
 * The same by a user who tells its guest that the ID is free only when it is: it looks until there is no such ID any more.
 * ioasid_find() under RCU tells that too, also of an ID that is FREE_PENDING.
 */
export const userFreeAwaited = procedure(
  'vcmd_free_pasid',
  {
    source: specF('drivers/vfio/vfio.c'),
    params: { core: Ioasid, user: IoasidUser },
    locals: { id: ioasidT() },
  },
  (k) => [
    k.step('the ID of the guest', (f) => {
      f.id = f.user.id;
    }),
    k.call(userFree, (f) => ({ core: f.core, user: f.user })),
    k.loop([
      k.test(
        'msleep(), then ioasid_find(NULL, id, NULL) == -ENOENT',
        (f) => f.core.xa.at(f.id) === null,
        [k.break()],
        [],
        { note: 'one load of the table; what it leads to is not looked at' },
      ),
    ]),
  ],
);

/** ioasid_user_release(): all IDs, then the set. */
export const userRelease = procedure(
  'ioasid_user_release',
  { source, params: { core: Ioasid, user: IoasidUser }, locals: { set: ref(IoasidSet) } },
  (k) => [
    k.step('set = iuser->ioasid_set', (f) => {
      f.set = f.user.set;
      f.user.set = null;
    }),
    k.when(
      (f) => f.set,
      [
        k.call(ioasidFreeAllInSet, (f) => ({ core: f.core, set: f.set as IoasidSet })),
        k.call(ioasidSetFree, (f) => ({ core: f.core, set: f.set as IoasidSet })),
      ],
    ),
  ],
);

/** The VM dies: all its IDs are freed; the set stays with whoever has it. */
export const vmDies = procedure(
  'vfio_vm_release',
  { source: specF('drivers/vfio/vfio.c'), params: { core: Ioasid, user: IoasidUser }, locals: { set: ref(IoasidSet) } },
  (k) => [
    k.step('set = iuser->ioasid_set', (f) => {
      f.set = f.user.set;
    }),
    k.when((f) => f.set, [k.call(ioasidFreeAllInSet, (f) => ({ core: f.core, set: f.set as IoasidSet }))]),
  ],
);
