/**
 * The choices inside live update. The first value of each is the series as posted (v1); the others are later revisions,
 * repairs, or half repairs. `revisions.ts` puts them together.
 */
import { switchOf } from '../../checker/lang/index.ts';

/** The ioctl. `mutex` is revision 3: the same table, with the ioctl and the preservation under liveupdate_mutex. */
export const markForm = switchOf(
  'lu.mark',
  'MARK scans for its token and sets a flag, or puts the HWPT into a table of tokens that owns a reference, or sets a ' +
    'mark of the xarray under a mutex',
  'scan',
  'table',
  'table-mutex',
  'xa-mark',
);

/** LU-9. */
export const secondMark = switchOf(
  'lu.second-mark',
  'a second MARK of an HWPT that is in the table of tokens takes another slot, or gives the first one up',
  'another-slot',
  'moves',
);

/** #7. `two-passes-locked` is what the author agreed to in the review: object references while gathering. */
export const preserveForm = switchOf(
  'lu.preserve',
  'preservation counts and gathers the marked HWPTs in two passes and keeps bare pointers, or references; or goes by ' +
    'the table of tokens; or locks each HWPT until it is unpreserved',
  'two-passes',
  'two-passes-locked',
  'table',
  'lock-each',
);

/** #29: a kernel built without CONFIG_DEBUG_ATOMIC_SLEEP does not notice until the owner of the lock is needed. */
export const atomicSleep = switchOf(
  'lu.atomic-sleep',
  'whether the kernel notices that a sleeping lock is taken in atomic context',
  'noticed',
  'unnoticed',
);

/** #29. */
export const xaSection = switchOf(
  'lu.xa-lock',
  'revisions 1 and 2 keep xa_lock while they make an IOAS immutable and unpreserve domains, or drop it there with a ' +
    'reference to the HWPT',
  'held',
  'dropped',
);

/** LU-10. */
export const recordCount = switchOf(
  'lu.nr-hwpts',
  'the number of records is that of the count, or of the HWPTs that were gathered',
  'counted',
  'gathered',
);

/** #31. */
export const unpreserveForm = switchOf(
  'lu.unpreserve',
  'a cancelled session visits the HWPTs that are marked by then, those in the table of tokens, or those it preserved',
  'marked',
  'table',
  'preserved',
);

/** #31, the error path of preserve. */
export const preserveError = switchOf(
  'lu.preserve-error',
  'a preservation that fails makes every IOAS mutable again, or also undoes the domains that it has preserved',
  'mutable-only',
  'undo',
);

/** #31, in the IOMMU core: v1 overwrites the pointer to the record of a domain that has one. */
export const preservedTwice = switchOf(
  'lu.domain-twice',
  'iommu_domain_preserve of a domain that is preserved makes another record, or is refused',
  'another-record',
  'refused',
);

/** #31, in the IOMMU core: what v1 does with the record of an IOMMU whose driver cannot preserve it. */
export const iommuRecord = switchOf(
  'lu.iommu-record',
  'the record of an IOMMU is stored whatever its driver says, or only when the driver has preserved it',
  'always',
  'on-success',
);

/** #31, in the IOMMU core: unpreserve of a domain without a record. */
export const unpreserveNothing = switchOf(
  'lu.unpreserve-nothing',
  'iommu_domain_unpreserve follows the pointer to the record, or returns when there is none',
  'follows',
  'returns',
);

/** LU-8. */
export const sharedIoas = switchOf(
  'lu.shared-ioas',
  'an IOAS is mutable again with the first of its HWPTs that is unpreserved, or with the last',
  'first',
  'last',
);

/** #33. `counted`: preserve waits for maps in flight; `whole-map`: the map holds domains_rwsem from its test on. */
export const mapTest = switchOf(
  'lu.map',
  'a map tests the flag when it reserves its area only; or under domains_rwsem for the whole map',
  'at-reservation',
  'whole-map',
);

/** #33, a half repair: a walk over areas that passes by those without pages. */
export const emptyArea = switchOf(
  'lu.empty-area',
  'the test of the areas follows the pages of an area that has none yet, or passes it by',
  'followed',
  'passed-by',
);

/** #33: revision 3 tests the areas and has no flag. */
export const immutability = switchOf(
  'lu.immutable',
  'whether preservation makes the IOAS immutable before it tests the areas',
  'flag',
  'none',
);

/** #30: the ioctl that the author declined. `plain` as posted would have it, under xa_lock; `mutex` with revision 4. */
export const unmarkForm = switchOf(
  'lu.unmark',
  'UNMARK clears the mark whatever the HWPT is doing, or refuses while it is preserved',
  'plain',
  'refuses',
);

/** #30, the user's side of it. */
export const poolForm = switchOf(
  'lu.vmm',
  'a monitor attaches the HWPT of a device that is gone to the next device as it is, or takes its mark back first, or ' +
    'destroys it and takes another',
  'pools',
  'unmarks',
  'discards',
);

/** LU-7. `mutex`: RESTORE and the end of the session take liveupdate_mutex. */
export const restoreClaim = switchOf(
  'lu.restore',
  'RESTORE tests the record when it begins and claims it at the end, or does both at once, or works under a mutex that ' +
    'the end of the session takes as well',
  'at-the-end',
  'at-once',
  'mutex',
);

/** What the boot has attached goes on with the restored domain until its user attaches the device to another. */
export const restoredTest = switchOf(
  'lu.restored-attached',
  'whether DESTROY of a restored HWPT and the end of the session are refused while the boot has a device attached to its ' +
    'domain',
  'tested',
  'untested',
);

/** #32, a half repair: it makes a cancelled session whole, and nothing else. */
export const deviceUndo = switchOf(
  'lu.device-undo',
  'a cancelled session undoes the record of a device by the HWPT that it is attached to, or by the record itself',
  'current-attachment',
  'record',
);
