/** Broadcast TLB maintenance: what the CPU invalidates is gone from the TLB of the SMMU, and not from the ATC. */
import { scenario, set } from '../checker/lang/index.ts';
import { does } from '../model/kernel/index.ts';
import { broadcast, munmapShared, SVA_C, secondaryInvalidation, secondaryTlbi, shareCd } from '../model/smmu/index.ts';
import { pagesAreUnmapped } from './smmu-parts.ts';

export default scenario('smmu-btm', {
  title: 'munmap() of a process against the device that shares its address space',
  about:
    'Threads unmap pages of an address space that a device with an ATC shares. The TLB invalidations of the CPU are ' +
    'broadcast and reach the TLB of the SMMU; the ATC is reached by a command from the mmu notifier only. As posted ' +
    'nobody sends one.',
  systems: ['smmu', 'pci'],
  source: shareCd(SVA_C),
  corpus: 'new',
  bounds: { tasks: 2, functions: 2 },
  assumptions: ['an invalidation is complete only when every look-up that saw the old entry is over'],
  variants: {
    posted: {
      about: 'the invalidation of ATCs is still missing, as in the patch that introduced the notifier',
      expect: { verdict: 'violated', kind: 'isolation', length: 5, states: 164 },
    },
    'atc-first': {
      about: 'the notifier is called before the CPU has invalidated: the ATC is filled once more',
      settings: [set(secondaryInvalidation, 'before the CPU')],
      expect: { verdict: 'violated', kind: 'isolation', length: 12, states: 3_225 },
    },
    'not-broadcast': {
      about: 'as fixed, on hardware that does not take part in broadcasts: the TLB keeps the translation',
      settings: [set(secondaryInvalidation, 'after the CPU'), set(broadcast, 'off')],
      expect: { verdict: 'violated', kind: 'isolation', length: 10, states: 2_114 },
    },
    commands: {
      about: 'no broadcast, and the notifier sends TLBI, SYNC before ATC_INV, SYNC',
      settings: [set(secondaryInvalidation, 'after the CPU'), set(broadcast, 'off'), set(secondaryTlbi, 'by command')],
      expect: { verdict: 'holds', states: 10_464, depth: 31 },
    },
    fixed: {
      about: 'the CPU invalidates the TLB by broadcast, then the notifier sends ATC_INV, SYNC',
      settings: [set(secondaryInvalidation, 'after the CPU')],
      bounds: { functions: 3 },
      expect: { verdict: 'holds', states: 12_365, depth: 22 },
    },
  },
  setup: (s) => pagesAreUnmapped(s, 'munmap', (of) => s.task(`thread${of.page}`, [does(munmapShared, of)])),
});
