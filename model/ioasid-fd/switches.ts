/** What the sketch leaves open. The first value of each is the sketch taken by its word. */
import { switchOf } from '../../checker/lang/index.ts';

/** vfio_group_set_container() tests for a container; a lock over the whole call is new. */
export const groupLock = switchOf(
  'ioasid-fd.group-lock',
  'whether a lock of the group is held while its container is set and unset',
  'none',
  'held',
);

/** What the shim has of the file whose fd was given. */
export const shimFile = switchOf(
  'ioasid-fd.file',
  'a shim container borrows the file for the call that makes it; or keeps a reference; or borrows it, and the last close ' +
    'waits until no group is attached',
  'borrowed',
  'held',
  'awaited',
);

/** How a file is found by its fd. */
export const fileGet = switchOf(
  'ioasid-fd.fget',
  'whether a file that is found by its fd may be on its way out, or is taken only while it is alive',
  'any',
  'live',
);

/** type1's iommu->lock, and two ways to hold it too short. */
export const attachLock = switchOf(
  'ioasid-fd.attach',
  'an attach holds no lock, holds it but for the replay of mappings, or holds it throughout',
  'none',
  'not-for-replay',
  'held',
);

/** The same for a map. */
export const mapLock = switchOf(
  'ioasid-fd.map',
  'a map walks the domains without the lock, with references of the domains, or with the lock held',
  'unlocked',
  'pinned',
  'held',
);
