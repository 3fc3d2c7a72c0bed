/**
 * MARK: the user names an HWPT to be preserved, and a token by which it will be found. In revisions 2 and 3 a table of
 * tokens owns the HWPT from then on.
 *
 * Source: v1 10/14 and the later revisions; UNMARK is the ioctl that the thread asks for (S4).
 */
import {
  type Hwpt,
  Hwpt as HwptObject,
  IommufdCtx,
  iommufdGetObject,
  iommufdPutObject,
  objectId,
  type PagingDomain,
} from '../iommufd/index.ts';
import {
  bool,
  EADDRINUSE,
  EBUSY,
  ENOENT,
  ENOMEM,
  errno,
  procedure,
  ref,
  xaClearMark,
  xaFind,
  xaGetMark,
  xaLoad,
  xaSetMark,
} from '../kernel/index.ts';
import { ghost, marked, monitorOf, unmarked } from './monitor.ts';
import { token } from './objects.ts';
import { LIVEUPDATE_C, rev1Mark, rev2, rev3, rev4, seed4, specI } from './sources.ts';
import { markForm, secondMark, unmarkForm } from './switches.ts';

/** The mark of revision 4, IOMMUFD_OBJ_LIVEUPDATE_MARK. */
export const LIVEUPDATE_MARK = 1;

/** Is the HWPT marked, in the form of the revision? Read under xa_lock. */
export function isMarked(ictx: IommufdCtx, hwpt: Hwpt): boolean {
  return hwpt.lu_preserve || xaGetMark(ictx.objects, hwpt.id, LIVEUPDATE_MARK);
}

/** The marked HWPT with the lowest number from `from` on, or NULL. Read under xa_lock. */
export function nextMarked(ictx: IommufdCtx, from: number): Hwpt | null {
  for (let id = xaFind(ictx.objects, from); id !== 0; id = xaFind(ictx.objects, id + 1)) {
    const obj = xaLoad(ictx.objects, id);
    if (obj?.type === 'hwpt_paging' && isMarked(ictx, obj as Hwpt)) return obj as Hwpt;
  }
  return null;
}

/** The next entry of the table of tokens: `f.token` and `f.hwpt`, which is NULL after the last. */
export function nextToken(f: { ictx: IommufdCtx; hwpt: Hwpt | null; token: number }): void {
  const { liveupdate_tokens: tokens } = f.ictx;
  do f.token++;
  while (f.token < tokens.length && tokens.at(f.token) === null);
  f.hwpt = f.token < tokens.length ? tokens.at(f.token) : null;
}

/** Another marked HWPT has the token. Read under xa_lock. */
function tokenInUse(ictx: IommufdCtx, wanted: number, except: Hwpt | null): boolean {
  for (let hwpt = nextMarked(ictx, 1); hwpt !== null; hwpt = nextMarked(ictx, hwpt.id + 1))
    if (hwpt !== except && hwpt.lu_token === wanted) return true;
  return false;
}

/** iommufd_hwpt_lu_set_preserve(), later IOMMU_HWPT_LIVEUPDATE_MARK_PRESERVE. */
export const iommufdHwptMarkPreserve = procedure(
  'iommufd_hwpt_lu_set_preserve',
  {
    source: rev1Mark(LIVEUPDATE_C),
    params: { ictx: IommufdCtx, id: objectId(), token: token() },
    locals: { hwpt: ref(HwptObject), used: bool(), moved: bool(), rc: errno() },
    returns: errno(),
  },
  (k) => {
    const put = k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.hwpt as Hwpt }));
    const asked = (f: { hwpt: Hwpt | null }) => marked(monitorOf((f.hwpt as Hwpt).domain as PagingDomain));
    const inUse = k.when(
      (f) => f.used,
      [
        k.local((f) => {
          f.rc = -EADDRINUSE;
        }),
      ],
    );
    /** Revisions 2 and 3: on success the reference of the ioctl is the table's. */
    const intoTable = [
      k.attempt(
        'kmalloc',
        'xa_cmpxchg(&ictx->liveupdate_tokens, token, NULL, hwpt)',
        (f) => {
          f.used = f.ictx.liveupdate_tokens.at(f.token) !== null;
          if (!f.used) f.ictx.liveupdate_tokens.set(f.token, f.hwpt as Hwpt);
        },
        [
          k.local((f) => {
            f.rc = -ENOMEM;
          }),
        ],
        { source: rev2(LIVEUPDATE_C), sleeps: true },
      ),
      inUse,
      k.when(
        (f) => f.rc === 0,
        [
          k.step(
            'hwpt->liveupdate_preserve = true',
            (f) => {
              (f.hwpt as Hwpt).lu_preserve = true;
              asked(f);
            },
            ghost,
          ),
          k.step('hwpt->liveupdate_token = token', (f) => {
            (f.hwpt as Hwpt).lu_token = f.token;
          }),
        ],
      ),
    ];
    return [
      k.call(
        iommufdGetObject,
        (f) => ({ ictx: f.ictx, id: f.id, type: 'hwpt_paging' as const }),
        (f, obj) => {
          f.hwpt = obj as Hwpt | null;
        },
      ),
      k.when((f) => f.hwpt === null, [k.return(-ENOENT)]),
      k.switch(markForm, {
        scan: [
          k.xaLock((f) => f.ictx.objects),
          k.step('scan the marked HWPTs for the token', (f) => {
            f.used = tokenInUse(f.ictx, f.token, f.hwpt);
          }),
          inUse,
          k.when(
            (f) => f.rc === 0,
            [
              k.step('hwpt->lu_preserve = true, lu_token = token', (f) => {
                (f.hwpt as Hwpt).lu_preserve = true;
                (f.hwpt as Hwpt).lu_token = f.token;
                asked(f);
              }),
            ],
          ),
          k.xaUnlock((f) => f.ictx.objects),
          put,
        ],
        table: [...intoTable, k.when((f) => f.rc !== 0, [put])],
        'table-mutex': [
          k.mutexLock((f) => f.ictx.liveupdate_mutex, { source: rev3(LIVEUPDATE_C) }),
          k.switch(secondMark, {
            'another-slot': [
              ...intoTable,
              k.mutexUnlock((f) => f.ictx.liveupdate_mutex),
              k.when((f) => f.rc !== 0, [put]),
            ],
            moves: [
              k.step(
                'the HWPT is in the table: take it out there',
                (f) => {
                  const old = (f.hwpt as Hwpt).lu_token;
                  f.moved = old !== 0 && f.ictx.liveupdate_tokens.at(f.token) === null;
                  if (f.moved) f.ictx.liveupdate_tokens.set(old, null);
                },
                { source: specI(LIVEUPDATE_C) },
              ),
              ...intoTable,
              k.mutexUnlock((f) => f.ictx.liveupdate_mutex),
              k.when((f) => f.rc !== 0 || f.moved, [put]),
            ],
          }),
        ],
        'xa-mark': [
          k.mutexLock((f) => f.ictx.liveupdate_mutex, { source: rev4(LIVEUPDATE_C) }),
          k.xaLock((f) => f.ictx.objects),
          k.step('xa_for_each_marked: is the token in use?', (f) => {
            f.used = tokenInUse(f.ictx, f.token, null);
          }),
          inUse,
          k.when(
            (f) => f.rc === 0,
            [
              k.step('__xa_set_mark(&ictx->objects, hwpt->id), the token', (f) => {
                xaSetMark(f.ictx.objects, (f.hwpt as Hwpt).id, LIVEUPDATE_MARK);
                (f.hwpt as Hwpt).lu_token = f.token;
                asked(f);
              }),
            ],
          ),
          k.xaUnlock((f) => f.ictx.objects),
          k.mutexUnlock((f) => f.ictx.liveupdate_mutex),
          put,
        ],
      }),
      k.return((f) => f.rc),
    ];
  },
);

/** UNMARK, the ioctl that the author declined: the HWPT is an ordinary one again. */
export const iommufdHwptUnmark = procedure(
  'iommufd_hwpt_unmark',
  {
    source: seed4(LIVEUPDATE_C),
    params: { ictx: IommufdCtx, id: objectId() },
    locals: { hwpt: ref(HwptObject), rc: errno() },
    returns: errno(),
  },
  (k) => {
    const clear = k.step('clear the mark and the token', (f) => {
      const hwpt = f.hwpt as Hwpt;
      hwpt.lu_preserve = false;
      xaClearMark(f.ictx.objects, hwpt.id, LIVEUPDATE_MARK);
      hwpt.lu_token = 0;
      unmarked(monitorOf(hwpt.domain as PagingDomain));
    });
    return [
      k.call(
        iommufdGetObject,
        (f) => ({ ictx: f.ictx, id: f.id, type: 'hwpt_paging' as const }),
        (f, obj) => {
          f.hwpt = obj as Hwpt | null;
        },
      ),
      k.when((f) => f.hwpt === null, [k.return(-ENOENT)]),
      k.switch(unmarkForm, {
        plain: [k.xaLock((f) => f.ictx.objects), clear, k.xaUnlock((f) => f.ictx.objects)],
        refuses: [
          k.mutexLock((f) => f.ictx.liveupdate_mutex),
          k.test(
            'the HWPT is preserved',
            (f) => (f.hwpt as Hwpt).lu_preserved,
            [
              k.local((f) => {
                f.rc = -EBUSY;
              }),
            ],
            [k.xaLock((f) => f.ictx.objects), clear, k.xaUnlock((f) => f.ictx.objects)],
          ),
          k.mutexUnlock((f) => f.ictx.liveupdate_mutex),
        ],
      }),
      k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.hwpt as Hwpt })),
      k.return((f) => f.rc),
    ];
  },
);
