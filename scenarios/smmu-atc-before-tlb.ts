/** Corpus #25: the ATC of a device is invalidated before the TLB that it is filled from. */
import { scenario, set } from '../checker/lang/index.ts';
import { does } from '../model/kernel/index.ts';
import { atcOrder, iommuUnmap, SMMU_C, unmapOrder } from '../model/smmu/index.ts';
import { pagesAreUnmapped } from './smmu-parts.ts';

export default scenario('smmu-atc-before-tlb', {
  title: 'Unmap against a device with an ATC',
  about:
    'Tasks unmap pages that a device uses through its own translation cache, which the SMMU fills from its TLB. As ' +
    'posted the cache of the device is invalidated first: it asks again, is answered from the TLB, and keeps what it ' +
    'got when the TLB is invalidated after it. The page is freed and still within its reach.',
  systems: ['smmu', 'pci'],
  source: atcOrder(SMMU_C),
  corpus: '#25',
  bounds: { tasks: 2, functions: 2 },
  assumptions: ['an invalidation is complete only when every look-up that saw the old entry is over'],
  variants: {
    posted: {
      about: 'ATC_INV, SYNC, then TLBI, SYNC',
      expect: { verdict: 'violated', kind: 'isolation', length: 17, states: 8_664 },
    },
    'one-sync': {
      about: 'TLBI, ATC_INV, one SYNC: the two complete in any order',
      settings: [set(unmapOrder, 'both, one SYNC')],
      expect: { verdict: 'violated', kind: 'isolation', length: 14, states: 16_150 },
    },
    'no-last-sync': {
      about: 'TLBI, SYNC, ATC_INV, and nobody waits for the answer of the device',
      settings: [set(unmapOrder, 'TLB, then ATC, no last SYNC')],
      expect: { verdict: 'violated', kind: 'isolation', length: 11, states: 2_646 },
    },
    fixed: {
      about: 'TLBI, SYNC, then ATC_INV, SYNC',
      settings: [set(unmapOrder, 'TLB, then ATC')],
      expect: { verdict: 'holds', states: 10_464, depth: 31 },
    },
  },
  setup: (s) =>
    pagesAreUnmapped(s, 'unmap', ({ cmdq, issuer, table, asid, pasid, page }) =>
      s.task(`unmap${page}`, [does(iommuUnmap, { cmdq, issuer, table, asid, pasid, page })]),
    ),
});
