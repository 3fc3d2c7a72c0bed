/**
 * The end of a device object, when its kernel driver unbinds it.
 *
 * Source: device.c, iommufd_device_destroy(), iommufd_device_unbind().
 */
import { bool, containerOf, nameOf, opaque, procedure, ptr, Violation, xaLoad, xaStore } from '../kernel/index.ts';
import {
  type IommufdCtx as Ctx,
  type IommufdDevice as Device,
  IommufdCtx,
  IommufdDevice,
  IommufdGroup,
  ObjectDestroy,
} from './objects.ts';
import { iommufdObjectDestroyUser } from './remove.ts';
import { DEVICE_C, specH } from './sources.ts';
import { groupErase } from './switches.ts';

const source = specH(DEVICE_C);

/** iommufd_put_group(). Where the context has an array of groups, the group leaves it before it is freed. */
export const iommufdPutGroup = procedure(
  'iommufd_put_group',
  { source, params: { igroup: ptr(IommufdGroup) }, locals: { ictx: opaque<Ctx>(), leaves: bool() } },
  (k) => [
    k.refcountDecAndTest(
      (f) => f.igroup.ref,
      [
        k.step('WARN_ON(!xa_empty(&igroup->pasid_attach))', (f) => {
          if ([...f.igroup.pasid_attach].some((attach) => attach !== null))
            throw new Violation('assertion', `${nameOf(f.igroup)} is freed while it is attached`, [nameOf(f.igroup)]);
          f.ictx = f.igroup.ictx;
        }),
        k.when(
          (f) => f.ictx !== null,
          [
            k.xaLock((f) => (f.ictx as Ctx).groups, {
              label: 'xa_cmpxchg(&ictx->groups, id, igroup, NULL)',
              do: (f) => {
                f.leaves = xaLoad((f.ictx as Ctx).groups, 1) === f.igroup;
              },
            }),
            k.switch(groupErase, {
              always: [k.step('xa_erase(&ictx->groups, id)', (f) => xaStore((f.ictx as Ctx).groups, 1, null))],
              'if it is in it': [
                k.when(
                  (f) => f.leaves,
                  [k.step('the slot becomes empty', (f) => xaStore((f.ictx as Ctx).groups, 1, null))],
                ),
              ],
            }),
            k.xaUnlock((f) => (f.ictx as Ctx).groups),
          ],
        ),
        k.kfree((f) => f.igroup),
      ],
      [],
      { label: 'kref_put(&igroup->ref)' },
    ),
  ],
);

/** iommufd_device_destroy(): gives up the group; the context is put by `iommufdObjectRemove`. */
export const iommufdDeviceDestroy = procedure(
  'iommufd_device_destroy',
  { source, params: ObjectDestroy.params, locals: { igroup: ptr(IommufdGroup) } },
  (k) => [
    k.step('igroup = idev->igroup', (f) => {
      f.igroup = (containerOf(f.obj, IommufdDevice) as Device).igroup;
    }),
    k.call(iommufdPutGroup, (f) => ({ igroup: f.igroup })),
  ],
);

/** iommufd_device_unbind(): the driver's user is that of the binding. */
export const iommufdDeviceUnbind = procedure(
  'iommufd_device_unbind',
  { source, params: { idev: ptr(IommufdDevice) }, locals: { ictx: ptr(IommufdCtx) } },
  (k) => [
    k.step('ictx = idev->ictx', (f) => {
      f.ictx = f.idev.ictx;
    }),
    k.call(iommufdObjectDestroyUser, (f) => ({ ictx: f.ictx, obj: f.idev })),
  ],
);
