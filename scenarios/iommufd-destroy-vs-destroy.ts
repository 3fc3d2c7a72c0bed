/** Corpus #8, its repair, and the hole that the repair opened (#9), closed by a count that destroyers wait for. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  bindAtStart,
  but,
  destroyById,
  destroyIoctl,
  destroyTimeout,
  Ioas,
  IommufdCtx,
  IommufdDevice,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdDeviceUnbind,
  iommufdGetHwInfo,
  iommufdIoasIovaRanges,
  MAIN_C,
  makeCtx,
  makeGroup,
  makeIoas,
  neverPut,
  putOrder,
  repaired,
} from '../model/iommufd/index.ts';
import { iommufdPromises } from './iommufd-parts.ts';

export default scenario('iommufd-destroy-vs-destroy', {
  title: 'IOMMU_DESTROY of a device while its kernel driver unbinds it',
  about:
    'A kernel driver that has bound a device must be able to destroy its object: every temporary reference is covered by ' +
    'the destroy_rwsem, which the destroyer takes for writing. IOMMU_DESTROY turns its temporary reference into one that ' +
    'is not covered, tries, finds the object in use and gives the reference back; a driver that comes in between sees ' +
    'two users, and its object stays. The repair, which destroys by number, lets an object be freed under a call that ' +
    'has dropped its user and not yet the semaphore.',
  systems: ['iommufd'],
  source: destroyById(MAIN_C),
  corpus: '#8',
  bounds: { callers: 0, ioas_callers: 0, endless: 0 },
  variants: {
    posted: {
      about: 'DESTROY takes a reference: the driver finds two users where it counts on one',
      expect: { verdict: 'violated', kind: 'protocol', property: 'destroy_user succeeds', length: 16, states: 126 },
    },
    'by-id': {
      about: 'DESTROY takes no reference; other calls have the device meanwhile',
      settings: [set(destroyIoctl, 'by id')],
      bounds: { callers: 3 },
      expect: { verdict: 'holds', states: 30_336, depth: 46 },
    },
    'by-id-calls': {
      about: 'the same while a call has the IOAS that is destroyed: #9',
      settings: [set(destroyIoctl, 'by id')],
      bounds: { ioas_callers: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 22, states: 1_010 },
    },
    'wait-count-first': {
      about: 'destroyers wait for a count of temporary holders, but a put drops it before the user',
      settings: but(repaired, set(putOrder, 'wait_cnt first')),
      bounds: { callers: 1 },
      expect: { verdict: 'violated', kind: 'protocol', property: 'destroy_user succeeds', length: 17, states: 736 },
    },
    endless: {
      about: 'the count, and a call on the device that never ends: after the time-out the driver fails with -EBUSY',
      settings: repaired,
      bounds: { endless: 1, callers: 1 },
      expect: { verdict: 'violated', kind: 'protocol', property: 'destroy_user succeeds', length: 19, states: 2_454 },
    },
    hang: {
      about: 'the same without a time-out: the driver never comes back',
      settings: but(repaired, set(destroyTimeout, 'for ever')),
      bounds: { endless: 1, callers: 1 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 37, states: 8_567 },
    },
    fixed: {
      about: 'destroyers wait for a count of temporary holders; calls on both objects',
      settings: repaired,
      bounds: { callers: 1, ioas_callers: 1 },
      expect: { verdict: 'holds', states: 20_693, depth: 52 },
    },
  },
  setup: (s) => {
    const { callers, ioas_callers, endless } = s.bounds;
    const ictx = makeCtx(s, 2 + callers + ioas_callers + endless);
    const idev = bindAtStart(s, ictx, makeGroup(s, 'igroup'), 'idev');
    const ioas = makeIoas(s, ictx, 'ioas');
    const close = does(iommufdCtxPut, { ictx });
    s.task('driver', [does(iommufdDeviceUnbind, { idev })]);
    s.task('destroyer', [
      does(iommufdDestroy, { ictx, id: idev.id }),
      does(iommufdDestroy, { ictx, id: ioas.id }),
      close,
    ]);
    for (let i = 0; i < callers; i++) s.task(`caller${i}`, [does(iommufdGetHwInfo, { ictx, id: idev.id }), close]);
    for (let i = 0; i < ioas_callers; i++)
      s.task(`ioas_caller${i}`, [does(iommufdIoasIovaRanges, { ictx, id: ioas.id }), close]);
    // A call that does not end keeps the file as well.
    for (let i = 0; i < endless; i++) s.task(`holder${i}`, [does(neverPut, { ictx, id: idev.id })]);
    const ctxs = s.pool(IommufdCtx, 1);
    s.property(
      ...iommufdPromises(s, [s.pool(IommufdDevice, 1), s.pool(Ioas, 1)], { closed: endless === 0, ctxs }),
      sometimes('both-destroy', 'the driver destroys its device while DESTROY works', () =>
        [...ctxs].some(({ objects }) => objects.xa_lock.owner?.name === 'driver'),
      ),
    );
  },
});
