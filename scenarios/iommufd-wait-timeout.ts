/** Not in the corpus: what becomes of a destroyer that waits for temporary holders and whose time is up. */
import { does, scenario, set } from '../checker/lang/index.ts';
import {
  bindAtStart,
  but,
  counted,
  destroyTimeout,
  destroyWake,
  giveUp,
  Ioas,
  IommufdDevice,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdDeviceDestroy,
  iommufdDeviceUnbind,
  iommufdGetHwInfo,
  iommufdIoasDestroy,
  iommufdIoasIovaRanges,
  MAIN_C,
  makeCtx,
  makeGroup,
  makeIoas,
  repaired,
  waitCount,
} from '../model/iommufd/index.ts';
import { iommufdPromises } from './iommufd-parts.ts';

const tenSeconds = set(destroyTimeout, 'ten seconds');

export default scenario('iommufd-wait-timeout', {
  title: 'a destroyer waits for temporary holders, and its time is up',
  about:
    'A driver unbinds its device and IOMMU_DESTROY removes an IOAS, while calls have both. The destroyers drop the count ' +
    'of the xarray and wait until wait_cnt is zero, ten seconds at most. A destroyer that gives up puts the count of the ' +
    'xarray back by refcount_inc(), though the last holder may have brought it to zero since the last look; the device ' +
    'stays, and with it the reference of the file that only its destroy would put; and the wake-up of the last holder is ' +
    'for interruptible sleepers, which a destroyer is not.',
  systems: ['iommufd'],
  source: waitCount(MAIN_C),
  corpus: 'new',
  bounds: { drivers: 1, ioases: 0, tolerant: 1, device_callers: 1 },
  assumptions: ['a holder may take longer than ten seconds, as when it pins memory'],
  variants: {
    posted: {
      about: 'wait_cnt is incremented from zero when a destroyer gives up',
      settings: but(counted, tenSeconds, set(giveUp, 'increment')),
      expect: { verdict: 'violated', kind: 'refcount', length: 19, states: 343 },
    },
    'device-left': {
      about: 'without that: the device stays with its reference of the file, which is never released',
      settings: but(counted, tenSeconds),
      expect: { verdict: 'violated', kind: 'leak', length: 23, states: 389 },
    },
    'ioas-left': {
      about: 'IOMMU_DESTROY has taken the IOAS out of the xarray when it gives up: nobody will free it',
      settings: but(repaired, tenSeconds),
      bounds: { drivers: 0, ioases: 1, device_callers: 0 },
      expect: { verdict: 'violated', kind: 'leak', property: 'removed is destroyed', length: 23, states: 157 },
    },
    'wake-up-lost': {
      about: 'wake_up_interruptible_all() passes a destroyer over; without a time-out it sleeps for ever',
      settings: but(counted, set(destroyWake, 'interruptible'), set(destroyTimeout, 'for ever')),
      expect: { verdict: 'violated', kind: 'deadlock', length: 18, states: 276 },
    },
    'slow-wake-up': {
      about:
        'the same with a time-out of sixty seconds, longer than any holder: it sleeps until that is up, and succeeds',
      settings: but(repaired, set(destroyWake, 'interruptible')),
      bounds: { ioases: 1, tolerant: 0 },
      expect: { verdict: 'holds', states: 15_633, depth: 49 },
    },
    fixed: {
      about: 'all are woken, and sixty seconds are longer than any holder',
      settings: repaired,
      bounds: { ioases: 1, tolerant: 0, device_callers: 2 },
      expect: { verdict: 'holds', states: 132_400, depth: 53 },
    },
  },
  setup: (s) => {
    const { drivers, ioases, tolerant, device_callers } = s.bounds;
    const callers = device_callers + ioases;
    const ictx = makeCtx(s, 1 + drivers + callers, { destroy: [iommufdIoasDestroy, iommufdDeviceDestroy], abort: [] });
    const idev = drivers > 0 ? bindAtStart(s, ictx, makeGroup(s, 'igroup'), 'idev') : null;
    const ioas = ioases > 0 ? makeIoas(s, ictx, 'ioas') : null;
    const close = does(iommufdCtxPut, { ictx });
    if (idev !== null) s.task('driver', [does(iommufdDeviceUnbind, { idev })]);
    s.task('user', [...(ioas === null ? [] : [does(iommufdDestroy, { ictx, id: ioas.id })]), close]);
    for (let i = 0; i < device_callers; i++) s.task(`caller${i}`, [does(iommufdGetHwInfo, { ictx, id: 1 }), close]);
    if (ioas !== null) s.task('ioas_caller', [does(iommufdIoasIovaRanges, { ictx, id: ioas.id }), close]);
    const pools = [...(idev === null ? [] : [s.pool(IommufdDevice, 1)]), ...(ioas === null ? [] : [s.pool(Ioas, 1)])];
    s.property(...iommufdPromises(s, pools as never, { tolerant: tolerant === 1 }));
  },
});
