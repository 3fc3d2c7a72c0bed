/**
 * The calls VFIO makes into the SVA core for one device of a group: init, shutdown, bind, unbind.
 *
 * Source: v2 13/40; for mediated devices the mail thread about it.
 * Limits: no fault queue, so the feature IOMMU_SVA_FEAT_IOPF is not asked for.
 */
import { bool, EINVAL, errno, MmStruct, opaque, procedure, ref } from '../kernel/index.ts';
import { ioMmDetachLocked } from '../sva/detach.ts';
import {
  type Bond,
  Device,
  IommuBond,
  type IommuSvaParam,
  iommuSvaBindDevice,
  iommuSvaDeviceInit,
  iommuSvaDeviceShutdown,
  iommuSvaUnbindDevice,
  lockSva,
  unlockSva,
} from '../sva/index.ts';
import { MdevParent } from './iommu-group.ts';
import { vfioIommuMmExit } from './mm-exit.ts';
import { VfioIommu, VfioMm } from './objects.ts';
import { seed0, TYPE1_C, v2_13 } from './sources.ts';
import { svaUsers } from './switches.ts';

const source = v2_13(TYPE1_C);

/** vfio_iommu_sva_init(). `parent` is that of a mediated device. */
export const vfioIommuSvaInit = procedure(
  'vfio_iommu_sva_init',
  { source, params: { dev: Device, parent: ref(MdevParent) }, locals: { rc: errno(), done: bool() } },
  (k) => {
    const init = k.call(
      iommuSvaDeviceInit,
      (f) => ({ dev: f.dev, features: 0, mm_exit: vfioIommuMmExit }),
      (f, rc) => {
        f.rc = rc;
      },
    );
    return [
      k.switch(svaUsers, {
        each: [init],
        skip: [
          k.mutexLock((f) => f.dev.param_lock, { source: seed0('drivers/iommu/iommu-sva.c') }),
          k.step(
            'is dev->iommu_param->sva_param set?',
            (f) => {
              f.done = f.dev.sva_param !== null;
            },
            { source: seed0('drivers/iommu/iommu-sva.c') },
          ),
          k.mutexUnlock((f) => f.dev.param_lock, { source: seed0('drivers/iommu/iommu-sva.c') }),
          k.when((f) => !f.done, [init]),
        ],
        counted: [
          k.when(
            (f) => f.parent === null,
            [init],
            [
              k.mutexLock((f) => (f.parent as MdevParent).lock),
              k.test('parent->sva_users == 0', (f) => (f.parent as MdevParent).sva_users === 0, [init]),
              k.when(
                (f) => f.rc === 0,
                [
                  k.step('parent->sva_users++', (f) => {
                    (f.parent as MdevParent).sva_users++;
                  }),
                ],
              ),
              k.mutexUnlock((f) => (f.parent as MdevParent).lock),
            ],
          ),
        ],
      }),
      k.return((f) => f.rc),
    ];
  },
);

/** vfio_iommu_sva_shutdown(): ignores the result of the core. */
export const vfioIommuSvaShutdown = procedure(
  'vfio_iommu_sva_shutdown',
  { source, params: { dev: Device, parent: ref(MdevParent) } },
  (k) => {
    const shutdown = k.call(iommuSvaDeviceShutdown, (f) => ({ dev: f.dev }));
    return [
      k.switch(svaUsers, {
        each: [shutdown],
        skip: [shutdown],
        counted: [
          k.when(
            (f) => f.parent === null,
            [shutdown],
            [
              k.mutexLock((f) => (f.parent as MdevParent).lock),
              k.test('--parent->sva_users == 0', (f) => --(f.parent as MdevParent).sva_users === 0, [shutdown]),
              k.mutexUnlock((f) => (f.parent as MdevParent).lock),
            ],
          ),
        ],
      }),
      k.return(0),
    ];
  },
);

/** vfio_iommu_sva_bind_dev(): only the first device of a group, since multi-device groups are not supported. */
export const vfioIommuSvaBindDev = procedure(
  'vfio_iommu_sva_bind_dev',
  {
    source,
    params: { dev: Device, iommu: VfioIommu, vfio_mm: VfioMm, first: bool() },
    locals: { mm: ref(MmStruct), rc: errno() },
  },
  (k) => [
    k.when((f) => !f.first, [k.return(-EINVAL)]),
    k.step('mm = vfio_mm->mm', (f) => {
      f.mm = f.vfio_mm.mm;
    }),
    k.call(
      iommuSvaBindDevice,
      (f) => ({ dev: f.dev, mm: f.mm as NonNullable<typeof f.mm>, flags: 0, drvdata: f.iommu }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.when((f) => f.rc < 0, [k.return((f) => f.rc)]),
    k.step('vfio_mm->pasid = *pasid', (f) => {
      f.vfio_mm.pasid = f.rc;
    }),
    k.return(0),
  ],
);

/** vfio_iommu_sva_unbind_dev(). Nothing is ever bound as VFIO_PASID_INVALID. */
export const vfioIommuSvaUnbindDev = procedure(
  'vfio_iommu_sva_unbind_dev',
  { source, params: { dev: Device, vfio_mm: VfioMm }, locals: { pasid: errno(), rc: errno() } },
  (k) => [
    k.step('pasid = vfio_mm->pasid', (f) => {
      f.pasid = f.vfio_mm.pasid;
    }),
    k.call(
      iommuSvaUnbindDevice,
      (f) => ({ dev: f.dev, pasid: Math.max(0, f.pasid) }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.return((f) => f.rc),
  ],
);

/**
 * Repairs only: removes the bonds of a shared device that belong to one container, and waits for their mm_exit. The
 * container counts as a user of the device's SVA state, so `sva_param` stays.
 */
export const vfioIommuSvaUnbindOwn = procedure(
  'vfio_iommu_sva_unbind_own',
  {
    source: seed0(TYPE1_C),
    params: { dev: Device, iommu: VfioIommu },
    locals: { param: opaque<IommuSvaParam>(), bond: ref(IommuBond) },
  },
  (k) => [
    k.step('param = dev->iommu_param->sva_param', (f) => {
      f.param = f.dev.sva_param;
    }),
    lockSva((f) => f.dev.sva),
    k.loop([
      // The wait in a detach drops the lock: begin again after each.
      k.step('first bond of param->mm_list whose drvdata is the container', (f) => {
        f.bond = (f.param as IommuSvaParam).mm_list.find((bond) => bond.drvdata === f.iommu);
      }),
      k.when((f) => f.bond === null, [k.break()]),
      k.call(ioMmDetachLocked, (f) => ({ dev: f.dev, bond: f.bond as Bond, wait: true })),
    ]),
    unlockSva((f) => f.dev.sva),
  ],
);
