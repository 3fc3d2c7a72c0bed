/**
 * Processes, as far as VFIO sees them: a pid leads to a task, a task to an address space until it begins to exit.
 *
 * Source: v2 13/40 (mm_access through a pid); spec 0.2 rule 6 (the address space goes before the files).
 * Limits: the ptrace check always succeeds; find_get_task_by_vpid() always finds the task, which outlives its mm.
 */
import {
  constant,
  inc,
  MmStruct,
  MmStructReused,
  type MmView,
  type Pool,
  patch,
  procedure,
  ref,
  type Srcu,
  type ViewOf,
} from '../kernel/index.ts';
import { TaskStruct } from './objects.ts';
import { TYPE1_C, v2_13 } from './sources.ts';

interface SrcuView extends ViewOf<typeof Srcu> {}

/** vfio_iommu_get_mm_by_vpid(): the mm of a task with one more user, or NULL (-ESRCH in C) once it exits. */
export const getMmByVpid = procedure(
  'vfio_iommu_get_mm_by_vpid',
  {
    source: v2_13(TYPE1_C),
    params: { task: TaskStruct },
    locals: { mm: ref(MmStruct) },
    returns: ref(MmStruct),
  },
  (k) => [
    k.step(
      'mm = mm_access(task)',
      (f) => {
        f.mm = f.task.mm;
        if (f.mm !== null) inc(f.mm.mm_users);
      },
      { indivisible: 'under task_lock, which exit_mm() takes to clear the pointer' },
    ),
    k.return((f) => f.mm),
  ],
);

/** exit_mm(): what the last thread of a process does first, before its files are closed. */
export const exitMm = procedure(
  'exit_mm',
  {
    source: patch('spec 0.2 rule 6')('kernel/exit.c'),
    params: { task: TaskStruct },
    locals: { mm: ref(MmStruct) },
  },
  (k) => [
    k.step('task->mm = NULL', (f) => {
      f.mm = f.task.mm;
      f.task.mm = null;
    }),
    k.mmput((f) => f.mm as MmView),
  ],
);

/**
 * A new process whose mm_struct lies where that of a dead one was. It waits until such memory is free, for ever if
 * need be: a fork that gets fresh memory is of no interest.
 */
export const forkAtOldAddress = procedure(
  'dup_mm',
  {
    source: patch('spec 0.2 rule 5')('kernel/fork.c'),
    params: { task: TaskStruct, mms: constant<Pool<MmView>>(), most: constant<number>(), srcu: constant<SrcuView>() },
  },
  (k) => [
    k.blockUntil('an mm_struct has been freed', (f) => [...f.mms].length < f.most, { idle: true }),
    k.kmalloc(MmStructReused, (f, mm) => {
      mm.srcu = f.srcu;
      f.task.mm = mm;
    }),
    k.return(0),
  ],
);
