/** Rule 5 of spec (c): a context descriptor is replaced while the SMMU reads it in pieces. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { PageTable, SmmuContexts } from '../hw/smmu/caches.ts';
import { SmmuCmdq, smmuCmdq } from '../hw/smmu/commands.ts';
import { descriptorFetch } from '../hw/smmu/fetch.ts';
import { does } from '../model/kernel/index.ts';
import { descriptorReplace, SMMU_C, specC, writeDescriptor } from '../model/smmu/index.ts';
import { returns } from '../properties/response.ts';
import { descriptorsAreWhole } from '../properties/translation.ts';

// The fixed form is small: one writer, and a reader with as many states as an entry has pieces. More replacements repeat it.
export default scenario('smmu-torn-descriptor', {
  title: 'A context descriptor is replaced while the SMMU reads it',
  about:
    'The address space behind a PASID is replaced by another, and back. The SMMU fetches the descriptor ahead of its ' +
    'use, in pieces. As posted it is written while it is valid: the SMMU caches the ASID of one address space with the ' +
    'page tables of the other, and fills the TLB of the one with pages of the other.',
  systems: ['smmu'],
  source: specC(SMMU_C),
  corpus: 'new',
  bounds: { replacements: 2 },
  assumptions: ['CFGI_CD completes only when no fetch is under way that began before it'],
  variants: {
    posted: {
      about: 'both words are written over a descriptor that is valid',
      expect: { verdict: 'violated', kind: 'isolation', length: 3, states: 16 },
    },
    'no-sync': {
      about: 'the valid bit is cleared first, and nobody waits for the CFGI_CD',
      settings: [set(descriptorReplace, 'invalid first, no SYNC')],
      expect: { verdict: 'violated', kind: 'isolation', length: 5, states: 40 },
    },
    'valid-first': {
      about: 'the valid bit is cleared first, CFGI_CD, SYNC, and set again before the pointer is written',
      settings: [set(descriptorReplace, 'invalid first, valid not last')],
      expect: { verdict: 'violated', kind: 'isolation', length: 10, states: 51 },
    },
    'no-sync-before-valid': {
      about:
        'the valid bit is set last, but no CFGI_CD and SYNC stand between it and the rest: a fetch that read the old pointer ' +
        'while the descriptor was invalid finds it valid',
      settings: [set(descriptorReplace, 'invalid first, no SYNC before valid')],
      expect: { verdict: 'violated', kind: 'isolation', length: 11, states: 58 },
    },
    fixed: {
      about:
        'as the driver does: clear the valid bit, CFGI_CD, SYNC, write the rest, CFGI_CD, SYNC, set the valid bit, CFGI_CD, SYNC',
      settings: [set(descriptorReplace, 'invalid first, SYNC, valid last')],
      expect: { verdict: 'holds', states: 224, depth: 44 },
    },
  },
  setup: (s) => {
    const smmu = s.object(SmmuContexts, 'smmu');
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    const tables = [s.object(PageTable, 'pgd_a'), s.object(PageTable, 'pgd_b')] as const;
    Object.assign(smmu.cd.at(1), { valid: true, asid: 1, ttb: tables[0] });
    s.actor('fetch', descriptorFetch, { smmu, pasid: 1 }, { role: 'hardware' });
    s.actor('cmdq_hw', smmuCmdq('CFGI'), { cmdq, behind: { contexts: smmu } }, { role: 'hardware' });
    const operations = Array.from({ length: s.bounds.replacements }, (_, i) => {
      const to = (i + 1) % 2;
      return does(writeDescriptor, { cmdq, issuer: 0, smmu, pasid: 1, asid: to + 1, table: tables[to === 0 ? 0 : 1] });
    });
    s.property(
      descriptorsAreWhole(smmu, (asid) => tables[asid === 1 ? 0 : 1]),
      returns('replacement', s.task('owner', operations)),
      sometimes('both-cached', 'the second address space is cached', () => smmu.cfg.at(1).ttb === tables[1]),
    );
  },
});
