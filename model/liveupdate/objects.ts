/**
 * Objects of live update: records in memory that outlives the kernel (FLB), the serialised iommufd, the session that
 * collects files, devices and IOMMUs as far as they are recorded, and what the next kernel finds.
 *
 * Source: v1 02/14, 11/14 to 13/14; spec (i). Limits: a page table is a set of two pages; one iommufd and one device a
 * session.
 */
import { Hwpt, PagingDomain } from '../iommufd/index.ts';
import {
  array,
  atomic,
  bool,
  int,
  list,
  mutex,
  nameOf,
  object,
  opaque,
  ptr,
  ref,
  struct,
  type ViewOf,
  Violation,
} from '../kernel/index.ts';
import { LuMonitor } from './monitor.ts';
import { CORE_C, LIVEUPDATE_C, LUO_C, rev1, rev1Core, specI } from './sources.ts';

/** HWPTs, and with them records and tokens. Token 0 is none. */
export const MOST_HWPTS = 2;
export const token = () => int(0, MOST_HWPTS);

/** The pages that a page table leads to, as bits. */
export const pages = () => int(0, 3);

/** struct iommu_domain_ser: a page table in memory that is kept. */
export const DomainSer = object(
  'iommu_domain_ser',
  {
    deleted: bool(),
    table: pages(),
    monitor: ptr(LuMonitor),
    /** In the next kernel: the domain that boot has made of it. */
    restored_domain: ref(PagingDomain),
  },
  { source: rev1Core(CORE_C) },
);
export type DomainSer = ViewOf<typeof DomainSer>;

/** struct iommu_hw_ser: an IOMMU's own tables. */
export const IommuSer = object(
  'iommu_hw_ser',
  { deleted: bool(), ref_count: int(0, 2, 1) },
  { source: rev1Core(CORE_C) },
);
export type IommuSer = ViewOf<typeof IommuSer>;

/** struct iommu_device_ser: which domain a device had, on which IOMMU. */
export const DeviceSer = object(
  'iommu_device_ser',
  { deleted: bool(), domain: ref(DomainSer), iommu: ref(IommuSer) },
  { source: rev1Core(CORE_C) },
);
export type DeviceSer = ViewOf<typeof DeviceSer>;

/** struct iommu_flb_obj: the records of all files, with their mutex. It goes with the last preserved file. */
export const Flb = object(
  'iommu_flb_obj',
  {
    lock: mutex(),
    users: int(0, 3),
    domains: list(DomainSer, 4),
    devices: list(DeviceSer, 2),
    iommus: list(IommuSer, 2),
  },
  { permanent: true, source: rev1Core(CORE_C) },
);
export type Flb = ViewOf<typeof Flb>;

/** struct iommu_device: the IOMMU hardware. `kept` is a ghost: how often its tables are marked to be kept. */
export const IommuDevice = object(
  'iommu_device',
  { outgoing_preserved_state: ref(IommuSer), kept: int(0, 2) },
  { permanent: true, source: rev1Core(CORE_C) },
);
export type IommuDevice = ViewOf<typeof IommuDevice>;

/** struct iommufd_lu: the serialised iommufd, with room for so many HWPTs. */
export const IommufdSer = object(
  'iommufd_lu',
  {
    /** Ghost: what was allocated. */
    room: int(0, MOST_HWPTS),
    nr_hwpts: int(0, MOST_HWPTS),
    hwpts: array(
      struct('iommufd_hwpt_lu', { token: token(), domain_data: ref(DomainSer), reclaimed: atomic(bool(), 'xchg') }),
      MOST_HWPTS,
    ),
  },
  { source: rev1(LIVEUPDATE_C) },
);
export type IommufdSer = ViewOf<typeof IommufdSer>;

/** The local array of HWPTs, from kcalloc(). */
export const HwptArray = object(
  'hwpt_array',
  {
    /** Ghost: what was allocated. */
    room: int(0, MOST_HWPTS),
    at: array(ref(Hwpt), MOST_HWPTS),
  },
  { source: rev1(LIVEUPDATE_C) },
);
export type HwptArray = ViewOf<typeof HwptArray>;

/** For use inside a step: an index of memory that was allocated for `room` entries. */
export function inRoom(memory: IommufdSer | HwptArray, index: number): void {
  if (index >= memory.room)
    throw new Violation(
      'assertion',
      `out-of-bounds write to entry ${index} of ${nameOf(memory)}, which was allocated with room for ${memory.room}`,
      [nameOf(memory)],
    );
}

/** A session of the live update orchestrator. */
export const Session = object(
  'luo_session',
  {
    mutex: mutex(),
    /** What the iommufd and the vfio device gave to be kept; NULL and false while they are not preserved. */
    iommufd: ref(IommufdSer),
    device: bool(),
    frozen: bool(),
  },
  { permanent: true, source: specI(LUO_C) },
);
export type Session = ViewOf<typeof Session>;

/** The machine across the change of kernels. Ghost, except that the next kernel waits for its boot. */
export const Machine = object(
  'machine',
  {
    booted: bool(),
    /** The iommufd that user space has open, here and in the next kernel. */
    file: opaque(),
    next_file: opaque(),
    /** What the device translates through, before and after: the monitor of a domain, or NULL for nothing. */
    before: ref(LuMonitor),
    after: ref(LuMonitor),
  },
  { permanent: true, source: specI() },
);
export type Machine = ViewOf<typeof Machine>;
