/**
 * Preservation of a vfio device: which domain it is attached to. Called from the file operations of vfio-pci.
 *
 * Its undoing looks at the attachment of that moment, not at the record (#32).
 *
 * Source: v1 12/14 and 13/14. Limits: one device a group; the session has the iommufd.
 */
import {
  type Hwpt,
  Hwpt as HwptObject,
  IommufdDevice,
  IommuGroup,
  PagingDomain,
  type PagingDomain as PagingDomainView,
} from '../iommufd/index.ts';
import { EINVAL, ENOENT, errno, procedure, ptr, ref } from '../kernel/index.ts';
import { iommuPreserveDevice, iommuUnpreserveDevice } from './core.ts';
import { isMarked } from './mark.ts';
import { Flb } from './objects.ts';
import { DEVICE_C, rev1Device, specI } from './sources.ts';
import { deviceUndo } from './switches.ts';

const source = rev1Device(DEVICE_C);
const params = { flb: Flb, idev: ptr(IommufdDevice) };

/** attach = xa_load(&igroup->pasid_attach, IOMMU_NO_PASID): its HWPT, or NULL. */
const currentHwpt = (idev: IommufdDevice): Hwpt | null => idev.igroup.pasid_attach.at(0)?.hwpt ?? null;

/** iommufd_device_preserve(). */
export const iommufdDevicePreserve = procedure(
  'iommufd_device_preserve',
  {
    source,
    params,
    locals: { hwpt: ref(HwptObject), domain: ref(PagingDomain), group: ptr(IommuGroup), ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.mutexLock((f) => f.idev.igroup.lock, { as: '&igroup->lock' }),
    k.step('hwpt = xa_load(&igroup->pasid_attach, IOMMU_NO_PASID)->hwpt', (f) => {
      f.hwpt = currentHwpt(f.idev);
      f.group = f.idev.igroup.group;
      f.ret = f.hwpt === null ? -ENOENT : 0;
    }),
    k.when(
      (f) => f.ret === 0,
      [
        k.test(
          '!hwpt_paging->lu_preserve',
          (f) => {
            f.domain = (f.hwpt as Hwpt).domain;
            return !isMarked(f.idev.ictx, f.hwpt as Hwpt);
          },
          [
            k.local((f) => {
              f.ret = -EINVAL;
            }),
          ],
          [
            k.call(
              iommuPreserveDevice,
              (f) => ({ flb: f.flb, domain: f.domain as PagingDomainView, group: f.group }),
              (f, ret) => {
                f.ret = ret;
              },
            ),
          ],
        ),
      ],
    ),
    k.mutexUnlock((f) => f.idev.igroup.lock, { as: '&igroup->lock' }),
    k.return((f) => f.ret),
  ],
);

/** iommufd_device_unpreserve(). */
export const iommufdDeviceUnpreserve = procedure(
  'iommufd_device_unpreserve',
  { source, params, locals: { hwpt: ref(HwptObject), group: ptr(IommuGroup) } },
  (k) => {
    const undo = k.call(iommuUnpreserveDevice, (f) => ({ flb: f.flb, group: f.group }));
    return [
      k.mutexLock((f) => f.idev.igroup.lock, { as: '&igroup->lock' }),
      k.switch(deviceUndo, {
        'current-attachment': [
          k.step('hwpt = xa_load(&igroup->pasid_attach, IOMMU_NO_PASID)->hwpt', (f) => {
            f.hwpt = currentHwpt(f.idev);
            f.group = f.idev.igroup.group;
          }),
          k.when(
            (f) => f.hwpt !== null,
            [k.test('WARN_ON(!hwpt_paging->lu_preserve)', (f) => !isMarked(f.idev.ictx, f.hwpt as Hwpt), [], [undo])],
          ),
        ],
        record: [
          k.test(
            'the device has a record',
            (f) => {
              f.group = f.idev.igroup.group;
              return f.group.device_ser !== null;
            },
            [undo],
            [],
            {
              source: specI(DEVICE_C),
            },
          ),
        ],
      }),
      k.mutexUnlock((f) => f.idev.igroup.lock, { as: '&igroup->lock' }),
    ];
  },
);
