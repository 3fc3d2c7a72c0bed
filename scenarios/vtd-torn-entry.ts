/** Corpus #27: a PASID table entry is changed while it is present, and the IOMMU reads it in pieces. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { LAST_DOMAIN, PasidCache, PasidEntryInPieces, pasidWalker } from '../hw/vtd/pasid-entry.ts';
import { does, type Location, StoreBuffer, storeBuffer } from '../model/kernel/index.ts';
import {
  DID,
  entryUpdate,
  entryWithout,
  FLPTPTR,
  PASID_C,
  PRESENT,
  replaceEntry,
  tearDownEntry,
  tornTeardown,
} from '../model/vtd/index.ts';
import { returns } from '../properties/response.ts';
import { entriesAreWhole } from '../properties/translation.ts';

const apart = set(entryUpdate, 'not present first');

// The fixed form is small: one writer, and a reader with as many states as an entry has pieces. More replacements repeat it.
export default scenario('vtd-torn-entry', {
  title: 'A PASID table entry is changed while the IOMMU reads it',
  about:
    'A PASID table entry is torn down, or replaced, while a device uses its PASID. The IOMMU reads the entry in pieces ' +
    'of 128 bits. As posted all words are written while the entry is present: the IOMMU reads the first piece before ' +
    'and the second piece after, and caches the domain id of one domain with the page table of another, or of none.',
  systems: ['vtd'],
  source: tornTeardown(PASID_C),
  corpus: '#27',
  bounds: { replacements: 0 },
  assumptions: ['the PASID cache invalidation completes only when no fetch that began before is under way'],
  variants: {
    posted: {
      about: 'teardown writes zeros into all words of an entry that is present (CVE-2026-45894)',
      expect: { verdict: 'violated', kind: 'isolation', length: 8, states: 34 },
    },
    'posted-replace': {
      about: 'replacement writes the new entry over one that is present (CVE-2026-45945)',
      bounds: { replacements: 1 },
      expect: { verdict: 'violated', kind: 'isolation', length: 4, states: 18 },
    },
    'no-barrier': {
      about: 'the present bit is cleared first, but nothing makes that visible before the invalidation',
      settings: [apart, set(entryWithout, 'barrier')],
      expect: { verdict: 'violated', kind: 'isolation', length: 9, states: 51 },
    },
    'no-wait': {
      about: 'the present bit is cleared first, but the rest is written without waiting for the invalidation',
      settings: [apart, set(entryWithout, 'wait')],
      expect: { verdict: 'violated', kind: 'isolation', length: 9, states: 43 },
    },
    'present-first': {
      about: 'a replacement sets the present bit before the rest is written',
      settings: [apart, set(entryWithout, 'present last')],
      bounds: { replacements: 1 },
      expect: { verdict: 'violated', kind: 'isolation', length: 12, states: 38 },
    },
    fixed: {
      about: 'clear the present bit, barrier, invalidate, wait, change the rest; the present bit is set last',
      settings: [apart],
      bounds: { replacements: 2 },
      expect: { verdict: 'holds', states: 87, depth: 39 },
    },
  },
  setup: (s) => {
    const entry = s.object(PasidEntryInPieces, 'entry', { present: true, did: 1, flptptr: 1 });
    const cache = s.object(PasidCache, 'pasid_cache');
    s.actor('iommu', pasidWalker, { entry, cache }, { role: 'hardware' });
    const memory: Location[] = [];
    memory[PRESENT] = {
      load: () => (entry.present ? 1 : 0),
      store: (value) => {
        entry.present = value !== 0;
      },
    };
    memory[DID] = {
      load: () => entry.did,
      store: (value) => {
        entry.did = value;
      },
    };
    memory[FLPTPTR] = {
      load: () => entry.flptptr,
      store: (value) => {
        entry.flptptr = value;
      },
    };
    const buffer = s.object(StoreBuffer, 'cpu');
    s.actor('buffer', storeBuffer, { buffer, memory }, { role: 'hardware' });

    const cpu = { buffer, memory };
    const other = (domain: number) => LAST_DOMAIN + 1 - domain;
    let domain = 1;
    const operations = [];
    for (let i = 0; i < s.bounds.replacements; i++) {
      operations.push(does(replaceEntry, { cpu, cache, from: domain, to: other(domain) }));
      domain = other(domain);
    }
    operations.push(does(tearDownEntry, { cpu, cache, from: domain, to: 0 }));
    s.property(
      entriesAreWhole(cache),
      returns('teardown', s.task('owner', operations)),
      sometimes(
        'read-before-clear',
        'the present bit is cleared while the entry is being read',
        () => cache.fetched_did !== 0 && !entry.present,
      ),
    );
  },
});
