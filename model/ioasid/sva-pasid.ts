/**
 * The PASID of a process: `mm->pasid` has one as long as a driver has bound the process to a device. Whoever binds takes a
 * reference, or allocates the first; whoever gives back the last clears `mm->pasid`, because ioasid_put() has said so.
 *
 * Source: iommu_sva_alloc_pasid() and iommu_sva_free_pasid() as V4 05/18 leaves them. Limits: any PASID is in the range
 * that a driver asks for; the lock that a driver has around both is left out, since each driver has its own.
 */
import { bool, ENOMEM, errno, type KernelKit, procedure, ref, type Statement } from '../kernel/index.ts';
import { ioasidAlloc } from './alloc.ts';
import { ioasidGet, ioasidPut } from './free.ts';
import { Ioasid, IoasidSet, ioasidT, SvaBond, SvaLib, SvaMm } from './objects.ts';
import { SVA_LIB_C, v4_05 } from './sources.ts';
import { svaLock, svaPut } from './switches.ts';

const source = v4_05(SVA_LIB_C);

const lock = <F extends { sva: SvaLib }>(k: KernelKit<F>): Statement<F> =>
  k.switch(svaLock, { held: [k.mutexLock((f) => f.sva.lock, { as: '&iommu_sva_lock' })], none: [] });
const unlock = <F extends { sva: SvaLib }>(k: KernelKit<F>): Statement<F> =>
  k.switch(svaLock, { held: [k.mutexUnlock((f) => f.sva.lock, { as: '&iommu_sva_lock' })], none: [] });

/** iommu_sva_alloc_pasid(): 0 or -ENOMEM. It does not look at what ioasid_get() returns. */
export const iommuSvaAllocPasid = procedure(
  'iommu_sva_alloc_pasid',
  {
    source,
    params: { core: Ioasid, sva: SvaLib, mm: SvaMm },
    locals: { set: ref(IoasidSet), pasid: ioasidT(), ret: errno() },
    returns: errno(),
  },
  (k) => [
    lock(k),
    k.step('mm->pasid', (f) => {
      f.pasid = f.mm.pasid;
    }),
    k.step('iommu_sva_pasid', (f) => {
      f.set = f.sva.set;
    }),
    k.when(
      (f) => f.pasid !== 0,
      [k.call(ioasidGet, (f) => ({ core: f.core, set: f.set, id: f.pasid }))],
      [
        k.call(
          ioasidAlloc,
          (f) => ({ core: f.core, set: f.set as IoasidSet, priv: f.mm }),
          (f, id) => {
            f.pasid = id;
          },
        ),
        k.when(
          (f) => f.pasid === 0,
          [
            k.local((f) => {
              f.ret = -ENOMEM;
            }),
          ],
          [
            k.step('mm->pasid = pasid', (f) => {
              f.mm.pasid = f.pasid;
            }),
          ],
        ),
      ],
    ),
    unlock(k),
    k.return((f) => f.ret),
  ],
);

/** iommu_sva_free_pasid(). */
export const iommuSvaFreePasid = procedure(
  'iommu_sva_free_pasid',
  {
    source,
    params: { core: Ioasid, sva: SvaLib, mm: SvaMm },
    locals: { set: ref(IoasidSet), pasid: ioasidT(), freed: bool() },
  },
  (k) => {
    const clear = k.step('mm->pasid = 0', (f) => {
      f.mm.pasid = 0;
    });
    const clearIfFreed = k.when((f) => f.freed, [clear]);
    return [
      lock(k),
      k.step('mm->pasid', (f) => {
        f.pasid = f.mm.pasid;
      }),
      k.step('iommu_sva_pasid', (f) => {
        f.set = f.sva.set;
      }),
      k.call(
        ioasidPut,
        (f) => ({ core: f.core, set: f.set, id: f.pasid }),
        (f, freed) => {
          f.freed = freed;
        },
      ),
      k.switch(svaPut, {
        'if-freed': [clearIfFreed, unlock(k)],
        always: [clear, unlock(k)],
        never: [unlock(k)],
        'after-unlock': [unlock(k), clearIfFreed],
      }),
    ];
  },
);

/** A driver binds the process, programs its device, stops it, and unbinds. */
export const svaBoundThenUnbound = procedure(
  'iommu_sva_bind_device and iommu_sva_unbind_device',
  {
    source,
    params: { core: Ioasid, sva: SvaLib, bond: SvaBond, mm: SvaMm },
    locals: { ret: errno(), pasid: ioasidT() },
  },
  (k) => [
    k.call(
      iommuSvaAllocPasid,
      (f) => ({ core: f.core, sva: f.sva, mm: f.mm }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when((f) => f.ret !== 0, [k.return(0)]),
    k.step('pasid = iommu_sva_get_pasid(handle)', (f) => {
      f.pasid = f.mm.pasid;
    }),
    k.step('the device is programmed with pasid', (f) => {
      f.bond.pasid = f.pasid;
    }),
    k.step('the device is stopped', (f) => {
      f.bond.pasid = 0;
    }),
    k.call(iommuSvaFreePasid, (f) => ({ core: f.core, sva: f.sva, mm: f.mm })),
  ],
);
