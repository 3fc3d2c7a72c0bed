/**
 * Unmap in an address space that a process and a device share: the CPU invalidates its own TLB, and where TLB
 * maintenance is broadcast (BTM) that reaches the TLB of the SMMU as well. The ATC of a function is reached by commands
 * alone, from the invalidation callback of the mmu notifier.
 *
 * Source: spec (c), switch BTM; the callback of the patch that implements the operations of a shared address space.
 */
import { int, procedure } from '../kernel/index.ts';
import { issue, sync } from './cmdq.ts';
import {
  hw,
  LAST_ASID,
  LAST_PASID,
  PAGES,
  type Page,
  type PageTable,
  type SmmuCmdq,
  type SmmuContexts,
} from './hardware.ts';
import { SVA_C, shareCd, specC } from './sources.ts';
import { broadcast, secondaryInvalidation, secondaryTlbi } from './switches.ts';

const shared = {
  cmdq: hw<SmmuCmdq>(),
  issuer: int(0, 2),
  smmu: hw<SmmuContexts>(),
  table: hw<PageTable>(),
  asid: int(0, LAST_ASID),
  pasid: int(0, LAST_PASID),
  page: int(0, PAGES - 1),
};

/** arm_smmu_mm_arch_invalidate_secondary_tlbs() */
export const invalidateSecondary = procedure(
  'arm_smmu_mm_invalidate_secondary_tlbs',
  { source: shareCd(SVA_C), params: shared },
  (k) => [
    k.switch(secondaryTlbi, {
      'left to the CPU': [],
      'by command': [
        issue(k, 'CMDQ_OP_TLBI_NH_VA', (f) => `TLBI_NH_VA asid ${f.asid} page ${f.page}`),
        ...sync(k, 'TLBI'),
      ],
    }),
    issue(k, 'CMDQ_OP_ATC_INV', (f) => `ATC_INV pasid ${f.pasid} page ${f.page}`),
    ...sync(k, 'ATC_INV'),
    k.return(),
  ],
);

/** munmap() of one page of a shared address space: zap, flush, free. */
export const munmapShared = procedure(
  'zap_page_range',
  { source: specC('mm/memory.c'), params: shared, locals: { freed: hw<Page>() } },
  (k) => {
    const secondary = k.call(invalidateSecondary, ({ cmdq, issuer, smmu, table, asid, pasid, page }) => ({
      cmdq,
      issuer,
      smmu,
      table,
      asid,
      pasid,
      page,
    }));
    const cpuTlbi = k.switch(broadcast, {
      on: [
        k.step(
          'TLBI VAE1IS, DSB: every CPU and the SMMU',
          (f) => {
            const entry = f.smmu.tlb.at(f.asid * PAGES + f.page);
            entry.page = null;
            entry.generation = 0;
          },
          { indivisible: 'one entry of the TLB; the DSB waits for every look-up that saw it' },
        ),
      ],
      // The TLBs of the CPUs are not modelled.
      off: [],
    });
    return [
      k.step('clear the page table entry', (f) => {
        f.freed = f.table.pte.at(f.page) as Page;
        f.table.pte.set(f.page, null);
      }),
      k.switch(secondaryInvalidation, {
        none: [cpuTlbi],
        'before the CPU': [secondary, cpuTlbi],
        'after the CPU': [cpuTlbi, secondary],
      }),
      k.step('__free_page(page)', (f) => {
        f.freed.generation++;
      }),
      k.return(0),
    ];
  },
);
