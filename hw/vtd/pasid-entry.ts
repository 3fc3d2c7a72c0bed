/**
 * A PASID table entry of Intel VT-d in memory, the IOMMU that fetches it piece by piece, and its PASID cache.
 *
 * Source: VT-d specification r4.1, scalable-mode PASID table entry: 512 bits, of which the present bit and the domain id
 * lie in the first 128, the pointer to the first-level page table in the second. The IOMMU reads 128 bits at a time.
 *
 * Limits: of an entry only these three fields, and one entry; an invalidation names the entry, and completes when no
 * fetch is under way that began before it.
 */
import { bool, int, machine, object, patch, type ViewOf } from '../../checker/lang/index.ts';

const source = patch('VT-d specification r4.1, scalable-mode PASID table entry')();

/** Domains and their page tables have the same number; 0 is none. */
export const LAST_DOMAIN = 2;
const domain = () => int(0, LAST_DOMAIN);

export const PasidEntryInPieces = object(
  'pasid_entry',
  {
    /** Bits 0 to 127. */
    present: bool(),
    did: domain(),
    /** Bits 128 to 255. */
    flptptr: domain(),
  },
  { permanent: true, source },
);
export type PasidEntryInPieces = ViewOf<typeof PasidEntryInPieces>;

export const PasidCache = object(
  'PasidCache',
  {
    /** The entry that is cached; `did` is 0 when none is. */
    did: domain(),
    flptptr: domain(),
    /** First piece of a fetch under way. */
    fetched_did: domain(),
    /** An invalidation is in the queue. */
    invalidate: bool(),
    /** The wait descriptor behind it has written its status. */
    done: bool(),
  },
  { permanent: true, source },
);
export type PasidCache = ViewOf<typeof PasidCache>;

/** The IOMMU at work for a device that may use its PASID at any time. */
export const pasidWalker = machine(
  'vtd_pasid_walker',
  {
    source,
    params: { entry: PasidEntryInPieces, cache: PasidCache },
    states: ['idle', 'first piece read'],
    indivisible: "one read of 128 bits, or one command of the queue; what is cached is the IOMMU's own",
  },
  [
    {
      label: 'read bits 0 to 127: present',
      from: 'idle',
      to: 'first piece read',
      when: (f) => f.cache.did === 0 && f.entry.present,
      do: (f) => {
        f.cache.fetched_did = f.entry.did;
      },
    },
    {
      label: 'read bits 128 to 255, cache the entry',
      from: 'first piece read',
      to: 'idle',
      do: (f) => {
        f.cache.did = f.cache.fetched_did;
        f.cache.flptptr = f.entry.flptptr;
        f.cache.fetched_did = 0;
      },
    },
    {
      label: 'PASID cache invalidation completes, wait descriptor writes its status',
      from: 'idle',
      to: 'idle',
      when: (f) => f.cache.invalidate,
      do: (f) => {
        f.cache.invalidate = false;
        f.cache.did = 0;
        f.cache.flptptr = 0;
        f.cache.done = true;
      },
    },
  ],
);
