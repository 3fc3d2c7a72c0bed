/** The end of an object that nobody can find and nobody has: the destroy of its type, and its memory. */
import { nameOf, procedure, ptr, Violation } from '../kernel/index.ts';
import { ObjectDestroy, ObjectWithOps } from './objects.ts';
import { MAIN_C, specH } from './sources.ts';
import { holders } from './switches.ts';

export const destroyAndFree = procedure(
  'iommufd_object_ops[obj->type].destroy, kfree',
  { source: specH(MAIN_C), params: { obj: ptr(ObjectWithOps) } },
  (k) => [
    k.step('obj->users and obj->wait_cnt are zero', (f) => {
      if (f.obj.ending) throw new Violation('protocol', `${nameOf(f.obj)} is destroyed twice`, [nameOf(f.obj)]);
      f.obj.ending = true;
    }),
    k.callback(
      ObjectDestroy,
      (f) => f.obj.destroy,
      (f) => ({ obj: f.obj }),
    ),
    k.switch(holders, {
      semaphore: [
        k.free((f) => f.obj, {
          label: 'kfree(obj)',
          // Without lockdep nobody notices here that a lock which somebody holds is freed; its release will.
          do: (f) => f.obj.destroy_rwsem.readers.clear(),
        }),
      ],
      count: [k.kfree((f) => f.obj)],
    }),
  ],
);
