/**
 * Reset of one device of a group: its DMA is blocked before, and it goes back to the domain of its group after.
 *
 * Source: IOMMU-RST-1; pci_dev_reset_iommu_prepare() and pci_dev_reset_iommu_done().
 */
import { procedure, ref } from '../kernel/index.ts';
import { GroupDevice, GroupDomain, ResetGroup } from './objects.ts';
import { fenced, IOMMU_C } from './sources.ts';

export const resetDevice = procedure(
  'pci_reset_function',
  {
    source: fenced(IOMMU_C),
    params: { group: ResetGroup, gdev: GroupDevice },
    locals: { domain: ref(GroupDomain) },
  },
  (k) => [
    k.mutexLock((f) => f.group.mutex),
    k.step('attach the blocking domain', (f) => {
      f.gdev.attached = null;
    }),
    k.step('gdev->blocked = true; group->recovery_cnt++', (f) => {
      f.gdev.blocked = true;
      f.group.recovery_cnt++;
    }),
    k.mutexUnlock((f) => f.group.mutex),
    k.step('reset the function', () => undefined),
    k.mutexLock((f) => f.group.mutex),
    k.step('group->domain', (f) => {
      f.domain = f.group.domain;
    }),
    k.step('gdev->blocked = false; group->recovery_cnt--', (f) => {
      f.gdev.blocked = false;
      f.group.recovery_cnt--;
    }),
    k.step('ops->attach_dev(group->domain, dev)', (f) => {
      if ((f.domain as GroupDomain).has_table) f.gdev.attached = f.domain;
    }),
    k.mutexUnlock((f) => f.group.mutex),
  ],
);
