/**
 * In the next kernel: the iommufd is retrieved, RESTORE makes an HWPT of each record by its token, and the session is
 * finished when all of them are.
 *
 * RESTORE tests the record when it begins and marks it when it has made the HWPT, with nothing held (LU-7).
 *
 * Source: the public tree that has restore, liveupdate.c. Limits: the new context exists already; a restored HWPT has no
 * IOAS until the user gives it one.
 */
import {
  type Hwpt,
  Hwpt as HwptObject,
  IommufdCtx,
  iommufdObjectFinalize,
  ObjectDestroy,
  type ObjectWithOps,
  objectAlloc,
  objectId,
  PagingDomain,
} from '../iommufd/index.ts';
import {
  bool,
  containerOf,
  EBUSY,
  ENOENT,
  ENOTTY,
  errno,
  int,
  opaque,
  procedure,
  ptr,
  ref,
  type Statement,
} from '../kernel/index.ts';
import { advance, ghost } from './monitor.ts';
import { DomainSer, IommufdSer, Machine, MOST_HWPTS, Session, token } from './objects.ts';
import { LIVEUPDATE_C, LUO_C, restoreTree, specI } from './sources.ts';
import { restoreClaim } from './switches.ts';

const source = restoreTree(LIVEUPDATE_C);

/** The user of the next kernel comes when it is up. */
export const waitForBoot = procedure('boot', { source: specI(), params: { machine: Machine } }, (k) => [
  k.blockUntil('the next kernel is up', (f) => f.machine.booted, { idle: true }),
]);

const found = (f: { ser: IommufdSer | null; i: number; token: number }): boolean => {
  const entry = (f.ser as IommufdSer).hwpts.at(f.i);
  return !entry.reclaimed && entry.token === f.token;
};

/** The destroy of a restored HWPT, which has no IOAS: it must not be attached as its predecessor was. */
export const iommufdRestoredDestroy = procedure(
  'iommufd_hwpt_paging_destroy, restored',
  { source, params: ObjectDestroy.params, locals: { domain: ref(PagingDomain) } },
  (k) => [
    k.step('domain = hwpt->domain', (f) => {
      f.domain = (containerOf(f.obj, HwptObject) as Hwpt).domain;
    }),
    k.kfree((f) => f.domain, { label: 'iommu_domain_free(hwpt->domain)' }),
  ],
);

/** IOMMU_HWPT_LU_RESTORE: the number of the HWPT, or a negated error number. */
export const iommufdHwptRestore = procedure(
  'iommufd_hwpt_lu_restore',
  {
    source,
    params: { ictx: IommufdCtx, token: token() },
    locals: {
      ser: ref(IommufdSer),
      i: int(0, MOST_HWPTS),
      nr: int(0, MOST_HWPTS),
      found: bool(),
      obj: opaque<ObjectWithOps>(),
      domain_ser: ptr(DomainSer),
      domain: ref(PagingDomain),
      ret: objectId(),
    },
    returns: objectId(),
  },
  (k) => {
    const search = (look: Statement<any>) => [
      k.step('iommufd_lu = ictx->lu', (f) => {
        f.ser = f.ictx.lu as IommufdSer | null;
      }),
      k.when(
        (f) => f.ser === null,
        [
          k.local((f) => {
            f.ret = -ENOTTY;
          }),
          k.goto('out'),
        ],
      ),
      k.step('nr = iommufd_lu->nr_hwpts', (f) => {
        f.nr = (f.ser as IommufdSer).nr_hwpts;
      }),
      k.loop([
        k.when((f) => f.i >= f.nr, [k.break()]),
        look,
        k.when((f) => f.found, [k.break()]),
        k.local((f) => {
          f.i++;
        }),
      ]),
      k.when(
        (f) => !f.found,
        [
          k.local((f) => {
            f.ret = -ENOENT;
          }),
          k.goto('out'),
        ],
      ),
    ];
    const look = k.step('!hwpt_lu->reclaimed && hwpt_lu->token == token', (f) => {
      f.found = found(f);
    });
    const lookAndClaim = k.step(
      'hwpt_lu->token == token && !xchg(&hwpt_lu->reclaimed, true)',
      (f) => {
        f.found = found(f);
        if (f.found) (f.ser as IommufdSer).hwpts.at(f.i).reclaimed = true;
      },
      { source: specI(LIVEUPDATE_C) },
    );
    const reclaimed = (value: boolean) =>
      k.step(`hwpt_lu->reclaimed = ${value}`, (f) => {
        (f.ser as IommufdSer).hwpts.at(f.i).reclaimed = value;
      });
    return [
      k.switch(restoreClaim, {
        'at-the-end': search(look),
        'at-once': search(lookAndClaim),
        mutex: [k.mutexLock((f) => f.ictx.liveupdate_mutex, { source: specI(LIVEUPDATE_C) }), ...search(look)],
      }),
      objectAlloc(k, HwptObject, (_f, hwpt) => {
        hwpt.type = 'hwpt_paging';
        hwpt.destroy = iommufdRestoredDestroy;
      }),
      k.when((f) => f.obj === null, [k.goto('err')]),
      k.step('domain_ser = __va(hwpt_lu->domain_data)', (f) => {
        f.domain_ser = (f.ser as IommufdSer).hwpts.at(f.i).domain_data as DomainSer;
      }),
      k.step('domain = domain_ser->restored_domain', (f) => {
        f.domain = f.domain_ser.restored_domain;
      }),
      k.step('iommufd_hwpt_init_from_domain(hwpt, domain)', (f) => {
        (f.obj as Hwpt).domain = f.domain;
      }),
      k.call(iommufdObjectFinalize, (f) => ({ ictx: f.ictx, obj: f.obj as Hwpt })),
      k.step(
        'hwpt->lu_restored = true',
        (f) => {
          advance(f.domain_ser.monitor, 'restored');
        },
        ghost,
      ),
      k.switch(restoreClaim, { 'at-the-end': [reclaimed(true)], 'at-once': [], mutex: [reclaimed(true)] }),
      k.goto('out'),
      k.label('err'),
      k.switch(restoreClaim, { 'at-the-end': [], 'at-once': [reclaimed(false)], mutex: [] }),
      k.label('out'),
      k.switch(restoreClaim, {
        'at-the-end': [],
        'at-once': [],
        mutex: [k.mutexUnlock((f) => f.ictx.liveupdate_mutex)],
      }),
      k.return((f) => f.ret),
    ];
  },
);

/** can_finish() and finish() of the iommufd file: -EBUSY while a record is not reclaimed, else the record is freed. */
export const iommufdLiveupdateFinish = procedure(
  'iommufd_lu_file_ops.finish',
  {
    source,
    params: { session: Session, ictx: IommufdCtx },
    locals: { ser: ref(IommufdSer), nr: int(0, MOST_HWPTS), i: int(0, MOST_HWPTS), ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.mutexLock((f) => f.session.mutex),
    k.switch(restoreClaim, {
      'at-the-end': [],
      'at-once': [],
      mutex: [k.mutexLock((f) => f.ictx.liveupdate_mutex, { source: specI(LIVEUPDATE_C) })],
    }),
    k.step('iommufd_lu = ictx->lu', (f) => {
      f.ser = f.ictx.lu as IommufdSer | null;
      f.ret = f.ser === null ? -ENOENT : 0;
    }),
    k.when(
      (f) => f.ret === 0,
      [
        k.step('nr = iommufd_lu->nr_hwpts', (f) => {
          f.nr = (f.ser as IommufdSer).nr_hwpts;
        }),
        k.loop([
          k.when((f) => f.i >= f.nr, [k.break()]),
          k.test('!hwpt_lu->reclaimed', (f) => !(f.ser as IommufdSer).hwpts.at(f.i).reclaimed, [
            k.local((f) => {
              f.ret = -EBUSY;
            }),
            k.break(),
          ]),
          k.local((f) => {
            f.i++;
          }),
        ]),
      ],
    ),
    k.when(
      (f) => f.ret === 0,
      [
        k.step(
          'ictx->lu = NULL',
          (f) => {
            f.ictx.lu = null;
            for (const entry of (f.ser as IommufdSer).hwpts)
              if (entry.domain_data !== null) advance(entry.domain_data.monitor, 'normal');
          },
          ghost,
        ),
        k.kfree((f) => f.ser, { label: 'folio_put(virt_to_folio(iommufd_lu))' }),
      ],
    ),
    k.switch(restoreClaim, {
      'at-the-end': [],
      'at-once': [],
      mutex: [k.mutexUnlock((f) => f.ictx.liveupdate_mutex)],
    }),
    k.mutexUnlock((f) => f.session.mutex),
    k.return((f) => f.ret),
  ],
);

/** User space ends the session, and again while that is refused: not every HWPT has been restored. */
export const finishUntilDone = procedure(
  'vmm: finish until it is not EBUSY',
  { source: specI(LUO_C), params: { session: Session, ictx: IommufdCtx }, locals: { ret: errno() } },
  (k) => [
    k.loop([
      k.call(
        iommufdLiveupdateFinish,
        (f) => ({ session: f.session, ictx: f.ictx }),
        (f, ret) => {
          f.ret = ret;
        },
      ),
      k.when((f) => f.ret !== -EBUSY, [k.break()]),
    ]),
  ],
);

/** The retrieve operation: the new context has the record. */
export const iommufdLiveupdateRetrieve = procedure(
  'iommufd_lu_file_ops.retrieve',
  { source, params: { session: Session, machine: Machine, ictx: IommufdCtx } },
  (k) => [
    k.call(waitForBoot, (f) => ({ machine: f.machine })),
    k.mutexLock((f) => f.session.mutex),
    k.step('ictx->lu = iommufd_lu', (f) => {
      f.ictx.lu = f.session.iommufd;
      f.session.iommufd = null;
    }),
    k.mutexUnlock((f) => f.session.mutex),
  ],
);
