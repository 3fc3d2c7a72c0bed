/**
 * Enabling and disabling PRI: init and shutdown of SVA on a device.
 *
 * Source: v2 39/40 and v5 25/25; drivers/pci/ats.c. What a page request interface does: it may be enabled when it has
 * stopped, that is when it has no group open, or after a reset, by which it forgets its groups. An answer that comes after
 * that belongs to nobody, or to whoever has the group index next. ATS and PRI are two bits: with ATS off the function asks
 * for no translation, but what it has missed before it may still request.
 *
 * Limits: one device; configuration writes take effect at once.
 */
import { EBUSY, ENODEV, errno, MmStruct, procedure } from '../kernel/index.ts';
import { waitForCommands } from './bind.ts';
import { openContext } from './driver.ts';
import { iopfQueueFlushDev } from './flush.ts';
import { hw, type PageRequestInterface, type PciContext, type PciFunction, type SmmuV3 } from './hardware.ts';
import { Device, IommuSva, IopfQueue, PriMaster } from './objects.ts';
import { iopfQueueAddDevice, iopfQueueRemoveDevice } from './queue.ts';
import { pciAts, v2_39, v5_25 } from './sources.ts';
import { iopfRevision, priReset, priShutdown } from './switches.ts';

const SMMU_C = 'drivers/iommu/arm-smmu-v3.c';
const device = { master: PriMaster, pri: hw<PageRequestInterface>(), fn: hw<PciFunction>() };
const inside = 'the function does it by itself, at one moment';

/** pci_reset_pri(): -EBUSY while PRI is enabled. */
const pciResetPri = procedure('pci_reset_pri', { source: pciAts, params: device, returns: errno() }, (k) => [
  k.test('WARN_ON(pdev->pri_enabled)', (f) => f.master.pri_enabled, [k.return(-EBUSY)]),
  k.step(
    'PCI_PRI_CTRL_RESET: the function forgets its groups',
    (f) => {
      for (let group = 0; group < f.fn.prg.length; group++) {
        const open = f.fn.prg.at(group);
        if (open !== null) open.answer = 'reset';
        f.fn.prg.set(group, null);
      }
    },
    { indivisible: inside },
  ),
  k.return(0),
]);

/** pci_enable_pri(): -EBUSY while requests are open. */
const pciEnablePri = procedure('pci_enable_pri', { source: pciAts, params: device, returns: errno() }, (k) => [
  k.test('WARN_ON(pdev->pri_enabled)', (f) => f.master.pri_enabled, [k.return(-EBUSY)]),
  k.test('PCI_PRI_STATUS_STOPPED', (f) => [...f.fn.prg].every((open) => open === null), [], [k.return(-EBUSY)], {
    indivisible: inside,
  }),
  k.step('PCI_PRI_CTRL_ENABLE', (f) => {
    f.pri.enable = true;
  }),
  k.step('pdev->pri_enabled = 1', (f) => {
    f.master.pri_enabled = true;
  }),
  k.return(0),
]);

/** arm_smmu_enable_pri() */
const armSmmuEnablePri = procedure(
  'arm_smmu_enable_pri',
  { source: v2_39(SMMU_C), params: device, locals: { ret: errno() }, returns: errno() },
  (k) => [
    k.switch(priReset, {
      reset: [
        k.call(
          pciResetPri,
          (f) => ({ master: f.master, pri: f.pri, fn: f.fn }),
          (f, ret) => {
            f.ret = ret;
          },
        ),
        k.when((f) => f.ret !== 0, [k.return((f) => f.ret)]),
      ],
      'not reset': [],
    }),
    k.call(
      pciEnablePri,
      (f) => ({ master: f.master, pri: f.pri, fn: f.fn }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when((f) => f.ret !== 0, [k.return((f) => f.ret)]),
    k.step('master->can_fault = true', (f) => {
      f.master.can_fault = true;
    }),
    k.return(0),
  ],
);

/** arm_smmu_disable_pri() */
const armSmmuDisablePri = procedure('arm_smmu_disable_pri', { source: v2_39(SMMU_C), params: device }, (k) => [
  k.test('!pdev->pri_enabled', (f) => !f.master.pri_enabled, [k.return()]),
  k.step('pci_disable_pri(): clear PCI_PRI_CTRL_ENABLE', (f) => {
    f.pri.enable = false;
  }),
  k.step('pdev->pri_enabled = 0', (f) => {
    f.master.pri_enabled = false;
  }),
  k.step('master->can_fault = false', (f) => {
    f.master.can_fault = false;
  }),
  k.return(),
]);

const queued = { ...device, smmu: hw<SmmuV3>(), dev: Device, queue: IopfQueue };

/** arm_smmu_sva_init(): v2 enables PRI and adds the device to the queue then, v5 the other way round. */
const armSmmuSvaInit = procedure(
  'arm_smmu_sva_init',
  { source: v2_39(SMMU_C), params: queued, locals: { ret: errno() }, returns: errno() },
  (k) => {
    const enable = [
      k.switch(priShutdown, {
        'disable PRI': [],
        'disable PRI, flush': [],
        'disable PRI, flush, SYNC': [],
        'flush, SYNC, disable PRI': [],
        'disable ATS, flush, SYNC, disable PRI': [
          k.step('pci_enable_ats()', (f) => {
            f.pri.ats = true;
          }),
        ],
      }),
      k.call(
        armSmmuEnablePri,
        (f) => ({ master: f.master, pri: f.pri, fn: f.fn }),
        (f, ret) => {
          f.ret = ret;
        },
      ),
      k.when(
        (f) => f.ret !== 0,
        [
          k.step('cannot enable PRI', (f) => {
            f.master.refused = true;
          }),
          k.return(-ENODEV),
        ],
      ),
    ];
    const add = k.call(iopfQueueAddDevice, (f) => ({ queue: f.queue, dev: f.dev }));
    return [
      k.switch(iopfRevision, {
        v2: [...enable, add],
        v4: [...enable, add],
        v5: [add, ...enable],
        '5.13': [add, ...enable],
      }),
      k.return(0),
    ];
  },
);

/** arm_smmu_sva_shutdown(). The device leaves its queue last; only what comes before that differs. */
export const armSmmuSvaShutdown = procedure('arm_smmu_sva_shutdown', { source: v5_25(SMMU_C), params: queued }, (k) => {
  const disable = k.call(armSmmuDisablePri, (f) => ({ master: f.master, pri: f.pri, fn: f.fn }));
  const flush = k.call(iopfQueueFlushDev, (f) => ({ dev: f.dev, smmu: f.smmu }));
  const sync = k.call(waitForCommands, (f) => ({ smmu: f.smmu, issuer: 0 }));
  const atsOff = k.step('pci_disable_ats()', (f) => {
    f.pri.ats = false;
  });
  return [
    k.switch(priShutdown, {
      'disable PRI': [disable],
      'disable PRI, flush': [disable, flush],
      'disable PRI, flush, SYNC': [disable, flush, sync],
      'flush, SYNC, disable PRI': [flush, sync, disable],
      'disable ATS, flush, SYNC, disable PRI': [atsOff, flush, sync, disable],
    }),
    k.call(iopfQueueRemoveDevice, (f) => ({ queue: f.queue, dev: f.dev })),
    k.return(),
  ];
});

/** The next user of the device: init, and bind unless that failed. */
export const openWithPri = procedure(
  'driver_probe',
  {
    source: v5_25(SMMU_C),
    params: { ...queued, sva: IommuSva, ctx: hw<PciContext>(), mm: MmStruct },
    locals: { ret: errno() },
  },
  (k) => [
    k.call(
      armSmmuSvaInit,
      (f) => ({ master: f.master, pri: f.pri, fn: f.fn, smmu: f.smmu, dev: f.dev, queue: f.queue }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when((f) => f.ret !== 0, [k.return()]),
    k.call(openContext, (f) => ({ sva: f.sva, smmu: f.smmu, ctx: f.ctx, mm: f.mm })),
    k.return(),
  ],
);
