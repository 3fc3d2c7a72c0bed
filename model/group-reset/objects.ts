/**
 * A group of devices, the domains it is attached to, and what the hardware of each device uses.
 *
 * Source: IOMMU-RST-1. Limits: two devices a group; the blocking domain has no object, a device that is blocked uses
 * none.
 */
import { array, bool, int, mutex, object, ref, type ViewOf } from '../kernel/index.ts';
import { fenced, IOMMU_C } from './sources.ts';

export const DEVICES = 2;

/** struct iommu_domain: freed by who allocated it, once the group is attached to another. */
export const GroupDomain = object('iommu_domain', { has_table: bool(true) }, { source: fenced(IOMMU_C) });
export interface GroupDomain extends ViewOf<typeof GroupDomain> {}

/** struct group_device. */
export const GroupDevice = object(
  'group_device',
  {
    /** The device is being reset. */
    blocked: bool(),
    /** The domain that its entry in the IOMMU leads to; null: its DMA is blocked. */
    attached: ref(GroupDomain),
  },
  { permanent: true, source: fenced(IOMMU_C) },
);
export interface GroupDevice extends ViewOf<typeof GroupDevice> {}

/** struct iommu_group. */
export const ResetGroup = object(
  'iommu_group',
  {
    mutex: mutex(),
    devices: array(ref(GroupDevice), DEVICES),
    domain: ref(GroupDomain),
    default_domain: ref(GroupDomain),
    /** Devices that are being reset. */
    recovery_cnt: int(0, DEVICES),
  },
  { permanent: true, source: fenced(IOMMU_C) },
);
export interface ResetGroup extends ViewOf<typeof ResetGroup> {}
