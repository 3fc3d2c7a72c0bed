/**
 * What a mediating driver promises its mdevs.
 *
 * Source: spec (e), properties. That init and shutdown alternate, and that an mdev is told once, is checked by steps;
 * that no callback runs after close, by the memory of the mdev, which is freed then.
 */
import { type Always, type AtEnd, always, atEnd, nameOf, type Pool, violated } from '../kernel/index.ts';
import type { IommuSvaParam } from '../sva/index.ts';
import type { Mdev, MdevParent, ParentHardware } from './objects.ts';

/** While an mdev is open its parent is initialised. */
export function openMeansInitialised(mdevs: Pool<Mdev>): Always {
  return always('an open mdev has a parent that is initialised', 'from open to close the parent can bind', () => {
    for (const mdev of mdevs)
      if (mdev.opened && mdev.parent.dev.sva_param === null)
        return violated('protocol', `${nameOf(mdev)} is open, but ${nameOf(mdev.parent.dev)} is not initialised`, {
          objects: [nameOf(mdev), nameOf(mdev.parent.dev)],
        });
    return null;
  });
}

/** What an open mdev has bound stays bound, whatever the other mdevs do. Looked at while nobody holds the lock. */
export function boundStaysBound(mdevs: Pool<Mdev>): Always {
  return always('a bond of an mdev stays', 'no bond of an open mdev is removed by an action of another one', () => {
    for (const mdev of mdevs) {
      const { parent } = mdev;
      if (!mdev.opened || !mdev.running || parent.lock.owner !== null) continue;
      const counted = parent.bonds.find((b) => b.users.at(mdev.slot) === mdev);
      if (counted !== null && (counted.exiting || counted.mm.mm_users.counter === 0)) continue;
      const pasid = counted?.pasid ?? mdev.pasid;
      if (pasid === 0) continue;
      const param = parent.dev.sva_param as IommuSvaParam | null;
      const bond = param?.mm_list.find((b) => b.io_mm.pasid === pasid) ?? null;
      if (bond !== null) continue;
      return violated('isolation', `${nameOf(mdev)} works with PASID ${pasid}, which is not bound any more`, {
        objects: [nameOf(mdev), nameOf(parent.dev)],
      });
    }
    return null;
  });
}

/** When all mdevs are closed, the parent is off and knows no bond. */
export function allClosedMeansOff(mdevs: Pool<Mdev>, parents: Pool<MdevParent>): AtEnd {
  return atEnd('a parent nobody uses is off', 'when every mdev is closed, the parent is shut down', () => {
    for (const mdev of mdevs) if (mdev.opened) return null;
    for (const parent of parents) {
      const { live } = parent.dev.iommu_priv as ParentHardware;
      if (live || parent.dev.sva_param !== null || parent.bonds.length > 0)
        return violated('protocol', `${nameOf(parent)} has no user and is not shut down`, {
          objects: [nameOf(parent), nameOf(parent.dev)],
        });
    }
    return null;
  });
}

/** After the removal of a parent has returned, there is no mdev on it, and nobody has it initialised. */
export function removedMeansUnused(parents: Pool<MdevParent>, mdevs: Pool<Mdev>): Always {
  return always('a removed parent is unused', 'after the removal no mdev is left on the parent, open or not', () => {
    for (const parent of parents) {
      if (!parent.gone) continue;
      for (const mdev of mdevs)
        if (mdev.parent === parent && (mdev.registered || mdev.opened))
          return violated('protocol', `${nameOf(mdev)} is left on ${nameOf(parent)}, which is removed`, {
            objects: [nameOf(mdev), nameOf(parent)],
          });
      if (parent.dev.sva_param !== null)
        return violated('protocol', `${nameOf(parent)} is removed and still initialised`, {
          objects: [nameOf(parent)],
        });
    }
    return null;
  });
}
