/**
 * Bind and unbind, reduced to what the fault path depends on: who owns a PASID, what the context descriptor says, and
 * in which order unbind takes both away.
 *
 * Source: spec (a) with rules 1 and 2 of spec (c). Left out against the core: bonds and their waiting, mm_exit,
 * io_mm reference counts, error paths. The order of what is left is that of the core: the PASID goes last.
 */
import { EINVAL, errno, idrInsert, int, type KernelKit, MmStruct, procedure, type Statement } from '../kernel/index.ts';
import { issue, sync } from '../smmu/cmdq.ts';
import { iopfQueueFlushDev } from './flush.ts';
import {
  cmdqOf,
  hw,
  LAST_PASID,
  type PciContext,
  type SmmuCmdq,
  type SmmuV3,
  validFirst,
  validLast,
} from './hardware.ts';
import { Device, IommuSva } from './objects.ts';
import { reducedSva, specC } from './sources.ts';
import { afterFlush, commandQueue, unbindOrder } from './switches.ts';

/** Gives a PASID to an mm and points the context descriptor at its page tables. Returns the PASID. */
export const svaBind = procedure(
  'iommu_sva_bind_device',
  {
    source: reducedSva('drivers/iommu/iommu-sva.c'),
    params: { sva: IommuSva, smmu: hw<SmmuV3>(), mm: MmStruct },
    locals: { pasid: errno() },
  },
  (k) => [
    k.spinLock((f) => f.sva.lock),
    k.step('idr_alloc(&iommu_pasid_idr): lowest free PASID', (f) => {
      f.pasid = idrInsert(f.sva.pasids, f.mm);
    }),
    k.spinUnlock((f) => f.sva.lock),
    k.when((f) => f.pasid < 0, [k.return((f) => f.pasid)]),
    k.spinLock((f) => f.sva.lock),
    k.step(
      'mm_attach: write the context descriptor, set valid',
      (f) => {
        const cd = f.smmu.cd.at(f.pasid);
        cd.ttb = f.mm;
        cd.valid = true;
      },
      { source: specC('drivers/iommu/arm-smmu-v3-context.c'), indivisible: validLast },
    ),
    k.spinUnlock((f) => f.sva.lock),
    k.return((f) => f.pasid),
  ],
);

const context = { smmu: hw<SmmuV3>(), pasid: int(0, LAST_PASID) };

const clearValid = <F extends { readonly smmu: SmmuV3; readonly pasid: number }>(k: KernelKit<F>): Statement<F> =>
  k.step(
    'clear the context descriptor',
    (f) => {
      const cd = f.smmu.cd.at(f.pasid);
      cd.valid = false;
      cd.ttb = null;
    },
    { indivisible: validFirst },
  );

/** Which completion word of the command queue a CMD_SYNC writes: unbind uses that of its PASID. */
const issuer = { issuer: int(0, LAST_PASID) };
const queue = { cmdq: hw<SmmuCmdq>() };

const findQueue = <F extends { readonly smmu: SmmuV3; cmdq: SmmuCmdq }>(k: KernelKit<F>): Statement<F> =>
  k.step('cmdq = arm_smmu_get_cmdq(smmu)', (f) => {
    f.cmdq = cmdqOf(f.smmu);
  });

/** mm_detach() with the commands in the command queue. */
const clearContextQueued = procedure(
  'arm_smmu_clear_ctx_desc',
  { source: specC('drivers/iommu/arm-smmu-v3.c'), params: { ...context, ...issuer }, locals: queue },
  (k) => [
    clearValid(k),
    findQueue(k),
    issue(k, 'CMDQ_OP_CFGI_CD', (f) => `CFGI_CD pasid ${f.pasid}`),
    ...sync(k, 'CFGI_CD'),
    issue(k, 'CMDQ_OP_ATC_INV', (f) => `ATC_INV pasid ${f.pasid}`),
    ...sync(k, 'ATC_INV'),
    k.return(),
  ],
);

/** A CMD_SYNC behind whatever is in the command queue. */
export const waitForCommands = procedure(
  'arm_smmu_cmdq_issue_sync',
  {
    source: specC('drivers/iommu/arm-smmu-v3.c'),
    params: { smmu: hw<SmmuV3>(), ...issuer },
    locals: queue,
  },
  (k) => [findQueue(k), ...sync(k, 'the answers'), k.return()],
);

/** mm_detach(): clears the context descriptor and every cached copy of it. Called with the SVA lock held. */
export const clearContext = procedure(
  'arm_smmu_mm_detach',
  { source: specC('drivers/iommu/arm-smmu-v3.c'), params: { ...context, ctx: hw<PciContext>() } },
  (k) => [
    k.switch(commandQueue, {
      'at once': [
        clearValid(k),
        k.step('CMDQ_OP_CFGI_CD, CMD_SYNC', (f) => {
          f.smmu.cfg_cache.set(f.pasid, null);
        }),
        k.step('CMDQ_OP_ATC_INV, CMD_SYNC', (f) => {
          f.ctx.atc = null;
        }),
      ],
      'through the queue': [
        k.call(clearContextQueued, (f) => ({
          smmu: f.smmu,
          pasid: f.pasid,
          issuer: f.pasid,
        })),
      ],
    }),
    k.return(),
  ],
);

/** Takes a PASID from its owner. The contract wants the device to be stopped for this PASID before the call. */
export const svaUnbind = procedure(
  'iommu_sva_unbind_device',
  {
    source: reducedSva('drivers/iommu/iommu-sva.c'),
    params: { sva: IommuSva, smmu: hw<SmmuV3>(), dev: Device, ctx: hw<PciContext>(), pasid: int(0, LAST_PASID) },
  },
  (k) => [
    k.when((f) => f.pasid === 0, [k.return(-EINVAL)]),
    k.switch(unbindOrder, {
      'flush, then clear': [
        k.call(iopfQueueFlushDev, (f) => ({ dev: f.dev, smmu: f.smmu })),
        k.spinLock((f) => f.sva.lock),
        k.call(clearContext, (f) => ({ smmu: f.smmu, ctx: f.ctx, pasid: f.pasid })),
      ],
      'clear, then flush': [
        k.spinLock((f) => f.sva.lock, { label: 'spin_lock(&sva->lock) to clear' }),
        k.call(clearContext, (f) => ({ smmu: f.smmu, ctx: f.ctx, pasid: f.pasid })),
        k.spinUnlock((f) => f.sva.lock, { label: 'spin_unlock(&sva->lock) to flush' }),
        k.call(iopfQueueFlushDev, (f) => ({ dev: f.dev, smmu: f.smmu })),
        k.switch(afterFlush, {
          nothing: [],
          SYNC: [k.call(waitForCommands, (f) => ({ smmu: f.smmu, issuer: f.pasid }))],
        }),
        k.spinLock((f) => f.sva.lock),
      ],
    }),
    k.step('idr_remove(&iommu_pasid_idr): the PASID may be given out again', (f) => {
      f.sva.pasids.set(f.pasid, null);
    }),
    k.spinUnlock((f) => f.sva.lock),
    k.return(0),
  ],
);
