/**
 * A new IOAS, and IOMMU_IOAS_CHANGE_PROCESS, which must have every IOAS of a context: it keeps new ones out by
 * `ioas_creation_lock`, and takes the iova_rwsem of each that there is, in the order of their numbers.
 *
 * Source: ioas.c, iommufd_ioas_alloc_ioctl(), iommufd_ioas_change_process(), iommufd_take_all_iova_rwsem(),
 * iommufd_release_all_iova_rwsem(). Limits: what becomes of the pages is left out; three IOAS.
 */
import {
  bool,
  containerOf,
  EFAULT,
  errno,
  int,
  list,
  object,
  opaque,
  procedure,
  ref,
  type ViewOf,
  xaFind,
  xaLoad,
} from '../kernel/index.ts';
import { iommufdObjectAbortAndDestroy, iommufdObjectFinalize, objectAlloc } from './alloc.ts';
import { iommufdIoasDestroy } from './ioas.ts';
import {
  IDS,
  Ioas,
  type Ioas as IoasView,
  IommufdCtx,
  type IommufdCtx as IommufdCtxView,
  type ObjectWithOps,
  objectId,
} from './objects.ts';
import { IOAS_C, specH } from './sources.ts';
import { creationLock } from './switches.ts';

const source = specH(IOAS_C);

/** IOMMU_IOAS_ALLOC: 0 or the error. */
export const iommufdIoasAlloc = procedure(
  'iommufd_ioas_alloc_ioctl',
  {
    source,
    params: { ictx: IommufdCtx },
    locals: { obj: opaque<ObjectWithOps>(), ret: objectId() },
    returns: errno(),
  },
  (k) => {
    const finalize = k.call(iommufdObjectFinalize, (f) => ({ ictx: f.ictx, obj: f.obj as ObjectWithOps }));
    return [
      objectAlloc(k, Ioas, (_f, ioas) => {
        ioas.type = 'ioas';
        ioas.destroy = iommufdIoasDestroy;
      }),
      k.when((f) => f.ret < 0, [k.return((f) => f.ret)]),
      k.attempt('copy_to_user', 'iommufd_ucmd_respond(ucmd)', () => {}, [
        k.call(iommufdObjectAbortAndDestroy, (f) => ({ ictx: f.ictx, obj: f.obj as ObjectWithOps })),
        k.return(-EFAULT),
      ]),
      k.switch(creationLock, {
        without: [finalize],
        with: [k.downRead((f) => f.ictx.ioas_creation_lock), finalize, k.upRead((f) => f.ictx.ioas_creation_lock)],
      }),
      k.return(0),
    ];
  },
);

/** The local xarray `ioas_list` of IOMMU_IOAS_CHANGE_PROCESS. Ghost: the context whose pages it changes now. */
export const IoasList = object(
  'ioas_list',
  { locked: list(Ioas, 3), changing: opaque<IommufdCtxView>() },
  { permanent: true, source },
);
export type IoasList = ViewOf<typeof IoasList>;

/** IOMMU_IOAS_CHANGE_PROCESS. */
export const iommufdIoasChangeProcess = procedure(
  'iommufd_ioas_change_process',
  {
    source,
    params: { ictx: IommufdCtx, ioas_list: IoasList },
    locals: { obj: opaque<ObjectWithOps>(), ioas: ref(Ioas), index: int(0, IDS), found: bool() },
    returns: errno(),
  },
  (k) => [
    k.downWrite((f) => f.ictx.ioas_creation_lock),
    k.xaLock((f) => f.ictx.objects),
    k.loop([
      k.step('xa_for_each(&ictx->objects, index, obj), obj->type == IOMMUFD_OBJ_IOAS', (f) => {
        f.index = f.index === IDS ? 0 : xaFind(f.ictx.objects, f.index + 1);
        f.obj = f.index === 0 ? null : xaLoad(f.ictx.objects, f.index);
        f.found = f.obj?.type === 'ioas';
      }),
      k.when((f) => f.obj === null, [k.break()]),
      k.when((f) => !f.found, [k.continue()]),
      k.refcountIncNotZero((f) => (f.obj as ObjectWithOps).users, [], [k.continue()], { as: '&obj->users' }),
      k.xaUnlock((f) => f.ictx.objects),
      k.local((f) => {
        f.ioas = containerOf(f.obj as ObjectWithOps, Ioas) as IoasView;
      }),
      k.downWrite((f) => (f.ioas as IoasView).iova_rwsem, { as: 'ioas->iopt.iova_rwsem' }),
      k.step('xa_insert(ioas_list, index, ioas)', (f) => f.ioas_list.locked.add(f.ioas as IoasView)),
      k.xaLock((f) => f.ictx.objects),
    ]),
    k.xaUnlock((f) => f.ictx.objects),
    k.step('change the process that the pages belong to', (f) => {
      f.ioas_list.changing = f.ictx;
    }),
    k.step('all pages have been changed', (f) => {
      f.ioas_list.changing = null;
    }),
    k.loop([
      k.step('xa_for_each(ioas_list, index, ioas)', (f) => {
        f.ioas = f.ioas_list.locked.first;
        if (f.ioas !== null) f.ioas_list.locked.remove(f.ioas);
      }),
      k.when((f) => f.ioas === null, [k.break()]),
      k.upWrite((f) => (f.ioas as IoasView).iova_rwsem, { as: 'ioas->iopt.iova_rwsem' }),
      k.refcountDec((f) => (f.ioas as IoasView).users, { as: '&ioas->obj.users' }),
    ]),
    k.upWrite((f) => f.ictx.ioas_creation_lock),
    k.return(0),
  ],
);
