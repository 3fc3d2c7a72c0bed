/** Rule 2 of spec (c): what unbind has to do, in which order, before pages, PASID and ASID may be used again. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { atsContext } from '../hw/pci/ats.ts';
import { PciContext } from '../hw/pci/objects.ts';
import { AtsFunction, Page, PageTable, SmmuContexts, slot } from '../hw/smmu/caches.ts';
import { SmmuCmdq, smmuCmdq } from '../hw/smmu/commands.ts';
import { does } from '../model/kernel/index.ts';
import {
  armSmmuSvaBind,
  bindInvalidates,
  exitBound,
  numbersFreed,
  SVA_C,
  SvaNumbers,
  specC,
  unbindWithout,
  unbindWrites,
} from '../model/smmu/index.ts';
import { returns } from '../properties/response.ts';
import {
  boundSpacesAreReached,
  contextsOwnTheirPasid,
  numbersHaveOneOwner,
  pagesOutliveTranslations,
} from '../properties/translation.ts';

export default scenario('smmu-unbind-order', {
  title: 'The commands of unbind against a device that still runs',
  about:
    'Process p exits while its device context runs: its descriptor is taken away, the configuration cache, the TLB and ' +
    'the ATC are invalidated, its memory is freed, then the driver stops the device and gives PASID and ASID back. ' +
    'Process q binds the same device and gets them. Each command and each SYNC is left out once, and as posted nobody ' +
    'waits for the answer of the device.',
  systems: ['smmu', 'pci'],
  source: specC(SVA_C),
  corpus: 'new',
  bounds: { exits_q: 1 },
  assumptions: [
    'an invalidation is complete only when every look-up that saw the old entry is over',
    'the context of p has stopped before its PASID is given back',
  ],
  variants: {
    posted: {
      about: 'the last SYNC is left out',
      settings: [set(unbindWithout, 'last SYNC')],
      expect: { verdict: 'violated', kind: 'isolation', length: 19, states: 1_700 },
    },
    'no-descriptor': {
      about: 'the descriptor is left as it is',
      settings: [set(unbindWrites, 'nothing')],
      expect: { verdict: 'violated', kind: 'isolation', length: 22, states: 2_605 },
    },
    'no-cfgi': {
      about: 'without CFGI_CD',
      settings: [set(unbindWithout, 'CFGI_CD')],
      expect: { verdict: 'violated', kind: 'isolation', length: 22, states: 2_241 },
    },
    'no-cfgi-sync': {
      about: 'without the SYNC between CFGI_CD and TLBI',
      settings: [set(unbindWithout, 'SYNC after CFGI_CD')],
      expect: { verdict: 'violated', kind: 'isolation', length: 22, states: 4_836 },
    },
    'no-tlbi': {
      about: 'without TLBI',
      settings: [set(unbindWithout, 'TLBI')],
      expect: { verdict: 'violated', kind: 'isolation', length: 21, states: 2_274 },
    },
    'no-tlbi-sync': {
      about: 'without the SYNC between TLBI and ATC_INV: nothing can be looked up any more, so it is not missed',
      settings: [set(unbindWithout, 'SYNC after TLBI')],
      expect: { verdict: 'holds', states: 42_729, depth: 65 },
    },
    'no-atc-inv': {
      about: 'without ATC_INV',
      settings: [set(unbindWithout, 'ATC_INV')],
      expect: { verdict: 'violated', kind: 'isolation', length: 21, states: 2_365 },
    },
    'numbers-first': {
      about: 'PASID and ASID are given back before the invalidations',
      settings: [set(numbersFreed, 'before the invalidations')],
      expect: { verdict: 'violated', kind: 'isolation', length: 4, states: 33 },
    },
    'no-bind-cfgi': {
      about: 'bind does not tell that the descriptor has become valid, and the invalid one stays cached',
      settings: [set(bindInvalidates, 'nothing')],
      expect: { verdict: 'violated', kind: 'protocol', length: 34, states: 16_550 },
    },
    'quiet-no-tlbi-sync': {
      about: 'a quiet descriptor instead, without the SYNC between TLBI and ATC_INV: the TLB is still looked at',
      settings: [set(unbindWrites, 'quiet'), set(unbindWithout, 'SYNC after TLBI')],
      expect: { verdict: 'violated', kind: 'isolation', length: 22, states: 3_537 },
    },
    quiet: {
      about: 'a quiet descriptor, as the release notifier of mainline writes it, and everything else as fixed',
      settings: [set(unbindWrites, 'quiet')],
      expect: { verdict: 'holds', states: 33_040, depth: 81 },
    },
    fixed: {
      about: 'invalid descriptor, CFGI_CD, SYNC, TLBI, SYNC, ATC_INV, SYNC',
      expect: { verdict: 'holds', states: 27_674, depth: 71 },
    },
  },
  setup: (s) => {
    const smmu = s.object(SmmuContexts, 'smmu');
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    const fn = s.object(AtsFunction, 'function');
    const numbers = s.object(SvaNumbers, 'numbers');
    const process = (name: string) => {
      const table = s.object(PageTable, `pgd_${name}`);
      const page = s.object(Page, `page_${name}`);
      table.pte.set(0, page);
      const ctx = s.object(PciContext, `ctx_${name}`);
      s.actor(`device_${name}`, atsContext, { fn, ctx, smmu, pages: 1 }, { role: 'hardware' });
      return { table, page, ctx };
    };
    const p = process('p');
    const q = process('q');
    s.actor(
      'cmdq_hw',
      smmuCmdq('CFGI', 'TLBI', 'ATC_INV'),
      { cmdq, behind: { contexts: smmu, functions: [fn] } },
      { role: 'hardware' },
    );

    // p is bound already: PASID 1, ASID 1.
    numbers.pasids.set(1, p.table);
    numbers.asids.set(1, p.table);
    Object.assign(smmu.cd.at(1), { valid: true, asid: 1, ttb: p.table });
    Object.assign(p.ctx, { pasid: 1, owner: p.table, run: true, active: true });
    const of = ({ table, ctx }: typeof p, issuer: number) => ({ cmdq, issuer, smmu, numbers, ctx, table });
    const exits = s.task('p', [does(exitBound, of(p, 0))]);
    const binds = s.task('q', [
      does(armSmmuSvaBind, of(q, 1)),
      ...(s.bounds.exits_q > 0 ? [does(exitBound, of(q, 1))] : []),
    ]);

    const homes = new Map<object, object>([p, q].map(({ page, table }) => [page, table]));
    s.property(
      pagesOutliveTranslations(smmu, [fn]),
      numbersHaveOneOwner(numbers, smmu, [fn], (page) => homes.get(page) ?? null),
      contextsOwnTheirPasid(numbers.pasids, [p.ctx, q.ctx]),
      boundSpacesAreReached(smmu, [p.ctx, q.ctx]),
      returns('exit of p', exits),
      returns('what q does', binds),
      sometimes('numbers-reused', 'q works with the PASID and the ASID of p', () => {
        const cd = smmu.cfg.at(1);
        return q.ctx.pasid === 1 && cd.cached && cd.asid === 1 && cd.ttb === q.table;
      }),
      sometimes('asked-during-exit', 'the device has a translation of p when the descriptor of p is gone', () => {
        const { valid, quiet } = smmu.cd.at(1);
        return fn.atc.at(slot(1, 0)).page === p.page && (!valid || quiet);
      }),
    );
  },
});
