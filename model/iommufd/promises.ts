/**
 * What iommufd promises, as properties.
 *
 * Source: spec (h), properties, and the comments of main.c.
 */
import { type Always, type AtEnd, always, atEnd, nameOf, type Pool, violated } from '../kernel/index.ts';
import type { AttachHandle, IopfGroup, PageRequest } from './iopf-objects.ts';
import type { IommufdCtx, IommufdObject } from './objects.ts';

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
