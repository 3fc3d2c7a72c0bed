/**
 * io_mm_detach_locked(): takes a bond apart, with the SVA lock held on entry and return.
 *
 * A caller that waits lets a running mm_exit finish first; the wait drops the lock. As posted, the count of
 * references at entry decides which of several waiters detaches; the repaired form gives every waiter a
 * reference of its own, lets the first one that comes along unlink, and lets the last one free.
 *
 * Source: spec (a) detach; patch v2 05/40.
 */
import { bool, inc, orNothing, procedure, ptr } from '../kernel/index.ts';
import { MmDetach } from './callbacks.ts';
import { ioMmPutLocked } from './io-mm.ts';
import { Device, IoMm, IommuBond, IommuDomain } from './objects.ts';
import { IOMMU_SVA_C, v2_03, v2_05 } from './sources.ts';
import { bondRefs } from './switches.ts';

/** Clears the context, unlinks the bond from its three lists and drops its io_mm. */
const unlinkBond = procedure(
  'io_mm_detach_domain',
  {
    source: v2_03(IOMMU_SVA_C),
    params: { dev: Device, bond: IommuBond },
    locals: { io_mm: ptr(IoMm), domain: ptr(IommuDomain), last: bool() },
  },
  (k) => [
    k.step('is it the last bond of its io_mm in the domain?', (f) => {
      const { io_mm, domain } = f.bond;
      f.io_mm = io_mm;
      f.domain = domain;
      f.last = domain.mm_list.find((other) => other.io_mm === io_mm && other.dev !== f.dev) === null;
    }),
    k.callback(
      MmDetach,
      (f) => f.dev.ops.mm_detach,
      (f) => ({ domain: f.domain, dev: f.dev, io_mm: f.io_mm, last: f.last }),
      undefined,
      orNothing,
    ),
    k.step('unlink from io_mm, domain and device', (f) => {
      f.bond.io_mm.devices.remove(f.bond);
      f.bond.domain.mm_list.remove(f.bond);
      f.bond.param.mm_list.remove(f.bond);
      f.bond.linked = false;
    }),
    k.call(ioMmPutLocked, (f) => ({ io_mm: f.io_mm })),
  ],
);

export const ioMmDetachLocked = procedure(
  'io_mm_detach_locked',
  {
    source: v2_05(IOMMU_SVA_C),
    params: { dev: Device, bond: IommuBond, wait: bool() },
    locals: { mine: bool() },
  },
  (k) => {
    const waitForMmExit = k.waitEventLock(
      (f) => f.bond.mm_exit_wq,
      (f) => !f.bond.mm_exit_active,
      (f) => f.dev.sva.lock,
      {
        irq: true,
        as: 'bond->mm_exit_wq, !bond->mm_exit_active',
        lockAs: 'iommu_sva_lock',
        owners: (f) => (f.bond.mm_exit_by === null ? [] : [f.bond.mm_exit_by]),
      },
    );
    return [
      k.switch(bondRefs, {
        'first waiter': [
          k.when(
            (f) => f.wait,
            [
              k.step('mine = refs is 1; refcount_inc(&bond->refs)', (f) => {
                f.mine = f.bond.refs.counter === 1;
                inc(f.bond.refs);
              }),
              waitForMmExit,
              k.when((f) => !f.mine, [k.return()]),
            ],
            [k.refcountDecAndTest((f) => f.bond.refs, [], [k.return()])],
          ),
          k.call(unlinkBond, (f) => ({ dev: f.dev, bond: f.bond })),
          k.kfree((f) => f.bond),
        ],
        'every waiter': [
          k.when((f) => f.wait, [k.refcountInc((f) => f.bond.refs), waitForMmExit]),
          k.test('is the bond still linked?', (f) => f.bond.linked, [
            k.call(unlinkBond, (f) => ({ dev: f.dev, bond: f.bond })),
            k.refcountDecAndTest((f) => f.bond.refs, [k.kfree((f) => f.bond), k.return()]),
          ]),
          k.when((f) => f.wait, [k.refcountDecAndTest((f) => f.bond.refs, [k.kfree((f) => f.bond)])]),
        ],
      }),
    ];
  },
);
