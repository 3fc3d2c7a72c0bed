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

/** A page request as far as its PASID and its answer go. */
export interface PasidRequest {
  readonly pasid: number;
  readonly last: boolean;
  readonly answer: string;
}

/**
 * A PASID goes back to the pool only when nothing carries it any more: no entry of the hardware, no cached copy or
 * translation, no page request that waits for an answer.
 *
 * Source: spec (j), global property G-PASID. Limits: a page request that is not the last of its group is looked at only
 * through the one that is.
 */
export function pasidReturnedUnused(
  owners: FixedArray<object | null>,
  hardware: readonly ({
    readonly cd: FixedArray<{ readonly valid: boolean }>;
    readonly cfg_cache: FixedArray<object | null>;
  } & object)[],
  contexts: readonly ({ readonly pasid: number; readonly atc: object | null } & object)[],
  requests: readonly (PasidRequest & object)[],
): Always {
  const carries = (pasid: number): object | null =>
    hardware.find((h) => h.cd.at(pasid).valid || h.cfg_cache.at(pasid) !== null) ??
    contexts.find((c) => c.pasid === pasid && c.atc !== null) ??
    requests.find((r) => r.pasid === pasid && r.last && r.answer === 'none') ??
    null;
  return always('pasid-returned-unused', 'a PASID goes back to the pool only when nothing carries it any more', () => {
    for (let pasid = 1; pasid < owners.length; pasid++) {
      if (owners.at(pasid) !== null) continue;
      const carrier = carries(pasid);
      if (carrier !== null)
        return violated('protocol', `PASID ${pasid} is free although ${nameOf(carrier)} still carries it`, {
          objects: [nameOf(carrier)],
        });
    }
    return null;
  });
}

/** No address space owns two PASIDs of the pool. */
export function onePasidAnOwner(owners: FixedArray<object | null>): Always {
  return always('one-pasid-an-owner', 'an address space has one PASID on all devices', () => {
    for (let pasid = 1; pasid < owners.length; pasid++)
      for (let other = pasid + 1; other < owners.length; other++)
        if (owners.at(pasid) !== null && owners.at(pasid) === owners.at(other))
          return violated('protocol', `${nameOf(owners.at(pasid))} has PASID ${pasid} and PASID ${other}`, {
            objects: [nameOf(owners.at(pasid))],
          });
    return null;
  });
}
