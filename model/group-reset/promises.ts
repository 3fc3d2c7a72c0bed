/** What a group owes its devices, as properties. Source: IOMMU-RST-1. */
import { type Always, always, nameOf, type Pool, violated } from '../kernel/index.ts';
import type { GroupDevice, GroupDomain } from './objects.ts';

/** G-UAF for the hardware: no device translates through a domain that was freed. */
export function attachedDomainLives(devices: readonly GroupDevice[], domains: Pool<GroupDomain>): Always {
  return always('attached-domain-lives', 'no device uses the page table of a domain that was freed', () => {
    for (const gdev of devices)
      if (gdev.attached !== null && ![...domains].includes(gdev.attached))
        return violated('use-after-free', `${nameOf(gdev)} translates through a domain that was freed`, {
          objects: [nameOf(gdev)],
        });
    return null;
  });
}

/** A device does no DMA from the beginning of its reset to the end. */
export function blockedDuringReset(devices: readonly GroupDevice[]): Always {
  return always('blocked-during-reset', 'a device that is being reset is attached to nothing', () => {
    for (const gdev of devices)
      if (gdev.blocked && gdev.attached !== null)
        return violated('isolation', `${nameOf(gdev)} is attached to ${nameOf(gdev.attached)} while it is reset`, {
          objects: [nameOf(gdev), nameOf(gdev.attached)],
        });
    return null;
  });
}
