/**
 * Everything a model of kernel code imports: the modelling language, with `procedure` over the kernel vocabulary,
 * and the kernel's primitives.
 */
export * from '../../checker/lang/index.ts';
export { type Completion, completion } from './completion.ts';
export * from './errno.ts';
export { idr, idrFind, idrInsert } from './idr.ts';
export { type KernelKit, kernelKit } from './kit.ts';
export type { Cursor } from './list.ts';
export type { AllocOptions } from './memory.ts';
export {
  AsyncPuts,
  asyncPutWorker,
  MmStruct,
  MmStructReused,
  MmuNotifier,
  type MmuNotifierItem,
  MmuRelease,
  type MmView,
  makeMm,
  mmputProcedure,
  mmuNotifier,
  mmuNotifierRelease,
  mmuNotifierUnregister,
  tearDownMm,
  unlinkNotifier,
} from './mm.ts';
export { type Mutex, mutex, release } from './mutex.ts';
export { type Options, orNothing } from './options.ts';
export { containerOf, listOf, pointerTo, ptr } from './pointer.ts';
export { procedure } from './procedure.ts';
export { dec, decAndTest, decIfOne, inc, incNotZero, type Refcount, refcount } from './refcount.ts';
export { type Rwsem, rwsem } from './rwsem.ts';
export { type Spinlock, spinlock } from './spinlock.ts';
export { callLater, Rcu, RcuCallback, type RcuHead, rcuHead, Srcu, srcuCallbacks } from './srcu.ts';
export {
  bufferedLoad,
  bufferedStore,
  type Cpu,
  type Location,
  StoreBuffer,
  storeBuffer,
} from './store-buffer.ts';
export { type WaitQueueHead, waitQueueHead, wake } from './wait.ts';
export {
  enqueue,
  orderedWorker,
  WORKQUEUE_ENTRIES,
  Work,
  WorkFunc,
  type WorkItem,
  Workqueue,
  worker,
  workStruct,
} from './workqueue.ts';
export {
  XA_MARK_0,
  XA_MARK_1,
  XA_MARK_2,
  type Xarray,
  type XaSlot,
  type XaSlotState,
  xaClearMark,
  xaEmpty,
  xaFind,
  xaGetMark,
  xaLoad,
  xaReserveLowest,
  xarray,
  xaSetMark,
  xaState,
  xaStore,
} from './xarray.ts';
