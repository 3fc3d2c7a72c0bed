/**
 * The two ioctls: bind a process to the container, and unbind it.
 *
 * Both take a user reference of the mm before `iommu->lock` and give it back after: while they hold it the process
 * cannot begin to exit, so neither waits for an mm_exit under the lock nor runs one.
 *
 * Source: v2 13/40; spec (d) bind_process and unbind_process.
 * Limits: the arguments are well formed (checks of argsz and flags change nothing shared); a process is named by
 * pid, never as the caller itself.
 */
import { EFAULT, EINVAL, ENOMEM, ESRCH, errno, MmStruct, type MmView, procedure, ref } from '../kernel/index.ts';
import { vfioIommuBindGroup, vfioIommuUnbind } from './bind.ts';
import { cursor } from './cursor.ts';
import { BindParams, TaskStruct, VFIO_PASID_INVALID, VfioDomain, VfioGroup, VfioIommu, VfioMm } from './objects.ts';
import { TYPE1_C, v2_13 } from './sources.ts';
import { bindPut, unbindReference, unwindScope, vfioMmCount } from './switches.ts';
import { getMmByVpid } from './task.ts';

const source = v2_13(TYPE1_C);

export const bindProcess = procedure(
  'vfio_iommu_type1_bind_process',
  {
    source,
    params: { iommu: VfioIommu, task: TaskStruct, arg: BindParams },
    locals: {
      mm: ref(MmStruct),
      vfio_mm: ref(VfioMm),
      domain: ref(VfioDomain),
      group: ref(VfioGroup),
      ret: errno(),
    },
  },
  (k) => {
    const unlockAndPut = k.switch(bindPut, {
      'after-unlock': [k.mutexUnlock((f) => f.iommu.lock), k.mmput((f) => f.mm as MmView)],
      'under-lock': [k.mmput((f) => f.mm as MmView), k.mutexUnlock((f) => f.iommu.lock)],
    });
    const copyToUser = (label: string, onFault: Parameters<typeof k.attempt>[3]) =>
      k.attempt(
        'copy_to_user',
        label,
        (f) => {
          f.arg.pasid = (f.vfio_mm as VfioMm).pasid;
          f.arg.granted = f.mm;
        },
        onFault,
      );
    const fault = k.local((f) => {
      f.ret = -EFAULT;
    });
    const granted = k.step('PASID belongs to the mm until here', (f) => {
      f.arg.granted = null;
    });
    return [
      k.call(
        getMmByVpid,
        (f) => ({ task: f.task }),
        (f, mm) => {
          f.mm = mm;
        },
      ),
      k.when((f) => f.mm === null, [k.return(-ESRCH)]),

      k.mutexLock((f) => f.iommu.lock),
      k.test(
        'IS_IOMMU_CAP_DOMAIN_IN_CONTAINER(iommu)',
        (f) => f.iommu.domain_list.first !== null,
        [],
        [
          k.local((f) => {
            f.ret = -EINVAL;
          }),
          k.goto('out_unlock'),
        ],
      ),
      k.step('find the vfio_mm of mm', (f) => {
        f.vfio_mm = f.iommu.mm_list.find((vfio_mm) => vfio_mm.mm === f.mm);
      }),
      k.when(
        (f) => f.vfio_mm !== null,
        [copyToUser('copy_to_user(arg, &params): known already', [fault]), k.goto('out_unlock')],
      ),

      k.kmalloc(
        VfioMm,
        (f, vfio_mm) => {
          vfio_mm.mm = f.mm as MmView;
          vfio_mm.pasid = VFIO_PASID_INVALID;
          f.vfio_mm = vfio_mm;
        },
        {
          orElse: [
            k.local((f) => {
              f.ret = -ENOMEM;
            }),
            k.goto('out_unlock'),
          ],
        },
      ),
      k.switch(vfioMmCount, { none: [], held: [k.mmgrab((f) => f.mm as MmView)] }),

      k.listForEachEntry((f) => f.iommu.domain_list, cursor('domain'), [
        k.listForEachEntry((f) => (f.domain as VfioDomain).group_list, cursor('group'), [
          k.call(
            vfioIommuBindGroup,
            (f) => ({ iommu: f.iommu, group: f.group as VfioGroup, vfio_mm: f.vfio_mm as VfioMm }),
            (f, ret) => {
              f.ret = ret;
            },
          ),
          k.when((f) => f.ret !== 0, [k.goto('out_unbind')]),
        ]),
      ]),
      k.step('list_add(&vfio_mm->next, &iommu->mm_list)', (f) => f.iommu.mm_list.addFirst(f.vfio_mm as VfioMm)),
      copyToUser('copy_to_user(arg, &params)', [fault, k.goto('out_delete')]),
      k.goto('out_unlock'),

      k.label('out_delete'),
      k.step('list_del(&vfio_mm->next)', (f) => f.iommu.mm_list.remove(f.vfio_mm as VfioMm)),

      k.label('out_unbind'),
      k.switch(unwindScope, {
        all: [k.call(vfioIommuUnbind, (f) => ({ iommu: f.iommu, vfio_mm: f.vfio_mm as VfioMm, until: null }))],
        own: [k.call(vfioIommuUnbind, (f) => ({ iommu: f.iommu, vfio_mm: f.vfio_mm as VfioMm, until: f.group }))],
      }),
      k.switch(vfioMmCount, { none: [], held: [k.mmdrop((f) => f.mm as MmView)] }),
      k.kfree((f) => f.vfio_mm),

      k.label('out_unlock'),
      k.when((f) => f.ret === 0, [granted]),
      unlockAndPut,
      k.return((f) => f.ret),
    ];
  },
);

export const unbindProcess = procedure(
  'vfio_iommu_type1_unbind_process',
  {
    source,
    params: { iommu: VfioIommu, task: TaskStruct },
    locals: { mm: ref(MmStruct), vfio_mm: ref(VfioMm) },
  },
  (k) => [
    k.switch(unbindReference, {
      users: [
        k.call(
          getMmByVpid,
          (f) => ({ task: f.task }),
          (f, mm) => {
            f.mm = mm;
          },
        ),
      ],
      none: [
        k.step('mm = task->mm', (f) => {
          f.mm = f.task.mm;
        }),
      ],
    }),
    k.when((f) => f.mm === null, [k.return(-ESRCH)]),

    k.mutexLock((f) => f.iommu.lock),
    k.step('find the vfio_mm of mm', (f) => {
      f.vfio_mm = f.iommu.mm_list.find((vfio_mm) => vfio_mm.mm === f.mm);
    }),
    k.when(
      (f) => f.vfio_mm !== null,
      [
        k.call(vfioIommuUnbind, (f) => ({ iommu: f.iommu, vfio_mm: f.vfio_mm as VfioMm, until: null })),
        k.step('list_del(&vfio_mm->next)', (f) => f.iommu.mm_list.remove(f.vfio_mm as VfioMm)),
        k.switch(vfioMmCount, { none: [], held: [k.mmdrop((f) => f.mm as MmView)] }),
        k.kfree((f) => f.vfio_mm),
      ],
    ),
    k.mutexUnlock((f) => f.iommu.lock),
    k.switch(unbindReference, { users: [k.mmput((f) => f.mm as MmView)], none: [] }),
    k.return((f) => (f.vfio_mm === null ? -ESRCH : 0)),
  ],
);
