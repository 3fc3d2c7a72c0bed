/** Kernel side of the invalidation queue, and a PCI device that is being removed. */

import type { Endpoint } from '../../hw/vtd/objects.ts';
import { bool, mutex, object, pointerTo, spinlock, type ViewOf } from '../kernel/index.ts';
import { DMAR_C, PCIEHP_C, v6_8 } from './sources.ts';

export type { Endpoint, Submission, VtdIommu } from '../../hw/vtd/objects.ts';

/** A pointer to a hardware object. */
export const hw = pointerTo;

/** struct q_inval: only its lock; descriptors and their status are shared with the hardware. */
export const QInval = object('q_inval', { q_lock: spinlock() }, { permanent: true, source: v6_8(DMAR_C) });
export type QInval = ViewOf<typeof QInval>;

/** struct pci_dev with its place behind the IOMMU. */
export const PciDev = object(
  'pci_dev',
  {
    endpoint: hw<Endpoint>(),
    /** pci_dev_is_disconnected(): the kernel knows that it is gone. */
    disconnected: bool(),
    /** It is attached to its IOMMU domain. */
    attached: bool(true),
  },
  { permanent: true, source: v6_8(PCIEHP_C) },
);
export type PciDev = ViewOf<typeof PciDev>;

/** pci_rescan_remove_lock, under which devices come and go. */
export const PciBus = object('pci_bus', { rescan_remove: mutex() }, { permanent: true, source: v6_8(PCIEHP_C) });
export type PciBus = ViewOf<typeof PciBus>;
