/** Corpus #29: a mutex and semaphores are taken with the spinlock of the xarray held. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import { bindAtStart, IommufdAttach, IoptArea, iommufdDeviceAttach, makeGroup } from '../model/iommufd/index.ts';
import {
  afterPreserve,
  atomicSleep,
  cancel,
  fixed,
  iommufdHwptMarkPreserve,
  ioptMapPages,
  LIVEUPDATE_C,
  makePages,
  mapTest,
  preserveIommufd,
  rev1,
  revision1,
  revision3,
  revision4,
  xaSection,
} from '../model/liveupdate/index.ts';
import { returns } from '../properties/response.ts';
import { givenBack, iommufdWithHwpts, preserves, promises } from './lu-parts.ts';

const noticed = [...revision1, set(atomicSleep, 'noticed')];

// `revision-3` and `revision-4` have the bounds of `posted`; `dropped` and `fixed` are the large forms.
export default scenario('lu-locks-in-xa', {
  title: 'A session preserves the iommufd while a device is attached to an IOAS',
  about:
    'Preservation walks the HWPTs with the spinlock of the xarray held and makes the IOAS of each immutable inside the ' +
    'walk, which takes its mutex and two semaphores. An attach to the IOAS holds that mutex while it makes an HWPT, and ' +
    'needs the spinlock to number and publish it: the one sleeps with the spinlock held, the other spins for ever. A cancelled ' +
    'session takes a mutex inside the spinlock as well.',
  systems: ['liveupdate', 'iommufd'],
  source: rev1(LIVEUPDATE_C),
  corpus: '#29',
  bounds: { marked: 1, attaches: 1, marks: 0, maps: 0, cancels: 0 },
  variants: {
    posted: {
      about: 'revision 1, on a kernel that looks for sleeps in atomic context',
      settings: noticed,
      expect: { verdict: 'violated', kind: 'sleep-in-atomic', length: 6, states: 24 },
    },
    'posted-unnoticed': {
      about: 'revision 1, on a kernel that does not: the deadlock',
      settings: revision1,
      expect: { verdict: 'violated', kind: 'deadlock', length: 18, states: 138 },
    },
    'posted-cancel': {
      about: 'revision 1: a cancelled session takes the mutex of the records inside the spinlock',
      settings: noticed,
      bounds: { marked: 0, attaches: 0, marks: 1, cancels: 1 },
      expect: { verdict: 'violated', kind: 'sleep-in-atomic', length: 32, states: 150 },
    },
    dropped: {
      about: 'revision 1 that takes a reference and drops the spinlock around what sleeps',
      settings: [...noticed, set(xaSection, 'dropped'), set(mapTest, 'whole-map')],
      bounds: { maps: 1, cancels: 1 },
      expect: { verdict: 'holds', states: 40_184, depth: 152 },
    },
    'revision-3': {
      about: 'no walk over the xarray: the table of tokens, under a mutex',
      settings: revision3,
      bounds: { cancels: 1 },
      expect: { verdict: 'holds', states: 2_112, depth: 93 },
    },
    'revision-4': {
      about: 'each HWPT is locked, and the spinlock dropped, before anything sleeps',
      settings: revision4,
      bounds: { cancels: 1 },
      expect: { verdict: 'holds', states: 3_328, depth: 117 },
    },
    fixed: {
      about: 'revision 4 with its repairs, and a map meanwhile',
      settings: fixed,
      bounds: { maps: 1, cancels: 1 },
      expect: { verdict: 'holds', states: 38_963, depth: 134 },
    },
  },
  setup: (s) => {
    const { marked, attaches, marks, maps, cancels } = s.bounds;
    const w = iommufdWithHwpts(s, { hwpts: 1, marked, restored: attaches });
    const { session, flb, ictx } = w;
    const [hwpt] = w.hwpts;
    const [ioas] = w.ioas;
    if (ioas === undefined || hwpt === undefined) return;
    s.property(
      returns(
        'the session',
        s.task('owner', [
          does(preserveIommufd, { session, ictx, flb }),
          ...(cancels > 0 ? [does(cancel, { session, ictx, idev: null, flb })] : []),
        ]),
      ),
    );
    if (maps > 0) {
      s.pool(IoptArea, 1);
      s.property(
        returns('map', s.task('mapper', [does(ioptMapPages, { ioas, iova: 1, pages: makePages(s, 'pages') })])),
      );
    }
    if (marks > 0)
      s.task('marker', [
        does(afterPreserve, { session }),
        does(iommufdHwptMarkPreserve, { ictx, id: hwpt.id, token: 1 }),
      ]);
    if (attaches > 0) {
      const igroup = makeGroup(s, 'igroup');
      const idev = bindAtStart(s, ictx, igroup, 'idev');
      s.pool(IommufdAttach, 1);
      s.property(returns('attach', s.task('attacher', [does(iommufdDeviceAttach, { idev, pt_id: ioas.id })])));
      s.property(
        sometimes('attached', 'the device is attached to a new HWPT', () => igroup.pasid_attach.at(0) !== null),
      );
    }
    s.property(...givenBack(w, cancels), ...promises(w, 1), preserves(w));
  },
});
