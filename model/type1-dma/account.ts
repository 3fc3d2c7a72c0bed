/**
 * Accounting of pinned pages, and the address space that they are accounted to: who takes it, who drops it, and exec, by
 * which a task has another one.
 *
 * Source: Linux 6.1, vfio_iommu_type1.c, mm/util.c, kernel/fork.c, fs/exec.c.
 */
import {
  bool,
  ENOMEM,
  ESRCH,
  errno,
  inc,
  int,
  type KernelKit,
  nameOf,
  procedure,
  ptr,
  ref,
  type Statement,
  Violation,
} from '../kernel/index.ts';
import { AcctMm, MOST_PAGES, Task, VfioDma } from './objects.ts';
import { EXEC_C, MM_C, saveMm, TYPE1_C, v6_1 } from './sources.ts';
import { acctMm } from './switches.ts';

/** mmdrop(). */
export const acctMmdrop = procedure('mmdrop', { source: v6_1('kernel/fork.c'), params: { mm: ptr(AcctMm) } }, (k) => [
  k.refcountDecAndTest((f) => f.mm.mm_count, [k.kfree((f) => f.mm)]),
]);

/** mmput(): the last user gives up the reference that all users have on the struct. */
export const acctMmput = procedure('mmput', { source: v6_1('kernel/fork.c'), params: { mm: ptr(AcctMm) } }, (k) => [
  k.refcountDecAndTest((f) => f.mm.mm_users, [k.call(acctMmdrop, (f) => ({ mm: f.mm }))]),
]);

/** __account_locked_vm() and the lock around it: `pages` more, or less, for mm. */
export const accountLockedVm = procedure(
  '__account_locked_vm',
  {
    source: v6_1(MM_C),
    params: { mm: ptr(AcctMm), more: bool(), limit: int(0, MOST_PAGES) },
    locals: { ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.mutexLock((f) => f.mm.mmap_lock, { label: 'mmap_write_lock_killable(mm)' }),
    k.step('mm->locked_vm += pages, if the limit allows it, or -= pages', (f) => {
      const { mm } = f;
      if (f.more) {
        if (mm.locked_vm >= f.limit) f.ret = -ENOMEM;
        else mm.locked_vm++;
      } else if (mm.locked_vm === 0) {
        throw new Violation('refcount', `locked_vm of ${nameOf(mm)} underflows: the page was accounted to another`, [
          nameOf(mm),
        ]);
      } else mm.locked_vm--;
    }),
    k.mutexUnlock((f) => f.mm.mmap_lock, { label: 'mmap_write_unlock(mm)' }),
    k.return((f) => f.ret),
  ],
);

/** get_task_mm(): the address space that the task has now, with one more user. */
export const getTaskMm = procedure(
  'get_task_mm',
  { source: v6_1('kernel/fork.c'), params: { task: Task }, locals: { mm: ref(AcctMm) }, returns: ref(AcctMm) },
  (k) => [
    k.spinLock((f) => f.task.alloc_lock),
    k.step('mm = task->mm', (f) => {
      f.mm = f.task.mm;
    }),
    k.when((f) => f.mm !== null, [k.step('mmget(mm)', (f) => inc((f.mm as AcctMm).mm_users))]),
    k.spinUnlock((f) => f.task.alloc_lock),
    k.return((f) => f.mm),
  ],
);

interface Acct {
  dma: VfioDma;
  mm: AcctMm | null;
  ret: number;
}

/** The saved address space, as `dma->mm`. */
const savedMm = <F extends Acct>(k: KernelKit<F>): Statement<F> =>
  k.step(
    'mm = dma->mm',
    (f) => {
      f.mm = f.dma.mm;
    },
    { source: saveMm(TYPE1_C) },
  );

/** vfio_lock_acct(): `async` where the caller need not be the owner of the mapping. */
export const vfioLockAcct = procedure(
  'vfio_lock_acct',
  {
    source: v6_1(TYPE1_C),
    params: { dma: ptr(VfioDma), more: bool(), async: bool(), limit: int(0, MOST_PAGES) },
    locals: { mm: ref(AcctMm), task: ref(Task), ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.switch(acctMm, {
      'of the task': [
        k.step('task = dma->task', (f) => {
          f.task = f.dma.task;
        }),
        k.when(
          (f) => f.async,
          [
            k.call(
              getTaskMm,
              (f) => ({ task: f.task as Task }),
              (f, mm) => {
                f.mm = mm;
              },
            ),
            k.when((f) => f.mm === null, [k.return(-ESRCH)]),
          ],
          [
            k.step('mm = task->mm', (f) => {
              f.mm = (f.task as Task).mm;
            }),
          ],
        ),
      ],
      pointer: [
        savedMm(k),
        k.when((f) => f.async, [k.refcountIncNotZero((f) => (f.mm as AcctMm).mm_users, [], [k.return(-ESRCH)])]),
      ],
      saved: [
        savedMm(k),
        k.when((f) => f.async, [k.refcountIncNotZero((f) => (f.mm as AcctMm).mm_users, [], [k.return(-ESRCH)])]),
      ],
    }),
    k.call(
      accountLockedVm,
      (f) => ({ mm: f.mm as AcctMm, more: f.more, limit: f.limit }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when((f) => f.async, [k.call(acctMmput, (f) => ({ mm: f.mm as AcctMm }))]),
    k.return((f) => f.ret),
  ],
);

/** exec_mmap(): the task goes on with a new address space, in which nothing is accounted. */
export const execMmap = procedure(
  'exec_mmap',
  { source: v6_1(EXEC_C), params: { task: Task }, locals: { mm: ref(AcctMm), old_mm: ref(AcctMm) } },
  (k) => [
    k.kmalloc(AcctMm, (f, mm) => {
      f.mm = mm;
    }),
    k.spinLock((f) => f.task.alloc_lock),
    k.step('old_mm = tsk->mm; tsk->mm = mm', (f) => {
      f.old_mm = f.task.mm;
      f.task.mm = f.mm;
    }),
    k.spinUnlock((f) => f.task.alloc_lock),
    k.call(acctMmput, (f) => ({ mm: f.old_mm as AcctMm })),
  ],
);

/** exit_mm(). */
export const exitMm = procedure(
  'exit_mm',
  { source: v6_1('kernel/exit.c'), params: { task: Task }, locals: { mm: ref(AcctMm) } },
  (k) => [
    k.spinLock((f) => f.task.alloc_lock),
    k.step('mm = tsk->mm; tsk->mm = NULL', (f) => {
      f.mm = f.task.mm;
      f.task.mm = null;
    }),
    k.spinUnlock((f) => f.task.alloc_lock),
    k.call(acctMmput, (f) => ({ mm: f.mm as AcctMm })),
  ],
);
