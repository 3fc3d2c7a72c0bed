/** Corpus #31: three holes in the undoing of a preservation. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { attachAtStart, bindAtStart, IoptArea, makeGroup } from '../model/iommufd/index.ts';
import {
  afterPreserve,
  behind,
  cancel,
  DeviceSer,
  fixed,
  IommuSer,
  iommufdHwptMarkPreserve,
  ioptMapPages,
  LIVEUPDATE_C,
  makeIommu,
  makePages,
  mapTest,
  preserveDevice,
  preserveError,
  preserveForm,
  preserveIommufd,
  recordsAreComplete,
  rev1,
  revision1,
  revision3,
  unpreserveNothing,
} from '../model/liveupdate/index.ts';
import { returns } from '../properties/response.ts';
import { givenBack, iommufdWithHwpts, preserves, promises } from './lu-parts.ts';

const undone = [
  ...revision1,
  set(preserveForm, 'two-passes-locked'),
  set(preserveError, 'undo'),
  set(unpreserveNothing, 'returns'),
  set(mapTest, 'whole-map'),
];

// Forms that close one of the three holes have the bounds of that hole; `fixed` is the large one.
export default scenario('lu-unpreserve-marks', {
  title: 'A session that is cancelled or fails, and MARK, MAP and a second device meanwhile',
  about:
    'A cancelled session visits every HWPT that is marked by then, and one that was marked after the preservation has no ' +
    'record: a NULL pointer is followed. When preserving the second of two HWPTs fails, the IOAS becomes mutable again, ' +
    'and the first stays preserved. And the record of an IOMMU is stored although its driver failed to preserve it, so ' +
    'that the next device on it only counts up and reports success.',
  systems: ['liveupdate', 'iommufd'],
  source: rev1(LIVEUPDATE_C),
  corpus: '#31',
  bounds: {
    marked: 1,
    marks: 1,
    late: 1,
    maps: 0,
    devices: 0,
    failures: 0,
    iommu_failures: 0,
    cancels: 1,
    protocol: 0,
  },
  assumptions: [
    'the second HWPT is marked after the preservation, except in the fixed form: before that it is #7',
    'a sleeping lock in atomic context goes unnoticed in revision 1 (#29)',
  ],
  variants: {
    posted: {
      about: 'revision 1: an HWPT is marked between preservation and cancellation',
      settings: revision1,
      expect: { verdict: 'violated', kind: 'null-dereference', length: 69, states: 252 },
    },
    'revision-3': {
      about: 'the mutex does not help: the cancelled session visits what is in the table of tokens by then',
      settings: revision3,
      expect: { verdict: 'violated', kind: 'null-dereference', length: 50, states: 261 },
    },
    'null-tested': {
      about: 'revision 1 with an undo that returns where there is no record',
      settings: [...revision1, set(unpreserveNothing, 'returns')],
      expect: { verdict: 'holds', states: 362, depth: 82 },
    },
    'posted-second-fails': {
      about: 'revision 1: the second of two HWPTs cannot be preserved; the first stays preserved',
      settings: [...revision1, set(unpreserveNothing, 'returns')],
      bounds: { marked: 2, marks: 0, cancels: 0, failures: 1 },
      expect: { verdict: 'violated', kind: 'leak', length: 86, states: 112 },
    },
    'posted-second-fails-mapped': {
      about: 'the same while a map goes on: the page table of the first changes',
      settings: [...revision1, set(unpreserveNothing, 'returns'), set(mapTest, 'whole-map')],
      bounds: { marked: 2, marks: 0, maps: 1, cancels: 0, failures: 1, protocol: 1 },
      expect: { verdict: 'violated', kind: 'protocol', length: 80, states: 992 },
    },
    'second-fails-undone': {
      about: 'revision 1 with references and an error path that undoes what it has done',
      settings: undone,
      bounds: { marked: 2, marks: 0, maps: 1, failures: 1, protocol: 1 },
      expect: { verdict: 'holds', states: 2_434, depth: 149 },
    },
    'posted-iommu-fails': {
      about: 'revision 1: the IOMMU of two devices cannot be preserved; the second device is preserved all the same',
      settings: revision1,
      bounds: { marks: 0, devices: 2, iommu_failures: 1, cancels: 0 },
      expect: { verdict: 'violated', kind: 'protocol', property: 'a record leads to records', length: 81, states: 108 },
    },
    fixed: {
      about: 'revision 4 with its repairs: what was preserved is undone, on each path',
      settings: fixed,
      bounds: { late: 0, maps: 1, devices: 1, failures: 1, iommu_failures: 1, protocol: 1 },
      expect: { verdict: 'holds', states: 33_977, depth: 179 },
    },
    'fixed-second-fails': {
      about: 'the same when two HWPTs are marked from the start',
      settings: fixed,
      bounds: { marked: 2, marks: 0, maps: 1, devices: 1, failures: 1, iommu_failures: 1, protocol: 1 },
      expect: { verdict: 'holds', states: 3_649, depth: 166 },
    },
  },
  setup: (s) => {
    const { marked, marks, late, maps, devices, failures, iommu_failures, cancels, protocol } = s.bounds;
    const w = iommufdWithHwpts(s, { hwpts: marked + marks, marked, shared: true });
    const { session, flb, ictx, hwpts } = w;
    const [ioas] = w.ioas;
    if (ioas === undefined) return;
    const iommu = makeIommu(s, 'iommu');
    const idevs = Array.from({ length: devices }, (_, i) => {
      const igroup = makeGroup(s, `igroup${i}`);
      const idev = bindAtStart(s, ictx, igroup, `idev${i}`);
      attachAtStart(s, idev, hwpts[0] as (typeof hwpts)[number]);
      behind(igroup, iommu);
      return idev;
    });
    if (devices > 0) {
      s.pool(IommuSer, 1 + Math.min(1, iommu_failures));
    }
    if (maps > 0) s.pool(IoptArea, 1);
    s.failures({ domain_preserve: failures, iommu_preserve: iommu_failures });
    s.property(
      returns(
        'the session',
        s.task('owner', [
          does(preserveIommufd, { session, ictx, flb }),
          ...idevs.map((idev) => does(preserveDevice, { session, idev, flb })),
          ...(cancels > 0 ? [does(cancel, { session, ictx, idev: idevs[0] ?? null, flb })] : []),
        ]),
      ),
    );
    if (marks > 0)
      s.task('marker', [
        ...(late > 0 ? [does(afterPreserve, { session })] : []),
        does(iommufdHwptMarkPreserve, { ictx, id: hwpts[1]?.id as number, token: 2 }),
      ]);
    if (maps > 0)
      s.property(
        returns('map', s.task('mapper', [does(ioptMapPages, { ioas, iova: 1, pages: makePages(s, 'pages') })])),
      );
    s.property(
      ...givenBack(w, cancels),
      ...promises(w, protocol, { groups: idevs.map((idev) => idev.igroup.group), iommus: [iommu] }),
      preserves(w),
      ...(devices > 0 ? [recordsAreComplete(session, s.pool(DeviceSer, devices))] : []),
    );
  },
});
