/**
 * Access of a kernel driver to an IOAS without a domain, and the selftest that translates an address through it.
 *
 * Source: device.c, iommufd_access_change_ioas(), iommufd_access_destroy(); selftest.c, iommufd_test_syz_conv_iova() before
 * and after cf7c2789822d.
 */
import {
  containerOf,
  EINVAL,
  errno,
  mutex,
  object,
  procedure,
  ptr,
  ref,
  refcount,
  type ViewOf,
} from '../kernel/index.ts';
import { Ioas, type Ioas as IoasView, IommufdCtx, iommufdObject, ObjectDestroy } from './objects.ts';
import { iommufdObjectDestroyUser } from './remove.ts';
import { accessFault, DEVICE_C, SELFTEST_C, specH } from './sources.ts';
import { accessIoas } from './switches.ts';

const source = specH(DEVICE_C);

/** struct iommufd_access: `ioas` may be NULL while `ioas_unpin` still counts. */
export const Access = object(
  'iommufd_access',
  { ...iommufdObject, ictx: ptr(IommufdCtx), ioas: ref(Ioas), ioas_unpin: ref(Ioas), ioas_lock: mutex() },
  { source },
);
export interface Access extends ViewOf<typeof Access> {}

/** iommufd_access_change_ioas(access, NULL); the caller holds ioas_lock, which is dropped while the driver unmaps. */
const leaveIoas = procedure(
  'iommufd_access_change_ioas',
  { source, params: { access: ptr(Access) }, locals: { cur_ioas: ref(Ioas) } },
  (k) => [
    k.step('cur_ioas = access->ioas, access->ioas = NULL', (f) => {
      f.cur_ioas = f.access.ioas;
      f.access.ioas = null;
    }),
    k.mutexUnlock((f) => f.access.ioas_lock),
    k.mutexLock((f) => f.access.ioas_lock),
    k.refcountDec((f) => (f.cur_ioas as IoasView).users, { as: '&cur_ioas->obj.users' }),
    k.step('access->ioas_unpin = NULL', (f) => {
      f.access.ioas_unpin = null;
    }),
  ],
);

/** iommufd_access_detach(). */
export const iommufdAccessDetach = procedure(
  'iommufd_access_detach',
  { source, params: { access: ptr(Access) } },
  (k) => [
    k.mutexLock((f) => f.access.ioas_lock),
    k.call(leaveIoas, (f) => ({ access: f.access })),
    k.mutexUnlock((f) => f.access.ioas_lock),
  ],
);

/** iommufd_access_destroy_object(): leaves the IOAS if it still has one. */
export const iommufdAccessDestroyObject = procedure(
  'iommufd_access_destroy_object',
  { source, params: ObjectDestroy.params, locals: { access: ptr(Access) } },
  (k) => [
    k.local((f) => {
      f.access = containerOf(f.obj, Access) as Access;
    }),
    k.mutexLock((f) => f.access.ioas_lock),
    k.test('access->ioas', (f) => f.access.ioas !== null, [k.call(leaveIoas, (f) => ({ access: f.access }))]),
    k.mutexUnlock((f) => f.access.ioas_lock),
  ],
);

/** iommufd_access_destroy(): the driver gives its access up. */
export const iommufdAccessDestroy = procedure(
  'iommufd_access_destroy',
  { source, params: { access: ptr(Access) }, locals: { ictx: ptr(IommufdCtx) } },
  (k) => [
    k.step('ictx = access->ictx', (f) => {
      f.ictx = f.access.ictx;
    }),
    k.call(iommufdObjectDestroyUser, (f) => ({ ictx: f.ictx, obj: f.access })),
  ],
);

/** iommufd_test_syz_conv_iova(): 0, or -EINVAL without an IOAS. */
export const syzConvIova = procedure(
  'iommufd_test_syz_conv_iova',
  {
    source: accessFault(SELFTEST_C),
    params: { access: ptr(Access) },
    locals: { ioas: ref(Ioas), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const read = k.step('iopt = &access->ioas->iopt', (f) => {
      f.ioas = f.access.ioas;
    });
    const convert = [
      k.downRead((f) => (f.ioas as IoasView).iova_rwsem, { as: 'iopt->iova_rwsem' }),
      k.upRead((f) => (f.ioas as IoasView).iova_rwsem, { as: 'iopt->iova_rwsem' }),
    ];
    return [
      k.switch(accessIoas, {
        unlocked: [read, ...convert],
        locked: [
          k.mutexLock((f) => f.access.ioas_lock),
          read,
          k.when(
            (f) => f.ioas === null,
            [
              k.local((f) => {
                f.ret = -EINVAL;
              }),
            ],
            convert,
          ),
          k.mutexUnlock((f) => f.access.ioas_lock),
        ],
      }),
      k.return((f) => f.ret),
    ];
  },
);

/** struct selftest_access: the file behind which the selftest has its access. */
export const SelftestAccess = object(
  'selftest_access',
  { file: refcount(1), access: ptr(Access) },
  { permanent: true, source: specH(SELFTEST_C) },
);

/** fput() of that file, with iommufd_test_staccess_release(): the last one destroys the access. */
export const putSelftestAccess = procedure(
  'iommufd_test_staccess_release',
  { source: specH(SELFTEST_C), params: { staccess: SelftestAccess }, locals: { access: ptr(Access) } },
  (k) => [
    k.refcountDecAndTest(
      (f) => f.staccess.file,
      [
        k.step('access = staccess->access', (f) => {
          f.access = f.staccess.access;
        }),
        k.call(iommufdAccessDestroy, (f) => ({ access: f.access })),
      ],
      [],
      { label: 'fput(file of the access)' },
    ),
  ],
);
