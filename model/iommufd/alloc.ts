/**
 * Life of a slot: an object is allocated with its number reserved, so that nobody finds it; it is published when nothing
 * can fail any more (finalize), or undone (abort).
 *
 * Source: main.c, _iommufd_object_alloc(), iommufd_object_finalize(), iommufd_object_abort(),
 * iommufd_object_abort_and_destroy().
 */
import {
  type Actor,
  ENOMEM,
  type KernelKit,
  nameOf,
  type ObjectType,
  procedure,
  ptr,
  type Shape,
  type Statement,
  type View,
  Violation,
  xaState,
  xaStore,
} from '../kernel/index.ts';
import {
  type IommufdCtx as Ctx,
  IommufdCtx,
  ObjectAbort,
  ObjectDestroy,
  ObjectWithOps,
  type ObjectWithOps as WithOps,
} from './objects.ts';
import { MAIN_C, specH } from './sources.ts';

const source = specH(MAIN_C);

/** What `objectAlloc` needs of a frame. */
export interface AllocFrame {
  ictx: Ctx;
  /** The new object, NULL when there is none. */
  obj: WithOps | null;
  /** Its number, or a negated error number. */
  ret: number;
}

/**
 * _iommufd_object_alloc(): allocates an object, with a number that is reserved for it. Afterwards `f.ret` is the number, or
 * -ENOMEM or -ENOSPC and nothing is left. `init` fills in what is its type's own, operations included.
 */
export function objectAlloc<F extends AllocFrame, S extends Shape>(
  k: KernelKit<F>,
  type: ObjectType<S>,
  init: (f: F, fresh: View<S>, self: Actor) => void,
): Statement<F> {
  return k.loop([
    k.kmalloc(
      type,
      (f, fresh, self) => {
        init(f, fresh, self);
        f.obj = fresh as unknown as WithOps;
      },
      {
        label: `kzalloc(struct ${type.name})`,
        orElse: [
          k.local((f) => {
            f.obj = null;
            f.ret = -ENOMEM;
          }),
          k.break(),
        ],
      },
    ),
    k.xaAlloc(
      (f) => f.ictx.objects,
      (f, id) => {
        f.ret = id;
      },
    ),
    k.when(
      (f) => f.ret < 0,
      [
        k.kfree((f) => f.obj, { label: 'kfree(obj), which has no number' }),
        k.local((f) => {
          f.obj = null;
        }),
        k.break(),
      ],
    ),
    k.step('obj->id = id', (f) => {
      (f.obj as WithOps).id = f.ret;
    }),
    k.break(),
  ]);
}

/** What a slot was before it is stored to must have been reserved; WARN_ON() otherwise. */
function mustBeReserved(ictx: Ctx, obj: WithOps): void {
  const state = xaState(ictx.objects, obj.id);
  if (state !== 'reserved')
    throw new Violation('assertion', `the slot of ${nameOf(obj)} is ${state}, not reserved`, [nameOf(obj)]);
}

/** iommufd_object_finalize(): from now on everybody can find it. */
export const iommufdObjectFinalize = procedure(
  'iommufd_object_finalize',
  { source, params: { ictx: IommufdCtx, obj: ptr(ObjectWithOps) } },
  (k) => [
    k.xaLock((f) => f.ictx.objects, {
      do: (f) => {
        mustBeReserved(f.ictx, f.obj);
        xaStore(f.ictx.objects, f.obj.id, f.obj);
      },
      label: 'xa_lock(&ictx->objects), xas_store(obj)',
    }),
    k.xaUnlock((f) => f.ictx.objects),
  ],
);

/** iommufd_object_abort(): undoes the allocation of an object that was not published. Its users must be one. */
export const iommufdObjectAbort = procedure(
  'iommufd_object_abort',
  { source, params: { ictx: IommufdCtx, obj: ptr(ObjectWithOps) } },
  (k) => [
    k.xaLock((f) => f.ictx.objects, {
      do: (f) => {
        mustBeReserved(f.ictx, f.obj);
        xaStore(f.ictx.objects, f.obj.id, null);
      },
      label: 'xa_lock(&ictx->objects), xas_store(NULL)',
    }),
    k.xaUnlock((f) => f.ictx.objects),
    k.kfree((f) => f.obj),
  ],
);

/** iommufd_object_abort_and_destroy(): the same for an object that its destroy or abort has to tear down first. */
export const iommufdObjectAbortAndDestroy = procedure(
  'iommufd_object_abort_and_destroy',
  { source, params: { ictx: IommufdCtx, obj: ptr(ObjectWithOps) } },
  (k) => [
    k.callback(
      ObjectAbort,
      (f) => f.obj.abort,
      (f) => ({ obj: f.obj }),
      undefined,
      [
        k.callback(
          ObjectDestroy,
          (f) => f.obj.destroy,
          (f) => ({ obj: f.obj }),
        ),
      ],
    ),
    k.call(iommufdObjectAbort, (f) => ({ ictx: f.ictx, obj: f.obj })),
  ],
);
