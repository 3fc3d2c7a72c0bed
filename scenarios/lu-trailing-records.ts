/** LU-10: an HWPT that is destroyed between count and gather leaves an empty record at the end. */
import { does, scenario, sometimes } from '../checker/lang/index.ts';
import { iommufdDestroy } from '../model/iommufd/index.ts';
import {
  finishedAtEnd,
  finishUntilDone,
  fixed,
  iommufdHwptRestore,
  iommufdLiveupdateFinish,
  iommufdLiveupdateRetrieve,
  kexec,
  LIVEUPDATE_C,
  makeNextCtx,
  noEmptyRecords,
  preservedIsGivenBack,
  preserveIommufd,
  rev4,
  revision4,
} from '../model/liveupdate/index.ts';
import { returns } from '../properties/response.ts';
import { iommufdWithHwpts, preserves, promises } from './lu-parts.ts';

export default scenario('lu-trailing-records', {
  title: 'IOMMU_DESTROY of a marked HWPT between the count and the preservation',
  about:
    'Revision 4 counts the marked HWPTs, allocates the record, and preserves them one by one, under a mutex that DESTROY ' +
    'does not take. An HWPT that is destroyed in between is missing at the end of the record, which keeps its length: an ' +
    'entry without token and domain goes over to the next kernel. The session there can never be finished, and a RESTORE ' +
    'of token 0 follows a NULL pointer.',
  systems: ['liveupdate', 'iommufd'],
  source: rev4(LIVEUPDATE_C),
  corpus: 'LU-10',
  bounds: { reboots: 0, token0: 0, tries: 0 },
  variants: {
    posted: {
      about: 'revision 4: an empty record',
      settings: revision4,
      expect: { verdict: 'violated', kind: 'protocol', property: 'no empty record', length: 23, states: 2_238 },
    },
    'posted-next-kernel': {
      about: 'what follows in the next kernel: the session is never finished',
      settings: revision4,
      bounds: { reboots: 1 },
      expect: {
        verdict: 'violated',
        kind: 'protocol',
        property: 'the session is finished',
        length: 76,
        states: 46_852,
      },
    },
    'posted-tries': {
      about: 'the same with a monitor that tries again until it is not EBUSY: the end of the session never returns',
      settings: revision4,
      bounds: { reboots: 1, tries: 1 },
      expect: { verdict: 'violated', kind: 'liveness', length: 81, states: 53_826 },
    },
    'posted-token-0': {
      about: 'what follows in the next kernel when its user restores token 0',
      settings: revision4,
      bounds: { reboots: 1, token0: 1 },
      expect: { verdict: 'violated', kind: 'null-dereference', length: 49, states: 26_599 },
    },
    fixed: {
      about: 'the length of the record is the number of HWPTs that were preserved',
      settings: fixed,
      bounds: { reboots: 1, token0: 1, tries: 1 },
      expect: { verdict: 'holds', states: 60_720, depth: 128 },
    },
  },
  setup: (s) => {
    const { reboots, token0, tries } = s.bounds;
    const w = iommufdWithHwpts(s, { hwpts: 2, marked: 2, restored: 2 * reboots });
    const { session, flb, machine, ictx, hwpts } = w;
    const owner = s.task('owner', [
      does(preserveIommufd, { session, ictx, flb }),
      ...(reboots > 0 ? [does(kexec, { session, flb, machine, group: null })] : []),
    ]);
    s.property(returns('the session', owner));
    for (const [i, hwpt] of hwpts.entries())
      s.property(returns(`DESTROY ${i}`, s.task(`destroyer${i}`, [does(iommufdDestroy, { ictx, id: hwpt.id })])));
    if (reboots > 0) {
      const next = makeNextCtx(s, w);
      const vmm = s.task('vmm', [
        does(iommufdLiveupdateRetrieve, { session, machine, ictx: next }),
        does(iommufdHwptRestore, { ictx: next, token: 1 }),
        does(iommufdHwptRestore, { ictx: next, token: 2 }),
        ...(token0 > 0 ? [does(iommufdHwptRestore, { ictx: next, token: 0 })] : []),
        does(tries > 0 ? finishUntilDone : iommufdLiveupdateFinish, { session, ictx: next }),
      ]);
      s.property(
        finishedAtEnd(session, next),
        ...(tries > 0 ? [returns('the end of the session', vmm), preservedIsGivenBack(session, next)] : []),
        sometimes(
          'one-left',
          'one of two HWPTs goes over to the next kernel',
          () => w.monitors.filter((monitor) => monitor.state === 'normal').length === 1,
        ),
      );
    }
    s.property(
      ...promises(w, reboots > 0 ? 0 : 1),
      ...(reboots > 0 ? [] : [noEmptyRecords(session)]),
      preserves(w),
      sometimes('destroyed', 'DESTROY succeeds', () => ictx.objects.slots.at(2).state === 'empty'),
    );
  },
});
