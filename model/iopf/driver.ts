/**
 * What a device driver does around bind and unbind: start a context of the function, stop it and wait until it has
 * stopped.
 *
 * Source: spec (c), device machine; the contract of unbind in spec (a).
 */
import { type Actor, constant, errno, int, MmStruct, procedure } from '../kernel/index.ts';
import { svaBind, svaUnbind } from './bind.ts';
import { hw, LAST_PASID, type PciContext, type PciFunction, type SmmuV3 } from './hardware.ts';
import { Device, IommuSva } from './objects.ts';
import { specC } from './sources.ts';
import { betweenUsers, deviceStop, stopWait } from './switches.ts';

/** Binds an mm and lets a context of the function work with its PASID. */
export const openContext = procedure(
  'driver_open',
  {
    source: specC(),
    params: { sva: IommuSva, smmu: hw<SmmuV3>(), ctx: hw<PciContext>(), mm: MmStruct },
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

/** Stops a context: when it returns, the function has posted all it had to post for it. */
export const stopContext = procedure('driver_stop', { source: specC(), params: { ctx: hw<PciContext>() } }, (k) => [
  k.step('clear the run bit', (f) => {
    f.ctx.run = false;
  }),
  k.switch(stopWait, {
    'busy bit': [
      k.blockUntil('wait until the context is idle', (f) => !f.ctx.active, {
        waiting: { kind: 'device', on: (f) => f.ctx },
      }),
    ],
    'busy bit, or gone': [
      k.blockUntil('wait until the context is idle, or all ones are read', (f) => !f.ctx.active || f.ctx.gone, {
        waiting: { kind: 'device', on: (f) => f.ctx },
        indivisible: 'one register: all ones stand for a function that is gone',
      }),
    ],
  }),
  k.return(0),
]);

/** Leaves the device. The contract of unbind wants the context to be stopped before. */
export const closeContext = procedure(
  'driver_close',
  {
    source: specC(),
    params: { sva: IommuSva, smmu: hw<SmmuV3>(), dev: Device, ctx: hw<PciContext>(), pasid: int(0, LAST_PASID) },
  },
  (k) => {
    const stop = k.call(stopContext, (f) => ({ ctx: f.ctx }));
    const unbind = k.call(svaUnbind, (f) => ({ sva: f.sva, smmu: f.smmu, dev: f.dev, ctx: f.ctx, pasid: f.pasid }));
    return [
      k.switch(deviceStop, {
        'before unbind': [stop, unbind],
        'after unbind': [unbind, stop],
        never: [unbind],
      }),
      k.return(0),
    ];
  },
);

/** A device that one user at a time may open: the next one waits until the last one has closed it. */
export const acquireDevice = procedure('device_open', { source: specC(), params: { dev: Device } }, (k) => [
  k.blockUntil('open the device once its last user has closed it', (f) => !f.dev.opened, {
    do: (f) => {
      f.dev.opened = true;
    },
    waiting: { kind: 'device', on: (f) => f.dev },
  }),
  k.return(0),
]);

export const releaseDevice = procedure('device_close', { source: specC(), params: { dev: Device } }, (k) => [
  k.step('close the device', (f) => {
    f.dev.opened = false;
  }),
  k.return(0),
]);

/**
 * Function level reset before the next user: whatever group the function had open it does not know any more. It must
 * have stopped. Nothing is done about it where the variant leaves the function as it is.
 */
export const resetFunction = procedure('pcie_flr', { source: specC(), params: { fn: hw<PciFunction>() } }, (k) => [
  k.switch(betweenUsers, {
    reset: [
      k.step(
        'initiate the reset: the function forgets its groups',
        (f) => {
          for (let group = 0; group < f.fn.prg.length; group++) {
            const open = f.fn.prg.at(group);
            if (open !== null) open.answer = 'reset';
            f.fn.prg.set(group, null);
          }
        },
        { indivisible: 'the function does it by itself, at one moment' },
      ),
    ],
    'left as it is': [],
  }),
  k.return(0),
]);

/** Somebody kills a task: a signal is pending for it from here on. */
export const killTask = procedure('kill', { source: specC(), params: { task: constant<Actor>() } }, (k) => [
  k.sendSignal((f) => f.task, { label: 'send SIGKILL' }),
  k.return(0),
]);
