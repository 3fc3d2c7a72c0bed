/** Corpus #33: an area that is reserved and not filled when the IOAS becomes immutable. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import { IoptArea } from '../model/iommufd/index.ts';
import {
  cancel,
  emptyArea,
  fixed,
  IO_PAGETABLE_C,
  ioptMapPages,
  ioptUnmap,
  makePages,
  mapAtStart,
  mapTest,
  preserveIommufd,
  rev1,
  revision1,
  revision3,
  revision4,
} from '../model/liveupdate/index.ts';
import { returns } from '../properties/response.ts';
import { givenBack, iommufdWithHwpts, preserves, promises } from './lu-parts.ts';

// `whole-map` repairs revision 1 at the bounds of `posted`; `fixed` is the large form.
export default scenario('lu-half-built-map', {
  title: 'IOMMU_IOAS_MAP while a session makes the IOAS immutable and tests its areas',
  about:
    'A map tests whether the IOAS is immutable when it reserves its area, and fills the page tables later under another ' +
    'lock. Preservation may come in between: it finds an area that has no pages and follows the pointer. A walk that ' +
    'passes such areas by is worse: the page table is recorded, and the map goes on to change it.',
  systems: ['liveupdate', 'iommufd'],
  source: rev1(IO_PAGETABLE_C),
  corpus: '#33',
  bounds: { maps: 1, unmaps: 0, cancels: 0, others: 0, protocol: 1 },
  assumptions: ['a sleeping lock in atomic context goes unnoticed in revision 1 (#29)'],
  variants: {
    posted: {
      about: 'revision 1: the walk follows the pages of an area that has none',
      settings: revision1,
      expect: { verdict: 'violated', kind: 'null-dereference', length: 21, states: 191 },
    },
    'passed-by': {
      about: 'a walk that passes by areas without pages: the table is recorded, then the map fills it',
      settings: [...revision1, set(emptyArea, 'passed-by')],
      expect: { verdict: 'violated', kind: 'protocol', length: 48, states: 554 },
    },
    'revision-3': {
      about: 'no flag at all: a map after the walk changes the recorded table',
      settings: revision3,
      expect: { verdict: 'violated', kind: 'null-dereference', length: 19, states: 189 },
    },
    'revision-3-passed-by': {
      about: 'the same with a walk that passes by areas without pages',
      settings: [...revision3, set(emptyArea, 'passed-by')],
      expect: { verdict: 'violated', kind: 'protocol', length: 25, states: 282 },
    },
    'revision-4': {
      about: 'the flag is set under domains_rwsem and tested where it was',
      settings: revision4,
      expect: { verdict: 'violated', kind: 'null-dereference', length: 28, states: 320 },
    },
    'whole-map': {
      about: 'revision 1 with a map that holds domains_rwsem from the test of the flag until its area is filled',
      settings: [...revision1, set(mapTest, 'whole-map')],
      bounds: { unmaps: 1, cancels: 1 },
      expect: { verdict: 'holds', states: 8_017, depth: 103 },
    },
    fixed: {
      about: 'the same on revision 4',
      settings: fixed,
      bounds: { unmaps: 1, cancels: 1, others: 1 },
      expect: { verdict: 'holds', states: 11_610, depth: 106 },
    },
  },
  setup: (s) => {
    const { maps, unmaps, cancels, others, protocol } = s.bounds;
    const w = iommufdWithHwpts(s, { hwpts: 1 + others, marked: 1, shared: true });
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
          ...(cancels > 0 ? [does(cancel, { session, ictx, idev: null, flb })] : []),
        ]),
      ),
    );
    if (maps > 0) s.property(returns('map', s.task('mapper', [does(ioptMapPages, { ioas, iova: 1, pages })])));
    if (unmaps > 0) s.property(returns('unmap', s.task('unmapper', [does(ioptUnmap, { ioas, iova: 2 })])));
    s.property(
      ...givenBack(w, cancels),
      ...promises(w, protocol),
      preserves(w),
      sometimes('mapped', 'the map is complete', () => ioas.areas.find((a) => a.iova === 1)?.pages === pages),
    );
  },
});
