/**
 * Attachment of a device: the group translates through the domain of an HWPT from its first device to its last, and each
 * device holds a user of the HWPT.
 *
 * Source: device.c, iommufd_hw_pagetable_attach(), iommufd_hw_pagetable_detach(), iommufd_device_do_replace(),
 * iommufd_hw_pagetable_put(), iommufd_device_detach().
 */
import {
  bool,
  EBUSY,
  EINVAL,
  ENOMEM,
  errno,
  int,
  type KernelKit,
  nameOf,
  patch,
  procedure,
  ptr,
  type Refcount,
  ref,
  type Statement,
  Violation,
} from '../kernel/index.ts';
import { iommufdHwptAttachDevice, iommufdHwptDetachDevice, iommufdHwptReplaceDevice } from './handle.ts';
import { ioptReserve, ioptUnreserve } from './ioas.ts';
import {
  type IommufdAttach as Attach,
  type IommuGroup as GroupView,
  Hwpt,
  type Hwpt as HwptView,
  IOMMU_NO_PASID,
  Ioas,
  IommufdAttach,
  IommufdCtx,
  IommufdDevice,
  IommufdGroup,
  IommuGroup,
  ioasid,
  PagingDomain,
} from './objects.ts';
import { iommufdObjectPutAndTryDestroy } from './remove.ts';
import { DEVICE_C, linkedTwice, PRIVATE_H, specH } from './sources.ts';
import { detachReads, hwptLink, preservedTest } from './switches.ts';

const source = specH(DEVICE_C);

/** Live update (#32): a device that is preserved stays attached to what its record says. Under igroup->lock. */
const testPreserved = <F extends { group: GroupView }>(
  k: KernelKit<F>,
  refuse: readonly Statement<F>[],
): Statement<F> =>
  k.test('dev_iommu_preserved_state(dev)', (f) => f.group.device_ser !== null, refuse, [], {
    source: patch('spec (i) iommufd live update')(DEVICE_C),
  });
const refuse = <F extends { rc: number }>(k: KernelKit<F>): Statement<F> =>
  k.local((f) => {
    f.rc = -EBUSY;
  });

/** find_hwpt_paging()->ioas: that of a nested HWPT is its parent's. */
const ioasOf = (hwpt: HwptView) => (hwpt.parent ?? hwpt).ioas;

/**
 * iommufd_hwpt_pasid_compat(): with a PASID all HWPTs of a group must have been made for it. `attached` tells what the
 * group has already.
 */
const incompatible = (hwpt: HwptView, pasid: number, attached: (pasid: number) => Attach | null): boolean => {
  if (pasid === IOMMU_NO_PASID) return !hwpt.pasid_compat && attached(1) !== null;
  return !hwpt.pasid_compat || attached(IOMMU_NO_PASID)?.hwpt?.pasid_compat === false;
};

/**
 * iommufd_hw_pagetable_attach(): 0, -EINVAL when the group has another HWPT with that PASID or the HWPT is not made for
 * PASIDs, or -ENOMEM.
 */
export const iommufdHwPagetableAttach = procedure(
  'iommufd_hw_pagetable_attach',
  {
    source,
    params: { hwpt: ptr(Hwpt), idev: ptr(IommufdDevice), pasid: ioasid() },
    locals: {
      igroup: ptr(IommufdGroup),
      ioas: ptr(Ioas),
      group: ptr(IommuGroup),
      domain: ref(PagingDomain),
      attach: ref(IommufdAttach),
      fresh: bool(),
      unfit: bool(),
      rc: errno(),
    },
    returns: errno(),
  },
  (k) => [
    k.step('igroup = idev->igroup, ioas = hwpt->ioas', (f) => {
      f.igroup = f.idev.igroup;
      f.group = f.igroup.group;
      f.ioas = ioasOf(f.hwpt);
      f.domain = f.hwpt.domain;
    }),
    k.mutexLock((f) => f.igroup.lock),
    k.switch(preservedTest, {
      none: [],
      attach: [testPreserved(k, [refuse(k), k.goto('err_unlock')])],
      all: [testPreserved(k, [refuse(k), k.goto('err_unlock')])],
    }),
    k.step('attach = xa_cmpxchg(&igroup->pasid_attach, pasid, NULL, XA_ZERO_ENTRY)', (f) => {
      f.attach = f.igroup.pasid_attach.at(f.pasid);
      f.fresh = f.attach === null;
      f.unfit = incompatible(f.hwpt, f.pasid, (pasid) => f.igroup.pasid_attach.at(pasid));
    }),
    k.when(
      (f) => f.fresh,
      [
        k.kmalloc(
          IommufdAttach,
          (f, attach) => {
            f.attach = attach;
          },
          {
            orElse: [
              k.local((f) => {
                f.rc = -ENOMEM;
              }),
              k.goto('err_unlock'),
            ],
          },
        ),
      ],
    ),
    k.test(
      'old_hwpt && old_hwpt != hwpt',
      (f) => {
        const { hwpt } = f.attach as Attach;
        return hwpt !== null && hwpt !== f.hwpt;
      },
      [
        k.local((f) => {
          f.rc = -EINVAL;
        }),
        k.goto('err_free_attach'),
      ],
    ),
    k.when(
      (f) => f.pasid === IOMMU_NO_PASID,
      [
        k.call(
          ioptReserve,
          (f) => ({ ioas: f.ioas, idev: f.idev }),
          (f, rc) => {
            f.rc = rc;
          },
        ),
        k.when((f) => f.rc !== 0, [k.goto('err_free_attach')]),
      ],
    ),
    k.when(
      (f) => f.fresh,
      [
        k.when(
          (f) => f.unfit,
          [
            k.local((f) => {
              f.rc = -EINVAL;
            }),
          ],
          [
            k.call(
              iommufdHwptAttachDevice,
              (f) => ({ idev: f.idev, group: f.group, pasid: f.pasid, hwpt: f.hwpt, domain: f.domain }),
              (f, rc) => {
                f.rc = rc;
              },
            ),
          ],
        ),
        k.when(
          (f) => f.rc !== 0,
          [
            k.when((f) => f.pasid === IOMMU_NO_PASID, [k.call(ioptUnreserve, (f) => ({ ioas: f.ioas, idev: f.idev }))]),
            k.goto('err_free_attach'),
          ],
        ),
        k.switch(hwptLink, {
          'again at attach': [
            k.step('list_add_tail(&hwpt->hwpt_item, &hwpt->ioas->hwpt_list)', (f) => f.ioas.hwpt_list.add(f.hwpt), {
              source: linkedTwice(DEVICE_C),
            }),
          ],
          once: [],
        }),
        k.step('attach->hwpt = hwpt, xa_store(&igroup->pasid_attach)', (f) => {
          (f.attach as Attach).hwpt = f.hwpt;
          f.igroup.pasid_attach.set(f.pasid, f.attach);
        }),
      ],
    ),
    k.refcountInc((f) => f.hwpt.users),
    k.step('xa_store(&attach->device_array, idev)', (f) => (f.attach as Attach).device_array.add(f.idev)),
    k.mutexUnlock((f) => f.igroup.lock),
    k.return(0),
    k.label('err_free_attach'),
    k.when((f) => f.fresh, [k.kfree((f) => f.attach)]),
    k.label('err_unlock'),
    k.mutexUnlock((f) => f.igroup.lock),
    k.return((f) => f.rc),
  ],
);

/**
 * iommufd_hw_pagetable_detach(): the HWPT, of which the caller puts a user; NULL when there is none, or live update
 * has the device.
 */
export const iommufdHwPagetableDetach = procedure(
  'iommufd_hw_pagetable_detach',
  {
    source,
    params: { idev: ptr(IommufdDevice), pasid: ioasid() },
    locals: {
      igroup: ptr(IommufdGroup),
      group: ptr(IommuGroup),
      attach: ptr(IommufdAttach),
      hwpt: ptr(Hwpt),
      ioas: ptr(Ioas),
      last: bool(),
    },
    returns: ref(Hwpt),
  },
  (k) => [
    k.step('igroup = idev->igroup', (f) => {
      f.igroup = f.idev.igroup;
      f.group = f.igroup.group;
    }),
    k.switch(detachReads, {
      'under the lock': [],
      'before the lock': [
        k.step(
          'hwpt = idev->igroup->hwpt',
          (f) => {
            f.hwpt = f.igroup.pasid_attach.at(f.pasid)?.hwpt as HwptView;
          },
          { indivisible: 'it was one field of the group then' },
        ),
      ],
    }),
    k.mutexLock((f) => f.igroup.lock),
    k.switch(preservedTest, {
      none: [],
      attach: [],
      all: [testPreserved(k, [k.mutexUnlock((f) => f.igroup.lock), k.return(null)])],
    }),
    k.step('attach = xa_load(&igroup->pasid_attach), xa_erase(&attach->device_array, idev)', (f) => {
      f.attach = f.igroup.pasid_attach.at(f.pasid) as Attach;
      if (f.hwpt === null) f.hwpt = f.attach.hwpt as HwptView;
      f.ioas = ioasOf(f.hwpt);
      f.attach.device_array.remove(f.idev);
      f.last = f.attach.device_array.length === 0;
    }),
    k.when(
      (f) => f.last,
      [
        k.call(iommufdHwptDetachDevice, (f) => ({ group: f.group, pasid: f.pasid, hwpt: f.hwpt })),
        k.step('xa_erase(&igroup->pasid_attach, pasid)', (f) => f.igroup.pasid_attach.set(f.pasid, null)),
        k.kfree((f) => f.attach),
      ],
    ),
    k.when((f) => f.pasid === IOMMU_NO_PASID, [k.call(ioptUnreserve, (f) => ({ ioas: f.ioas, idev: f.idev }))]),
    k.mutexUnlock((f) => f.igroup.lock),
    k.return((f) => f.hwpt),
  ],
);

/** refcount_add() and refcount_sub_and_test(), of one step each. */
const move = (refs: Refcount, by: number) => {
  if (refs.counter === 0 || refs.counter + by <= 0)
    throw new Violation('refcount', `${nameOf(refs)} is moved to or from zero`, [nameOf(refs)]);
  refs.counter += by;
};

/**
 * iommufd_device_do_replace() with igroup->lock held: all devices of the group move to `hwpt`. 0, -EINVAL or -ENOMEM. The
 * caller keeps one user of the old HWPT and puts it when it has no lock.
 */
export const iommufdDeviceDoReplace = procedure(
  'iommufd_device_do_replace',
  {
    source,
    params: {
      idev: ptr(IommufdDevice),
      pasid: ioasid(),
      igroup: ptr(IommufdGroup),
      hwpt: ptr(Hwpt),
      old: ref(Hwpt),
    },
    locals: {
      attach: ref(IommufdAttach),
      group: ptr(IommuGroup),
      domain: ref(PagingDomain),
      ioas: ptr(Ioas),
      old_ioas: ptr(Ioas),
      cur: ref(IommufdDevice),
      num_devices: int(0, 2),
      moves: bool(),
      unfit: bool(),
      rc: errno(),
    },
    returns: errno(),
  },
  (k) => {
    const forEachDevice = (label: string, body: Parameters<typeof k.loop>[0]) => [
      k.step(`cur = first of attach->device_array, ${label}`, (f) => {
        f.cur = (f.attach as Attach).device_array.first;
      }),
      k.loop([
        k.when((f) => f.cur === null, [k.break()]),
        ...body,
        k.step(`cur = next, ${label}`, (f) => {
          f.cur = f.cur === null ? null : (f.attach as Attach).device_array.next(f.cur);
        }),
      ]),
    ];
    const unreserveNew = forEachDevice('to give the reserved IOVAs up', [
      k.call(ioptUnreserve, (f) => ({ ioas: f.ioas, idev: f.cur as NonNullable<typeof f.cur> })),
    ]);
    return [
      k.step('group = igroup->group', (f) => {
        f.group = f.igroup.group;
      }),
      k.switch(preservedTest, { none: [], attach: [], all: [testPreserved(k, [k.return(-EBUSY)])] }),
      k.step('attach = xa_load(&igroup->pasid_attach), is idev in it?', (f) => {
        f.attach = f.igroup.pasid_attach.at(f.pasid);
        f.rc = f.attach?.device_array.has(f.idev) ? 0 : -EINVAL;
      }),
      k.when((f) => f.rc !== 0 || f.hwpt === f.old, [k.return((f) => f.rc)]),
      k.step('ioas = hwpt->ioas, old_ioas = old_hwpt->ioas', (f) => {
        f.ioas = ioasOf(f.hwpt);
        f.domain = f.hwpt.domain;
        f.old_ioas = ioasOf(f.old as HwptView);
        f.num_devices = (f.attach as Attach).device_array.length;
        f.moves = f.pasid === IOMMU_NO_PASID && f.ioas !== f.old_ioas;
        f.unfit = incompatible(f.hwpt, f.pasid, (pasid) => f.igroup.pasid_attach.at(pasid));
      }),
      k.when(
        (f) => f.moves,
        [
          ...forEachDevice('to reserve its IOVAs', [
            k.call(
              ioptReserve,
              (f) => ({ ioas: f.ioas, idev: f.cur as NonNullable<typeof f.cur> }),
              (f, rc) => {
                f.rc = rc;
              },
            ),
            k.when((f) => f.rc !== 0, [k.goto('err_unresv')]),
          ]),
        ],
      ),
      k.when(
        (f) => f.unfit,
        [
          k.local((f) => {
            f.rc = -EINVAL;
          }),
        ],
        [
          k.call(
            iommufdHwptReplaceDevice,
            (f) => ({
              idev: f.idev,
              group: f.group,
              pasid: f.pasid,
              hwpt: f.hwpt,
              domain: f.domain,
              old: f.old,
            }),
            (f, rc) => {
              f.rc = rc;
            },
          ),
        ],
      ),
      k.when((f) => f.rc !== 0, [k.when((f) => !f.moves, [k.return((f) => f.rc)]), k.goto('err_unresv')]),
      k.when(
        (f) => f.moves,
        [
          ...forEachDevice('to give the old reserved IOVAs up', [
            k.call(ioptUnreserve, (f) => ({ ioas: f.old_ioas, idev: f.cur as NonNullable<typeof f.cur> })),
          ]),
        ],
      ),
      k.step('attach->hwpt = hwpt', (f) => {
        (f.attach as Attach).hwpt = f.hwpt;
      }),
      k.step('refcount_add(num_devices, &hwpt->obj.users)', (f) => move(f.hwpt.users, f.num_devices)),
      k.when(
        (f) => f.num_devices > 1,
        [
          k.step('refcount_sub_and_test(num_devices - 1, &old_hwpt->obj.users)', (f) =>
            move((f.old as NonNullable<typeof f.old>).users, 1 - f.num_devices),
          ),
        ],
      ),
      k.return(0),
      k.label('err_unresv'),
      ...unreserveNew,
      k.return((f) => f.rc),
    ];
  },
);

/** iommufd_hw_pagetable_put(): an automatic domain goes with its last user. No lock is held. */
export const iommufdHwPagetablePut = procedure(
  'iommufd_hw_pagetable_put',
  { source: specH(PRIVATE_H), params: { ictx: ptr(IommufdCtx), hwpt: ptr(Hwpt) }, locals: { auto_domain: bool() } },
  (k) => [
    k.step('hwpt_paging->auto_domain', (f) => {
      f.auto_domain = f.hwpt.auto_domain;
    }),
    k.when(
      (f) => f.auto_domain,
      [k.call(iommufdObjectPutAndTryDestroy, (f) => ({ ictx: f.ictx, obj: f.hwpt }))],
      [k.refcountDec((f) => f.hwpt.users, { as: '&hwpt->obj.users' })],
    ),
  ],
);

/** iommufd_device_detach() with the PASID: 0, or -EBUSY when live update has the device. */
export const iommufdDeviceDetachPasid = procedure(
  'iommufd_device_detach',
  {
    source,
    params: { idev: ptr(IommufdDevice), pasid: ioasid() },
    locals: { ictx: ptr(IommufdCtx), hwpt: ref(Hwpt) },
    returns: errno(),
  },
  (k) => [
    k.call(
      iommufdHwPagetableDetach,
      (f) => ({ idev: f.idev, pasid: f.pasid }),
      (f, hwpt) => {
        f.hwpt = hwpt;
      },
    ),
    k.when((f) => f.hwpt === null, [k.return(-EBUSY)]),
    k.step('ictx = idev->ictx', (f) => {
      f.ictx = f.idev.ictx;
    }),
    k.call(iommufdHwPagetablePut, (f) => ({ ictx: f.ictx, hwpt: f.hwpt as HwptView })),
    k.refcountDec((f) => f.idev.users, { as: '&idev->obj.users' }),
    k.return(0),
  ],
);

/** The same for the device as a whole. */
export const iommufdDeviceDetach = procedure(
  'iommufd_device_detach, IOMMU_NO_PASID',
  { source, params: { idev: ptr(IommufdDevice) }, locals: { rc: errno() }, returns: errno() },
  (k) => [
    k.call(
      iommufdDeviceDetachPasid,
      (f) => ({ idev: f.idev, pasid: IOMMU_NO_PASID }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.return((f) => f.rc),
  ],
);
