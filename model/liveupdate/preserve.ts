/**
 * iommufd_liveupdate_preserve(), as the session calls it: the domains of all marked HWPTs are recorded, and what they map
 * does not change until the session is cancelled.
 *
 * Source: v1 11/14 and revisions 2 to 4.
 */
import {
  Hwpt,
  Ioas,
  type Ioas as IoasView,
  IommufdCtx,
  iommufdLockObj,
  iommufdPutObject,
  objectId,
  PagingDomain,
  type PagingDomain as PagingDomainView,
} from '../iommufd/index.ts';
import { bool, ENOMEM, errno, int, type KernelKit, procedure, ref, type Statement } from '../kernel/index.ts';
import { checkIoptPagesPreserved, ioasSetImmutable, ioasSetMutable } from './areas.ts';
import { iommuDomainPreserve } from './core.ts';
import { nextMarked, nextToken } from './mark.ts';
import { DomainSer, Flb, IommufdSer, inRoom, MOST_HWPTS } from './objects.ts';
import { iommufdSaveHwpts } from './save-hwpts.ts';
import { LIVEUPDATE_C, rev1, rev3, rev4, specI } from './sources.ts';
import { immutability, preserveForm, recordCount, sharedIoas } from './switches.ts';
import { iommufdUnpreserveAll, setIoasMutable } from './unpreserve.ts';

/** What both ways to allocate a record need of a frame. */
interface Counted {
  nr: number;
  ser: IommufdSer | null;
}

/** kho_alloc_preserve() of a record with room for the HWPTs that were counted. */
function allocRecord<F extends Counted>(k: KernelKit<F>, orElse: readonly Statement<F>[]): Statement<F> {
  return k.kmalloc(
    IommufdSer,
    (f, ser) => {
      ser.room = f.nr;
      ser.nr_hwpts = f.nr;
      f.ser = ser;
    },
    { label: 'kho_alloc_preserve(struct_size(iommufd_lu, hwpts, nr))', orElse },
  );
}

interface Parts {
  hwpt: Hwpt | null;
  ioas: IoasView | null;
  domain: PagingDomainView | null;
}

const parts = <F extends Parts>(k: KernelKit<F>): Statement<F> =>
  k.step('hwpt->ioas, hwpt->common.domain', (f) => {
    const { ioas, domain } = f.hwpt as Hwpt;
    f.ioas = ioas;
    f.domain = domain;
  });

/** Revisions 1 and 2: the record, or NULL when it failed. */
const preserveInPasses = procedure(
  'iommufd_liveupdate_preserve',
  {
    source: rev1(LIVEUPDATE_C),
    params: { ictx: IommufdCtx, flb: Flb },
    locals: { ser: ref(IommufdSer), rc: errno(), nr: int(0, MOST_HWPTS) },
    returns: ref(IommufdSer),
  },
  (k) => {
    const pass = k.call(
      iommufdSaveHwpts,
      (f) => ({ ictx: f.ictx, flb: f.flb, ser: f.ser }),
      (f, rc) => {
        f.rc = rc;
      },
    );
    return [
      pass,
      k.when((f) => f.rc < 0, [k.goto('err_ioas_mutable')]),
      k.local((f) => {
        f.nr = f.rc;
      }),
      allocRecord(k, [k.goto('err_ioas_mutable')]),
      pass,
      k.when((f) => f.rc < 0, [k.goto('err_free')]),
      k.return((f) => f.ser),
      k.label('err_free'),
      k.kfree((f) => f.ser, { label: 'kho_unpreserve_free(mem)' }),
      k.label('err_ioas_mutable'),
      k.call(setIoasMutable, (f) => ({ ictx: f.ictx })),
      k.return(null),
    ];
  },
);

/** Revision 3: the table of tokens, under the mutex that MARK takes. */
const preserveTable = procedure(
  'iommufd_liveupdate_preserve, by tokens',
  {
    source: rev3(LIVEUPDATE_C),
    params: { ictx: IommufdCtx, flb: Flb },
    locals: {
      hwpt: ref(Hwpt),
      ser: ref(IommufdSer),
      domain_ser: ref(DomainSer),
      ioas: ref(Ioas),
      domain: ref(PagingDomain),
      token: int(0, MOST_HWPTS + 1),
      nr: int(0, MOST_HWPTS),
      i: int(0, MOST_HWPTS),
      rc: errno(),
    },
    returns: ref(IommufdSer),
  },
  (k) => {
    const walk = (why: string, body: readonly Statement<any>[]) => [
      k.local((f) => {
        f.token = 0;
      }),
      k.loop([
        k.step(`xa_for_each(&ictx->liveupdate_tokens), to ${why}`, nextToken),
        k.when((f) => f.hwpt === null, [k.break()]),
        ...body,
      ]),
    ];
    return [
      k.mutexLock((f) => f.ictx.liveupdate_mutex),
      ...walk('count', [
        k.local((f) => {
          f.nr++;
        }),
      ]),
      allocRecord(k, [k.goto('out_unlock')]),
      ...walk('preserve', [
        parts(k),
        k.switch(immutability, {
          none: [],
          flag: [k.call(ioasSetImmutable, (f) => ({ ioas: f.ioas as IoasView }))],
        }),
        k.mutexLock((f) => (f.ioas as IoasView).mutex, { as: '&hwpt->ioas->mutex' }),
        k.call(
          checkIoptPagesPreserved,
          (f) => ({ ioas: f.ioas as IoasView }),
          (f, rc) => {
            f.rc = rc;
          },
        ),
        k.mutexUnlock((f) => (f.ioas as IoasView).mutex, { as: '&hwpt->ioas->mutex' }),
        k.when((f) => f.rc !== 0, [k.goto('out_free_mem')]),
        k.call(
          iommuDomainPreserve,
          (f) => ({ flb: f.flb, domain: f.domain as PagingDomainView }),
          (f, ser) => {
            f.domain_ser = ser;
          },
        ),
        k.when((f) => f.domain_ser === null, [k.goto('out_free_mem')]),
        k.step('hwpt_ser: the token and the record of the domain', (f) => {
          inRoom(f.ser as IommufdSer, f.i);
          const entry = (f.ser as IommufdSer).hwpts.at(f.i);
          entry.token = (f.hwpt as Hwpt).lu_token;
          entry.domain_data = f.domain_ser;
        }),
        k.local((f) => {
          f.i++;
        }),
      ]),
      k.mutexUnlock((f) => f.ictx.liveupdate_mutex),
      k.return((f) => f.ser),
      k.label('out_free_mem'),
      k.kfree((f) => f.ser, { label: 'kho_unpreserve_free(mem)' }),
      k.label('out_unlock'),
      k.mutexUnlock((f) => f.ictx.liveupdate_mutex),
      k.return(null),
    ];
  },
);

/** iommufd_preserve_hwpt() of revision 4: 0, or a negated error number and nothing is left. */
const iommufdPreserveHwpt = procedure(
  'iommufd_preserve_hwpt',
  {
    source: rev4(LIVEUPDATE_C),
    params: { flb: Flb, hwpt: ref(Hwpt), ser: ref(IommufdSer), index: int(0, MOST_HWPTS) },
    locals: { domain_ser: ref(DomainSer), ioas: ref(Ioas), domain: ref(PagingDomain), made: bool(), rc: errno() },
    returns: errno(),
  },
  (k) => {
    const ioas = (f: Parts) => ({ ioas: f.ioas as IoasView });
    const make = [
      k.local((f) => {
        f.made = true;
      }),
      k.call(ioasSetImmutable, ioas),
      k.call(checkIoptPagesPreserved, ioas, (f, rc) => {
        f.rc = rc;
      }),
      k.when((f) => f.rc !== 0, [k.goto('err')]),
    ];
    return [
      parts(k),
      k.switch(sharedIoas, {
        first: [k.test('!hwpt->ioas->iopt.liveupdate_immutable', (f) => ioas(f).ioas.lu_map_immutable === 0, make)],
        last: make,
      }),
      k.call(
        iommuDomainPreserve,
        (f) => ({ flb: f.flb, domain: f.domain as PagingDomainView }),
        (f, ser) => {
          f.domain_ser = ser;
        },
      ),
      k.when(
        (f) => f.domain_ser === null,
        [
          k.local((f) => {
            f.rc = -ENOMEM;
          }),
          k.goto('err'),
        ],
      ),
      k.step('hwpt_ser: the token and the record of the domain', (f) => {
        inRoom(f.ser as IommufdSer, f.index);
        const entry = (f.ser as IommufdSer).hwpts.at(f.index);
        entry.token = (f.hwpt as Hwpt).lu_token;
        entry.domain_data = f.domain_ser;
      }),
      k.return(0),
      k.label('err'),
      k.when((f) => f.made, [k.call(ioasSetMutable, ioas)]),
      k.return((f) => f.rc),
    ];
  },
);

/** Revision 4: each HWPT is locked, with users and wait_cnt, until it is unpreserved. */
const preserveLocked = procedure(
  'iommufd_liveupdate_preserve, locked',
  {
    source: rev4(LIVEUPDATE_C),
    params: { ictx: IommufdCtx, flb: Flb },
    locals: {
      hwpt: ref(Hwpt),
      ser: ref(IommufdSer),
      id: objectId(),
      nr: int(0, MOST_HWPTS),
      i: int(0, MOST_HWPTS),
      held: bool(),
      rc: errno(),
    },
    returns: ref(IommufdSer),
  },
  (k) => {
    const next = (why: string) =>
      k.step(`xa_for_each_marked(&ictx->objects, index, obj), to ${why}`, (f) => {
        f.hwpt = nextMarked(f.ictx, f.id + 1);
        if (f.hwpt !== null) f.id = f.hwpt.id;
      });
    const xaLock = k.xaLock((f) => f.ictx.objects);
    const xaUnlock = k.xaUnlock((f) => f.ictx.objects);
    return [
      k.mutexLock((f) => f.ictx.liveupdate_mutex),
      xaLock,
      k.loop([
        next('count'),
        k.when((f) => f.hwpt === null, [k.break()]),
        k.local((f) => {
          f.nr++;
        }),
      ]),
      xaUnlock,
      allocRecord(k, [k.goto('out_unlock')]),
      k.local((f) => {
        f.id = 0;
      }),
      xaLock,
      k.loop([
        next('preserve'),
        k.when((f) => f.hwpt === null, [k.break()]),
        k.call(
          iommufdLockObj,
          (f) => ({ obj: f.hwpt as Hwpt }),
          (f, held) => {
            f.held = held;
          },
        ),
        xaUnlock,
        k.when((f) => !f.held, [k.goto('out_unpreserve')]),
        k.call(
          iommufdPreserveHwpt,
          (f) => ({ flb: f.flb, hwpt: f.hwpt, ser: f.ser, index: f.i }),
          (f, rc) => {
            f.rc = rc;
          },
        ),
        k.when(
          (f) => f.rc !== 0,
          [k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.hwpt as Hwpt })), k.goto('out_unpreserve')],
        ),
        k.step('hwpt->liveupdate_preserved = true', (f) => {
          (f.hwpt as Hwpt).lu_preserved = true;
        }),
        k.local((f) => {
          f.i++;
        }),
        xaLock,
      ]),
      xaUnlock,
      k.switch(recordCount, {
        counted: [],
        gathered: [
          k.step(
            'iommufd_ser->nr_hwpts = i',
            (f) => {
              (f.ser as IommufdSer).nr_hwpts = f.i;
            },
            { source: specI(LIVEUPDATE_C) },
          ),
        ],
      }),
      k.mutexUnlock((f) => f.ictx.liveupdate_mutex),
      k.return((f) => f.ser),
      k.label('out_unpreserve'),
      k.call(iommufdUnpreserveAll, (f) => ({ ictx: f.ictx, flb: f.flb })),
      k.kfree((f) => f.ser, { label: 'kho_unpreserve_free(ser)' }),
      k.label('out_unlock'),
      k.mutexUnlock((f) => f.ictx.liveupdate_mutex),
      k.return(null),
    ];
  },
);

/** The preserve operation of an iommufd file: its record, or NULL. The caller holds the session's mutex. */
export const iommufdLiveupdatePreserve = procedure(
  'iommufd_lu_file_ops.preserve',
  {
    source: rev1(LIVEUPDATE_C),
    params: { ictx: IommufdCtx, flb: Flb },
    locals: { ser: ref(IommufdSer) },
    returns: ref(IommufdSer),
  },
  (k) => {
    const receive = (f: { ser: IommufdSer | null }, ser: IommufdSer | null) => {
      f.ser = ser;
    };
    const passes = [k.call(preserveInPasses, (f) => ({ ictx: f.ictx, flb: f.flb }), receive)];
    return [
      k.switch(preserveForm, {
        'two-passes': passes,
        'two-passes-locked': passes,
        table: [k.call(preserveTable, (f) => ({ ictx: f.ictx, flb: f.flb }), receive)],
        'lock-each': [k.call(preserveLocked, (f) => ({ ictx: f.ictx, flb: f.flb }), receive)],
      }),
      k.return((f) => f.ser),
    ];
  },
);
