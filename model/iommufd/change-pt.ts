/**
 * Attach and replace by number: to an HWPT, or to an IOAS, which means any automatic domain of it that fits, or a new one.
 *
 * Source: device.c, iommufd_device_change_pt() with iommufd_device_auto_get_domain() inlined, iommufd_device_attach(),
 * iommufd_device_replace(). Limits: the number of the HWPT is not handed back.
 */
import {
  bool,
  EINVAL,
  ENOENT,
  errno,
  type KernelKit,
  opaque,
  procedure,
  ptr,
  ref,
  type Statement,
} from '../kernel/index.ts';
import { iommufdObjectAbortAndDestroy, iommufdObjectFinalize } from './alloc.ts';
import { iommufdDeviceDoReplace, iommufdHwPagetableAttach, iommufdHwPagetablePut } from './attach.ts';
import { iommufdGetObject, iommufdLockObj, iommufdPutObject } from './get-put.ts';
import { type HwptAllocFrame, hwptPagingAlloc } from './hwpt-alloc.ts';
import {
  type IommufdGroup as Group,
  Hwpt,
  type Hwpt as HwptView,
  IOMMU_NO_PASID,
  Ioas,
  type Ioas as IoasView,
  IommufdCtx,
  IommufdDevice,
  IommufdGroup,
  ioasid,
  type ObjectWithOps,
  objectId,
} from './objects.ts';
import { DEVICE_C, specH } from './sources.ts';

const source = specH(DEVICE_C);

interface Frame extends HwptAllocFrame {
  pasid: number;
  igroup: Group;
  pt_obj: ObjectWithOps | null;
  hwpt: HwptView | null;
  cur: HwptView | null;
  destroy_hwpt: HwptView | null;
  locked: boolean;
  rc: number;
}

/** (*do_attach)(idev, hwpt): `f.rc`, and `f.destroy_hwpt` for the caller to put without locks. */
type DoAttach = (k: KernelKit<Frame>, hwpt: (f: Frame) => HwptView | null) => readonly Statement<Frame>[];

const receive = (f: Frame, rc: number) => {
  f.rc = rc;
};

const doAttach: DoAttach = (k, hwpt) => [
  k.call(iommufdHwPagetableAttach, (f) => ({ hwpt: hwpt(f) as HwptView, idev: f.idev, pasid: f.pasid }), receive),
];

const doReplace: DoAttach = (k, hwpt) => [
  k.mutexLock((f) => f.igroup.lock),
  {
    ...k.step('old_hwpt = attach->hwpt', (f: Frame) => {
      f.destroy_hwpt = f.igroup.pasid_attach.at(f.pasid)?.hwpt ?? null;
    }),
    derived: true,
  } as Statement<Frame>,
  k.call(
    iommufdDeviceDoReplace,
    (f) => ({ idev: f.idev, pasid: f.pasid, igroup: f.igroup, hwpt: hwpt(f) as HwptView, old: f.destroy_hwpt }),
    receive,
  ),
  k.when(
    (f) => f.rc !== 0 || f.destroy_hwpt === hwpt(f),
    [
      k.local((f) => {
        f.destroy_hwpt = null;
      }),
    ],
  ),
  k.mutexUnlock((f) => f.igroup.lock),
];

/** iommufd_device_auto_get_domain(); a new domain is attached while it is made, unless it replaces another. */
const autoGetDomain = (k: KernelKit<Frame>, change: DoAttach): readonly Statement<Frame>[] => {
  const immediate_attach = change === doAttach;
  return [
    k.mutexLock((f) => f.ioas.mutex),
    k.step('cur = first of ioas->hwpt_list', (f) => {
      f.cur = f.ioas.hwpt_list.first as HwptView | null;
    }),
    k.loop([
      k.when((f) => f.cur === null, [k.break()]),
      k.test('hwpt_paging->auto_domain', (f) => (f.cur as HwptView).auto_domain, [
        k.call(
          iommufdLockObj,
          (f) => ({ obj: f.cur as HwptView }),
          (f, locked) => {
            f.locked = locked;
          },
        ),
        k.when(
          (f) => f.locked,
          [
            ...change(k, (f) => f.cur),
            k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.cur as HwptView })),
            k.when((f) => f.rc !== -EINVAL, [k.goto('out_unlock')]),
          ],
        ),
      ]),
      k.step('cur = next of ioas->hwpt_list', (f) => {
        f.cur = f.ioas.hwpt_list.next(f.cur as HwptView) as HwptView | null;
      }),
    ]),
    hwptPagingAlloc(k, immediate_attach),
    k.local((f) => {
      f.rc = f.ret;
      f.hwpt = f.ret < 0 ? null : (f.obj as unknown as HwptView);
    }),
    k.when((f) => f.rc !== 0, [k.goto('out_unlock')]),
    ...(immediate_attach
      ? []
      : [
          ...change(k, (f) => f.hwpt),
          k.when(
            (f: Frame) => f.rc !== 0,
            [
              k.call(iommufdObjectAbortAndDestroy, (f) => ({ ictx: f.ictx, obj: f.obj as ObjectWithOps })),
              k.goto('out_unlock'),
            ],
          ),
        ]),
    k.step('hwpt_paging->auto_domain = true', (f) => {
      (f.hwpt as HwptView).auto_domain = true;
    }),
    k.call(iommufdObjectFinalize, (f) => ({ ictx: f.ictx, obj: f.obj as ObjectWithOps })),
    k.label('out_unlock'),
    k.mutexUnlock((f) => f.ioas.mutex),
  ];
};

/** iommufd_device_change_pt(). */
const changePt = (name: string, change: DoAttach) =>
  procedure(
    name,
    {
      source,
      params: { idev: ptr(IommufdDevice), pasid: ioasid(), pt_id: objectId() },
      locals: {
        ictx: ptr(IommufdCtx),
        igroup: ptr(IommufdGroup),
        pt_obj: opaque<ObjectWithOps>(),
        ioas: ptr(Ioas),
        obj: opaque<ObjectWithOps>(),
        ret: objectId(),
        hwpt: ref(Hwpt),
        cur: ref(Hwpt),
        destroy_hwpt: ref(Hwpt),
        locked: bool(),
        rc: errno(),
      },
      returns: errno(),
    },
    (kit) => {
      const k = kit as unknown as KernelKit<Frame>;
      return [
        k.step('ictx = idev->ictx, igroup = idev->igroup', (f) => {
          f.ictx = f.idev.ictx;
          f.igroup = f.idev.igroup;
        }),
        k.call(
          iommufdGetObject,
          (f) => ({ ictx: f.ictx, id: (f as unknown as { pt_id: number }).pt_id, type: 'any' as const }),
          (f, pt_obj) => {
            f.pt_obj = pt_obj;
          },
        ),
        k.when((f) => f.pt_obj === null, [k.return(-ENOENT)]),
        k.step('switch (pt_obj->type)', (f) => {
          const { type } = f.pt_obj as ObjectWithOps;
          const hwpt = type === 'hwpt_paging' || type === 'hwpt_nested';
          if (hwpt) f.hwpt = f.pt_obj as unknown as HwptView;
          f.ioas = (type === 'ioas' ? f.pt_obj : null) as unknown as IoasView;
          f.rc = hwpt || type === 'ioas' ? 0 : -EINVAL;
        }),
        k.when(
          (f) => f.rc === 0,
          [k.when((f) => f.hwpt !== null, [...change(k, (f) => f.hwpt)], [...autoGetDomain(k, change)])],
        ),
        k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.pt_obj as ObjectWithOps })),
        k.when(
          (f) => f.destroy_hwpt !== null,
          [k.call(iommufdHwPagetablePut, (f) => ({ ictx: f.ictx, hwpt: f.destroy_hwpt as HwptView }))],
        ),
        k.return((f) => f.rc),
      ] as never;
    },
  );

const attachTo = changePt('iommufd_device_change_pt, to attach', doAttach);

/** iommufd_device_attach() with the PASID: 0 or the error; the device has one more user while it is attached. */
export const iommufdDeviceAttachPasid = procedure(
  'iommufd_device_attach',
  {
    source,
    params: { idev: ptr(IommufdDevice), pasid: ioasid(), pt_id: objectId() },
    locals: { rc: errno() },
    returns: errno(),
  },
  (k) => [
    k.call(
      attachTo,
      (f) => ({ idev: f.idev, pasid: f.pasid, pt_id: f.pt_id }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.when((f) => f.rc === 0, [k.refcountInc((f) => f.idev.users, { as: '&idev->obj.users' })]),
    k.return((f) => f.rc),
  ],
);

const device = { idev: ptr(IommufdDevice), pt_id: objectId() };

/** The same for the device as a whole. */
export const iommufdDeviceAttach = procedure(
  'iommufd_device_attach, IOMMU_NO_PASID',
  { source, params: device, locals: { rc: errno() }, returns: errno() },
  (k) => [
    k.call(
      iommufdDeviceAttachPasid,
      (f) => ({ idev: f.idev, pasid: IOMMU_NO_PASID, pt_id: f.pt_id }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.return((f) => f.rc),
  ],
);

/** iommufd_device_replace() with the PASID: 0, or the error and the attachment is as it was. */
export const iommufdDeviceReplacePasid = changePt('iommufd_device_change_pt, to replace', doReplace);

/** The same for the device as a whole. */
export const iommufdDeviceReplace = procedure(
  'iommufd_device_replace',
  { source, params: device, locals: { rc: errno() }, returns: errno() },
  (k) => [
    k.call(
      iommufdDeviceReplacePasid,
      (f) => ({ idev: f.idev, pasid: IOMMU_NO_PASID, pt_id: f.pt_id }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.return((f) => f.rc),
  ],
);
