/**
 * What reserved IOVAs promise, as properties over a domain and the devices that use it.
 *
 * Source: spec (g), properties. What is under `reserved_lock` is looked at while nobody holds it.
 */
import { type Always, type AtEnd, always, atEnd, nameOf, violated } from '../kernel/index.ts';
import { findIova } from './iova.ts';
import type { Binding, IommuDomain, IovaDomain, MsiDevice, MsiPage } from './objects.ts';
import type { Domain } from './setup.ts';

/** A mapping that somebody keeps: a binding, or an MSI page of the alternative. */
interface Kept {
  readonly name: string;
  readonly iova: number;
  readonly addr: number;
  readonly size: number;
}

const ofBinding = (b: Binding): Kept => ({ name: nameOf(b), iova: b.iova, addr: b.addr, size: b.size });
const ofPage = (msi: MsiPage): Kept => ({ name: nameOf(msi), iova: msi.iova, addr: msi.phys, size: 1 });
const overlap = (a: number, b: number, aSize: number, bSize: number) => a < b + bSize && b < a + aSize;

/** What the domain keeps; null while a lock over it is held or when the domain is gone. */
function kept({ domain, table }: Domain): Kept[] | null {
  if (!table.live || domain.reserved_lock.owner !== null) return null;
  const { iova_cookie } = domain;
  if (iova_cookie === null) return [...domain.reserved_binding_list].map(ofBinding);
  return iova_cookie.msi_lock.owner === null ? [...iova_cookie.msi_page_list].map(ofPage) : null;
}

/** The allocator that is in use now, if any. */
const allocatorOf = (domain: IommuDomain): IovaDomain | null =>
  domain.iova_cookie?.iovad ?? domain.reserved_iova_cookie?.iovad ?? null;

/** While its interrupt is enabled, what a device writes reaches the doorbell it was meant for. */
export function interruptsReachTheirDoorbell(devices: readonly MsiDevice[]): Always {
  return always(
    'interrupts reach their doorbell',
    'an interrupt that is enabled is translated to its doorbell, until the interrupt is freed',
    () => {
      for (const { fn } of devices) {
        if (!fn.enabled || fn.table === null) continue;
        const { pte, tlb } = fn.table;
        for (const [where, reached] of [
          ['TLB', tlb.at(fn.address)],
          ['page table', pte.at(fn.address)],
        ] as const) {
          if (reached === fn.doorbell || (where === 'TLB' && reached === 0)) continue;
          const at = `the interrupt of ${nameOf(fn)} for doorbell page ${fn.doorbell}, written to page ${fn.address},`;
          const objects = [nameOf(fn), nameOf(fn.table)];
          return reached === 0
            ? violated('protocol', `${at} faults: nothing is mapped there`, { objects })
            : violated('isolation', `${at} reaches page ${reached} by the ${where}`, { objects });
        }
      }
      return null;
    },
  );
}

/** A page of a doorbell has one binding; bindings share no I/O page. */
export function oneBindingForAPage(of: Domain): Always {
  return always('one binding for a page', 'no two live bindings share a physical page or an I/O page', () => {
    const all = kept(of) ?? [];
    for (const [i, a] of all.entries())
      for (const b of all.slice(i + 1)) {
        const objects = [a.name, b.name];
        if (overlap(a.addr, b.addr, a.size, b.size))
          return violated('protocol', `physical page ${Math.max(a.addr, b.addr)} is bound twice`, { objects });
        if (overlap(a.iova, b.iova, a.size, b.size))
          return violated('protocol', `I/O page ${Math.max(a.iova, b.iova)} belongs to two bindings`, { objects });
      }
    return null;
  });
}

/** What a binding leads from is given out by the allocator that is in use. */
export function bindingsAreReserved(of: Domain): Always {
  return always(
    'a binding has its IOVA',
    'the IOVA of a live binding is given out by the allocator of its domain',
    () => {
      const all = kept(of);
      const iovad = all === null ? null : allocatorOf(of.domain);
      if (all === null || iovad === null) return null;
      for (const k of all)
        for (let pfn = k.iova; pfn < k.iova + k.size; pfn++)
          if (findIova(iovad, pfn) === null)
            return violated('protocol', `I/O page ${pfn} of ${k.name} is free in ${nameOf(iovad)}`, {
              objects: [k.name, nameOf(iovad)],
            });
      return null;
    },
  );
}

/** What is mapped is given out: the next get cannot meet it. */
export function mappedIsReserved(of: Domain): Always {
  return always(
    'what is mapped is given out',
    'an I/O page that is mapped or cached is not free in the allocator',
    () => {
      if (kept(of) === null) return null;
      const iovad = allocatorOf(of.domain);
      if (iovad === null) return null;
      const { pte, tlb } = of.table;
      for (let pfn = 1; pfn < pte.length; pfn++)
        if ((pte.at(pfn) !== 0 || tlb.at(pfn) !== 0) && findIova(iovad, pfn) === null)
          return violated('protocol', `I/O page ${pfn} leads to page ${pte.at(pfn) || tlb.at(pfn)} and is free`, {
            objects: [nameOf(of.table), nameOf(iovad)],
          });
      return null;
    },
  );
}

/**
 * At the end of everything, what is mapped or given out belongs to a binding; and a domain dies with nothing mapped.
 */
export function nothingIsLeft(of: Domain): AtEnd {
  return atEnd('nothing is left', 'at the end no page is mapped or given out that no binding keeps', () => {
    const { pte, tlb, live } = of.table;
    const all = live ? (kept(of) ?? []) : [];
    const iovad = live ? allocatorOf(of.domain) : null;
    for (let pfn = 1; pfn < pte.length; pfn++) {
      if (all.some((k) => overlap(k.iova, pfn, k.size, 1))) continue;
      const leads = pte.at(pfn) || tlb.at(pfn);
      if (leads !== 0)
        return violated('leak', `I/O page ${pfn} still leads to page ${leads}, and no binding is left that knows`, {
          objects: [nameOf(of.table)],
        });
      if (iovad !== null && findIova(iovad, pfn) !== null)
        return violated('leak', `I/O page ${pfn} is never given back to ${nameOf(iovad)}`, {
          objects: [nameOf(iovad)],
        });
    }
    return null;
  });
}
