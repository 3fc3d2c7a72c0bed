/**
 * What live update promises, as properties.
 *
 * Source: spec (i), properties and protocol monitor. They look at ghosts and at records, never through a pointer that may
 * dangle.
 */
import type { Hwpt, IommufdCtx, IommuGroup, PagingDomain } from '../iommufd/index.ts';
import {
  type Always,
  type AtEnd,
  always,
  atEnd,
  type LeadsTo,
  leadsTo,
  nameOf,
  type Pool,
  violated,
} from '../kernel/index.ts';
import type { LuMonitor } from './monitor.ts';
import type { DeviceSer, IommuDevice, Machine, Session } from './objects.ts';

/** While a domain is kept, its page table is what was recorded: no map, no unmap. */
export function keptTablesStay(domains: Pool<PagingDomain>): Always {
  return always('a kept page table does not change', 'what a preserved domain maps is what its record says', () => {
    for (const domain of domains)
      if (domain.kept > 0 && domain.table !== domain.kept_table)
        return violated(
          'protocol',
          `${nameOf(domain)} is preserved with pages ${bits(domain.kept_table)} and maps ${bits(domain.table)}`,
          { objects: [nameOf(domain)] },
        );
    return null;
  });
}

const bits = (table: number): string => [1, 2].filter((bit) => (table & bit) !== 0).join(' and ') || 'none';

/** While an HWPT is preserved it exists. */
export function preservedStays(monitors: readonly LuMonitor[], hwpts: Pool<Hwpt>): Always {
  return always('a preserved HWPT stays', 'an HWPT is not destroyed while it is preserved', () => {
    for (const monitor of monitors) {
      if (monitor.state !== 'preserved') continue;
      let alive = false;
      for (const hwpt of hwpts) if (!hwpt.ending && hwpt.domain?.monitor === monitor) alive = true;
      if (!alive)
        return violated('protocol', `the HWPT of ${nameOf(monitor)} is destroyed while it is preserved`, {
          objects: [nameOf(monitor)],
        });
    }
    return null;
  });
}

/** An HWPT that nobody uses can be destroyed when no session has it. */
export function unusedCanGo(hwpts: Pool<Hwpt>): AtEnd {
  return atEnd('an unused HWPT can go', 'an HWPT without a device and without a session has one user', () => {
    for (const hwpt of hwpts) {
      const { state } = (hwpt.domain?.monitor as LuMonitor | null) ?? { state: 'normal' as const };
      if ((hwpt.domain?.attached ?? 0) > 0 || (state !== 'fresh' && state !== 'marked')) continue;
      if (hwpt.users.counter > 1 || hwpt.wait_cnt.counter > 1)
        return violated('leak', `${nameOf(hwpt)} has a user that will never let go: DESTROY is EBUSY for ever`, {
          objects: [nameOf(hwpt)],
        });
    }
    return null;
  });
}

/** While a device is preserved its attachment is: no attach, replace or detach. */
export function preservedDevicesStay(
  session: Session,
  groups: readonly IommuGroup[],
  devices: Pool<DeviceSer>,
): Always {
  return always(
    'a preserved device stays attached',
    'a device translates through the domain of its record until its session is cancelled',
    () => {
      if (!session.device || session.mutex.owner !== null) return null;
      for (const group of groups)
        for (const ser of devices) {
          if (ser !== group.device_ser || ser.deleted) continue;
          if ((group.domain?.preserved_state ?? null) === ser.domain) continue;
          return violated('protocol', `${nameOf(group)} is preserved and attached to ${nameOf(group.domain)} now`, {
            objects: [nameOf(group), nameOf(ser)],
          });
        }
      return null;
    },
  );
}

/** After the change of kernels a device translates through what it translated through before. */
export function sameTranslation(machine: Machine): Always {
  return always(
    'a device keeps its domain',
    'the next kernel attaches a device to the domain that it had, or to none',
    () => {
      const { before, after } = machine;
      if (after === null || after === before) return null;
      return violated(
        'isolation',
        `the device translated through ${before === null ? 'nothing' : `the domain of ${nameOf(before)}`}, and the next ` +
          `kernel attaches it to that of ${nameOf(after)}`,
        { objects: [nameOf(machine), nameOf(after)] },
      );
    },
  );
}

/** The devices of a scenario. */
export interface Devices {
  readonly groups: readonly IommuGroup[];
  readonly iommus: readonly IommuDevice[];
}

/** A session that has nothing leaves nothing: no record, no page that is kept, no pointer to a record. */
export function cancelledLeavesNothing(
  session: Session,
  domains: Pool<PagingDomain>,
  hwpts: Pool<Hwpt>,
  { groups, iommus }: Devices,
): AtEnd {
  return atEnd('a cancelled session leaves nothing', 'a session that is cancelled or failed undoes all of it', () => {
    if (session.iommufd !== null || session.device || session.frozen) return null;
    for (const domain of domains)
      if (domain.kept > 0)
        return violated('leak', `${nameOf(domain)} is kept by nobody's session`, { objects: [nameOf(domain)] });
    for (const hwpt of hwpts)
      if (hwpt.lu_preserved || hwpt.ioas?.lu_map_immutable > 0)
        return violated('leak', `${nameOf(hwpt)} or its IOAS is preserved by nobody's session`, {
          objects: [nameOf(hwpt)],
        });
    for (const group of groups)
      if (group.device_ser !== null)
        return violated('leak', `${nameOf(group)} has a record that is of no session`, { objects: [nameOf(group)] });
    for (const iommu of iommus)
      if (iommu.outgoing_preserved_state !== null || iommu.kept > 0)
        return violated('leak', `${nameOf(iommu)} is kept by nobody's session`, { objects: [nameOf(iommu)] });
    return null;
  });
}

/**
 * Every file that is preserved is finished or given back, whatever the schedule: of the iommufd, that the next kernel's
 * context has no record of it left, or that a cancelled session has none.
 *
 * Source: spec (i), session; G-LIVE. Limits: for sessions whose owner cancels or finishes them.
 */
export function preservedIsGivenBack(session: Session, next: IommufdCtx | null = null): LeadsTo {
  const preserved = () => session.iommufd !== null || session.device || (next !== null && next.lu !== null);
  return leadsTo(
    'a preserved file is given back',
    'every preserved file is finished or given back',
    preserved,
    () => !preserved(),
    { objects: [nameOf(session)] },
  );
}

/** The table of tokens has an HWPT once, with one reference. */
export function oneTokenEach(ictx: IommufdCtx): Always {
  return always(
    'an HWPT has one token',
    'a slot of the table of tokens owns a reference, so an HWPT has one slot',
    () => {
      if (ictx.liveupdate_mutex.owner !== null) return null;
      const slots = [...ictx.liveupdate_tokens];
      for (const [token, hwpt] of slots.entries())
        if (hwpt !== null && slots.indexOf(hwpt) !== token)
          return violated(
            'leak',
            `${nameOf(hwpt)} is in the table of tokens twice: one reference is never given back`,
            {
              objects: [nameOf(hwpt)],
            },
          );
      return null;
    },
  );
}

/** A device that is preserved has an IOMMU that is. */
export function recordsAreComplete(session: Session, devices: Pool<DeviceSer>): Always {
  return always('a record leads to records', 'a device that is preserved has a domain and an IOMMU that are', () => {
    if (!session.device || session.mutex.owner !== null) return null;
    for (const ser of devices) {
      if (ser.deleted) continue;
      for (const [what, record] of [
        ['domain', ser.domain],
        ['IOMMU', ser.iommu],
      ] as const)
        if (record === null || record.deleted)
          return violated('protocol', `${nameOf(ser)} leads to the record of an ${what} that is deleted`, {
            objects: [nameOf(ser), nameOf(record)],
          });
    }
    return null;
  });
}

/** A record that is given to the session has no entry without a domain. */
export function noEmptyRecords(session: Session): Always {
  return always('no empty record', 'every entry of a serialised iommufd has a token and a domain', () => {
    const { iommufd: ser } = session;
    if (ser === null) return null;
    for (let i = 0; i < ser.nr_hwpts; i++)
      if (ser.hwpts.at(i).domain_data === null)
        return violated('protocol', `entry ${i} of ${nameOf(ser)} is empty and goes over to the next kernel`, {
          objects: [nameOf(ser)],
        });
    return null;
  });
}

/** A user who has restored all his HWPTs can finish the session: the context of the next kernel has no record left. */
export function finishedAtEnd(session: Session, next: IommufdCtx): AtEnd {
  return atEnd('the session is finished', 'when every token has been restored the session can be finished', () => {
    if (!session.frozen || next.lu === null) return null;
    return violated('protocol', `${nameOf(next.lu)} has an entry that nobody can restore, so nobody can finish`, {
      objects: [nameOf(next.lu)],
    });
  });
}
