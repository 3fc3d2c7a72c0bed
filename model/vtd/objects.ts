/** Kernel side of the invalidation queue, and a PCI device that is being removed. */

import type { Endpoint } from '../../hw/vtd/objects.ts';
import type { VtdRequestPath } from '../../hw/vtd/page-requests.ts';
import { Device, IopfQueue, LAST_PASID } from '../iopf/index.ts';
import {
  atomic,
  bool,
  completion,
  idr,
  int,
  list,
  MmStruct,
  mutex,
  object,
  pointerTo,
  ptr,
  racy,
  spinlock,
  type ViewOf,
  waitQueueHead,
} from '../kernel/index.ts';
import { DMAR_C, PCIEHP_C, SVM_C, v5_14, v6_8 } from './sources.ts';

export type { Endpoint, Submission, VtdIommu } from '../../hw/vtd/objects.ts';
export type { VtdDescriptor, VtdRequestPath } from '../../hw/vtd/page-requests.ts';
export type { PasidCache } from '../../hw/vtd/pasid-entry.ts';
export type { PasidEntry, VtdPrq } from '../../hw/vtd/prq.ts';

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
    disconnected: racy(bool(), 'READ_ONCE of dev->error_state, and xchg'),
    /** It is attached to its IOMMU domain. */
    attached: bool(true),
  },
  { permanent: true, source: v6_8(PCIEHP_C) },
);
export type PciDev = ViewOf<typeof PciDev>;

/** pci_rescan_remove_lock, under which devices come and go. */
export const PciBus = object('pci_bus', { rescan_remove: mutex() }, { permanent: true, source: v6_8(PCIEHP_C) });
export type PciBus = ViewOf<typeof PciBus>;

/** struct intel_svm_dev: one device that is bound to the address space of an svm. */
export const IntelSvmDev = object('intel_svm_dev', { dev: ptr(Device), users: int(0, 2, 1) }, { source: v5_14(SVM_C) });
export type IntelSvmDev = ViewOf<typeof IntelSvmDev>;

/** struct intel_svm: an address space that has a PASID. */
export const IntelSvm = object(
  'intel_svm',
  { pasid: int(0, LAST_PASID), mm: ptr(MmStruct), devs: atomic(list(IntelSvmDev, 2), 'list_add_rcu and list_del_rcu') },
  { source: v5_14(SVM_C) },
);
export type IntelSvm = ViewOf<typeof IntelSvm>;

/** What is global: pasid_mutex, pasid_private_array, and of the IOMMU what its irq thread wakes up. */
export const SvmGlobals = object(
  'svm_globals',
  {
    pasid_mutex: mutex(),
    pasid_private: idr(IntelSvm, LAST_PASID),
    prq_complete: completion(),
    /** In the place of the completion, where it is repaired. */
    prq_wait: waitQueueHead(),
    /** Registers and invalidation queue of the IOMMU, and its fault queue, where requests can be lost on their way. */
    path: hw<VtdRequestPath>(),
    iopf_queue: ptr(IopfQueue),
  },
  { permanent: true, source: v5_14(SVM_C) },
);
export type SvmGlobals = ViewOf<typeof SvmGlobals>;
