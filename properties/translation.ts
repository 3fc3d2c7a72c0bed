/**
 * Translations: what is cached somewhere does not outlive what it leads to.
 *
 * Source: global properties G-TLB and G-PASID of the specification. A generation tells a page from what its frame is
 * used for after it was freed.
 */
import { type Always, always, type FixedArray, nameOf, violated } from '../checker/lang/index.ts';

interface Generation {
  readonly generation: number;
}

/** A cached translation. */
export interface CachedTranslation {
  readonly page: (Generation & object) | null;
  readonly generation: number;
}

interface Descriptor {
  readonly valid: boolean;
  readonly quiet: boolean;
  readonly ttb: (Generation & object) | null;
}

/** The caches of an IOMMU. */
export interface IommuCaches {
  readonly cd: FixedArray<Descriptor & Generation>;
  readonly cfg: FixedArray<Descriptor & Generation & { readonly cached: boolean }>;
  readonly tlb: FixedArray<CachedTranslation>;
}

/** The cache of a device. */
export interface DeviceCache {
  readonly atc: FixedArray<CachedTranslation>;
}

const walks = (d: Descriptor): boolean => d.valid && !d.quiet;

/**
 * A page, or a page of page tables, is not used for anything else while a cache leads to it. The device may use what is
 * cached at any time, so it is wrong from the moment the page is freed, whether or not an access follows. `uses` tells
 * whether a device is there at all and let through by the IOMMU.
 */
export function pagesOutliveTranslations<D extends DeviceCache & object>(
  iommu: IommuCaches & object,
  devices: readonly D[],
  uses: (device: D) => boolean = () => true,
): Always {
  const reused = (cache: string, what: object) =>
    violated('isolation', `${nameOf(what)} is free for others although ${cache} still leads to it`, {
      objects: [nameOf(iommu), nameOf(what)],
    });
  const stale = (entries: FixedArray<CachedTranslation>) => {
    for (const { page, generation } of entries) if (page !== null && page.generation !== generation) return page;
    return null;
  };
  return always('translations-end-first', 'no page is used again while a cache leads to it', () => {
    const inTlb = stale(iommu.tlb);
    if (inTlb !== null) return reused('the TLB', inTlb);
    for (const device of devices) {
      const inAtc = uses(device) ? stale(device.atc) : null;
      if (inAtc !== null) return reused(`the ATC of ${nameOf(device)}`, inAtc);
    }
    for (const entry of iommu.cd)
      if (walks(entry) && entry.ttb !== null && entry.ttb.generation !== entry.generation)
        return reused('a context descriptor', entry.ttb);
    for (const entry of iommu.cfg)
      if (entry.cached && walks(entry) && entry.ttb !== null && entry.ttb.generation !== entry.generation)
        return reused('the configuration cache', entry.ttb);
    return null;
  });
}

/** Numbers that the kernel gives to address spaces: element i is the address space that has number i. */
export type Owners = FixedArray<object | null>;

/**
 * A PASID and an ASID have one owner: no cache leads from a number to anybody but the address space that has it now.
 * `homeOf` tells the address space of a page. A number that nobody has may linger in caches.
 */
export function numbersHaveOneOwner(
  numbers: { readonly pasids: Owners; readonly asids: Owners },
  iommu: IommuCaches & object,
  devices: readonly (DeviceCache & object)[],
  homeOf: (page: object) => object | null,
): Always {
  const wrong = (number: string, owner: object, cache: string, to: object | null) =>
    violated('isolation', `${number} belongs to ${nameOf(owner)}, but ${cache} leads from it to ${nameOf(to)}`, {
      objects: [nameOf(iommu), nameOf(owner), nameOf(to)],
    });
  return always('numbers-have-one-owner', 'no cache leads from a PASID or ASID to anybody but its owner', () => {
    const pages = iommu.tlb.length / numbers.asids.length;
    for (let id = 1; id < numbers.asids.length; id++) {
      const owner = numbers.asids.at(id);
      if (owner === null) continue;
      for (let i = 0; i < pages; i++) {
        const { page } = iommu.tlb.at(id * pages + i);
        if (page !== null && homeOf(page) !== owner) return wrong(`ASID ${id}`, owner, 'the TLB', homeOf(page));
      }
    }
    for (let id = 1; id < numbers.pasids.length; id++) {
      const owner = numbers.pasids.at(id);
      if (owner === null) continue;
      const cached = iommu.cfg.at(id);
      if (cached.cached && walks(cached) && cached.ttb !== null && cached.ttb !== owner)
        return wrong(`PASID ${id}`, owner, 'the configuration cache', cached.ttb);
      for (const device of devices)
        for (let i = 0; i < pages; i++) {
          const { page } = device.atc.at(id * pages + i);
          if (page !== null && homeOf(page) !== owner)
            return wrong(`PASID ${id}`, owner, `the ATC of ${nameOf(device)}`, homeOf(page));
        }
    }
    return null;
  });
}

/** A device context, and the address space it works for. */
export interface WorkingContext {
  readonly pasid: number;
  readonly active: boolean;
  readonly owner: object | null;
}

/** A PASID goes to somebody else only when no context works with it any more. */
export function contextsOwnTheirPasid(pasids: Owners, contexts: readonly (WorkingContext & object)[]): Always {
  return always('contexts-own-their-pasid', 'no context works with a PASID that belongs to somebody else', () => {
    for (const context of contexts) {
      const owner = context.active ? pasids.at(context.pasid) : null;
      if (owner === null || owner === context.owner) continue;
      return violated(
        'isolation',
        `${nameOf(context)}, which works for ${nameOf(context.owner)}, still uses PASID ${context.pasid}, which ` +
          `belongs to ${nameOf(owner)}`,
        { objects: [nameOf(context), nameOf(context.owner), nameOf(owner)] },
      );
    }
    return null;
  });
}

/** A device context that was started. */
export interface StartedContext {
  readonly pasid: number;
  readonly run: boolean;
}

/** What a running context asks for is not aborted because the IOMMU remembers how things were before its bind. */
export function boundSpacesAreReached(
  iommu: IommuCaches & object,
  contexts: readonly (StartedContext & object)[],
): Always {
  return always('bound-spaces-are-reached', 'no context runs on a descriptor that is cached as invalid', () => {
    for (const context of contexts) {
      if (!context.run || !iommu.cd.at(context.pasid).valid) continue;
      const { cached, valid } = iommu.cfg.at(context.pasid);
      if (cached && !valid)
        return violated(
          'protocol',
          `the SMMU aborts what ${nameOf(context)} asks for, although its descriptor is valid: an older one is cached`,
          { objects: [nameOf(iommu), nameOf(context)] },
        );
    }
    return null;
  });
}

/** A cached PASID table entry: a domain id, which tags cached translations, and the page table that is walked. */
export interface CachedEntry {
  readonly did: number;
  readonly flptptr: number;
}

/** What an IOMMU caches of an entry was one entry in memory: the domain id and the page table of one domain. */
export function entriesAreWhole(cache: CachedEntry & object): Always {
  return always('entries-are-whole', 'a cached PASID table entry is no mixture of two', () => {
    const { did, flptptr } = cache;
    if (did === flptptr) return null;
    const table = flptptr === 0 ? 'no page table' : `the page table of domain ${flptptr}`;
    return violated('isolation', `the cached PASID table entry has domain id ${did} and ${table}`, {
      objects: [nameOf(cache)],
    });
  });
}

/** What is cached of a context descriptor was one descriptor: the ASID and the page tables of one address space. */
export function descriptorsAreWhole(
  iommu: { readonly cfg: FixedArray<Descriptor & { readonly cached: boolean; readonly asid: number }> } & object,
  tableOf: (asid: number) => object,
): Always {
  return always('descriptors-are-whole', 'a cached context descriptor is no mixture of two', () => {
    for (const { cached, valid, asid, ttb } of iommu.cfg) {
      if (!cached || !valid || ttb === tableOf(asid)) continue;
      return violated('isolation', `the cached descriptor has ASID ${asid} and the page tables ${nameOf(ttb)}`, {
        objects: [nameOf(iommu), nameOf(ttb)],
      });
    }
    return null;
  });
}

/** A stream table as far as its cache goes; an entry that does not translate leads nowhere. */
export interface StreamCaches {
  readonly cached: FixedArray<{
    readonly present: boolean;
    readonly config: string;
    readonly vmid: number;
    readonly ttb: (Generation & object) | null;
  }>;
  readonly tlb: FixedArray<CachedTranslation>;
  readonly bypassed: FixedArray<boolean>;
}

/**
 * What is cached of a stream table is one entry, whose VMID and page tables belong together; nothing goes past the page
 * tables; and nothing that is free for others is led to. `domains` are the page tables by VMID.
 */
export function streamsStayInTheirDomain(
  table: StreamCaches & object,
  domains: readonly ((Generation & object) | null)[],
): Always {
  const wrong = (message: string, ...what: object[]) =>
    violated('isolation', message, { objects: [nameOf(table), ...what.map((o) => nameOf(o))] });
  return always('streams-stay-in-their-domain', 'a stream reaches what its domain maps, and nothing else', () => {
    for (let sid = 0; sid < table.cached.length; sid++) {
      if (table.bypassed.at(sid))
        return wrong(`a transaction of stream ${sid} goes past the page tables of its domain`);
      const { present, config, vmid, ttb } = table.cached.at(sid);
      if (!present || config !== 'translate' || ttb === null) continue;
      if (domains[vmid] !== ttb)
        return wrong(`the cached entry of stream ${sid} has VMID ${vmid} and the page tables ${nameOf(ttb)}`, ttb);
      if (ttb.generation > 0) return wrong(`${nameOf(ttb)} is free, and stream ${sid} is still translated by it`, ttb);
    }
    for (const { page, generation } of table.tlb)
      if (page !== null && page.generation !== generation)
        return wrong(`${nameOf(page)} is free for others although the TLB still leads to it`, page);
    return null;
  });
}
