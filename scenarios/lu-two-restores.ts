/** LU-7: RESTORE tests its record and claims it much later; and what became of it when the session is finished. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import { Hwpt, iommufdDestroy, PagingDomain } from '../model/iommufd/index.ts';
import {
  BootAttachment,
  bootDomainStays,
  destroyRestored,
  deviceMovesOn,
  finishRestored,
  fixed,
  followsProtocol,
  HwptArray,
  iommufdHwptRestore,
  iommufdLiveupdateFinish,
  LIVEUPDATE_C,
  makeLiveUpdate,
  makeOpenCtx,
  restoreClaim,
  restoredTest,
  restoreTree,
  retrieved,
  revision4,
} from '../model/liveupdate/index.ts';
import { returns } from '../properties/response.ts';

export default scenario('lu-two-restores', {
  title: 'Two RESTOREs of one token in the next kernel',
  about:
    'RESTORE looks for the record of its token that is not reclaimed, makes an HWPT of the restored domain, and sets ' +
    'reclaimed at the end, with nothing held. Two of them make two HWPTs that own one domain. And the record itself goes ' +
    'when the session is finished, under a RESTORE that still looks at it.',
  systems: ['liveupdate', 'iommufd'],
  source: restoreTree(LIVEUPDATE_C),
  corpus: 'LU-7',
  bounds: { hwpts: 1, late: 0, destroys: 1, finishes: 0, protocol: 0, attached: 0 },
  variants: {
    posted: {
      about: 'both own the domain, and free it',
      settings: revision4,
      expect: { verdict: 'violated', kind: 'double-free', length: 50, states: 1_674 },
    },
    'posted-restored-twice': {
      about: 'the same by its protocol: an HWPT is restored once',
      settings: revision4,
      bounds: { destroys: 0, protocol: 1 },
      expect: { verdict: 'violated', kind: 'protocol', length: 28, states: 541 },
    },
    'at-once': {
      about: 'reclaimed is tested and set at once',
      settings: [...revision4, set(restoreClaim, 'at-once')],
      bounds: { hwpts: 2, protocol: 1 },
      expect: { verdict: 'holds', states: 13_680, depth: 55 },
    },
    'at-once-finished': {
      about: 'the same while the session is finished: the record is freed under a RESTORE that comes late',
      settings: [...revision4, set(restoreClaim, 'at-once')],
      bounds: { destroys: 0, finishes: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 11, states: 370 },
    },
    'attached-untested': {
      about: 'the boot has attached a device to the domain; DESTROY does not look, and frees it under the device',
      settings: [...fixed, set(restoredTest, 'untested')],
      bounds: { attached: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 27, states: 211 },
    },
    'attached-finished': {
      about: 'the same, and the session is finished, which does not look either',
      settings: [...fixed, set(restoredTest, 'untested')],
      bounds: { destroys: 0, finishes: 1, attached: 1 },
      expect: { verdict: 'violated', kind: 'protocol', length: 23, states: 333 },
    },
    attached: {
      about: 'both are refused until the device has left',
      settings: fixed,
      bounds: { hwpts: 2, late: 1, finishes: 1, protocol: 1, attached: 1 },
      expect: { verdict: 'holds', states: 46_637, depth: 81 },
    },
    fixed: {
      about: 'RESTORE and the end of the session exclude each other',
      settings: fixed,
      bounds: { hwpts: 2, late: 1, finishes: 1, protocol: 1 },
      expect: { verdict: 'holds', states: 31_014, depth: 77 },
    },
  },
  setup: (s) => {
    const { hwpts, late, destroys, finishes, protocol, attached } = s.bounds;
    const lu = makeLiveUpdate(s);
    const ictx = makeOpenCtx(s, lu);
    const monitors = retrieved(s, ictx, lu.flb, hwpts);
    const pool = s.pool(Hwpt, 2 + hwpts);
    const [record] = lu.flb.domains;
    const boot = attached > 0 ? s.object(BootAttachment, 'boot', { domain: record?.restored_domain ?? null }) : null;
    if (boot !== null) {
      s.task('device', [does(deviceMovesOn, { boot })]);
      s.property(bootDomainStays(boot, s.pool(PagingDomain, 1), ictx));
    }
    s.pool(HwptArray, 1);
    const restore = (token: number) => does(iommufdHwptRestore, { ictx, token });
    for (const i of [0, 1]) {
      const id = i + 1;
      const destroy = boot === null ? does(iommufdDestroy, { ictx, id }) : does(destroyRestored, { boot, ictx, id });
      s.property(returns(`RESTORE ${i}`, s.task(`vmm${i}`, [restore(1), ...(destroys > 0 ? [destroy] : [])])));
    }
    if (hwpts > 1) s.task('vmm2', [restore(2), ...(late > 0 ? [restore(2)] : [])]);
    if (finishes > 0)
      s.property(
        returns(
          'finish',
          s.task('owner', [
            boot === null
              ? does(iommufdLiveupdateFinish, { session: lu.session, ictx })
              : does(finishRestored, { boot, session: lu.session, ictx }),
          ]),
        ),
      );
    s.property(
      ...(protocol > 0 ? [followsProtocol(monitors)] : []),
      sometimes('restored', 'an HWPT is restored', () => [...pool].some((hwpt) => hwpt.id > 0 && hwpt.domain !== null)),
      ...(finishes > 0 ? [sometimes('finished', 'the session is finished', () => ictx.lu === null)] : []),
    );
  },
});
