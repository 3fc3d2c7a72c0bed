/**
 * PASIDs: an address space has one, whatever number of devices it is bound to, and keeps it while hardware knows it.
 *
 * Source: spec (a), "one live PASID per mm", and global property G-PASID.
 */
import { type Always, always, type FixedArray, nameOf, violated } from '../checker/lang/index.ts';

/** An entry of the PASID table. A count of zero means that the entry is not complete, or on its way out. */
export interface PasidEntry {
  readonly pasid: number;
  readonly mm: object;
  readonly kref: { readonly counter: number };
}

/** A PASID whose context entry is installed has an owner: it is given back only after the entry has been cleared. */
export function pasidOfContextIsOwned(valid: FixedArray<boolean>, table: FixedArray<object | null>): Always {
  return always('context-owned', 'a PASID is given back only when its context entry is cleared', () => {
    for (let pasid = 1; pasid < valid.length; pasid++)
      if (valid.at(pasid) && table.at(pasid) === null)
        return violated('protocol', `PASID ${pasid} is free although its context entry is installed`, {
          objects: [nameOf(valid), nameOf(table)],
        });
    return null;
  });
}

/** No address space is reached by two PASIDs that are in use. */
export function onePasidForEachSpace(table: FixedArray<(PasidEntry & object) | null>): Always {
  return always('one-pasid', 'an address space has one PASID on all devices', () => {
    const owners: (PasidEntry & object)[] = [];
    for (const entry of table) {
      if (entry === null || entry.kref.counter === 0) continue;
      const other = owners.find((o) => o.mm === entry.mm);
      if (other !== undefined)
        return violated('protocol', `${nameOf(entry.mm)} has PASID ${other.pasid} and PASID ${entry.pasid}`, {
          objects: [nameOf(entry.mm), nameOf(other), nameOf(entry)],
        });
      owners.push(entry);
    }
    return null;
  });
}
