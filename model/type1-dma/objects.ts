/**
 * A container of type1 with its mappings, the tasks that use it, and their address spaces as far as pinned pages are
 * accounted to them.
 *
 * Source: Linux 6.1, vfio_iommu_type1.c. Limits: a mapping has one page; the address space has no notifiers here.
 */
import {
  bool,
  int,
  list,
  mutex,
  object,
  racy,
  ref,
  refcount,
  spinlock,
  type ViewOf,
  waitQueueHead,
} from '../kernel/index.ts';
import { EXEC_C, TYPE1_C, v6_1 } from './sources.ts';

export const MOST_PAGES = 3;
export const iova = () => int(0, MOST_PAGES);

/** struct mm_struct. */
export const AcctMm = object(
  'mm_struct',
  { mm_users: refcount(1), mm_count: refcount(1), mmap_lock: mutex(), locked_vm: int(0, MOST_PAGES) },
  { source: v6_1(EXEC_C) },
);
export interface AcctMm extends ViewOf<typeof AcctMm> {}

/** struct task_struct: alloc_lock covers the pointer to its address space. */
export const Task = object(
  'task_struct',
  { alloc_lock: spinlock(), mm: ref(AcctMm) },
  { permanent: true, source: v6_1(EXEC_C) },
);
export interface Task extends ViewOf<typeof Task> {}

/** A process on its way through exec. Ghost: how often it has come back. */
export const ExecUser = object(
  'user',
  { back: racy(int(0, 3), 'a ghost, no field of the kernel') },
  { permanent: true, source: v6_1(EXEC_C) },
);
export interface ExecUser extends ViewOf<typeof ExecUser> {}

/** struct vfio_dma. */
export const VfioDma = object(
  'vfio_dma',
  {
    iova: iova(),
    task: ref(Task),
    mm: ref(AcctMm),
    vaddr_invalid: bool(),
    /** Ghost: its page is accounted. */
    accounted: bool(),
  },
  { source: v6_1(TYPE1_C) },
);
export interface VfioDma extends ViewOf<typeof VfioDma> {}

/** struct vfio_iommu, with the count of open files of its container. */
export const Type1 = object(
  'vfio_iommu',
  {
    lock: mutex(),
    dma_list: list(VfioDma, MOST_PAGES),
    users: refcount(1),
    container_open: bool(true),
    /** Mappings whose address is invalid. */
    vaddr_invalid_count: int(0, MOST_PAGES),
    vaddr_wait: waitQueueHead(),
    /** Groups of mediated devices. */
    emulated_iommu_groups: int(0, 2),
  },
  { permanent: true, source: v6_1(TYPE1_C) },
);
export interface Type1 extends ViewOf<typeof Type1> {}
