/** What the scenarios of the two levels of caches have in common: an address space that some functions use. */
import { type Actor, type Bounds, type Setup, sometimes } from '../checker/lang/index.ts';
import { atsContext } from '../hw/pci/ats.ts';
import { PciContext } from '../hw/pci/objects.ts';
import { AtsFunction, Page, PageTable, SmmuContexts, slot } from '../hw/smmu/caches.ts';
import { SmmuCmdq, smmuCmdq } from '../hw/smmu/commands.ts';
import { returns } from '../properties/response.ts';
import { pagesOutliveTranslations } from '../properties/translation.ts';

/** One address space, PASID 1 and ASID 1, with `count` mapped pages, and functions that use all of them. */
export function mappedPages(s: Setup<Bounds>, count: number, functionCount: number) {
  const smmu = s.object(SmmuContexts, 'smmu');
  const functions = s.objects(AtsFunction, 'function', functionCount);
  const table = s.object(PageTable, 'pgd');
  Object.assign(smmu.cd.at(1), { valid: true, asid: 1, ttb: table });
  const pages = s.objects(Page, 'page', count);
  for (const [i, page] of pages.entries()) table.pte.set(i, page);
  const contexts = functions.map((fn, i) => {
    const ctx = s.object(PciContext, `ctx${i}`, { pasid: 1, owner: table, run: true, active: true });
    s.actor(`device${i}`, atsContext, { fn, ctx, smmu, pages: count }, { role: 'hardware' });
    return ctx;
  });
  return {
    smmu,
    functions,
    contexts,
    table,
    pages,
    /** A device has a translation whose page table entry is gone. */
    cachedWhenCleared: () =>
      functions.some((fn) => pages.some((page, i) => table.pte.at(i) === null && fn.atc.at(slot(1, i)).page === page)),
  };
}

/** What a task that unmaps one page is told; `issuer` is its completion word. */
interface Unmaps {
  readonly cmdq: SmmuCmdq;
  readonly issuer: number;
  readonly smmu: SmmuContexts;
  readonly table: PageTable;
  readonly asid: number;
  readonly pasid: number;
  readonly page: number;
}

/** Pages that `functions` functions use, one for each of `tasks` tasks that unmap it; `unmap` makes such a task. */
export function pagesAreUnmapped(
  s: Setup<{ readonly tasks: number; readonly functions: number }>,
  call: string,
  unmap: (of: Unmaps) => Actor,
): void {
  const { smmu, functions, table, pages, cachedWhenCleared } = mappedPages(s, s.bounds.tasks, s.bounds.functions);
  const cmdq = s.object(SmmuCmdq, 'cmdq');
  s.actor(
    'cmdq_hw',
    smmuCmdq('TLBI', 'ATC_INV'),
    { cmdq, behind: { contexts: smmu, functions } },
    { role: 'hardware' },
  );
  for (const i of pages.keys())
    s.property(returns(`${call} ${i}`, unmap({ cmdq, issuer: i, smmu, table, asid: 1, pasid: 1, page: i })));
  s.property(
    pagesOutliveTranslations(smmu, functions),
    sometimes('cached-when-cleared', 'a device has a translation whose page table entry is gone', cachedWhenCleared),
  );
}
