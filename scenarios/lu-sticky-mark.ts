/** Corpus #30: a mark stays on an HWPT that goes back to a pool, and the three remedies of the thread. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  attachAtStart,
  bindAtStart,
  drainedAtClose,
  IommufdAttach,
  IommufdCtx,
  IoptArea,
  iommufdCtxPut,
  iommufdDestroy,
  makeGroup,
} from '../model/iommufd/index.ts';
import {
  cancel,
  destroyUntilGone,
  fixed,
  ioptMapPages,
  LIVEUPDATE_C,
  makePages,
  markForm,
  poolForm,
  preservedForWhoAsked,
  preserveIommufd,
  revision1,
  revision2,
  revision3,
  seed4,
  tokensComeBack,
  unmarkForm,
  unusedCanGo,
  Vmm,
  vmmReuses,
} from '../model/liveupdate/index.ts';
import { returns } from '../properties/response.ts';
import { givenBack, iommufdWithHwpts, preserves, promises } from './lu-parts.ts';

const discards = [...fixed, set(poolForm, 'discards')];

// `fixed-closed` is small: one task marks nothing and closes; it stands beside `token-table-closed`.
export default scenario('lu-sticky-mark', {
  title: 'A marked HWPT from a pool serves another device',
  about:
    'A monitor marks an HWPT for a device that is to survive the live update. The guest gives the device up, the monitor ' +
    'keeps the HWPT for later and attaches it to a device that is not to survive. The mark is still there, since nothing ' +
    'takes it away: the session preserves the HWPT, and its token cannot be given to another. Remedies: an ioctl that ' +
    'unmarks, which the author declined; a monitor that destroys such HWPTs; and, in two revisions, a table of tokens ' +
    'that owns what it names, which then can never be destroyed.',
  systems: ['liveupdate', 'iommufd'],
  source: seed4(LIVEUPDATE_C),
  corpus: '#30',
  bounds: { devices: 1, tokens: 0, maps: 0, sessions: 1, cancels: 1, closes: 0, tries: 0 },
  assumptions: ['a sleeping lock in atomic context goes unnoticed in revisions 1 and 2 (#29)'],
  variants: {
    posted: {
      about: 'revision 1: the session preserves the HWPT of a device that did not ask',
      settings: revision1,
      expect: { verdict: 'violated', kind: 'protocol', property: 'preserved for who asked', length: 76, states: 2_201 },
    },
    'posted-token': {
      about: 'revision 1: its token is in use for ever',
      settings: revision1,
      bounds: { tokens: 1, sessions: 0 },
      expect: { verdict: 'violated', kind: 'protocol', property: 'a token comes back', length: 52, states: 53 },
    },
    'unmark-plain': {
      about: 'first remedy: UNMARK under the lock of the xarray; it does not know what a session is doing',
      settings: [...revision1, set(poolForm, 'unmarks')],
      expect: { verdict: 'violated', kind: 'protocol', length: 86, states: 3_780 },
    },
    unmark: {
      about: 'the same under liveupdate_mutex, refused while the HWPT is preserved: the monitor takes another then',
      settings: [...fixed, set(poolForm, 'unmarks'), set(unmarkForm, 'refuses')],
      bounds: { tokens: 1, maps: 1 },
      expect: { verdict: 'holds', states: 65_587, depth: 157 },
    },
    fixed: {
      about: 'second remedy: the monitor destroys the HWPT, and takes another in any case',
      settings: discards,
      bounds: { maps: 1 },
      expect: { verdict: 'holds', states: 78_640, depth: 148 },
    },
    'token-table': {
      about: 'third: the table of tokens has a reference, so DESTROY is EBUSY for ever',
      settings: [...revision3, set(poolForm, 'discards')],
      bounds: { sessions: 0 },
      expect: { verdict: 'violated', kind: 'leak', property: 'an unused HWPT can go', length: 45, states: 46 },
    },
    'token-table-tries': {
      about: 'the same with a monitor that tries again until it is not EBUSY: DESTROY never succeeds',
      settings: revision3,
      bounds: { devices: 0, sessions: 0, closes: 1, tries: 1 },
      expect: { verdict: 'violated', kind: 'liveness', length: 8, states: 8 },
    },
    'token-table-closed': {
      about: 'the same when the monitor closes the iommufd: the release gets no further',
      settings: revision2,
      bounds: { devices: 0, sessions: 0, closes: 1 },
      expect: { verdict: 'violated', kind: 'leak', property: 'drained at close', length: 16, states: 17 },
    },
    'fixed-closed': {
      about: 'revision 4 when the monitor closes the iommufd',
      settings: fixed,
      bounds: { devices: 0, sessions: 0, closes: 1 },
      expect: { verdict: 'holds', states: 39, depth: 38 },
    },
  },
  setup: (s) => {
    const { devices, tokens, maps, sessions, cancels, closes, tries } = s.bounds;
    const w = iommufdWithHwpts(s, { hwpts: 1 + devices, marked: 1, shared: true });
    const { session, flb, ictx } = w;
    const [hwpt, spare] = w.hwpts;
    if (hwpt === undefined) return;
    if (sessions > 0) {
      s.property(
        returns(
          'the session',
          s.task('owner', [
            does(preserveIommufd, { session, ictx, flb }),
            ...(cancels > 0 ? [does(cancel, { session, ictx, idev: null, flb })] : []),
          ]),
        ),
      );
      s.property(preserves(w));
    }
    if (devices > 0 && spare !== undefined) {
      const groups = [makeGroup(s, 'survives'), makeGroup(s, 'mortal')] as const;
      const gone = bindAtStart(s, ictx, groups[0], 'idev0');
      const comes = bindAtStart(s, ictx, groups[1], 'idev1');
      attachAtStart(s, gone, hwpt);
      s.pool(IommufdAttach, 1);
      const vmm = s.object(Vmm, 'vmm');
      s.task('vmm_task', [does(vmmReuses, { vmm, ictx, gone, comes, hwpt: hwpt.id, spare: spare.id, token: tokens })]);
      s.property(
        preservedForWhoAsked(session, w.domains, [groups[1].group]),
        tokensComeBack(vmm),
        sometimes('attached', 'the second device is attached', () => groups[1].pasid_attach.at(0) !== null),
      );
    }
    const [ioas] = w.ioas;
    if (maps > 0 && ioas !== undefined) {
      s.pool(IoptArea, 1);
      s.property(
        returns('map', s.task('mapper', [does(ioptMapPages, { ioas, iova: 1, pages: makePages(s, 'pages') })])),
      );
    }
    if (closes > 0) {
      const destroy = does(tries > 0 ? destroyUntilGone : iommufdDestroy, { ictx, id: hwpt.id });
      s.property(returns('close', s.task('vmm_task', [destroy, does(iommufdCtxPut, { ictx })])));
      s.property(drainedAtClose(s.pool(IommufdCtx, 1)));
    }
    s.property(...givenBack(w, sessions * cancels), ...promises(w, 0));
    if (devices > 0 && s.setting(markForm) === 'table-mutex') s.property(unusedCanGo(w.pool));
  },
});
