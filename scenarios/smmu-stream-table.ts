/** Spec (c): the stream table entry of a device is replaced while the SMMU reads it in pieces and caches it. */
import { atEnd, scenario, set, sometimes, violated } from '../checker/lang/index.ts';
import { Page, PageTable } from '../hw/smmu/caches.ts';
import { SmmuCmdq, smmuCmdq } from '../hw/smmu/commands.ts';
import { StreamTable, streamAccess } from '../hw/smmu/stream-table.ts';
import { does } from '../model/kernel/index.ts';
import { attachDomain, domainFree, freeDomain, SMMU_C, steReplace, strtab } from '../model/smmu/index.ts';
import { returns } from '../properties/response.ts';
import { streamsStayInTheirDomain } from '../properties/translation.ts';

export default scenario('smmu-stream-table', {
  title: 'The stream table entries of a device that goes to another domain',
  about:
    'A device leaves domain a, which is freed, and joins domain b, while it goes on with transactions. The SMMU fetches its ' +
    'stream table entries in pieces and caches them, also those that abort. Written in place an entry is cached with the ' +
    'VMID of one domain and the page tables of the other.',
  systems: ['smmu'],
  source: strtab(SMMU_C),
  corpus: 'new',
  bounds: { streams: 1, moves: 1 },
  assumptions: ['CFGI_STE completes only when no fetch of the entry is under way that began before it'],
  variants: {
    posted: {
      about: 'as the driver does without disable_bypass: in between the device reaches all of memory',
      settings: [set(steReplace, 'by way of bypass')],
      expect: { verdict: 'violated', kind: 'isolation', length: 5, states: 49 },
    },
    'in-place': {
      about: 'the entry is written word by word while it translates',
      settings: [set(steReplace, 'in place')],
      expect: { verdict: 'violated', kind: 'isolation', length: 4, states: 30 },
    },
    'no-sync': {
      about: 'by way of abort, and nobody waits for CFGI_STE until the end',
      settings: [set(steReplace, 'by way of abort, no SYNC')],
      expect: { verdict: 'violated', kind: 'isolation', length: 6, states: 93 },
    },
    'vmid-cleared': {
      about:
        'by way of abort as Linux does until 6.8: detach clears the VMID with the first word, before the SYNC, ' +
        'and a fetch that has ' +
        'read the first word translates domain a with VMID 0, which nobody invalidates (new)',
      settings: [set(steReplace, 'by way of abort, VMID cleared before the SYNC')],
      expect: { verdict: 'violated', kind: 'isolation', length: 5, states: 51 },
    },
    'no-sync-between': {
      about:
        'by way of abort, and no CFGI_STE and SYNC between the other words and the first: a fetch that began before',
      settings: [set(steReplace, 'by way of abort, no SYNC before the first word')],
      expect: { verdict: 'violated', kind: 'isolation', length: 13, states: 171 },
    },
    'first-word-first': {
      about: 'by way of abort, and the first word is written before the others',
      settings: [set(steReplace, 'by way of abort, first word not last')],
      expect: { verdict: 'violated', kind: 'isolation', length: 12, states: 145 },
    },
    'no-last-cfgi': {
      about: 'no CFGI_STE after the first word: the entry that aborts is cached, and the device never reaches domain b',
      settings: [set(steReplace, 'by way of abort, no CFGI at the end')],
      expect: { verdict: 'violated', kind: 'protocol', length: 26, states: 451 },
    },
    'one-stream': {
      about: 'a device with two streams, of which only the first gets its entry',
      settings: [set(steReplace, 'by way of abort, one stream told')],
      bounds: { streams: 2 },
      expect: { verdict: 'violated', kind: 'isolation', length: 32, states: 3_671 },
    },
    'no-tlbi': {
      about: 'the entries are right, but the TLB keeps what it had for the VMID of domain a',
      settings: [set(steReplace, 'by way of abort'), set(domainFree, 'nothing')],
      expect: { verdict: 'violated', kind: 'isolation', length: 27, states: 478 },
    },
    fixed: {
      about: 'with disable_bypass: abort, sync, the other words, sync, the first word, sync; then the domain is freed',
      settings: [set(steReplace, 'by way of abort')],
      bounds: { streams: 2, moves: 3 },
      expect: { verdict: 'holds', states: 32_283, depth: 147 },
    },
  },
  setup: (s) => {
    const table = s.object(StreamTable, 'strtab');
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    const domain = (name: string) => {
      const ttb = s.object(PageTable, `pgd_${name}`);
      ttb.pte.set(0, s.object(Page, `page_${name}`));
      return ttb;
    };
    const [a, b] = [domain('a'), domain('b')];
    const { streams } = s.bounds;
    for (let sid = 0; sid < streams; sid++) {
      Object.assign(table.ste.at(sid), { config: 'translate', vmid: 1, ttb: a });
      s.actor(`device_stream${sid}`, streamAccess, { table, sid }, { role: 'hardware' });
    }
    s.actor(
      'cmdq_hw',
      smmuCmdq('CFGI_STE of the table', 'TLBI of a VMID'),
      { cmdq, behind: { streams: table } },
      { role: 'hardware' },
    );
    const writer = { table, cmdq, issuer: 0 };
    const owner = s.task('owner', [
      ...Array.from({ length: s.bounds.moves }, (_, i) =>
        does(attachDomain, { ...writer, streams, ...(i % 2 === 0 ? { vmid: 2, ttb: b } : { vmid: 1, ttb: a }) }),
      ),
      does(freeDomain, { ...writer, vmid: 1, ttb: a }),
    ]);
    s.property(
      streamsStayInTheirDomain(table, [null, a, b]),
      returns('attach', owner),
      atEnd('goes-by-the-entry', 'no stream goes by what its entry was before', () => {
        for (let sid = 0; sid < streams; sid++) {
          const { present, config } = table.cached.at(sid);
          if (present && config !== table.ste.at(sid).config)
            return violated('protocol', `stream ${sid} goes by a cached entry that says ${config}, for ever`);
        }
        return null;
      }),
      sometimes('b-reached', 'the TLB leads to the page of domain b', () => table.tlb.at(2).page !== null),
      sometimes('abort-cached', 'an entry that aborts is cached', () =>
        [...table.cached].some(({ present, config }) => present && config === 'abort'),
      ),
    );
  },
});
