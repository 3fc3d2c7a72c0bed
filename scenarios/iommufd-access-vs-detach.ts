/** IOMMUFD-6: the IOAS of an access is read while a detach clears it. */
import { does, scenario, set } from '../checker/lang/index.ts';
import {
  Access,
  accessFault,
  accessIoas,
  destroyIoctl,
  Ioas,
  iommufdAccessDestroyObject,
  iommufdAccessDetach,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdIoasDestroy,
  makeAccess,
  makeCtx,
  makeIoas,
  putSelftestAccess,
  SELFTEST_C,
  SelftestAccess,
  syzConvIova,
  waiting,
} from '../model/iommufd/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { iommufdPromises } from './iommufd-parts.ts';

const posted = [set(destroyIoctl, 'by id'), ...waiting];

export default scenario('iommufd-access-vs-detach', {
  title: 'the selftest reads the IOAS of an access while a detach clears it',
  about:
    'A detach clears access->ioas under ioas_lock and gives up its user of the IOAS. The selftest follows the pointer ' +
    'without the lock: it is NULL, or leads to an IOAS that is destroyed by then.',
  systems: ['iommufd'],
  source: accessFault(SELFTEST_C),
  corpus: 'IOMMUFD-6',
  bounds: { testers: 1 },
  variants: {
    posted: {
      about: 'read without the lock: NULL',
      settings: posted,
      expect: { verdict: 'violated', kind: 'null-dereference', length: 4, states: 38 },
    },
    fixed: {
      about: 'read with the lock, and tested; four testers',
      settings: [...posted, set(accessIoas, 'locked')],
      bounds: { testers: 4 },
      expect: { verdict: 'holds', states: 18_873, depth: 59 },
    },
  },
  setup: (s) => {
    const { testers } = s.bounds;
    const ictx = makeCtx(s, 2, { destroy: [iommufdIoasDestroy, iommufdAccessDestroyObject], abort: [] });
    const ioas = makeIoas(s, ictx, 'ioas');
    const access = makeAccess(s, ictx, ioas, 'access');
    const staccess = s.object(SelftestAccess, 'staccess', { access });
    staccess.file.counter = 1 + testers;
    const put = does(putSelftestAccess, { staccess });
    s.task('user', [does(iommufdDestroy, { ictx, id: ioas.id }), does(iommufdCtxPut, { ictx })]);
    s.task('driver', [does(iommufdAccessDetach, { access }), put]);
    for (let i = 0; i < testers; i++) s.task(`tester${i}`, [does(syzConvIova, { access }), put]);
    const accesses = s.pool(Access, 1);
    const ioases = s.pool(Ioas, 1);
    s.property(...iommufdPromises(s, [accesses, ioases] as never), allFreed([accesses, ioases]));
  },
});
