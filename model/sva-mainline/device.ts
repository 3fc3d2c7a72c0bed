/**
 * What the driver of a device does: open a file and bind it to an address space, close it, and see the device go.
 *
 * Source: spec (j). A file is open for one process; a process that exits closes it after its address space is gone, and
 * somebody who inherited it closes it even later.
 */

import { stopContext } from '../iopf/driver.ts';
import { hw, type PciContext } from '../iopf/hardware.ts';
import { procedure, ptr, ref } from '../kernel/index.ts';
import { iommuSvaBindDevice } from './bind.ts';
import { DevIommu, Device, DriverFile, Handle, IommuSva, Mm } from './objects.ts';
import { INTEL_C, IOMMU_C, iopfLock, specJ, v6_14 } from './sources.ts';
import { releaseLock } from './switches.ts';
import { iommuSvaUnbindDevice } from './unbind.ts';

/** Binds the file to an address space and lets its context work with the PASID. */
export const driverOpen = procedure(
  'driver_open',
  {
    source: specJ(),
    params: { sva: IommuSva, file: DriverFile, mm: Mm },
    locals: { dev: ptr(Device), handle: ref(Handle) },
  },
  (k) => [
    k.step('dev = file->dev', (f) => {
      f.dev = f.file.dev;
    }),
    k.call(
      iommuSvaBindDevice,
      (f) => ({ sva: f.sva, dev: f.dev, mm: f.mm }),
      (f, handle) => {
        f.handle = handle;
      },
    ),
    k.step('file->private_data = handle', (f) => {
      f.file.handle = f.handle;
      f.file.failed = f.handle === null;
    }),
    k.when((f) => f.handle === null, [k.return(-1)]),
    k.step(
      'start the context with iommu_sva_get_pasid(handle)',
      (f) => {
        const { ctx } = f.file;
        ctx.pasid = f.mm.iommu_mm?.pasid ?? 0;
        ctx.owner = f.mm;
        ctx.run = true;
        ctx.active = true;
      },
      { indivisible: 'the function looks at nothing before the run bit, which is written last' },
    ),
    k.return(0),
  ],
);

/** Closes the file: the context is stopped first, which is what unbind relies on. */
export const driverClose = procedure(
  'driver_release',
  {
    source: specJ(),
    params: { sva: IommuSva, file: DriverFile },
    locals: { handle: ref(Handle), ctx: hw<PciContext>() },
  },
  (k) => [
    k.step('handle = file->private_data', (f) => {
      f.handle = f.file.handle;
      f.ctx = f.file.ctx;
    }),
    k.when((f) => f.handle === null, [k.return(0)]),
    k.call(stopContext, (f) => ({ ctx: f.ctx })),
    k.call(iommuSvaUnbindDevice, (f) => ({ sva: f.sva, handle: f.handle as Handle })),
    k.return(0),
  ],
);

/** iommu_release_device(): the driver of the IOMMU forgets the device, then the core does. */
export const iommuReleaseDevice = procedure(
  'iommu_release_device',
  { source: v6_14(IOMMU_C), params: { dev: Device }, locals: { param: ref(DevIommu) } },
  (k) => {
    const forget = k.step(
      'device_rbtree_remove(info)',
      (f) => {
        f.dev.vtd.device_rbtree = null;
      },
      { source: v6_14(INTEL_C) },
    );
    return [
      k.switch(releaseLock, {
        iopf_lock: [
          k.mutexLock((f) => f.dev.vtd.iopf_lock, { as: '&iommu->iopf_lock', source: iopfLock(INTEL_C) }),
          forget,
          k.mutexUnlock((f) => f.dev.vtd.iopf_lock, { as: '&iommu->iopf_lock', source: iopfLock(INTEL_C) }),
        ],
        none: [forget],
      }),
      k.step('param = dev->iommu, dev->iommu = NULL', (f) => {
        f.param = f.dev.iommu;
        f.dev.iommu = null;
      }),
      k.kfree((f) => f.param),
      k.return(),
    ];
  },
);
