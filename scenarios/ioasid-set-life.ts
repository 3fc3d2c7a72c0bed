/** A set is freed with its last ID, while those who created it, or found it, go on with their pointer. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  allocAtStart,
  freeAllTest,
  freePendingEnds,
  freePendingPasses,
  IOASID_C,
  IoasidSetNb,
  ioasidPut,
  ioasidRegisterNotifierMm,
  ioasidUnregisterNotifierMm,
  lockOrder,
  makeIoasid,
  makeKvm,
  openAtStart,
  quotaIsBalanced,
  quotaReturn,
  registerPut,
  registerUndo,
  setLife,
  unregisterLock,
  userAlloc,
  userFree,
  userRelease,
  v4_06,
} from '../model/ioasid/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';

const counted = [
  set(setLife, 'counted'),
  set(quotaReturn, 'returned'),
  set(lockOrder, 'nb-first'),
  set(registerPut, 'locked-form'),
  set(registerUndo, 'given-back'),
  set(unregisterLock, 'wait-later'),
];

export default scenario('ioasid-set-life', {
  title: 'a set goes with its last ID while its creator still has a pointer to it',
  about:
    'In V4 the number of IDs of a set is its reference count: who gives back the last ID frees the set. The user that ' +
    'has created it frees all IDs and then the set, by a pointer which nothing keeps: it is freed by the user itself a ' +
    'moment before, or by the driver that gives back the last reference.',
  systems: ['ioasid'],
  source: v4_06(IOASID_C),
  corpus: 'new',
  bounds: { holders: 0, frees: 0, allocs: 0, kvms: 0 },
  variants: {
    posted: {
      about: 'V4: ioasid_free_all_in_set frees the set with its last ID, then ioasid_set_free looks at it',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 23, states: 75 },
    },
    'posted-put': {
      about: 'V4: a driver gives back the last reference of an ID that was freed, the user frees what is left',
      bounds: { holders: 1, frees: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 18, states: 160 },
    },
    'test-under-lock': {
      about: 'the same with the test of ioasid_free_all_in_set under the lock: the lock does not keep the set',
      settings: [set(freeAllTest, 'locked')],
      bounds: { holders: 1, frees: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 20, states: 174 },
    },
    fixed: {
      about: 'the creator has a reference of the set, and so have each ID and whoever finds it',
      settings: counted,
      bounds: { holders: 2, frees: 1, allocs: 1, kvms: 1 },
      expect: { verdict: 'holds', states: 13_205, depth: 82 },
    },
  },
  setup: (s) => {
    const { holders, frees, allocs, kvms } = s.bounds;
    const parts = makeIoasid(s);
    const { core } = parts;
    const user = openAtStart(s, parts, 'vfio', 1);
    const data = allocAtStart(s, parts, user);
    for (let i = 0; i < holders; i++) {
      data.refs.counter++;
      const driver = s.task(`driver${i}`, [does(ioasidPut, { core, set: null, id: data.id })]);
      s.property(returns(`the put of ${driver.name}`, driver));
    }
    const owner = s.task('vfio-task', [
      ...(frees > 0 ? [does(userFree, { core, user })] : []),
      ...(allocs > 0 ? [does(userAlloc, { core, user })] : []),
      does(userRelease, { core, user }),
    ]);
    s.property(returns('the release', owner));
    if (kvms > 0) {
      s.pool(IoasidSetNb, 1);
      const nb = makeKvm(s, 'kvm');
      const kvm = s.task('kvm-task', [
        does(ioasidRegisterNotifierMm, { core, token: 1, nb }),
        does(ioasidUnregisterNotifierMm, { core, token: 1, nb }),
      ]);
      s.property(returns('unregistration', kvm));
    }
    s.property(
      freePendingEnds(parts.ids),
      ...freePendingPasses(core),
      allFreed([parts.ids, parts.sets]),
      sometimes('set-gone', 'the set is freed', () => [...parts.sets].length === 0),
    );
    if (s.setting(quotaReturn) === 'returned') s.property(quotaIsBalanced(core, 4));
  },
});
