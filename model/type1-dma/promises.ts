/** What type1 owes the processes that map, as properties. Source: T1-LOCKEDVM. */
import { type Always, always, nameOf, type Pool, violated } from '../kernel/index.ts';
import type { AcctMm, Type1, VfioDma } from './objects.ts';

/** An address space that is alive has as many pages accounted as mappings have been charged to it. */
export function chargedIsMapped(iommu: Type1, mms: Pool<AcctMm>, dmas: Pool<VfioDma>): Always {
  return always('what is charged is mapped', 'locked_vm of a living address space counts its mappings', () => {
    if (iommu.lock.owner !== null || iommu.users.counter === 0) return null;
    for (const mm of mms) {
      if (mm.mm_users.counter === 0) continue;
      let pages = 0;
      for (const dma of dmas) if (dma.accounted && dma.mm === mm) pages++;
      if (pages !== mm.locked_vm)
        return violated('protocol', `${nameOf(mm)} has ${mm.locked_vm} pages accounted and ${pages} mapped`, {
          objects: [nameOf(mm)],
        });
    }
    return null;
  });
}
