/** Corpus #26: an unmap tests without a lock whether anybody uses ATS, while ATS is being enabled. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { untranslated } from '../hw/pci/ats.ts';
import { SmmuCmdq, smmuCmdq } from '../hw/smmu/commands.ts';
import { does, type Location, StoreBuffer, storeBuffer } from '../model/kernel/index.ts';
import {
  ArmSmmuDomain,
  armSmmuEnableAts,
  atsCount,
  enableBarrier,
  NR_ATS_MASTERS,
  PTE,
  SMMU_C,
  unmapBarrier,
  unmapLockless,
} from '../model/smmu/index.ts';
import { returns } from '../properties/response.ts';
import { pagesOutliveTranslations } from '../properties/translation.ts';
import { mappedPages } from './smmu-parts.ts';

export default scenario('smmu-ats-enable-vs-unmap', {
  title: 'Unmap without a lock while ATS is enabled',
  about:
    'One CPU unmaps a page and leaves the ATC invalidation out because nobody uses ATS; another one counts a master up ' +
    'and enables ATS on it. Stores wait in the buffers of the CPUs. Without a full barrier on both sides the unmap may ' +
    'see the old count although the device has already been given the old translation, and keeps it.',
  systems: ['smmu', 'pci'],
  source: atsCount(SMMU_C),
  corpus: '#26',
  bounds: { functions: 1 },
  assumptions: [
    'stores of a CPU become visible in order (TSO); the load of the count may be done before the CMD_SYNC is seen',
    'a write to a device register does not wait for the store buffer',
  ],
  variants: {
    posted: {
      about: 'no barrier on either side',
      expect: { verdict: 'violated', kind: 'isolation', length: 17, states: 876 },
    },
    'unmap-side': {
      about: 'a barrier before the count is loaded, none before ATS is enabled',
      settings: [set(unmapBarrier, 'smp_mb')],
      expect: { verdict: 'violated', kind: 'isolation', length: 17, states: 426 },
    },
    'enable-side': {
      about: 'a barrier before ATS is enabled, none before the count is loaded',
      settings: [set(enableBarrier, 'barrier')],
      expect: { verdict: 'violated', kind: 'isolation', length: 19, states: 919 },
    },
    fixed: {
      about: 'a barrier on both sides',
      settings: [set(unmapBarrier, 'smp_mb'), set(enableBarrier, 'barrier')],
      bounds: { functions: 4 },
      expect: { verdict: 'holds', states: 32_286, depth: 42 },
    },
  },
  setup: (s) => {
    const { smmu, functions, contexts, table, pages, cachedWhenCleared } = mappedPages(s, 1, s.bounds.functions);
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    const domain = s.object(ArmSmmuDomain, 'domain');
    s.actor(
      'cmdq_hw',
      smmuCmdq('TLBI', 'ATC_INV'),
      { cmdq, behind: { contexts: smmu, functions } },
      { role: 'hardware' },
    );
    for (const [i, fn] of functions.entries()) {
      fn.ats = false;
      const ctx = contexts[i];
      if (ctx !== undefined) s.actor(`untranslated${i}`, untranslated, { fn, ctx, smmu }, { role: 'hardware' });
    }

    const [page] = pages;
    if (page === undefined) return;
    const memory: Location[] = [];
    memory[PTE] = {
      load: () => (table.pte.at(0) === null ? 0 : 1),
      store: (value: number) => table.pte.set(0, value === 0 ? null : page),
    };
    memory[NR_ATS_MASTERS] = {
      load: () => domain.nr_ats_masters,
      store: (value: number) => {
        domain.nr_ats_masters = value;
      },
    };
    const cpu = (i: number) => {
      const buffer = s.object(StoreBuffer, `cpu${i}`);
      s.actor(`buffer${i}`, storeBuffer, { buffer, memory }, { role: 'hardware' });
      return { buffer, memory };
    };
    const unmap = s.task('unmap', [does(unmapLockless, { cpu: cpu(0), cmdq, issuer: 0, page })]);
    const enabling = cpu(1);
    const enable = s.task(
      'enable',
      functions.map((fn) => does(armSmmuEnableAts, { cpu: enabling, fn })),
    );
    s.property(
      pagesOutliveTranslations(smmu, functions),
      returns('unmap', unmap),
      returns('enable', enable),
      sometimes('cached-when-cleared', 'a device has a translation whose page table entry is gone', cachedWhenCleared),
      sometimes(
        'left-out',
        'the page is freed while a device uses ATS and before anybody sees it counted',
        () => functions.some((fn) => fn.ats) && page.generation > 0,
      ),
    );
  },
});
