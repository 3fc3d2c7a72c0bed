/** Two groups are attached to one /dev/ioasid at once: the first creates the domain, the second joins it. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  attachLock,
  domainsAreReplayed,
  fileGet,
  filesAreCounted,
  groupLock,
  IOASID_DEV_C,
  makeGroups,
  makePools,
  mapDma,
  mapLock,
  oneDomain,
  oneShimEach,
  openIoasid,
  seed2,
  setContainer,
  shimFile,
  unsetContainer,
} from '../model/ioasid-fd/index.ts';
import { returns } from '../properties/response.ts';

const references = [set(shimFile, 'held'), set(fileGet, 'live'), set(groupLock, 'held')];
const locks = [set(attachLock, 'held'), set(mapLock, 'held')];

export default scenario('ioasid-attach-groups', {
  title: 'two groups are attached to one ictx at once, while user space maps',
  about:
    'VFIO_GROUP_SET_CONTAINER with an fd of /dev/ioasid goes through a shim to ioasid_attach_group. The first group of ' +
    'an ictx creates its domain and replays what is mapped; a second one joins it. Without a lock over search and ' +
    'insertion both are first. Without it over the replay, a page that is mapped meanwhile is in no domain.',
  systems: ['ioasid-fd'],
  source: seed2(IOASID_DEV_C),
  corpus: 'new',
  bounds: { groups: 2, maps: 0, unsets: 0, callers: 1, failures: 0 },
  variants: {
    posted: {
      about: 'the sketch, which names no lock: two domains',
      settings: [...references, set(mapLock, 'held')],
      expect: { verdict: 'violated', kind: 'protocol', length: 22, states: 388 },
    },
    'replay-unlocked': {
      about: 'the lock is dropped for the replay, which may sleep: two domains again',
      settings: [...references, set(attachLock, 'not-for-replay'), set(mapLock, 'held')],
      expect: { verdict: 'violated', kind: 'protocol', length: 30, states: 538 },
    },
    'replay-vs-map': {
      about: 'the same with one group: the page that is mapped during the replay is missed',
      settings: [...references, set(attachLock, 'not-for-replay'), set(mapLock, 'held')],
      bounds: { groups: 1, maps: 1 },
      expect: { verdict: 'violated', kind: 'protocol', length: 22, states: 148 },
    },
    'map-unlocked': {
      about: 'a map that walks the domains without the lock: its domain goes with the last group',
      settings: [...references, set(attachLock, 'held')],
      bounds: { groups: 1, maps: 1, unsets: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 30, states: 215 },
    },
    'one-group-twice': {
      about: 'two callers for one group without a lock of the group: one frees the shim that the other looks at',
      settings: [...locks, set(shimFile, 'held'), set(fileGet, 'live')],
      bounds: { groups: 1, callers: 2, unsets: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 25, states: 471 },
    },
    fixed: {
      about: "type1's lock over attach, detach and map; two groups come and go, a map, one failure of each kind",
      settings: [...references, ...locks],
      bounds: { maps: 1, unsets: 1, failures: 1 },
      expect: { verdict: 'holds', states: 42_685, depth: 64 },
    },
    'fixed-pinned': {
      about: 'the same with maps that work outside the lock, with a reference of the domain; one group',
      settings: [...references, set(attachLock, 'held'), set(mapLock, 'pinned')],
      bounds: { groups: 1, maps: 2, unsets: 1, callers: 2, failures: 1 },
      expect: { verdict: 'holds', states: 124_558, depth: 81 },
    },
  },
  setup: (s) => {
    const { groups: count, maps, unsets, callers, failures } = s.bounds;
    const parts = makePools(s, { shims: count * callers, domains: count * callers });
    const fd = openIoasid(s, 'fd');
    const groups = makeGroups(s, count);
    groups.forEach((group, i) => {
      for (let c = 0; c < callers; c++) {
        const task = s.task(callers > 1 ? `group${i}-task${c}` : `group${i}-task`, [
          does(setContainer, { group, fd }),
          ...(unsets > 0 ? [does(unsetContainer, { group })] : []),
        ]);
        s.property(returns(`${unsets > 0 ? 'unset' : 'attach'} by ${task.name}`, task));
      }
    });
    for (let i = 0; i < maps; i++) s.task(`mapper${i}`, [does(mapDma, { fd, page: i })]);
    s.failures({ kmalloc: failures, iommu_map: failures, iommu_attach_group: failures });
    s.property(
      oneDomain(parts.ictxs),
      oneShimEach(groups, parts.shims),
      filesAreCounted(parts.files, [fd], parts.shims),
      sometimes('attached', 'every group is attached', () => groups.every((group) => group.container !== null)),
    );
    if (s.setting(mapLock) === 'held') s.property(domainsAreReplayed(parts.ictxs));
  },
});
