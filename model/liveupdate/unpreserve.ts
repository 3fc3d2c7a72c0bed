/**
 * The undoing of a preservation: when the session is cancelled; in revision 4 also on the error path of preserve.
 *
 * As posted it visits the HWPTs that are marked by then, which need not be those that were preserved (#31).
 *
 * Source: v1 11/14 and revisions 3 and 4.
 */
import {
  type Hwpt,
  Hwpt as HwptObject,
  Ioas,
  type Ioas as IoasView,
  IommufdCtx,
  iommufdLockObj,
  iommufdPutObject,
  objectId,
  PagingDomain,
  type PagingDomain as PagingDomainView,
} from '../iommufd/index.ts';
import { bool, int, type KernelKit, procedure, ptr, ref, type Statement, xaFind, xaLoad } from '../kernel/index.ts';
import { ioasSetMutable } from './areas.ts';
import { iommuDomainUnpreserve } from './core.ts';
import { nextMarked, nextToken } from './mark.ts';
import { Flb, IommufdSer, MOST_HWPTS } from './objects.ts';
import { LIVEUPDATE_C, rev1, rev3, rev4 } from './sources.ts';
import { immutability, unpreserveForm, xaSection } from './switches.ts';

const source = rev1(LIVEUPDATE_C);

/** iommufd_set_ioas_mutable(): every IOAS of the context, under xa_lock only. */
export const setIoasMutable = procedure(
  'iommufd_set_ioas_mutable',
  { source, params: { ictx: IommufdCtx }, locals: { id: objectId() } },
  (k) => [
    k.xaLock((f) => f.ictx.objects),
    k.loop([
      k.step(
        'the next IOAS: WRITE_ONCE(ioas->iopt.lu_map_immutable, false)',
        (f) => {
          do f.id = xaFind(f.ictx.objects, f.id + 1);
          while (f.id !== 0 && xaLoad(f.ictx.objects, f.id)?.type !== 'ioas');
          if (f.id !== 0) (xaLoad(f.ictx.objects, f.id) as unknown as IoasView).lu_map_immutable = 0;
        },
        { indivisible: 'the walk is under xa_lock, the flag is one store' },
      ),
      k.when((f) => f.id === 0, [k.break()]),
    ]),
    k.xaUnlock((f) => f.ictx.objects),
  ],
);

interface Domains {
  hwpt: Hwpt | null;
  domain: PagingDomainView | null;
}

const domainOf = <F extends Domains>(k: KernelKit<F>): Statement<F> =>
  k.step('domain = hwpt->common.domain', (f) => {
    f.domain = (f.hwpt as Hwpt).domain;
  });

/** The HWPTs that `f.hwpt` takes in turn, under xa_lock. */
const nextOf = (f: { ictx: IommufdCtx; hwpt: Hwpt | null; id: number }) => {
  f.hwpt = nextMarked(f.ictx, f.id + 1);
  if (f.hwpt !== null) f.id = f.hwpt.id;
};

/** Revisions 1 and 2: whatever is marked by now, with xa_lock held over each. */
const unpreserveMarked = procedure(
  'iommufd_liveupdate_unpreserve',
  {
    source,
    params: { ictx: IommufdCtx, flb: Flb },
    locals: { hwpt: ref(HwptObject), domain: ref(PagingDomain), id: objectId(), held: bool() },
  },
  (k) => {
    const unpreserve = [
      domainOf(k),
      k.call(iommuDomainUnpreserve, (f) => ({ flb: f.flb, domain: f.domain as PagingDomainView })),
    ];
    const xaLock = k.xaLock((f) => f.ictx.objects);
    const xaUnlock = k.xaUnlock((f) => f.ictx.objects);
    return [
      xaLock,
      k.loop([
        k.step('the next HWPT that is marked', nextOf),
        k.when((f) => f.hwpt === null, [k.break()]),
        k.switch(xaSection, {
          held: unpreserve,
          dropped: [
            k.call(
              iommufdLockObj,
              (f) => ({ obj: f.hwpt as Hwpt }),
              (f, held) => {
                f.held = held;
              },
            ),
            k.when((f) => !f.held, [k.continue()]),
            xaUnlock,
            ...unpreserve,
            k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.hwpt as Hwpt })),
            xaLock,
          ],
        }),
      ]),
      xaUnlock,
      k.call(setIoasMutable, (f) => ({ ictx: f.ictx })),
    ];
  },
);

/** Revision 3: whatever is in the table of tokens. */
const unpreserveTable = procedure(
  'iommufd_liveupdate_unpreserve, by tokens',
  {
    source: rev3(LIVEUPDATE_C),
    params: { ictx: IommufdCtx, flb: Flb },
    locals: { hwpt: ref(HwptObject), domain: ref(PagingDomain), token: int(0, MOST_HWPTS + 1) },
  },
  (k) => [
    k.mutexLock((f) => f.ictx.liveupdate_mutex),
    k.loop([
      k.step('xa_for_each(&ictx->liveupdate_tokens)', nextToken),
      k.when((f) => f.hwpt === null, [k.break()]),
      domainOf(k),
      k.call(iommuDomainUnpreserve, (f) => ({ flb: f.flb, domain: f.domain as PagingDomainView })),
    ]),
    k.mutexUnlock((f) => f.ictx.liveupdate_mutex),
    k.switch(immutability, { flag: [k.call(setIoasMutable, (f) => ({ ictx: f.ictx }))], none: [] }),
  ],
);

/** _iommufd_unpreserve() of revision 4: what was preserved, and the lock on each. The caller holds liveupdate_mutex. */
export const iommufdUnpreserveAll = procedure(
  '_iommufd_unpreserve',
  {
    source: rev4(LIVEUPDATE_C),
    params: { ictx: IommufdCtx, flb: Flb },
    locals: { hwpt: ref(HwptObject), domain: ref(PagingDomain), id: objectId(), ioas: ref(Ioas) },
  },
  (k) => [
    k.xaLock((f) => f.ictx.objects),
    k.loop([
      k.step('xa_for_each_marked: the next that is preserved', (f) => {
        do nextOf(f);
        while (f.hwpt !== null && !f.hwpt.lu_preserved);
      }),
      k.when((f) => f.hwpt === null, [k.break()]),
      k.xaUnlock((f) => f.ictx.objects),
      domainOf(k),
      k.call(iommuDomainUnpreserve, (f) => ({ flb: f.flb, domain: f.domain as PagingDomainView })),
      k.test(
        'hwpt->ioas->iopt.liveupdate_immutable',
        (f) => {
          f.ioas = (f.hwpt as Hwpt).ioas;
          return f.ioas.lu_map_immutable !== 0;
        },
        [k.call(ioasSetMutable, (f) => ({ ioas: f.ioas as IoasView }))],
      ),
      k.step('hwpt->liveupdate_preserved = false', (f) => {
        (f.hwpt as Hwpt).lu_preserved = false;
      }),
      k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.hwpt as Hwpt })),
      k.xaLock((f) => f.ictx.objects),
    ]),
    k.xaUnlock((f) => f.ictx.objects),
  ],
);

/** The unpreserve operation of an iommufd file. The caller holds the session's mutex. */
export const iommufdLiveupdateUnpreserve = procedure(
  'iommufd_lu_file_ops.unpreserve',
  { source, params: { ictx: IommufdCtx, flb: Flb, ser: ptr(IommufdSer) } },
  (k) => [
    k.switch(unpreserveForm, {
      marked: [k.call(unpreserveMarked, (f) => ({ ictx: f.ictx, flb: f.flb }))],
      table: [k.call(unpreserveTable, (f) => ({ ictx: f.ictx, flb: f.flb }))],
      preserved: [
        k.mutexLock((f) => f.ictx.liveupdate_mutex),
        k.call(iommufdUnpreserveAll, (f) => ({ ictx: f.ictx, flb: f.flb })),
        k.mutexUnlock((f) => f.ictx.liveupdate_mutex),
      ],
    }),
    k.kfree((f) => f.ser, { label: 'kho_unpreserve_free(ser)' }),
  ],
);
