/** Corpus #9: the second half of a put touches an object that IOMMU_DESTROY has freed. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  destroyIoctl,
  Hwpt,
  Ioas,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdIoasIovaRanges,
  MAIN_C,
  makeCtx,
  makeHwpt,
  makeIoas,
  PagingDomain,
  repaired,
  waitCount,
} from '../model/iommufd/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { iommufdPromises } from './iommufd-parts.ts';

export default scenario('iommufd-put-vs-destroy', {
  title: 'IOMMU_DESTROY frees an object under the last half of a put',
  about:
    'A call is done with an IOAS: its put drops the user, and then releases the destroy_rwsem inside of the object. In ' +
    'between IOMMU_DESTROY finds one user, takes the IOAS out of the xarray, destroys it and frees it. With the count ' +
    'that replaced the semaphore, the decrement of wait_cnt is the last touch, and the destroyer waits for it on a queue ' +
    'in the context.',
  systems: ['iommufd'],
  source: waitCount(MAIN_C),
  corpus: '#9',
  bounds: { callers: 1, hwpts: 0 },
  variants: {
    posted: {
      about: 'the state after the repair of #8: a semaphore in the object',
      settings: [set(destroyIoctl, 'by id')],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 18, states: 100 },
    },
    fixed: {
      about: 'the count; three calls, an HWPT that holds the IOAS, both destroyed',
      settings: repaired,
      bounds: { callers: 3, hwpts: 1 },
      expect: { verdict: 'holds', states: 23_149, depth: 69 },
    },
  },
  setup: (s) => {
    const { callers, hwpts } = s.bounds;
    const ictx = makeCtx(s, 1 + callers);
    const ioas = makeIoas(s, ictx, 'ioas');
    const ids = [...(hwpts > 0 ? [makeHwpt(s, ictx, ioas, 'hwpt').id] : []), ioas.id];
    const close = does(iommufdCtxPut, { ictx });
    s.task('destroyer', [...ids.map((id) => does(iommufdDestroy, { ictx, id })), close]);
    for (let i = 0; i < callers; i++) s.task(`caller${i}`, [does(iommufdIoasIovaRanges, { ictx, id: ioas.id }), close]);
    const ioases = s.pool(Ioas, 1);
    const pools = [ioases, ...(hwpts > 0 ? [s.pool(Hwpt, 1)] : [])];
    s.property(
      ...iommufdPromises(s, pools as never),
      allFreed([...pools, ...(hwpts > 0 ? [s.pool(PagingDomain, 1)] : [])]),
      sometimes('removed-while-put', 'the IOAS is on its way out while a put is not complete', () =>
        [...ioases].some((i) => i.users.counter === 0 && i.wait_cnt.counter > 1),
      ),
    );
  },
});
