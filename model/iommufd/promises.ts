/**
 * What iommufd promises, as properties.
 *
 * Source: spec (h), properties, and the comments of main.c.
 */
import { type Always, type AtEnd, always, atEnd, nameOf, type Pool, violated, xaLoad } from '../kernel/index.ts';
import type { IoasList } from './ioas-alloc.ts';
import type { AttachHandle, IopfGroup, PageRequest } from './iopf-objects.ts';
import type { Ioas, IommufdCtx, IommufdDevice, IommufdObject } from './objects.ts';

/** Destroy runs with no other holder. Who is in the middle of its put has no user any more, but may still touch the object. */
export function destroyedAlone(pools: readonly Pool<IommufdObject>[]): Always {
  return always('destroyed alone', 'while an object is destroyed nobody else has it', () => {
    for (const pool of pools)
      for (const obj of pool)
        if (obj.ending && obj.users.counter > 0)
          return violated('protocol', `${nameOf(obj)} is destroyed while somebody has it`, { objects: [nameOf(obj)] });
    return null;
  });
}

/** A kernel driver that gives up its object gets rid of it. */
export function destroyUserSucceeds(pool: Pool<IommufdCtx>): Always {
  return always(
    'destroy_user succeeds',
    'a destroy on behalf of a kernel driver never fails: every temporary holder lets go in time',
    () => {
      for (const ictx of pool)
        if (ictx.destroy_user_failed)
          return violated('protocol', 'iommufd_object_destroy_user() fails, its object stays', {
            objects: [nameOf(ictx)],
          });
      return null;
    },
  );
}

/** What is removed is destroyed: a destroyer that gives up has not taken the object out before. */
export function removedIsDestroyed(pool: Pool<IommufdCtx>): Always {
  return always('removed is destroyed', 'no object is taken out of the xarray and then left', () => {
    for (const ictx of pool)
      if (ictx.removed_not_destroyed)
        return violated('leak', 'IOMMU_DESTROY has removed an object and gives up on it: nobody will free it', {
          objects: [nameOf(ictx)],
        });
    return null;
  });
}

/** The graph of users is drained when the file is closed. */
export function drainedAtClose(pool: Pool<IommufdCtx>): Always {
  return always('drained at close', 'the release of the file gets rid of every object', () => {
    for (const ictx of pool)
      if (ictx.release_stuck)
        return violated('leak', 'the release finds no object with one user although some are left', {
          objects: [nameOf(ictx)],
        });
    return null;
  });
}

/** The context is gone at the end, and with it its objects. */
export function closedAtEnd(pool: Pool<IommufdCtx>): AtEnd {
  return atEnd('closed at the end', 'when everybody has closed the file the context is freed', () => {
    for (const ictx of pool)
      return violated('leak', `${nameOf(ictx)} is still there at the end`, { objects: [nameOf(ictx)] });
    return null;
  });
}

/** Whoever frees a handle has answered what came in through it. */
export function answeredBeforeHandleFreed(groups: Pool<IopfGroup>, handles: Pool<AttachHandle>): Always {
  return always('answered before the handle is freed', 'no fault group leads to an attach handle that is gone', () => {
    const alive = new Set<AttachHandle>(handles);
    for (const group of groups) {
      const handle = group.attach_handle;
      if (handle !== null && !alive.has(handle))
        return violated('protocol', `${nameOf(group)} waits for an answer and its attach handle is freed`, {
          objects: [nameOf(group), nameOf(handle)],
        });
    }
    return null;
  });
}

/**
 * Every page request that was made has its answer at the end (G-PRI). That none has two is checked where answers are given.
 */
export function requestsAnswered(requests: readonly PageRequest[]): AtEnd {
  return atEnd('requests answered', 'each page request that the device has made has got an answer', () => {
    for (const req of requests)
      if (req.asked && req.answer === 'none')
        return violated('protocol', `${nameOf(req)} will never be answered: the device waits for ever`, {
          objects: [nameOf(req)],
        });
    return null;
  });
}

/** Devices of one group share its lock and its attachments. */
export function oneGroupEach(idevs: Pool<IommufdDevice>): Always {
  return always('one iommufd_group a group', 'devices of a group that are bound share one iommufd_group', () => {
    const bound = [...idevs].filter((idev) => idev.users.counter > 1 && idev.igroup !== null);
    for (const idev of bound)
      for (const other of bound)
        if (idev.igroup !== other.igroup && idev.igroup.group === other.igroup.group)
          return violated(
            'protocol',
            `${nameOf(idev)} and ${nameOf(other)} have different iommufd_groups of one group`,
            {
              objects: [nameOf(idev), nameOf(other)],
            },
          );
    return null;
  });
}

/** While the process behind the pages is changed nobody can look at an IOAS that was not asked to wait. */
export function everyIoasIsLocked(ioases: Pool<Ioas>, lists: readonly IoasList[]): Always {
  return always(
    'every IOAS is locked',
    'while the owner of pages is changed each IOAS that can be found is locked',
    () => {
      for (const { changing: ictx } of lists)
        if (ictx !== null)
          for (const ioas of ioases)
            if (ioas.id > 0 && xaLoad(ictx.objects, ioas.id) === ioas && ioas.iova_rwsem.owner === null)
              return violated('protocol', `${nameOf(ioas)} can be used while the owner of its pages is changed`, {
                objects: [nameOf(ioas)],
              });
      return null;
    },
  );
}
