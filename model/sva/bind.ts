/**
 * iommu_sva_bind_device() and io_mm_attach(): give a device access to an address space.
 *
 * The caller holds a user reference of the mm, has initialised the device, and does not let init, shutdown or
 * unbind of the same device run meanwhile; nothing here checks that.
 *
 * Source: spec (a) bind; patches v2 02/40 and 03/40.
 * Limits: returns the PASID where C stores it through a pointer and returns 0.
 */
import {
  bool,
  EDOM,
  EEXIST,
  EINVAL,
  ENOMEM,
  ERANGE,
  errno,
  incNotZero,
  int,
  MmStruct,
  opaque,
  orNothing,
  procedure,
  ref,
} from '../kernel/index.ts';
import { type IommuSvaParam, MmAttach } from './callbacks.ts';
import { ioMmAlloc, ioMmPut, ioMmPutLocked } from './io-mm.ts';
import { lockSva, unlockSva } from './lock.ts';
import { type Bond, Device, IoMm, IommuBond, IommuDomain } from './objects.ts';
import { IOMMU_SVA_C, v2_02, v2_03 } from './sources.ts';
import { bindMutex, deviceMutex } from './switches.ts';

/** Makes the bond of an io_mm with a device. */
export const ioMmAttach = procedure(
  'io_mm_attach',
  {
    source: v2_03(IOMMU_SVA_C),
    params: { domain: ref(IommuDomain), dev: Device, io_mm: IoMm, drvdata: opaque() },
    locals: {
      param: opaque<IommuSvaParam>(),
      pasid: int(0, 3),
      out_of_range: bool(),
      bond: ref(IommuBond),
      first: bool(),
      rc: errno(),
    },
    returns: errno(),
  },
  (k) => [
    k.step('param = dev->iommu_param->sva_param', (f) => {
      f.param = f.dev.sva_param;
    }),
    k.test(
      'pasid is in the range of the device',
      (f) => f.io_mm.pasid <= (f.param as IommuSvaParam).max_pasid,
      [],
      [k.return(-ERANGE)],
    ),
    k.kmalloc(
      IommuBond,
      (f, bond) => {
        bond.io_mm = f.io_mm;
        bond.dev = f.dev;
        bond.domain = f.domain as IommuDomain;
        bond.drvdata = f.drvdata;
        bond.param = f.param as IommuSvaParam;
        f.bond = bond;
      },
      { orElse: [k.return(-ENOMEM)] },
    ),
    lockSva((f) => f.dev.sva),
    k.step('is it the first bond of io_mm in the domain?', (f) => {
      f.first = (f.domain as IommuDomain).mm_list.find((bond) => bond.io_mm === f.io_mm) === null;
    }),
    k.callback(
      MmAttach,
      (f) => f.dev.ops.mm_attach,
      (f) => ({ domain: f.domain as IommuDomain, dev: f.dev, io_mm: f.io_mm, first: f.first }),
      (f, rc) => {
        f.rc = rc;
      },
      orNothing,
    ),
    k.when((f) => f.rc < 0, [k.kfree((f) => f.bond), unlockSva((f) => f.dev.sva), k.return((f) => f.rc)]),
    k.step('link into io_mm, domain and device', (f) => {
      const bond = f.bond as Bond;
      f.io_mm.devices.addFirst(bond);
      (f.domain as IommuDomain).mm_list.addFirst(bond);
      (f.param as IommuSvaParam).mm_list.addFirst(bond);
    }),
    unlockSva((f) => f.dev.sva),
    k.return(0),
  ],
);

const bindDevice = procedure(
  '__iommu_sva_bind_device',
  {
    source: v2_02(IOMMU_SVA_C),
    params: { dev: Device, mm: MmStruct, flags: int(0, 3), drvdata: opaque() },
    locals: {
      param: opaque<IommuSvaParam>(),
      domain: ref(IommuDomain),
      io_mm: ref(IoMm),
      exists: bool(),
      other_flags: bool(),
      pasid: errno(),
      rc: errno(),
    },
    returns: errno(),
  },
  (k) => [
    k.step('param = dev->iommu_param->sva_param', (f) => {
      f.param = f.dev.sva_param;
    }),
    k.step('domain of the device', (f) => {
      f.domain = f.dev.domain;
    }),
    k.when((f) => f.domain === null || f.param === null, [k.return(-EINVAL)]),
    k.test(
      'the device has the flags asked for',
      (f) => (f.flags & ~(f.param as IommuSvaParam).features) === 0,
      [],
      [k.return(-EINVAL)],
    ),
    lockSva((f) => f.dev.sva),
    k.step('find the io_mm of mm and take a reference', (f) => {
      for (const io_mm of f.dev.sva.pasid_idr)
        if (io_mm !== null && io_mm.mm === f.mm && incNotZero(io_mm.kref)) {
          f.io_mm = io_mm;
          f.exists = io_mm.devices.find((bond) => bond.dev === f.dev) !== null;
          f.other_flags = io_mm.flags !== f.flags;
          break;
        }
    }),
    k.when(
      (f) => f.exists,
      [k.call(ioMmPutLocked, (f) => ({ io_mm: f.io_mm as IoMm })), unlockSva((f) => f.dev.sva), k.return(-EEXIST)],
    ),
    unlockSva((f) => f.dev.sva),
    k.when(
      (f) => f.io_mm !== null && f.other_flags,
      [k.call(ioMmPut, (f) => ({ io_mm: f.io_mm as IoMm })), k.return(-EDOM)],
    ),
    k.when(
      (f) => f.io_mm === null,
      [
        k.call(
          ioMmAlloc,
          (f) => ({ dev: f.dev, mm: f.mm, flags: f.flags }),
          (f, io_mm) => {
            f.io_mm = io_mm;
          },
        ),
        k.when((f) => f.io_mm === null, [k.return(-ENOMEM)]),
      ],
    ),
    k.call(
      ioMmAttach,
      (f) => ({ domain: f.domain, dev: f.dev, io_mm: f.io_mm as IoMm, drvdata: f.drvdata }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.when((f) => f.rc < 0, [k.call(ioMmPut, (f) => ({ io_mm: f.io_mm as IoMm })), k.return((f) => f.rc)]),
    k.step('*pasid = io_mm->pasid', (f) => {
      f.pasid = (f.io_mm as IoMm).pasid;
    }),
    k.return((f) => f.pasid),
  ],
);

/** iommu_sva_bind_device(): the PASID, or a negated error number (-EEXIST when the two are bound already). */
export const iommuSvaBindDevice = procedure(
  'iommu_sva_bind_device',
  {
    source: v2_02(IOMMU_SVA_C),
    params: { dev: Device, mm: MmStruct, flags: int(0, 3), drvdata: opaque() },
    locals: { rc: errno() },
    returns: errno(),
  },
  (k) => {
    const bind = k.call(
      bindDevice,
      (f) => ({ dev: f.dev, mm: f.mm, flags: f.flags, drvdata: f.drvdata }),
      (f, rc) => {
        f.rc = rc;
      },
    );
    return [
      k.switch(deviceMutex, { none: [], held: [k.mutexLock((f) => f.dev.sva_lock)] }),
      k.switch(bindMutex, { none: [], held: [k.mutexLock((f) => f.dev.sva.bind_lock)] }),
      bind,
      k.switch(bindMutex, { none: [], held: [k.mutexUnlock((f) => f.dev.sva.bind_lock)] }),
      k.switch(deviceMutex, { none: [], held: [k.mutexUnlock((f) => f.dev.sva_lock)] }),
      k.return((f) => f.rc),
    ];
  },
);
