/**
 * The IOMMU core: records of domains, devices and IOMMUs, in arrays that outlive the kernel (FLB).
 *
 * Source: v1 02/14 as posted, and its later form. Limits: an array never needs a second page; what a driver keeps is
 * one step; entries are never used again, as in C.
 */
import { IommuGroup as Group, PagingDomain } from '../iommufd/index.ts';
import { bool, EINVAL, EIO, ENOMEM, errno, procedure, ptr, ref } from '../kernel/index.ts';
import { monitorOf } from './monitor.ts';
import { DeviceSer, DomainSer, Flb, IommuDevice, IommuSer } from './objects.ts';
import { quiet } from './quiet.ts';
import { CORE_C, rev1Core, rev4 } from './sources.ts';
import { atomicSleep, iommuRecord, preservedTwice, unpreserveNothing } from './switches.ts';

const source = rev1Core(CORE_C);

/** liveupdate_flb_get(): one more file that is preserved. The caller holds the session's mutex. */
export const flbGet = procedure('luo_flb_file_preserve', { source, params: { flb: Flb } }, (k) => [
  k.step('one more file uses the records', (f) => {
    f.flb.users++;
  }),
]);

/** The records go with the last file. */
export const flbPut = procedure(
  'luo_flb_file_unpreserve',
  { source, params: { flb: Flb }, locals: { last: bool(), d: ref(DomainSer), v: ref(DeviceSer), i: ref(IommuSer) } },
  (k) => [
    k.step('one file less uses the records', (f) => {
      f.flb.users--;
      f.last = f.flb.users === 0;
    }),
    k.when(
      (f) => f.last,
      [
        k.mutexLock((f) => f.flb.lock),
        k.loop([
          k.step('the next record of each kind', (f) => {
            f.d = f.flb.domains.first;
            f.v = f.flb.devices.first;
            f.i = f.flb.iommus.first;
            if (f.d !== null) f.flb.domains.remove(f.d);
            if (f.v !== null) f.flb.devices.remove(f.v);
            if (f.i !== null) f.flb.iommus.remove(f.i);
          }),
          k.when((f) => f.d === null && f.v === null && f.i === null, [k.break()]),
          k.kfree((f) => f.v),
          k.kfree((f) => f.i),
          k.kfree((f) => f.d),
        ]),
        k.mutexUnlock((f) => f.flb.lock),
      ],
    ),
  ],
);

/** iommu_domain_preserve(): the record, or NULL when it fails. */
export const iommuDomainPreserve = procedure(
  'iommu_domain_preserve',
  {
    source,
    params: { flb: Flb, domain: ptr(PagingDomain) },
    locals: { ser: ptr(DomainSer) },
    returns: ref(DomainSer),
  },
  (k) => [
    k.mutexLock((f) => f.flb.lock),
    k.switch(preservedTwice, {
      'another-record': [],
      refused: [
        k.test('domain->preserved_state is set', (f) => f.domain.preserved_state !== null, [k.goto('fail')], [], {
          source: rev4(CORE_C),
        }),
      ],
    }),
    k.kmalloc(
      DomainSer,
      (f, ser) => {
        f.ser = ser;
        f.flb.domains.add(ser);
      },
      { label: 'lu_alloc_domain_ser(flb_obj)', budget: 'flb_page', orElse: [k.goto('fail')] },
    ),
    k.attempt(
      'domain_preserve',
      'domain->ops->preserve(domain, domain_ser)',
      (f) => {
        f.ser.table = f.domain.table;
        f.ser.monitor = monitorOf(f.domain);
        f.domain.kept++;
        f.domain.kept_table = f.ser.table;
      },
      [
        k.step('domain_ser->hdr.deleted = true', (f) => {
          f.ser.deleted = true;
        }),
        k.goto('fail'),
      ],
    ),
    k.step('domain->preserved_state = domain_ser', (f) => {
      f.domain.preserved_state = f.ser;
    }),
    k.mutexUnlock((f) => f.flb.lock),
    k.return((f) => f.ser),
    k.label('fail'),
    k.mutexUnlock((f) => f.flb.lock),
    k.return(null),
  ],
);

/** iommu_domain_unpreserve(). */
export const iommuDomainUnpreserve = procedure(
  'iommu_domain_unpreserve',
  { source, params: { flb: Flb, domain: ptr(PagingDomain) }, locals: { ser: ptr(DomainSer) } },
  (k) => [
    k.switch(atomicSleep, {
      noticed: [k.mutexLock((f) => f.flb.lock)],
      unnoticed: [quiet(k.mutexLock((f) => f.flb.lock))],
    }),
    k.step('domain_ser = domain->preserved_state', (f) => {
      f.ser = f.domain.preserved_state as DomainSer;
    }),
    k.switch(unpreserveNothing, {
      follows: [],
      returns: [k.when((f) => !f.ser, [k.mutexUnlock((f) => f.flb.lock), k.return()])],
    }),
    k.step('domain->ops->unpreserve(domain, domain_ser), the record is deleted', (f) => {
      f.ser.deleted = true;
      f.domain.kept--;
    }),
    k.step('domain->preserved_state = NULL', (f) => {
      f.domain.preserved_state = null;
    }),
    k.mutexUnlock((f) => f.flb.lock),
  ],
);

/** iommu_unpreserve_locked(): one device less on the IOMMU. */
const iommuUnpreserveLocked = procedure(
  'iommu_unpreserve_locked',
  { source, params: { iommu: ptr(IommuDevice) }, locals: { ser: ptr(IommuSer), last: bool() } },
  (k) => [
    k.step('iommu_ser = iommu->outgoing_preserved_state, ref_count--', (f) => {
      f.ser = f.iommu.outgoing_preserved_state as IommuSer;
      f.ser.ref_count--;
      f.last = f.ser.ref_count === 0;
    }),
    k.when(
      (f) => f.last,
      [
        k.step('iommu->outgoing_preserved_state = NULL, iommu->ops->unpreserve(), the record is deleted', (f) => {
          f.iommu.outgoing_preserved_state = null;
          f.iommu.kept--;
          f.ser.deleted = true;
        }),
      ],
    ),
  ],
);

/** iommu_preserve_device(). The caller holds igroup->lock. */
export const iommuPreserveDevice = procedure(
  'iommu_preserve_device',
  {
    source,
    params: { flb: Flb, domain: ptr(PagingDomain), group: ptr(Group) },
    locals: { iommu: ptr(IommuDevice), ser: ptr(DeviceSer), iommu_ser: ptr(IommuSer), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const store = (when: string) =>
      k.step(`iommu->outgoing_preserved_state = iommu_ser${when}`, (f) => {
        f.iommu.outgoing_preserved_state = f.iommu_ser;
      });
    const fail = (ret: number) => [
      k.local((f) => {
        f.ret = ret;
      }),
      k.goto('fail'),
    ];
    return [
      k.test('domain->preserved_state is not set', (f) => f.domain.preserved_state === null, [k.return(-EINVAL)]),
      k.mutexLock((f) => f.flb.lock),
      k.kmalloc(
        DeviceSer,
        (f, ser) => {
          f.ser = ser;
          f.flb.devices.add(ser);
        },
        {
          label: 'iommu_lu_alloc_device(flb_obj)',
          budget: 'flb_page',
          orElse: [k.mutexUnlock((f) => f.flb.lock), k.return(-ENOMEM)],
        },
      ),
      k.step('iommu = dev->iommu->iommu_dev', (f) => {
        f.iommu = f.group.iommu as IommuDevice;
      }),
      k.test(
        'iommu->outgoing_preserved_state: ref_count++',
        (f) => {
          const ser = f.iommu.outgoing_preserved_state;
          if (ser !== null) ser.ref_count++;
          return ser !== null;
        },
        [],
        [
          k.kmalloc(
            IommuSer,
            (f, ser) => {
              f.iommu_ser = ser;
              f.flb.iommus.add(ser);
            },
            { label: 'iommu_lu_alloc_iommu(flb_obj)', budget: 'flb_page', orElse: fail(-ENOMEM) },
          ),
          k.attempt(
            'iommu_preserve',
            'iommu->ops->preserve(iommu, iommu_ser)',
            (f) => {
              f.iommu.kept++;
            },
            [
              k.step('iommu_ser->hdr.deleted = true', (f) => {
                f.iommu_ser.deleted = true;
              }),
              k.switch(iommuRecord, { always: [store(', though it failed')], 'on-success': [] }),
              ...fail(-EIO),
            ],
          ),
          store(''),
        ],
      ),
      k.step('device_ser: the record of the domain and that of the IOMMU', (f) => {
        f.ser.domain = f.domain.preserved_state as DomainSer;
        f.ser.iommu = f.iommu.outgoing_preserved_state;
      }),
      k.attempt('device_preserve', 'iommu_dev->ops->preserve_device(dev, device_ser)', () => {}, [
        k.call(iommuUnpreserveLocked, (f) => ({ iommu: f.iommu })),
        ...fail(-EIO),
      ]),
      k.step('dev->iommu->device_ser = device_ser', (f) => {
        f.group.device_ser = f.ser;
      }),
      k.mutexUnlock((f) => f.flb.lock),
      k.return(0),
      k.label('fail'),
      k.step('device_ser->hdr.deleted = true', (f) => {
        f.ser.deleted = true;
      }),
      k.mutexUnlock((f) => f.flb.lock),
      k.return((f) => f.ret),
    ];
  },
);

/** iommu_unpreserve_device(). The caller holds igroup->lock. */
export const iommuUnpreserveDevice = procedure(
  'iommu_unpreserve_device',
  {
    source,
    params: { flb: Flb, group: ptr(Group) },
    locals: { iommu: ptr(IommuDevice), ser: ref(DeviceSer) },
  },
  (k) => [
    k.mutexLock((f) => f.flb.lock),
    k.step('device_ser = dev_iommu_preserved_state(dev)', (f) => {
      f.ser = f.group.device_ser as DeviceSer | null;
      f.iommu = f.group.iommu as IommuDevice;
    }),
    k.when(
      (f) => f.ser !== null,
      [
        k.step('iommu_dev->ops->unpreserve_device(dev, device_ser), the record is deleted', (f) => {
          (f.ser as DeviceSer).deleted = true;
        }),
        k.step('dev->iommu->device_ser = NULL', (f) => {
          f.group.device_ser = null;
        }),
        k.call(iommuUnpreserveLocked, (f) => ({ iommu: f.iommu })),
      ],
    ),
    k.mutexUnlock((f) => f.flb.lock),
  ],
);
