/**
 * iommu_sva_unbind_device(), and the removal of all bonds of a device, which group detach and shutdown use.
 *
 * Source: spec (a) unbind and unbind_dev_all; patches v2 02/40 and 05/40.
 */
import { EINVAL, ESRCH, errno, inc, int, opaque, orNothing, procedure, ptr, ref } from '../kernel/index.ts';
import { type IommuSvaParam, IopfQueueFlushDev } from './callbacks.ts';
import { ioMmDetachLocked } from './detach.ts';
import { ioMmPut } from './io-mm.ts';
import { lockSva, unlockSva } from './lock.ts';
import { type Bond, Device, IoMm, IommuBond, MAX_PASID } from './objects.ts';
import { IOMMU_SVA_C, v2_02, v2_05 } from './sources.ts';
import { deviceMutex, flushOrder, unbindAllWalk, unbindWait } from './switches.ts';

/** iopf_queue_flush_dev(), where there is a fault queue. */
const flushFaults = procedure('iopf_queue_flush', { source: v2_02(IOMMU_SVA_C), params: { dev: Device } }, (k) => [
  k.callback(
    IopfQueueFlushDev,
    (f) => f.dev.ops.iopf_queue_flush_dev,
    (f) => ({ dev: f.dev }),
    undefined,
    orNothing,
  ),
]);

const unbindDevice = procedure(
  '__iommu_sva_unbind_device',
  {
    source: v2_05(IOMMU_SVA_C),
    params: { dev: Device, pasid: int(0, MAX_PASID) },
    locals: { bond: ref(IommuBond), io_mm: ptr(IoMm), param: opaque<IommuSvaParam>() },
    returns: errno(),
  },
  (k) => [
    k.step('param = dev->iommu_param->sva_param', (f) => {
      f.param = f.dev.sva_param;
    }),
    k.when((f) => f.param === null, [k.return(-EINVAL)]),
    k.test('device has a domain', (f) => f.dev.domain !== null, [], [k.return(-EINVAL)]),
    k.switch(flushOrder, {
      'flush, then clear': [k.call(flushFaults, (f) => ({ dev: f.dev }))],
      'clear, then flush': [],
    }),
    lockSva((f) => f.dev.sva),
    k.step('find the bond by PASID', (f) => {
      f.bond = (f.param as IommuSvaParam).mm_list.find((bond) => bond.io_mm.pasid === f.pasid);
    }),
    k.when((f) => f.bond === null, [unlockSva((f) => f.dev.sva), k.return(-ESRCH)]),
    k.switch(flushOrder, {
      'flush, then clear': [],
      'clear, then flush': [
        k.step('keep the PASID until the flush is done', (f) => {
          f.io_mm = (f.bond as Bond).io_mm;
          inc(f.io_mm.kref);
        }),
      ],
    }),
    k.switch(unbindWait, {
      waits: [k.call(ioMmDetachLocked, (f) => ({ dev: f.dev, bond: f.bond as Bond, wait: true }))],
      'does not wait': [k.call(ioMmDetachLocked, (f) => ({ dev: f.dev, bond: f.bond as Bond, wait: false }))],
    }),
    unlockSva((f) => f.dev.sva),
    k.switch(flushOrder, {
      'flush, then clear': [],
      'clear, then flush': [k.call(flushFaults, (f) => ({ dev: f.dev })), k.call(ioMmPut, (f) => ({ io_mm: f.io_mm }))],
    }),
    k.return(0),
  ],
);

/** iommu_sva_unbind_device(): when it returns, no mm_exit for this bond runs or will start. */
export const iommuSvaUnbindDevice = procedure(
  'iommu_sva_unbind_device',
  {
    source: v2_02(IOMMU_SVA_C),
    params: { dev: Device, pasid: int(0, MAX_PASID) },
    locals: { rc: errno() },
    returns: errno(),
  },
  (k) => {
    const unbind = k.call(
      unbindDevice,
      (f) => ({ dev: f.dev, pasid: f.pasid }),
      (f, rc) => {
        f.rc = rc;
      },
    );
    return [
      k.switch(deviceMutex, {
        none: [unbind],
        held: [k.mutexLock((f) => f.dev.sva_lock), unbind, k.mutexUnlock((f) => f.dev.sva_lock)],
      }),
      k.return((f) => f.rc),
    ];
  },
);

/**
 * __iommu_sva_unbind_dev_all(): removes every bond of the device. The walk as posted saves the next bond before a
 * detach that may drop the lock.
 */
export const iommuSvaUnbindDevAll = procedure(
  '__iommu_sva_unbind_dev_all',
  {
    source: v2_05(IOMMU_SVA_C),
    params: { dev: Device },
    locals: { param: opaque<IommuSvaParam>(), bond: ref(IommuBond), next: ref(IommuBond) },
  },
  (k) => {
    const detach = k.call(ioMmDetachLocked, (f) => ({ dev: f.dev, bond: f.bond as Bond, wait: true }));
    return [
      k.call(flushFaults, (f) => ({ dev: f.dev })),
      k.step('param = dev->iommu_param->sva_param', (f) => {
        f.param = f.dev.sva_param;
      }),
      k.when((f) => f.param === null, [k.return()]),
      lockSva((f) => f.dev.sva),
      k.switch(unbindAllWalk, {
        'saved next pointer': [
          k.listForEachEntrySafe(
            (f) => (f.param as IommuSvaParam).mm_list,
            {
              get: (f) => f.bond,
              set: (f, bond) => {
                f.bond = bond;
              },
            },
            {
              get: (f) => f.next,
              set: (f, bond) => {
                f.next = bond;
              },
            },
            [detach],
            { as: '&param->mm_list' },
          ),
        ],
        'restart from the head': [
          k.loop([
            k.step('bond = first of param->mm_list', (f) => {
              f.bond = (f.param as IommuSvaParam).mm_list.first;
            }),
            k.when((f) => f.bond === null, [k.break()]),
            detach,
          ]),
        ],
      }),
      unlockSva((f) => f.dev.sva),
      k.switch(flushOrder, {
        'flush, then clear': [],
        'clear, then flush': [k.call(flushFaults, (f) => ({ dev: f.dev }))],
      }),
    ];
  },
);
