/** IOMMUFD-4: mmap takes a user of the owner after it has left the lock of the maple tree. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  destroyIoctl,
  Immap,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdFopsMmap,
  iommufdViommuDestroy,
  MAIN_C,
  makeCtx,
  makeViommu,
  mmapRace,
  mmapUsers,
  Viommu,
  waiting,
} from '../model/iommufd/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { iommufdPromises } from './iommufd-parts.ts';

export default scenario('iommufd-mmap-vs-destroy', {
  title: 'a piece of hardware is mapped while its owner is destroyed',
  about:
    'mmap() looks up what a vIOMMU offers in the maple tree, remaps it, and takes a user of the vIOMMU at its end, with ' +
    'no lock. The vIOMMU can be destroyed in between, and with it what was looked up.',
  systems: ['iommufd'],
  source: mmapRace(MAIN_C),
  corpus: 'IOMMUFD-4',
  bounds: { mappers: 1 },
  variants: {
    posted: {
      about: 'a user is taken at the end of mmap',
      settings: [set(destroyIoctl, 'by id'), ...waiting],
      expect: { verdict: 'violated', kind: 'refcount', length: 7, states: 36 },
    },
    fixed: {
      about: 'a user is taken under the lock, unless there is none; four tasks map',
      settings: [set(destroyIoctl, 'by id'), ...waiting, set(mmapUsers, 'under the lock')],
      bounds: { mappers: 4 },
      expect: { verdict: 'holds', states: 33_432, depth: 57 },
    },
  },
  setup: (s) => {
    const { mappers } = s.bounds;
    const ictx = makeCtx(s, 1 + mappers, { destroy: [iommufdViommuDestroy], abort: [] });
    const viommu = makeViommu(s, ictx, 'viommu');
    const close = does(iommufdCtxPut, { ictx });
    s.task('destroyer', [does(iommufdDestroy, { ictx, id: viommu.id }), close]);
    const mapping = Array.from({ length: mappers }, (_, i) => [
      s.task(`mapper${i}`, [does(iommufdFopsMmap, { ictx }), close]),
    ]);
    if (mappers > 1) s.interchangeable(mapping);
    const viommus = s.pool(Viommu, 1);
    s.property(
      ...iommufdPromises(s, [viommus] as never),
      allFreed([viommus, s.pool(Immap, 1)]),
      sometimes('mapped', 'the vIOMMU is mapped', () => [...viommus].some((v) => v.users.counter > 1)),
    );
  },
});
