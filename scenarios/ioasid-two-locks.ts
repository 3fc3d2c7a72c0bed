/** Corpus #18: the registration of a notifier takes the two locks of IOASID in one order, the end of a set in the other. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  IOASID_C,
  IoasidSetNb,
  ioasidRegisterNotifierMm,
  ioasidUnregisterNotifierMm,
  lockOrder,
  makeIoasid,
  makeKvm,
  openAtStart,
  registerLookup,
  registerPut,
  registerUndo,
  reviewV2,
  setLife,
  unregisterLock,
  userAlloc,
  userFree,
  userOpen,
  userRelease,
} from '../model/ioasid/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';

const v3 = [set(setLife, 'counted'), set(unregisterLock, 'wait-later')];
const ordered = set(lockOrder, 'nb-first');

export default scenario('ioasid-two-locks', {
  title: 'a notifier is registered by address space while the set of that address space goes',
  about:
    'KVM registers a notifier by mm. The registration holds ioasid_nb_lock, which covers the list of pending notifiers, ' +
    'and looks for a set, for which it takes ioasid_allocator_lock. Whoever ends a set holds ioasid_allocator_lock and ' +
    'takes ioasid_nb_lock, to mark its notifiers as pending again. Each waits for the other.',
  systems: ['ioasid'],
  source: reviewV2(IOASID_C),
  corpus: '#18',
  bounds: { open: 1, ids: 0, kvms: 1 },
  assumptions: ['V4 10/18, which was not found, registers notifiers as v3 11/14 does'],
  variants: {
    posted: {
      about: 'v2 and v3: ioasid_set_put against the registration',
      settings: v3,
      expect: { verdict: 'violated', kind: 'deadlock', length: 7, states: 42 },
    },
    'put-again': {
      about:
        'one order everywhere; but the registration gives the set back with ioasid_set_put, which takes both locks',
      settings: [...v3, ordered],
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'deadlock', length: 14, states: 115 },
    },
    v4: {
      about:
        'V4: ioasid_free_all_in_set and ioasid_set_free hold both, allocator first, and ioasid_find_mm_set takes it',
      settings: [set(unregisterLock, 'wait-later')],
      bounds: { ids: 1 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 19, states: 239 },
    },
    'v4-find-first': {
      about: 'V4, and the set is looked up before ioasid_nb_lock is taken: nothing keeps it until it is used',
      settings: [set(unregisterLock, 'wait-later'), set(registerLookup, 'before-nb')],
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 19, states: 460 },
    },
    'unregister-unlocked': {
      about: 'one order, and the locked form of put; a notifier leaves the chain of its set after the unlock, as in v3',
      settings: [set(setLife, 'counted'), ordered, set(registerPut, 'locked-form')],
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 31, states: 1_042 },
    },
    'unregister-locked': {
      about: 'the same, and the lock is held until the notifier has left, as the review asks: leaving sleeps',
      settings: [set(setLife, 'counted'), set(unregisterLock, 'locked'), ordered, set(registerPut, 'locked-form')],
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'sleep-in-atomic', length: 19, states: 196 },
    },
    'register-keeps': {
      about: 'one order, and the locked form of put; a registration that finds IDs in the set fails, and keeps the set',
      settings: [...v3, ordered, set(registerPut, 'locked-form')],
      bounds: { ids: 1, open: 0 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'leak', length: 44, states: 894 },
    },
    fixed: {
      about: 'ioasid_nb_lock first everywhere, the locked form of put, also where a registration fails',
      settings: [...v3, ordered, set(registerPut, 'locked-form'), set(registerUndo, 'given-back')],
      bounds: { ids: 2, kvms: 2 },
      expect: { verdict: 'holds', states: 274_412, depth: 102 },
    },
    'fixed-v4': {
      about: 'V4 with ioasid_nb_lock first everywhere, also where the last ID ends the set',
      settings: [set(unregisterLock, 'wait-later'), ordered],
      bounds: { kvms: 2 },
      expect: { verdict: 'holds', states: 123_822, depth: 71 },
    },
  },
  setup: (s) => {
    const { open, ids, kvms } = s.bounds;
    const parts = makeIoasid(s);
    const pending = s.pool(IoasidSetNb, kvms);
    const { core } = parts;
    const user = openAtStart(s, parts, 'vfio', 1);
    const life = [does(userAlloc, { core, user }), does(userFree, { core, user })].slice(0, ids);
    const owner = s.task('vfio-task', [
      ...life,
      does(userRelease, { core, user }),
      ...(open > 0 ? [does(userOpen, { core, user, token: 1, quota: 1 }), does(userRelease, { core, user })] : []),
    ]);
    s.property(returns('the release', owner));
    for (let i = 0; i < kvms; i++) {
      const nb = makeKvm(s, `kvm${i}`);
      const kvm = s.task(`kvm${i}-task`, [
        does(ioasidRegisterNotifierMm, { core, token: 1, nb }),
        does(ioasidUnregisterNotifierMm, { core, token: 1, nb }),
      ]);
      s.property(returns(`the unregistration of ${kvm.name}`, kvm));
    }
    s.property(
      allFreed([parts.ids, parts.sets, pending]),
      sometimes('chained', 'a set has a notifier', () => [...parts.sets].some((one) => one.nh !== null)),
    );
  },
});
