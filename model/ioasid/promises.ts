/**
 * What IOASID promises, as properties over its tables and what its users hold.
 *
 * Source: spec (f), properties. What is under ioasid_allocator_lock is looked at while nobody holds it.
 */
import {
  type Always,
  type AtEnd,
  always,
  atEnd,
  leadsTo,
  nameOf,
  type Pool,
  type Property,
  violated,
} from '../kernel/index.ts';
import type { Ioasid, IoasidData, IoasidUser, SvaBond, SvaMm, VtdDevice } from './objects.ts';

/** An ID is not free, nor given out again, while a device has a context for it or is programmed with it. */
export function idOutlivesItsUse(core: Ioasid, devices: readonly VtdDevice[]): Always {
  return always('an ID outlives its use', 'an ID is not given out again while a device has a context for it', () => {
    for (const dev of devices) {
      if (dev.entry !== 0 && core.xa.at(dev.entry) !== dev.entry_for)
        return violated('isolation', `IOASID ${dev.entry} is free while ${nameOf(dev)} has a context for it`, {
          objects: [nameOf(dev), nameOf(core)],
        });
      if (dev.queue_pasid !== 0 && core.xa.at(dev.queue_pasid) === null)
        return violated('isolation', `IOASID ${dev.queue_pasid} is free while ${nameOf(dev)} works with it`, {
          objects: [nameOf(dev), nameOf(core)],
        });
    }
    return null;
  });
}

/** FREE_PENDING ends: whoever holds a reference is told, and gives it back. */
export function freePendingEnds(ids: Pool<IoasidData>): AtEnd {
  return atEnd('FREE_PENDING ends', 'an ID that was freed is reclaimed at last', () => {
    for (const data of ids)
      if (data.state === 'free-pending')
        return violated(
          'leak',
          `IOASID ${data.id} stays FREE_PENDING for ever with ${data.refs.counter} reference(s) nobody gives back`,
          { objects: [nameOf(data)] },
        );
    return null;
  });
}

/**
 * The same on every fair schedule, also while others go on; one promise for each ID that there can be.
 *
 * Source: G-LIVE.
 */
export function freePendingPasses(core: Ioasid): Property[] {
  return Array.from({ length: core.xa.length - 1 }, (_, i) =>
    leadsTo(
      `IOASID ${i + 1} is reclaimed`,
      `IOASID ${i + 1} does not stay FREE_PENDING`,
      () => core.xa.at(i + 1)?.state === 'free-pending',
      () => core.xa.at(i + 1)?.state !== 'free-pending',
      { objects: [nameOf(core)] },
    ),
  );
}

/** IDs whose sets count them, and a system whose capacity is where its sets are. */
export function quotaIsBalanced(core: Ioasid, capacity: number): Always {
  return always('quota is balanced', 'the IDs of a set are counted, and so is the quota of all sets', () => {
    if (core.allocator_lock.owner !== null) return null;
    let left = core.capacity_avail;
    for (const set of core.sets) {
      if (set === null) continue;
      left += set.quota;
      let ids = 0;
      for (const data of core.xa) if (data?.set === set) ids++;
      if (ids !== set.nr_ioasids || set.nr_ioasids > set.quota)
        return violated('protocol', `${nameOf(set)} counts ${set.nr_ioasids} IDs of ${set.quota} and has ${ids}`, {
          objects: [nameOf(set)],
        });
    }
    if (left === capacity) return null;
    return violated('protocol', `${capacity - left} IDs of capacity belong to no set and to nobody`, {
      objects: [nameOf(core)],
    });
  });
}

/** What user space was told is an ID that its set has given out, until it is freed. */
export function userHasItsId(core: Ioasid, users: readonly IoasidUser[]): Always {
  return always('an ID that was told exists', 'an ID that user space has got was given out by its set', () => {
    for (const user of users) {
      if (user.id === 0 || core.allocator_lock.owner !== null) continue;
      if (core.xa.at(user.id) === null)
        return violated('protocol', `${nameOf(user)} was given IOASID ${user.id}, which is free`, {
          objects: [nameOf(user), nameOf(core)],
        });
    }
    return null;
  });
}

/** A device that is bound to a process works with the one PASID of that process, and nobody else has it. */
export function onePasidEach(core: Ioasid, bonds: readonly SvaBond[]): Always {
  return always(
    'one PASID each',
    'a device that is bound to a process works with its PASID, and no other process',
    () => {
      for (const bond of bonds) {
        if (bond.pasid === 0) continue;
        const owner = core.xa.at(bond.pasid)?.private ?? null;
        if (owner !== bond.mm)
          return violated(
            'isolation',
            `${nameOf(bond)} works with PASID ${bond.pasid}, which is ${owner === null ? 'free' : `that of ${nameOf(owner)}`}`,
            { objects: [nameOf(bond), nameOf(core)] },
          );
        for (const other of bonds)
          if (other.mm === bond.mm && other.pasid !== 0 && other.pasid !== bond.pasid)
            return violated('protocol', `${nameOf(bond.mm)} has PASIDs ${bond.pasid} and ${other.pasid}`, {
              objects: [nameOf(bond.mm), nameOf(bond), nameOf(other)],
            });
      }
      return null;
    },
  );
}

/** A process that nobody has bound any more has no PASID. */
export function noPasidIsLeft(mms: readonly SvaMm[]): AtEnd {
  return atEnd('no PASID is left', 'at the end a process that is not bound has no PASID', () => {
    for (const mm of mms)
      if (mm.pasid !== 0)
        return violated('protocol', `${nameOf(mm)} keeps PASID ${mm.pasid}, which is free`, { objects: [nameOf(mm)] });
    return null;
  });
}
