/**
 * Revisions 1 and 2: the HWPTs are visited twice under xa_lock, to count them and to gather them, and then preserved
 * without it.
 *
 * The IOAS of each is made immutable inside the walk, with a mutex and two semaphores (#29); what is gathered are bare
 * pointers (#7).
 *
 * Source: v1 11/14, iommufd_save_hwpts(), called without a record to count and with one to gather.
 */
import { Hwpt, Ioas, IommufdCtx, iommufdLockObj, iommufdPutObject, objectId, PagingDomain } from '../iommufd/index.ts';
import { bool, EFAULT, ENOMEM, errno, int, procedure, ref } from '../kernel/index.ts';
import { checkIoptPagesPreserved } from './areas.ts';
import { iommuDomainPreserve, iommuDomainUnpreserve } from './core.ts';
import { nextMarked } from './mark.ts';
import { DomainSer, Flb, HwptArray, IommufdSer, inRoom, MOST_HWPTS } from './objects.ts';
import { quiet } from './quiet.ts';
import { LIVEUPDATE_C, rev1 } from './sources.ts';
import { atomicSleep, preserveError, preserveForm, xaSection } from './switches.ts';

const source = rev1(LIVEUPDATE_C);

/** The number of HWPTs, or a negated error number. `ser` is NULL in the first pass. */
export const iommufdSaveHwpts = procedure(
  'iommufd_save_hwpts',
  {
    source,
    params: { ictx: IommufdCtx, flb: Flb, ser: ref(IommufdSer) },
    locals: {
      hwpt: ref(Hwpt),
      hwpts: ref(HwptArray),
      ioas: ref(Ioas),
      domain: ref(PagingDomain),
      held: bool(),
      id: objectId(),
      room: int(0, MOST_HWPTS),
      nr: int(0, MOST_HWPTS),
      i: int(0, MOST_HWPTS),
      domain_ser: ref(DomainSer),
      rc: errno(),
    },
    returns: errno(),
  },
  (k) => {
    const fail = (rc: number) =>
      k.local((f) => {
        f.rc = rc;
      });
    const setFlag = k.step('hwpt->ioas->iopt.lu_map_immutable = true', (f) => {
      (f.ioas as Ioas).lu_map_immutable = 1;
    });
    const ioasMutex = k.mutexLock((f) => (f.ioas as Ioas).mutex, { as: '&hwpt->ioas->mutex' });
    const domains = k.downWrite((f) => (f.ioas as Ioas).domains_rwsem, { as: '&iopt->domains_rwsem' });
    const iova = k.downWrite((f) => (f.ioas as Ioas).iova_rwsem, { as: '&iopt->iova_rwsem' });
    const unlock = [
      k.upWrite((f) => (f.ioas as Ioas).iova_rwsem, { as: '&iopt->iova_rwsem' }),
      k.upWrite((f) => (f.ioas as Ioas).domains_rwsem, { as: '&iopt->domains_rwsem' }),
      k.mutexUnlock((f) => (f.ioas as Ioas).mutex, { as: '&hwpt->ioas->mutex' }),
    ];
    const domainOf = (why: string) =>
      k.step(`domain = hwpt->common.domain, to ${why}`, (f) => {
        f.domain = (f.hwpt as Hwpt).domain;
      });
    const makeImmutable = [
      k.step('ioas = hwpt->ioas', (f) => {
        f.ioas = (f.hwpt as Hwpt).ioas;
      }),
      k.switch(atomicSleep, {
        noticed: [ioasMutex, domains, iova],
        unnoticed: [ioasMutex, domains, iova].map(quiet),
      }),
      setFlag,
      ...unlock,
    ];
    const xaLock = k.xaLock((f) => f.ictx.objects);
    const xaUnlock = k.xaUnlock((f) => f.ictx.objects);
    const lockObj = k.call(
      iommufdLockObj,
      (f) => ({ obj: f.hwpt as Hwpt }),
      (f, held) => {
        f.held = held;
      },
    );
    const putObj = k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.hwpt as Hwpt }));
    const check = k.when(
      (f) => f.ser === null,
      [
        k.call(
          checkIoptPagesPreserved,
          (f) => ({ ioas: f.ioas as Ioas }),
          (f, rc) => {
            f.rc = rc;
          },
        ),
      ],
    );
    const gather = (keep: boolean) =>
      k.when(
        (f) => f.ser !== null && f.rc === 0,
        [
          k.step(
            'hwpts[nr_hwpts] = hwpt, its token into the record',
            (f) => {
              const hwpts = f.hwpts as HwptArray;
              inRoom(hwpts, f.nr);
              hwpts.at.set(f.nr, f.hwpt);
              (f.ser as IommufdSer).hwpts.at(f.nr).token = (f.hwpt as Hwpt).lu_token;
            },
            { note: keep ? 'with its reference' : 'a bare pointer' },
          ),
        ],
      );
    /** Between two HWPTs: make one immutable, test or gather it. */
    const visit = (keep: boolean) => [
      k.switch(xaSection, {
        held: [
          ...(keep ? [lockObj, k.when((f) => !f.held, [k.continue()])] : []),
          ...makeImmutable,
          check,
          gather(keep),
          ...(keep ? [k.when((f) => f.ser === null || f.rc !== 0, [putObj])] : []),
        ],
        dropped: [
          lockObj,
          k.when((f) => !f.held, [k.continue()]),
          xaUnlock,
          ...makeImmutable,
          check,
          gather(keep),
          keep ? k.when((f) => f.ser === null || f.rc !== 0, [putObj]) : putObj,
          xaLock,
        ],
      }),
    ];
    const putAll = k.loop([
      k.when((f) => f.ser === null || f.i >= f.nr, [k.break()]),
      k.step('hwpt = hwpts[i++], to put', (f) => {
        f.hwpt = (f.hwpts as HwptArray).at.at(f.i);
        f.i++;
      }),
      putObj,
    ]);
    const form = (keep: boolean) => [
      k.when(
        (f) => f.ser !== null,
        [
          k.step('room = iommufd_lu->nr_hwpts', (f) => {
            f.room = (f.ser as IommufdSer).nr_hwpts;
          }),
          k.kmalloc(
            HwptArray,
            (f, hwpts) => {
              hwpts.room = f.room;
              f.hwpts = hwpts;
            },
            { label: 'kcalloc(iommufd_lu->nr_hwpts, sizeof(*hwpts))', orElse: [k.return(-ENOMEM)] },
          ),
        ],
      ),
      xaLock,
      k.loop([
        k.step('hwpt = the next one that is marked', (f) => {
          f.hwpt = nextMarked(f.ictx, f.id + 1);
          if (f.hwpt !== null) f.id = f.hwpt.id;
        }),
        k.when((f) => f.hwpt === null, [k.break()]),
        ...visit(keep),
        k.when((f) => f.rc !== 0, [k.break()]),
        k.local((f) => {
          f.nr++;
        }),
      ]),
      xaUnlock,
      k.when((f) => f.rc !== 0, [k.goto('out')]),
      k.when(
        (f) => f.ser !== null,
        [
          k.test('WARN_ON(iommufd_lu->nr_hwpts != nr_hwpts)', (f) => (f.ser as IommufdSer).nr_hwpts !== f.nr, [
            fail(-EFAULT),
            k.goto('out'),
          ]),
          k.loop([
            k.when((f) => f.i >= f.nr, [k.break()]),
            k.step('hwpt = hwpts[i]', (f) => {
              f.hwpt = (f.hwpts as HwptArray).at.at(f.i);
            }),
            domainOf('preserve'),
            k.call(
              iommuDomainPreserve,
              (f) => ({ flb: f.flb, domain: f.domain as PagingDomain }),
              (f, ser) => {
                f.domain_ser = ser;
              },
            ),
            k.when((f) => f.domain_ser === null, [fail(-ENOMEM), k.goto('out')]),
            k.step('hwpt_lu->domain_data = __pa(domain_ser)', (f) => {
              (f.ser as IommufdSer).hwpts.at(f.i).domain_data = f.domain_ser;
            }),
            k.local((f) => {
              f.i++;
            }),
          ]),
        ],
      ),
      k.label('out'),
      k.switch(preserveError, {
        'mutable-only': [],
        undo: [
          k.when(
            (f) => f.rc !== 0,
            [
              k.loop([
                k.when((f) => f.i === 0, [k.break()]),
                k.step('hwpt = hwpts[--i], to undo', (f) => {
                  f.i--;
                  f.hwpt = (f.hwpts as HwptArray).at.at(f.i);
                }),
                domainOf('undo'),
                k.call(iommuDomainUnpreserve, (f) => ({ flb: f.flb, domain: f.domain as PagingDomain })),
              ]),
            ],
          ),
        ],
      }),
      ...(keep
        ? [
            k.local((f) => {
              f.i = 0;
            }),
            putAll,
          ]
        : []),
    ];
    return [
      k.switch(preserveForm, {
        'two-passes': form(false),
        'two-passes-locked': form(true),
        table: [],
        'lock-each': [],
      }),
      k.when((f) => f.hwpts !== null, [k.kfree((f) => f.hwpts)]),
      k.return((f) => (f.rc === 0 ? f.nr : f.rc)),
    ];
  },
);
