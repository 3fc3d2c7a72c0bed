/** LU-8: the first HWPT that is unpreserved makes the IOAS mutable for all of them. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import { IoptArea } from '../model/iommufd/index.ts';
import {
  cancel,
  fixed,
  ioptMapPages,
  ioptUnmap,
  LIVEUPDATE_C,
  makePages,
  mapAtStart,
  mapTest,
  preserveIommufd,
  rev4,
  revision4,
} from '../model/liveupdate/index.ts';
import { returns } from '../properties/response.ts';
import { givenBack, iommufdWithHwpts, preserves, promises } from './lu-parts.ts';

export default scenario('lu-shared-ioas', {
  title: 'IOMMU_IOAS_MAP while a session with two HWPTs of one IOAS is cancelled',
  about:
    'Revision 4 makes the IOAS immutable with the first of its HWPTs that is preserved, and mutable again with the first ' +
    'that is unpreserved. The second is preserved still when a map changes its page table, so that its undoing meets ' +
    'tables that were never kept.',
  systems: ['liveupdate', 'iommufd'],
  source: rev4(LIVEUPDATE_C),
  corpus: 'LU-8',
  bounds: { maps: 1, unmaps: 0 },
  assumptions: ['a map holds domains_rwsem from its test of the flag on (#33)'],
  variants: {
    posted: {
      about: 'revision 4: mutable with the first',
      settings: [...revision4, set(mapTest, 'whole-map')],
      expect: { verdict: 'violated', kind: 'protocol', length: 79, states: 809 },
    },
    'posted-unmap': {
      about: 'the same, and an unmap',
      settings: [...revision4, set(mapTest, 'whole-map')],
      bounds: { maps: 0, unmaps: 1 },
      expect: { verdict: 'violated', kind: 'protocol', length: 80, states: 677 },
    },
    fixed: {
      about: 'each HWPT counts: mutable with the last',
      settings: fixed,
      bounds: { unmaps: 1 },
      expect: { verdict: 'holds', states: 15_171, depth: 153 },
    },
  },
  setup: (s) => {
    const { maps, unmaps } = s.bounds;
    const w = iommufdWithHwpts(s, { hwpts: 2, marked: 2, shared: true });
    const { session, flb, ictx } = w;
    const [ioas] = w.ioas;
    if (ioas === undefined) return;
    const pages = makePages(s, 'pages');
    if (unmaps > 0) mapAtStart(s, ioas, 2, pages);
    s.pool(IoptArea, 1);
    s.property(
      returns(
        'the session',
        s.task('owner', [
          does(preserveIommufd, { session, ictx, flb }),
          does(cancel, { session, ictx, idev: null, flb }),
        ]),
      ),
    );
    if (maps > 0) s.property(returns('map', s.task('mapper', [does(ioptMapPages, { ioas, iova: 1, pages })])));
    if (unmaps > 0) s.property(returns('unmap', s.task('unmapper', [does(ioptUnmap, { ioas, iova: 2 })])));
    s.property(
      ...givenBack(w, 1),
      ...promises(w, 1),
      preserves(w),
      sometimes(
        'refused',
        'the IOAS is immutable for two HWPTs',
        () => ioas.lu_map_immutable > 0 && w.hwpts.every((hwpt) => hwpt.lu_preserved),
      ),
    );
  },
});
