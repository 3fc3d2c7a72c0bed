/**
 * The fault path and the SMMUv3 driver behind the whole SVA core: what the core calls in its IOMMU driver, its fault
 * queue and its device driver, and what the device driver calls in the core.
 *
 * Source: spec (a) and rules 1 and 2 of spec (c); v2 28/40 for the operations of the IOMMU driver.
 * Limits: one device, so each io_mm has one bond, and a driver's private data is its hardware context.
 */
import { errno, int, MmStruct, procedure } from '../kernel/index.ts';
import {
  Device as CoreDevice,
  IopfQueueFlushDev,
  iommuSvaBindDevice,
  iommuSvaUnbindDevice,
  MmAttach,
  MmDetach,
  MmExit,
} from '../sva/index.ts';
import { stopContext } from './driver.ts';
import { iopfQueueFlushDev } from './flush.ts';
import { hw, LAST_PASID, type PciContext, type SmmuV3, validFirst, validLast } from './hardware.ts';
import type { Device } from './objects.ts';
import { specC, v2_07, v2_28 } from './sources.ts';
import { deviceStop } from './switches.ts';

/** Callbacks of the core for one SMMU and one device with its contexts. Made in a scenario's set-up. */
export function coreHooks(smmu: SmmuV3, dev: Device, contexts: readonly PciContext[]) {
  const mmAttach = procedure(
    'arm_smmu_mm_attach',
    { source: v2_28('drivers/iommu/arm-smmu-v3.c'), params: MmAttach.params, returns: errno() },
    (k) => [
      k.step(
        'write the context descriptor, set valid',
        (f) => {
          const cd = smmu.cd.at(f.io_mm.pasid);
          cd.ttb = f.io_mm.mm;
          cd.valid = true;
        },
        { indivisible: validLast },
      ),
      k.return(0),
    ],
  );
  const mmDetach = procedure(
    'arm_smmu_mm_detach',
    { source: v2_28('drivers/iommu/arm-smmu-v3.c'), params: MmDetach.params, returns: errno() },
    (k) => [
      k.step(
        'clear the context descriptor',
        (f) => {
          const cd = smmu.cd.at(f.io_mm.pasid);
          cd.valid = false;
          cd.ttb = null;
        },
        { indivisible: validFirst },
      ),
      k.step('CMDQ_OP_CFGI_CD, CMD_SYNC', (f) => {
        smmu.cfg_cache.set(f.io_mm.pasid, null);
      }),
      k.step(
        'CMDQ_OP_ATC_INV, CMD_SYNC',
        (f) => {
          for (const ctx of contexts) if (ctx.pasid === f.io_mm.pasid) ctx.atc = null;
        },
        { indivisible: 'one message, and the function finds the entries of the PASID itself' },
      ),
      k.return(0),
    ],
  );
  const flush = procedure(
    'iopf_queue_flush_dev_op',
    { source: v2_07('drivers/iommu/io-pgfault.c'), params: IopfQueueFlushDev.params, returns: errno() },
    (k) => [k.call(iopfQueueFlushDev, () => ({ dev, smmu })), k.return(0)],
  );
  const mmExit = procedure('driver_mm_exit', { source: specC(), params: MmExit.params, returns: errno() }, (k) => [
    k.call(stopContext, (f) => ({ ctx: f.drvdata as PciContext })),
    k.return(0),
  ]);
  return { mmAttach, mmDetach, flush, mmExit };
}

/** Binds through the core, and lets a context work with the PASID it gives. */
export const openBound = procedure(
  'driver_open',
  {
    source: specC(),
    params: { dev: CoreDevice, ctx: hw<PciContext>(), mm: MmStruct },
    locals: { pasid: errno() },
  },
  (k) => [
    k.call(
      iommuSvaBindDevice,
      (f) => ({ dev: f.dev, mm: f.mm, flags: 0, drvdata: f.ctx }),
      (f, pasid) => {
        f.pasid = pasid;
      },
    ),
    k.when((f) => f.pasid < 0, [k.return((f) => f.pasid)]),
    k.step(
      'start the context with this PASID',
      (f) => {
        f.ctx.pasid = f.pasid;
        f.ctx.owner = f.mm;
        f.ctx.run = true;
        f.ctx.active = true;
      },
      { indivisible: 'the function looks at nothing before the run bit, which is written last' },
    ),
    k.return(0),
  ],
);

/** Leaves the device: stop and unbind through the core, in the order the variant says. */
export const closeBound = procedure(
  'driver_close',
  { source: specC(), params: { dev: CoreDevice, ctx: hw<PciContext>(), pasid: int(0, LAST_PASID) } },
  (k) => {
    const stop = k.call(stopContext, (f) => ({ ctx: f.ctx }));
    const unbind = k.call(iommuSvaUnbindDevice, (f) => ({ dev: f.dev, pasid: f.pasid }));
    return [
      k.switch(deviceStop, { 'before unbind': [stop, unbind], 'after unbind': [unbind, stop], never: [unbind] }),
      k.return(0),
    ];
  },
);
