/**
 * Unmap of a page that a device may have cached in two levels: the TLB of the SMMU and its own ATC.
 *
 * Source: spec (c), rule 3; corpus #25. The page goes back to the allocator when the call has waited for both.
 */
import { int, procedure } from '../kernel/index.ts';
import { issue, sync } from './cmdq.ts';
import { hw, LAST_ASID, LAST_PASID, PAGES, type Page, type PageTable, type SmmuCmdq } from './hardware.ts';
import { atcOrder, SMMU_C } from './sources.ts';
import { unmapOrder } from './switches.ts';

/** iommu_unmap() of one page, and __free_page(). */
export const iommuUnmap = procedure(
  'iommu_unmap',
  {
    source: atcOrder(SMMU_C),
    params: {
      cmdq: hw<SmmuCmdq>(),
      issuer: int(0, 2),
      table: hw<PageTable>(),
      asid: int(0, LAST_ASID),
      pasid: int(0, LAST_PASID),
      page: int(0, PAGES - 1),
    },
    locals: { freed: hw<Page>() },
  },
  (k) => {
    const tlbi = issue(k, 'CMDQ_OP_TLBI_NH_VA', (f) => `TLBI_NH_VA asid ${f.asid} page ${f.page}`);
    const atcInv = issue(k, 'CMDQ_OP_ATC_INV', (f) => `ATC_INV pasid ${f.pasid} page ${f.page}`);
    return [
      k.step('clear the page table entry', (f) => {
        f.freed = f.table.pte.at(f.page) as Page;
        f.table.pte.set(f.page, null);
      }),
      k.switch(unmapOrder, {
        'ATC, then TLB': [atcInv, ...sync(k, 'ATC_INV'), tlbi, ...sync(k, 'TLBI')],
        'both, one SYNC': [tlbi, atcInv, ...sync(k, 'both')],
        'TLB, then ATC, no last SYNC': [tlbi, ...sync(k, 'TLBI'), atcInv],
        'TLB, then ATC': [tlbi, ...sync(k, 'TLBI'), atcInv, ...sync(k, 'ATC_INV')],
      }),
      k.step('__free_page(page)', (f) => {
        f.freed.generation++;
      }),
      k.return(0),
    ];
  },
);
