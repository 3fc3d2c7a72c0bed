/**
 * The two levels of caches behind an address that a function uses, and what they are filled from: pages and page tables
 * in memory, context descriptors, the configuration cache and the TLB of the SMMU, the address translation cache (ATC)
 * of the function.
 *
 * Source: spec (c), ground rule 0.2.10: what is cached may be used at any time until it is invalidated. A generation
 * tells a page from what its frame is used for later. A descriptor that is quiet faults without an event when a walk is
 * needed, but what the TLB holds for its ASID is still used (EPD0 of Arm IHI 0070; author's mail on the release
 * notifier of SVA, 30 Apr 2020).
 *
 * Limits: one stream; two pages an address space. Nothing leaves a cache of the SMMU without an invalidation: that can
 * only leave more behind than there may be, and a function asks again for what it has.
 */
import { array, bool, int, object, patch, racy, ref, struct, type ViewOf } from '../../checker/lang/index.ts';
import { LAST_PASID } from '../pci/objects.ts';

/** ASIDs 1 and 2; 0 stands for none. */
export const LAST_ASID = 2;

/** Virtual pages of an address space: 0 and 1. */
export const PAGES = 2;

const spec = patch('spec (c) SMMUv3 and PCIe device')();
const LAST_GENERATION = 2;
const generation = () => int(0, LAST_GENERATION);

/** Memory of a process. Freeing it raises the generation: whoever gets the frame next is somebody else. */
export const Page = object('page', { generation: generation() }, { permanent: true, source: spec });
export type Page = ViewOf<typeof Page>;

/** Page tables, by virtual page. Freeing them raises their generation as well. */
export const PageTable = object(
  'page_table',
  { pte: array(ref(Page), PAGES), generation: generation() },
  { permanent: true, source: spec },
);
export type PageTable = ViewOf<typeof PageTable>;

/** A cached translation: where it leads, and what that page was then. */
export const translation = () => struct('translation', { page: ref(Page), generation: generation() });
export interface Translation {
  page: Page | null;
  generation: number;
}

/** Context descriptors with the caches of the SMMU. */
export const SmmuContexts = object(
  'SmmuContexts',
  {
    /** In memory, indexed by substream id, which is the PASID. */
    cd: array(
      struct('context_descriptor', {
        valid: bool(),
        quiet: bool(),
        asid: int(0, LAST_ASID),
        ttb: ref(PageTable),
        /** Ghost: generation of the page tables when they were installed. */
        generation: generation(),
      }),
      LAST_PASID + 1,
    ),
    /** Configuration cache. An invalid descriptor may be cached as well as a valid one. */
    cfg: array(
      struct('cached_descriptor', {
        cached: bool(),
        valid: bool(),
        quiet: bool(),
        asid: int(0, LAST_ASID),
        ttb: ref(PageTable),
        /** Ghost, as in memory when it was fetched. */
        generation: generation(),
      }),
      LAST_PASID + 1,
    ),
    /** A descriptor is being fetched ahead of its use. */
    fetching: bool(),
    /** By ASID and virtual page, see `slot`. */
    tlb: array(translation(), (LAST_ASID + 1) * PAGES),
  },
  { permanent: true, source: spec },
);
export type SmmuContexts = ViewOf<typeof SmmuContexts>;

/** A function with an ATC. */
export const AtsFunction = object(
  'AtsFunction',
  {
    /** False once it was pulled: it never answers again, and uses nothing. */
    present: bool(true),
    /** False once it is stuck: it answers no invalidation any more, but goes on with the translations that it has. */
    answers: bool(true),
    /** Its stream table entry, as far as it lets ATS through: in memory, and the copy that the SMMU goes by. */
    eats: racy(bool(true), 'WRITE_ONCE of the stream table entry'),
    eats_cached: bool(true),
    /** ATS enable bit: without it the function sends untranslated addresses and caches nothing. */
    ats: bool(true),
    /** By PASID and virtual page, see `slot`. */
    atc: array(translation(), (LAST_PASID + 1) * PAGES),
  },
  { permanent: true, source: spec },
);
export type AtsFunction = ViewOf<typeof AtsFunction>;

/** Where the TLB or an ATC keeps the translation of a page of an ASID or PASID. */
export const slot = (id: number, page: number): number => id * PAGES + page;

/** Remembers where `page` leads now. */
export function fill(entry: Translation, page: Page): void {
  entry.page = page;
  entry.generation = page.generation;
}

/** Forgets a translation. */
export function forget(entry: Translation): void {
  entry.page = null;
  entry.generation = 0;
}
