/**
 * The file of a context: whoever drops its last reference destroys what is left, leaves of the graph of users first.
 *
 * Source: main.c, iommufd_fops_release(). Limits: the release runs where the last reference is dropped, and not later on
 * the way out of the system call. Nobody can reach the context any more by then, and no object that holds it is left.
 */
import { bool, int, opaque, procedure, ptr, xaEmpty, xaFind, xaLoad, xaStore } from '../kernel/index.ts';
import { destroyAndFree } from './destroy.ts';
import { IDS, IommufdCtx, type ObjectWithOps } from './objects.ts';
import { MAIN_C, specH } from './sources.ts';

const lockless = 'under RCU in the kernel; nobody else can reach the context any more';

/** iommufd_fops_release(). */
export const iommufdFopsRelease = procedure(
  'iommufd_fops_release',
  {
    source: specH(MAIN_C),
    params: { ictx: ptr(IommufdCtx) },
    locals: { obj: opaque<ObjectWithOps>(), index: int(0, IDS), destroyed: bool(), empty: bool() },
  },
  (k) => [
    k.loop([
      k.xaLock((f) => f.ictx.objects, {
        label: 'xa_empty(&ictx->objects)',
        note: lockless,
        do: (f) => {
          f.empty = xaEmpty(f.ictx.objects) || xaFind(f.ictx.objects, 1) === 0;
          f.index = 0;
          f.destroyed = false;
        },
      }),
      k.xaUnlock((f) => f.ictx.objects),
      k.when((f) => f.empty, [k.break()]),
      k.loop([
        k.xaLock((f) => f.ictx.objects, {
          label: 'xa_for_each(&ictx->objects, index, obj)',
          note: lockless,
          do: (f) => {
            f.index = f.index === IDS ? 0 : xaFind(f.ictx.objects, f.index + 1);
            f.obj = f.index === 0 ? null : xaLoad(f.ictx.objects, f.index);
          },
        }),
        k.xaUnlock((f) => f.ictx.objects),
        k.when((f) => f.obj === null, [k.break()]),
        k.refcountDecIfOne(
          (f) => (f.obj as ObjectWithOps).users,
          [
            k.xaLock((f) => f.ictx.objects, {
              label: 'xa_lock in xa_erase(&ictx->objects, index)',
              do: (f) => {
                xaStore(f.ictx.objects, f.index, null);
                f.destroyed = true;
              },
            }),
            k.xaUnlock((f) => f.ictx.objects),
            k.call(destroyAndFree, (f) => ({ obj: f.obj as ObjectWithOps })),
          ],
          [],
          { as: '&obj->users' },
        ),
      ]),
      k.when(
        (f) => !f.destroyed,
        [
          k.step('WARN_ON(!destroyed)', (f) => {
            f.ictx.release_stuck = true;
          }),
          k.break(),
        ],
      ),
    ]),
    k.kfree((f) => f.ictx),
  ],
);

/** iommufd_ctx_put(), close() of the descriptor, and the end of a call that has the file: fput(). */
export const iommufdCtxPut = procedure(
  'iommufd_ctx_put',
  { source: specH(MAIN_C), params: { ictx: ptr(IommufdCtx) } },
  (k) => [
    k.refcountDecAndTest((f) => f.ictx.file, [k.call(iommufdFopsRelease, (f) => ({ ictx: f.ictx }))], [], {
      label: 'fput(ictx->file)',
    }),
  ],
);
