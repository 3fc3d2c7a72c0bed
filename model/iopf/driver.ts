/**
 * What a device driver does around bind and unbind: start a context of the function, stop it and wait until it has
 * stopped.
 *
 * Source: spec (c), device machine; the contract of unbind in spec (a).
 */
import { LAST_PASID, PciContext } from '../../hw/pci/objects.ts';
import { SmmuV3 } from '../../hw/smmu/objects.ts';
import { type Actor, constant, errno, int, MmStruct, procedure } from '../kernel/index.ts';
import { svaBind, svaUnbind } from './bind.ts';
import { Device, IommuSva } from './objects.ts';
import { specC } from './sources.ts';

/** Binds an mm and lets a context of the function work with its PASID. */
export const openContext = procedure(
  'driver_open',
  {
    source: specC(),
    params: { sva: IommuSva, smmu: SmmuV3, ctx: PciContext, mm: MmStruct },
    locals: { pasid: errno() },
  },
  (k) => [
    k.call(
      svaBind,
      (f) => ({ sva: f.sva, smmu: f.smmu, mm: f.mm }),
      (f, pasid) => {
        f.pasid = pasid;
      },
    ),
    k.when((f) => f.pasid < 0, [k.return((f) => f.pasid)]),
    k.step('start the context with this PASID', (f) => {
      f.ctx.pasid = f.pasid;
      f.ctx.owner = f.mm;
      f.ctx.run = true;
      f.ctx.active = true;
    }),
    k.return(0),
  ],
);

/** Stops a context: when it returns, the function has posted all it had to post for it. */
export const stopContext = procedure('driver_stop', { source: specC(), params: { ctx: PciContext } }, (k) => [
  k.step('clear the run bit', (f) => {
    f.ctx.run = false;
  }),
  k.blockUntil('wait until the context is idle', (f) => !f.ctx.active, {
    waiting: { kind: 'device', on: (f) => f.ctx },
  }),
  k.return(0),
]);

/** Keeps the contract: stop, then unbind. */
export const closeContext = procedure(
  'driver_close',
  {
    source: specC(),
    params: { sva: IommuSva, smmu: SmmuV3, dev: Device, ctx: PciContext, pasid: int(0, LAST_PASID) },
  },
  (k) => [
    k.call(stopContext, (f) => ({ ctx: f.ctx })),
    k.call(svaUnbind, (f) => ({ sva: f.sva, smmu: f.smmu, dev: f.dev, ctx: f.ctx, pasid: f.pasid })),
    k.return(0),
  ],
);

/** A device that one user at a time may open: the next one waits until the last one's context has stopped. */
export const waitForDevice = procedure('wait_for_device', { source: specC(), params: { ctx: PciContext } }, (k) => [
  k.blockUntil('the last user has left the device', (f) => !f.ctx.active, {
    waiting: { kind: 'device', on: (f) => f.ctx },
  }),
  k.return(0),
]);

/** Somebody kills a task: a signal is pending for it from here on. */
export const killTask = procedure('kill', { source: specC(), params: { task: constant<Actor>() } }, (k) => [
  k.sendSignal((f) => f.task, { label: 'send SIGKILL' }),
  k.return(0),
]);
