/**
 * Objects of reserved IOVAs: an IOMMU domain, its reserved window with the IOVA allocator, bindings of doorbells; in
 * the review's alternative a cookie with MSI pages; and a device that gets its interrupts through them.
 *
 * Source: v7 04/10 to 06/10. Limits: addresses are page numbers, the offset inside a page is the same on both sides.
 */
import type { IoPageTable, MsiFunction } from '../../hw/iommu/objects.ts';
import {
  bool,
  int,
  list,
  listOf,
  mutex,
  object,
  pointerTo,
  ptr,
  ref,
  refcount,
  spinlock,
  type ViewOf,
  waitQueueHead,
} from '../kernel/index.ts';
import { DMA_IOMMU_C, IOMMU_C, IOVA_C, MSI_C, merged, RESERVED_C, specG, v7_04, v7_05 } from './sources.ts';

/** Pages are numbered from 1; 0 stands for none. */
export const LAST_PAGE = 4;
export const page = () => int(0, LAST_PAGE);

export const IOMMU_READ = 1;
export const IOMMU_WRITE = 2;
export const prot = () => int(0, 3);

/** struct iova: a range that is given out. */
export const Iova = object('iova', { pfn_lo: page(), pfn_hi: page() }, { source: specG(IOVA_C) });
export type Iova = ViewOf<typeof Iova>;

/** struct iova_domain: the allocator of a window. Its memory may be given out again at once, so addresses can meet. */
export const IovaDomain = object(
  'iova_domain',
  { start_pfn: page(), end_pfn: page(), rbroot: list(Iova, 4) },
  { reusesAddress: true, source: specG(IOVA_C) },
);
export type IovaDomain = ViewOf<typeof IovaDomain>;

/** struct reserved_iova_domain. */
export const ReservedIovaDomain = object(
  'reserved_iova_domain',
  { iovad: ptr(IovaDomain), prot: prot() },
  { source: v7_04(RESERVED_C) },
);
export type ReservedIovaDomain = ViewOf<typeof ReservedIovaDomain>;

/** struct iommu_reserved_binding; the last fields exist in repairs only. */
export const Binding = object(
  'iommu_reserved_binding',
  {
    kref: refcount(),
    domain: pointerTo<IommuDomain>(),
    addr: page(),
    iova: page(),
    size: int(0, 2),
    /** `publish-first`: not mapped yet, or given up; who found it waits here. */
    under_way: bool(),
    failed: bool(),
    wq: waitQueueHead(),
    /** `dying`: the last reference is gone. */
    dying: bool(),
  },
  { source: v7_05(RESERVED_C) },
);
export interface Binding extends ViewOf<typeof Binding> {}

/** The review's MSI descriptor, merged as struct iommu_dma_msi_page; `refs` in the counted form only. */
export const MsiPage = object(
  'iommu_dma_msi_page',
  { iova: page(), phys: page(), refs: refcount() },
  { source: merged(DMA_IOMMU_C) },
);
export type MsiPage = ViewOf<typeof MsiPage>;

/** struct iommu_dma_cookie: lives as long as its domain. */
export const IommuDmaCookie = object(
  'iommu_dma_cookie',
  { msi_lock: spinlock(), msi_page_list: list(MsiPage, 3), iovad: ptr(IovaDomain) },
  { source: merged(DMA_IOMMU_C) },
);
export type IommuDmaCookie = ViewOf<typeof IommuDmaCookie>;

/** struct iommu_domain. The tree of bindings is a list here: no lookup depends on its shape. */
export const IommuDomain = object(
  'iommu_domain',
  {
    reserved_lock: spinlock(),
    reserved_iova_cookie: ref(ReservedIovaDomain),
    reserved_binding_list: listOf<Binding>(4),
    pgtable: pointerTo<IoPageTable>(),
    iova_cookie: ref(IommuDmaCookie),
    /** Repair of #15: counts reserved domains. */
    generation: int(0, 3),
    /** Repair of #15 c: devices attached and callers at work. */
    users: refcount(1),
  },
  { source: v7_04(RESERVED_C) },
);
export interface IommuDomain extends ViewOf<typeof IommuDomain> {}

/** An IOMMU group: its devices share a domain. */
export const IommuGroup = object(
  'iommu_group',
  { mutex: mutex(), domain: ref(IommuDomain) },
  { permanent: true, source: specG(IOMMU_C) },
);
export type IommuGroup = ViewOf<typeof IommuGroup>;

/** A device as the MSI code and the IOMMU core know it. */
export const MsiDevice = object(
  'device',
  {
    group: ptr(IommuGroup),
    fn: pointerTo<MsiFunction>(),
    /** `counted`: the domain that its interrupt holds. */
    msi_domain: ref(IommuDomain),
  },
  { permanent: true, source: specG(MSI_C) },
);
export type MsiDevice = ViewOf<typeof MsiDevice>;
