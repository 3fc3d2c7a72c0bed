/**
 * A kernel driver binds its device: the context has one iommufd_group for each group, which the first device makes and the
 * last one frees, and a device object, which the driver holds until it unbinds.
 *
 * Source: device.c, iommufd_get_group(), iommufd_group_try_get(), iommufd_device_bind(). Limits: one group; ownership of
 * DMA and isolated interrupts are left out.
 */
import { bool, opaque, pointerTo, procedure, ptr, ref, xaLoad, xaStore } from '../kernel/index.ts';
import { iommufdObjectFinalize, objectAlloc } from './alloc.ts';
import { iommufdDeviceDestroy, iommufdPutGroup } from './device-destroy.ts';
import {
  type IommufdDevice as Device,
  IommufdCtx,
  IommufdDevice,
  IommufdGroup,
  type IommufdGroup as IommufdGroupView,
  IommuGroup,
  type ObjectWithOps,
  objectId,
} from './objects.ts';
import { DEVICE_C, specH } from './sources.ts';
import { groupGet } from './switches.ts';

const source = specH(DEVICE_C);
/** iommu_group_id(). */
const ID = 1;

/** iommufd_group_try_get(), under the lock of the array. */
const tryGet = procedure(
  'iommufd_group_try_get',
  { source, params: { igroup: opaque<IommufdGroupView>() }, returns: bool() },
  (k) => [
    k.when((f) => f.igroup === null, [k.return(false)]),
    k.switch(groupGet, {
      plain: [k.refcountInc((f) => (f.igroup as IommufdGroupView).ref, { label: 'kref_get(&igroup->ref)' })],
      unlocked: [
        k.refcountIncNotZero((f) => (f.igroup as IommufdGroupView).ref, [], [k.return(false)], {
          label: 'kref_get_unless_zero(&igroup->ref)',
        }),
      ],
      'unless zero': [
        k.refcountIncNotZero((f) => (f.igroup as IommufdGroupView).ref, [], [k.return(false)], {
          label: 'kref_get_unless_zero(&igroup->ref)',
        }),
      ],
    }),
    k.return(true),
  ],
);

/** iommufd_get_group(): the group with a reference; NULL stands for -ENOMEM. */
const iommufdGetGroup = procedure(
  'iommufd_get_group',
  {
    source,
    params: { ictx: ptr(IommufdCtx), group: IommuGroup },
    locals: {
      igroup: opaque<IommufdGroupView>(),
      cur: opaque<IommufdGroupView>(),
      new_igroup: ref(IommufdGroup),
      got: bool(),
    },
    returns: opaque<IommufdGroupView>(),
  },
  (k) => {
    const receive = (f: { got: boolean }, got: boolean) => {
      f.got = got;
    };
    return [
      k.xaLock((f) => f.ictx.groups),
      k.step('igroup = xa_load(&ictx->groups, id)', (f) => {
        f.igroup = xaLoad(f.ictx.groups, ID);
      }),
      k.switch(groupGet, {
        plain: [k.call(tryGet, (f) => ({ igroup: f.igroup }), receive)],
        unlocked: [],
        'unless zero': [k.call(tryGet, (f) => ({ igroup: f.igroup }), receive)],
      }),
      k.xaUnlock((f) => f.ictx.groups),
      k.switch(groupGet, {
        plain: [],
        unlocked: [k.call(tryGet, (f) => ({ igroup: f.igroup }), receive)],
        'unless zero': [],
      }),
      k.when((f) => f.got, [k.return((f) => f.igroup)]),
      k.kmalloc(
        IommufdGroup,
        (f, fresh) => {
          fresh.ref.counter = 1;
          fresh.group = f.group;
          fresh.ictx = f.ictx;
          f.new_igroup = fresh;
        },
        { orElse: [k.return(null)] },
      ),
      k.local((f) => {
        f.cur = null;
      }),
      k.xaLock((f) => f.ictx.groups),
      k.loop([
        k.step('igroup = __xa_cmpxchg(&ictx->groups, id, cur_igroup, new_igroup)', (f) => {
          f.igroup = xaLoad(f.ictx.groups, ID);
          if (f.igroup === f.cur) xaStore(f.ictx.groups, ID, f.new_igroup as IommufdGroupView);
        }),
        k.when((f) => f.igroup === f.cur, [k.xaUnlock((f) => f.ictx.groups), k.return((f) => f.new_igroup)]),
        k.call(tryGet, (f) => ({ igroup: f.igroup }), receive),
        k.when(
          (f) => f.got,
          [
            k.xaUnlock((f) => f.ictx.groups),
            k.call(iommufdPutGroup, (f) => ({ igroup: f.new_igroup as IommufdGroupView })),
            k.return((f) => f.igroup),
          ],
        ),
        k.local((f) => {
          f.cur = f.igroup;
        }),
      ]),
    ];
  },
);

/** iommufd_device_bind(): the device; NULL stands for an error. The caller has the file. */
export const iommufdDeviceBind = procedure(
  'iommufd_device_bind',
  {
    source,
    params: { ictx: ptr(IommufdCtx), group: IommuGroup },
    locals: {
      igroup: opaque<IommufdGroupView>(),
      obj: opaque<ObjectWithOps>(),
      idev: pointerTo<Device>(),
      ret: objectId(),
    },
    returns: ref(IommufdDevice),
  },
  (k) => [
    k.call(
      iommufdGetGroup,
      (f) => ({ ictx: f.ictx, group: f.group }),
      (f, igroup) => {
        f.igroup = igroup;
      },
    ),
    k.when((f) => f.igroup === null, [k.return(null)]),
    objectAlloc(k, IommufdDevice, (f, idev) => {
      idev.type = 'device';
      idev.destroy = iommufdDeviceDestroy;
      idev.ictx = f.ictx;
      f.idev = idev as Device;
    }),
    k.when(
      (f) => f.ret < 0,
      [k.call(iommufdPutGroup, (f) => ({ igroup: f.igroup as IommufdGroupView })), k.return(null)],
    ),
    k.refcountInc((f) => f.ictx.file, { label: 'iommufd_ctx_get(ictx)' }),
    k.step('idev->holds_ctx', (f) => {
      f.idev.holds_ctx = true;
    }),
    k.refcountInc((f) => f.idev.users, { as: '&idev->obj.users' }),
    k.step('idev->igroup = igroup', (f) => {
      f.idev.igroup = f.igroup as IommufdGroupView;
    }),
    k.call(iommufdObjectFinalize, (f) => ({ ictx: f.ictx, obj: f.obj as ObjectWithOps })),
    k.return((f) => f.idev),
  ],
);
