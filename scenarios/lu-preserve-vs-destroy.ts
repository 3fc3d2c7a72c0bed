/** Corpus #7: HWPTs that are gathered as bare pointers, destroyed or joined by others before they are preserved. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import { iommufdDestroy } from '../model/iommufd/index.ts';
import {
  cancel,
  fixed,
  iommufdHwptMarkPreserve,
  LIVEUPDATE_C,
  markForm,
  preserveForm,
  preserveIommufd,
  rev1,
  revision1,
  revision2,
  revision3,
  revision4,
} from '../model/liveupdate/index.ts';
import { returns } from '../properties/response.ts';
import { givenBack, iommufdWithHwpts, preserves, promises } from './lu-parts.ts';

const gatherRefs = [...revision1, set(preserveForm, 'two-passes-locked')];

// `gather-refs` and `revision-3` have the bounds of the posted hole; `revision-4` and `fixed` are the large forms.
export default scenario('lu-preserve-vs-destroy', {
  title: 'IOMMU_DESTROY and MARK while a session preserves the iommufd',
  about:
    'Preservation visits the marked HWPTs twice under the lock of the xarray, to count them and to put pointers to them ' +
    'into an array of that size, and preserves their domains afterwards, without the lock. It holds no reference: an HWPT ' +
    'may be destroyed in between. And another may be marked between the passes, so that the second writes past the end of ' +
    'the array.',
  systems: ['liveupdate', 'iommufd'],
  source: rev1(LIVEUPDATE_C),
  corpus: '#7',
  bounds: { destroys: 1, marks: 0, cancels: 0, protocol: 0 },
  assumptions: ['a sleeping lock in atomic context goes unnoticed in revisions 1 and 2 (#29)'],
  variants: {
    posted: {
      about: 'revision 1: the domain of an HWPT that is destroyed is preserved',
      settings: revision1,
      expect: { verdict: 'violated', kind: 'use-after-free', length: 55, states: 895 },
    },
    'second-mark': {
      about: 'revision 1: an HWPT is marked between the passes',
      settings: revision1,
      bounds: { destroys: 0, marks: 1 },
      expect: { verdict: 'violated', kind: 'assertion', length: 48, states: 434 },
    },
    'posted-destroyed-later': {
      about: 'revision 1: nothing keeps an HWPT that is preserved; its record is of a page table that is freed',
      settings: revision1,
      bounds: { protocol: 1 },
      expect: { verdict: 'violated', kind: 'protocol', property: 'a preserved HWPT stays', length: 49, states: 808 },
    },
    'gather-refs': {
      about: 'what the author agreed to: each HWPT is locked while it is gathered, until it is preserved',
      settings: gatherRefs,
      expect: { verdict: 'holds', states: 883, depth: 73 },
    },
    'gather-refs-destroyed-later': {
      about: 'the same; the references end with the call, not with the preservation',
      settings: gatherRefs,
      bounds: { protocol: 1 },
      expect: { verdict: 'violated', kind: 'protocol', property: 'a preserved HWPT stays', length: 58, states: 782 },
    },
    'gather-refs-mark': {
      about: 'the same when an HWPT is marked between the passes',
      settings: gatherRefs,
      bounds: { destroys: 0, marks: 1 },
      expect: { verdict: 'violated', kind: 'assertion', length: 56, states: 511 },
    },
    'revision-2': {
      about:
        'the table of tokens owns a reference, so nothing that is marked is destroyed; it does not order the passes',
      settings: revision2,
      bounds: { marks: 1 },
      expect: { verdict: 'violated', kind: 'assertion', length: 46, states: 921 },
    },
    'revision-3': {
      about: 'the table and a mutex',
      settings: revision3,
      bounds: { marks: 1, protocol: 1 },
      expect: { verdict: 'holds', states: 757, depth: 51 },
    },
    'revision-4': {
      about: 'a mutex, and each HWPT is locked until it is unpreserved',
      settings: revision4,
      bounds: { marks: 1, cancels: 1, protocol: 1 },
      expect: { verdict: 'holds', states: 24_620, depth: 145 },
    },
    fixed: {
      about: 'revision 4 with the repairs that it lacks elsewhere',
      settings: fixed,
      bounds: { marks: 1, cancels: 1, protocol: 1 },
      expect: { verdict: 'holds', states: 24_809, depth: 144 },
    },
  },
  setup: (s) => {
    const { destroys, marks, cancels, protocol } = s.bounds;
    const w = iommufdWithHwpts(s, { hwpts: 1 + marks, marked: 1 });
    const { session, flb, ictx, hwpts } = w;
    s.property(
      returns(
        'the session',
        s.task('owner', [
          does(preserveIommufd, { session, ictx, flb }),
          ...(cancels > 0 ? [does(cancel, { session, ictx, idev: null, flb })] : []),
        ]),
      ),
    );
    if (destroys > 0)
      s.property(returns('DESTROY', s.task('destroyer', [does(iommufdDestroy, { ictx, id: hwpts[0]?.id as number })])));
    if (marks > 0)
      s.property(
        returns(
          'MARK',
          s.task('marker', [does(iommufdHwptMarkPreserve, { ictx, id: hwpts[1]?.id as number, token: 2 })]),
        ),
      );
    s.property(...givenBack(w, cancels), ...promises(w, protocol), preserves(w));
    if (destroys > 0 && !s.setting(markForm).startsWith('table'))
      s.property(sometimes('destroyed', 'DESTROY succeeds', () => ictx.objects.slots.at(2).state === 'empty'));
  },
});
