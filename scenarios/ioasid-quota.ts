/** Quota and references of IOASID are balanced, whatever fails on the way. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  allocUndo,
  bindGet,
  bindGpasid,
  bindUndo,
  freePendingEnds,
  freePendingPasses,
  IntelSvm,
  IOASID_C,
  idOutlivesItsUse,
  makeCleanup,
  makeIoasid,
  makeIommu,
  openAtStart,
  quotaIsBalanced,
  quotaReturn,
  setLife,
  svmLife,
  userAlloc,
  userFree,
  userHasItsId,
  userOpen,
  userRelease,
  VtdDevice,
  v4_05,
  workerDrain,
} from '../model/ioasid/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';

const life = set(setLife, 'counted');
const returned = set(quotaReturn, 'returned');
const undone = set(allocUndo, 'undone');
const subscriber = [set(svmLife, 'counted'), set(workerDrain, 'outside'), set(bindGet, 'refused')];

// `fixed-bind` is small: one guest, one set, and each failure of its few calls; a second user makes it a million.
export default scenario('ioasid-quota', {
  title: 'sets and IDs are allocated, and something fails',
  about:
    'A set has a quota out of what the system has. When ioasid_alloc cannot store an ID in its set, V4 has given the ' +
    'data to kfree_rcu already, frees it again, and returns the ID. When a set is freed its quota is not given back, ' +
    'as it was in v3. When guest bind fails late, its reference stays: the ID is FREE_PENDING for ever.',
  systems: ['ioasid'],
  source: v4_05(IOASID_C),
  corpus: 'new',
  bounds: { users: 1, binds: 0, xa: 0, memory: 0 },
  assumptions: ['the creator of a set has a reference of it'],
  variants: {
    posted: {
      about: 'V4: the ID does not fit into the table of its set, and is returned although it is free',
      settings: [life, returned],
      bounds: { xa: 1 },
      expect: { verdict: 'violated', kind: 'protocol', length: 11, states: 27 },
    },
    'double-free': {
      about: 'the same where the error is told: the data is freed twice',
      settings: [life, returned, set(allocUndo, 'frees-twice')],
      bounds: { xa: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 12, states: 31 },
    },
    'quota-kept': {
      about: 'V4: the quota of a set that is freed belongs to nobody',
      settings: [life, undone],
      expect: { verdict: 'violated', kind: 'protocol', length: 26, states: 62 },
    },
    'bind-leaks': {
      about: 'V4: guest bind without memory for the device keeps its reference',
      settings: [life, returned, undone, ...subscriber],
      bounds: { binds: 1, memory: 1 },
      expect: { verdict: 'violated', kind: 'leak', length: 72, states: 3_709 },
    },
    fixed: {
      about: 'everything is undone and given back; two users, one failure of each kind',
      settings: [life, returned, undone],
      bounds: { users: 2, xa: 1, memory: 1 },
      expect: { verdict: 'holds', states: 20_455, depth: 68 },
    },
    'fixed-bind': {
      about: 'the same with a guest bind, which the free of the ID may meet',
      settings: [life, returned, undone, ...subscriber, set(bindUndo, 'all')],
      bounds: { binds: 1, xa: 1, memory: 2 },
      expect: { verdict: 'holds', states: 6_270, depth: 98 },
    },
  },
  setup: (s) => {
    const { users, binds, xa, memory } = s.bounds;
    const parts = makeIoasid(s, { ids: users, sets: users }, binds > 0 ? ['vtd'] : ['kvm']);
    const { core } = parts;
    const all = Array.from({ length: users }, (_, i) => {
      const user = openAtStart(s, parts, `user${i}`, i + 1, 1);
      // Whoever comes again asks for all that is left.
      const again = [does(userOpen, { core, user, token: i + 1, quota: 0 }), does(userRelease, { core, user })];
      const task = s.task(`task${i}`, [
        does(userAlloc, { core, user }),
        does(userFree, { core, user }),
        does(userRelease, { core, user }),
        ...(binds > 0 || users > 1 ? [] : again),
      ]);
      s.property(returns(`the release of ${task.name}`, task));
      return user;
    });
    if (binds > 0) {
      makeCleanup(s, parts, false);
      const iommu = makeIommu(s, parts, all[0]?.set as NonNullable<(typeof all)[number]['set']>);
      const dev = s.object(VtdDevice, 'dev0');
      s.pool(IntelSvm, 1);
      s.task('guest', [does(bindGpasid, { core, iommu, dev, pasid: 1, mm: 1 })]);
      s.property(idOutlivesItsUse(core, [dev]));
    }
    s.failures({ xa_alloc: xa, xa_store: xa, kmalloc: memory });
    s.property(
      quotaIsBalanced(core, 4),
      userHasItsId(core, all),
      freePendingEnds(parts.ids),
      ...freePendingPasses(core),
      allFreed([parts.ids, parts.sets]),
      sometimes('two-sets', 'an ID is in use', () => [...parts.ids].some((data) => data.id !== 0)),
    );
  },
});
