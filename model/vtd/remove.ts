/**
 * Removal of a device from its IOMMU domain, by the user or by the hot-plug driver, and a flush for another device that
 * goes through the same queue.
 *
 * Source: iommu.c, pasid.c, pciehp_pci.c. Both removals hold the lock of the bus over everything; whoever comes second
 * finds the device detached. Left out: the domain, its page tables, the driver of the device.
 */
import { constant, nameOf, procedure, Violation } from '../kernel/index.ts';
import { hw, PciBus, PciDev, QInval, type Submission, type VtdIommu } from './objects.ts';
import { qiSubmitSync } from './qi.ts';
import { DMAR_C, IOMMU_C, PASID_C, PCIEHP_C, testBefore, v6_8 } from './sources.ts';
import { devtlbTest } from './switches.ts';

const device = {
  iommu: hw<VtdIommu>(),
  qi: QInval,
  all: constant<readonly Submission[]>(),
  dev: PciDev,
  mine: hw<Submission>(),
};

/** devtlb_invalidation_with_pasid(): nobody looks at what the submission returns. */
export const flushDeviceTlb = procedure(
  'devtlb_invalidation_with_pasid',
  { source: v6_8(PASID_C), params: device },
  (k) => [
    k.switch(devtlbTest, {
      none: [],
      disconnected: [
        k.test('pci_dev_is_disconnected(pdev)', (f) => f.dev.disconnected, [k.return()], [], {
          source: testBefore(PASID_C),
        }),
      ],
    }),
    k.call(qiSubmitSync, (f) => ({ iommu: f.iommu, qi: f.qi, all: f.all, mine: f.mine })),
    k.return(),
  ],
);

/** intel_iommu_release_device(), which takes the device out of its domain. */
export const releaseDevice = procedure('intel_iommu_release_device', { source: v6_8(IOMMU_C), params: device }, (k) => [
  k.test('the device is attached', (f) => f.dev.attached, [
    k.step('clear its context entry', (f) => {
      f.dev.attached = false;
    }),
    k.call(flushDeviceTlb, (f) => ({ iommu: f.iommu, qi: f.qi, all: f.all, dev: f.dev, mine: f.mine })),
  ]),
  k.return(),
]);

/** The user writes to `remove` in sysfs: safe removal. */
export const removeStore = procedure(
  'remove_store',
  { source: v6_8('drivers/pci/pci-sysfs.c'), params: { bus: PciBus, ...device } },
  (k) => [
    k.mutexLock((f) => f.bus.rescan_remove, { label: 'pci_lock_rescan_remove()' }),
    k.call(releaseDevice, (f) => ({ iommu: f.iommu, qi: f.qi, all: f.all, dev: f.dev, mine: f.mine })),
    k.mutexUnlock((f) => f.bus.rescan_remove, { label: 'pci_unlock_rescan_remove()' }),
    k.return(0),
  ],
);

/** The first half of pciehp_unconfigure_device(): the link went down, and the device is marked as disconnected. */
export const linkDown = procedure('pciehp_disable_slot', { source: v6_8(PCIEHP_C), params: { dev: PciDev } }, (k) => [
  k.blockUntil('link down interrupt', (f) => !f.dev.endpoint.present, {
    idle: true,
    waiting: { kind: 'device', on: (f) => f.dev.endpoint },
  }),
  k.step('pci_walk_bus(parent, pci_dev_set_disconnected, NULL)', (f) => {
    f.dev.disconnected = true;
  }),
  k.return(),
]);

/** pciehp_unconfigure_device() of a device whose link went down. */
export const pciehpUnconfigure = procedure(
  'pciehp_unconfigure_device',
  { source: v6_8(PCIEHP_C), params: { bus: PciBus, ...device } },
  (k) => [
    k.call(linkDown, (f) => ({ dev: f.dev })),
    k.mutexLock((f) => f.bus.rescan_remove, { label: 'pci_lock_rescan_remove()' }),
    k.call(releaseDevice, (f) => ({ iommu: f.iommu, qi: f.qi, all: f.all, dev: f.dev, mine: f.mine })),
    k.mutexUnlock((f) => f.bus.rescan_remove, { label: 'pci_unlock_rescan_remove()' }),
    k.return(0),
  ],
);

/**
 * An unmap for some other device: qi_flush_iotlb(), then the pages are freed. Like the flush of a device TLB it does not
 * look at what the submission returns.
 */
export const flushIotlb = procedure(
  'qi_flush_iotlb',
  {
    source: v6_8(DMAR_C),
    params: { iommu: hw<VtdIommu>(), qi: QInval, all: constant<readonly Submission[]>(), mine: hw<Submission>() },
  },
  (k) => [
    k.call(qiSubmitSync, (f) => ({ iommu: f.iommu, qi: f.qi, all: f.all, mine: f.mine })),
    k.step('free the unmapped pages', (f) => {
      if ([...f.iommu.queue].includes(f.mine))
        throw new Violation('isolation', 'pages are freed although the IOTLB invalidation for them is still queued', [
          nameOf(f.mine),
        ]);
    }),
    k.return(),
  ],
);
