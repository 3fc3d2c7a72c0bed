/** The fd of /dev/ioasid is closed while a group is attached through a shim, or about to be. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  attachLock,
  closeFd,
  domainsAreReplayed,
  fileGet,
  filesAreCounted,
  groupLock,
  lastPutReleases,
  makeGroups,
  makePools,
  mapDma,
  mapLock,
  oneDomain,
  oneShimEach,
  openIoasid,
  SHIM_C,
  seed2,
  setContainer,
  shimFile,
  unsetContainer,
} from '../model/ioasid-fd/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';

const locks = [set(attachLock, 'held'), set(mapLock, 'held')];

export default scenario('ioasid-shim-close', {
  title: 'the last close of /dev/ioasid against the attach of a group',
  about:
    'A dummy vfio_container with a shim as its driver leads from a group to the ictx of a file. The sketch says where ' +
    'the ictx comes from, not what keeps it: the shim may borrow the file for the call only, as VFIO does with its own ' +
    'container, which has a count. Whoever closes the fd then frees the ictx under the group.',
  systems: ['ioasid-fd'],
  source: seed2(SHIM_C),
  corpus: 'new',
  bounds: { groups: 1, unsets: 0, maps: 0, closes_itself: 0, failures: 0 },
  variants: {
    posted: {
      about: 'the sketch by its word: the last close frees the ictx while an unset holds its lock',
      settings: [set(attachLock, 'held'), set(groupLock, 'held'), set(fileGet, 'live')],
      bounds: { unsets: 1 },
      expect: { verdict: 'violated', kind: 'invalid-free', length: 27, states: 175 },
    },
    'posted-later': {
      about: 'the same by one task, which attaches, closes, and detaches: the shim leads to an ictx that is freed',
      settings: [set(attachLock, 'held'), set(groupLock, 'held'), set(fileGet, 'live')],
      bounds: { unsets: 1, closes_itself: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 28, states: 28 },
    },
    'stale-file': {
      about: 'the shim keeps a reference, taken on a file that may be on its way out',
      settings: [set(attachLock, 'held'), set(groupLock, 'held'), set(shimFile, 'held')],
      expect: { verdict: 'violated', kind: 'refcount', length: 6, states: 33 },
    },
    'close-waits': {
      about: 'the shim borrows, and the last close waits for the groups; who closes first and detaches then never does',
      settings: [...locks, set(groupLock, 'held'), set(fileGet, 'live'), set(shimFile, 'awaited')],
      bounds: { unsets: 1, closes_itself: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'liveness', length: 20, states: 20 },
    },
    'close-waits-elsewhere': {
      about: 'the same where another closes: the last put is that of SET_CONTAINER, which waits for its own group',
      settings: [...locks, set(groupLock, 'held'), set(fileGet, 'live'), set(shimFile, 'awaited')],
      bounds: { unsets: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'liveness', length: 19, states: 191 },
    },
    fixed: {
      about:
        'the shim keeps the file, which is found alive or not at all; two groups, a map, a close, one failure of each',
      settings: [...locks, set(groupLock, 'held'), set(shimFile, 'held'), set(fileGet, 'live')],
      bounds: { groups: 2, unsets: 1, maps: 1, failures: 1 },
      expect: { verdict: 'holds', states: 160_545, depth: 69 },
    },
    'fixed-stays': {
      about: 'the same where the groups stay attached: the ictx outlives its fd with them',
      settings: [...locks, set(groupLock, 'held'), set(shimFile, 'held'), set(fileGet, 'live')],
      bounds: { groups: 2, maps: 2 },
      expect: { verdict: 'holds', states: 59_108, depth: 46 },
    },
  },
  setup: (s) => {
    const { groups: count, unsets, maps, closes_itself, failures } = s.bounds;
    const parts = makePools(s, { shims: count, domains: count });
    const fd = openIoasid(s, 'fd');
    const groups = makeGroups(s, count);
    groups.forEach((group, i) => {
      const task = s.task(`group${i}-task`, [
        does(setContainer, { group, fd }),
        ...(closes_itself > 0 ? [does(closeFd, { fd })] : []),
        ...(unsets > 0 ? [does(unsetContainer, { group })] : []),
      ]);
      s.property(returns(closes_itself > 0 ? `close by ${task.name}` : `unset by ${task.name}`, task));
    });
    for (let i = 0; i < maps; i++) s.task(`mapper${i}`, [does(mapDma, { fd, page: i })]);
    if (closes_itself === 0) s.property(returns('close', s.task('closer', [does(closeFd, { fd })])));
    s.failures({ kmalloc: failures, iommu_map: failures, iommu_attach_group: failures });
    s.property(
      oneDomain(parts.ictxs),
      domainsAreReplayed(parts.ictxs),
      oneShimEach(groups, parts.shims),
      filesAreCounted(parts.files, [fd], parts.shims),
      lastPutReleases(parts.files, [fd], parts.shims),
      sometimes(
        'outlives',
        'a group is attached when the fd is closed',
        () => fd.file === null && groups[0]?.container !== null,
      ),
    );
    if (unsets > 0) s.property(allFreed([parts.files, parts.ictxs, parts.domains, parts.shims]));
  },
});
