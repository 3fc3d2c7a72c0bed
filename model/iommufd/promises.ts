/**
 * What iommufd promises, as properties.
 *
 * Source: spec (h), properties, and the comments of main.c.
 */
import { type Always, type AtEnd, always, atEnd, nameOf, type Pool, violated } from '../kernel/index.ts';
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
