/**
 * The kernel vocabulary: the base statements of a procedure body and one statement for each kernel primitive. A
 * body that is written in it reads like the C function beside it.
 */
import {
  type Actor,
  type FixedArray,
  type Kit,
  kit,
  type List,
  type ObjectType,
  type Reads,
  type Shape,
  type Statement,
  type View,
} from '../../checker/lang/index.ts';
import { complete, completeAll, reinitCompletion, waitForCompletion } from './completion.ts';
import { type IdrRange, idrAlloc, idrRemove } from './idr.ts';
import { type Cursor, listForEachEntry, listForEachEntrySafe } from './list.ts';
import { type AllocOptions, kfree, kmalloc } from './memory.ts';
import {
  mmdrop,
  mmget,
  mmgetNotZero,
  mmgrab,
  mmput,
  mmputAsync,
  mmuNotifierRegister,
  mmuNotifierUnregisterNoRelease,
} from './mm.ts';
import { mutexLock, mutexTrylock, mutexUnlock } from './mutex.ts';
import type { Options } from './options.ts';
import {
  refcountDec,
  refcountDecAndTest,
  refcountDecIfOne,
  refcountInc,
  refcountIncNotZero,
  refcountSet,
} from './refcount.ts';
import { downRead, downReadTrylock, downWrite, upRead, upWrite } from './rwsem.ts';
import { spinLock, spinUnlock } from './spinlock.ts';
import { callSrcu, srcuReadLock, srcuReadUnlock, synchronizeSrcu } from './srcu.ts';
import { loadOnce, smpMb, storeOnce } from './store-buffer.ts';
import { sendSignal, waitEvent, waitEventLock, waitEventTimeout, wakeUpAll } from './wait.ts';
import { flushWorkqueue, queueWork } from './workqueue.ts';
import { type XaLockOptions, type Xarray, xaAlloc, xaLock, xaUnlock } from './xarray.ts';

/** Signatures and semantics are those of the functions of the same name, each in the file of its primitive. */
export interface KernelKit<F> extends Kit<F> {
  // Locks
  readonly mutexLock: typeof mutexLock<F>;
  readonly mutexTrylock: typeof mutexTrylock<F>;
  readonly mutexUnlock: typeof mutexUnlock<F>;
  readonly spinLock: typeof spinLock<F>;
  readonly spinUnlock: typeof spinUnlock<F>;
  readonly downRead: typeof downRead<F>;
  readonly downReadTrylock: typeof downReadTrylock<F>;
  readonly upRead: typeof upRead<F>;
  readonly downWrite: typeof downWrite<F>;
  readonly upWrite: typeof upWrite<F>;
  // Reference counts
  readonly refcountSet: typeof refcountSet<F>;
  readonly refcountInc: typeof refcountInc<F>;
  readonly refcountIncNotZero: typeof refcountIncNotZero<F>;
  readonly refcountDec: typeof refcountDec<F>;
  readonly refcountDecAndTest: typeof refcountDecAndTest<F>;
  readonly refcountDecIfOne: typeof refcountDecIfOne<F>;
  // Memory
  kmalloc<S extends Shape>(
    type: ObjectType<S>,
    init: (f: F, fresh: View<S>, self: Actor) => void,
    options?: AllocOptions<F>,
  ): Statement<F>;
  readonly kfree: typeof kfree<F>;
  // Lists
  listForEachEntry<T>(
    list: Reads<F, List<T>>,
    cursor: Cursor<F, T>,
    body: readonly Statement<F>[],
    options?: Options,
  ): Statement<F>;
  listForEachEntrySafe<T>(
    list: Reads<F, List<T>>,
    cursor: Cursor<F, T>,
    saved: Cursor<F, T>,
    body: readonly Statement<F>[],
    options?: Options,
  ): Statement<F>;
  // Waiting and waking
  readonly waitEvent: typeof waitEvent<F>;
  readonly waitEventTimeout: typeof waitEventTimeout<F>;
  readonly waitEventLock: typeof waitEventLock<F>;
  readonly wakeUpAll: typeof wakeUpAll<F>;
  readonly sendSignal: typeof sendSignal<F>;
  readonly waitForCompletion: typeof waitForCompletion<F>;
  readonly complete: typeof complete<F>;
  readonly completeAll: typeof completeAll<F>;
  readonly reinitCompletion: typeof reinitCompletion<F>;
  // Workqueues
  readonly queueWork: typeof queueWork<F>;
  readonly flushWorkqueue: typeof flushWorkqueue<F>;
  // SRCU
  readonly srcuReadLock: typeof srcuReadLock<F>;
  readonly srcuReadUnlock: typeof srcuReadUnlock<F>;
  readonly synchronizeSrcu: typeof synchronizeSrcu<F>;
  readonly callSrcu: typeof callSrcu<F>;
  // Address spaces
  readonly mmget: typeof mmget<F>;
  readonly mmgetNotZero: typeof mmgetNotZero<F>;
  readonly mmgrab: typeof mmgrab<F>;
  readonly mmdrop: typeof mmdrop<F>;
  readonly mmput: typeof mmput<F>;
  readonly mmputAsync: typeof mmputAsync<F>;
  readonly mmuNotifierRegister: typeof mmuNotifierRegister<F>;
  readonly mmuNotifierUnregisterNoRelease: typeof mmuNotifierUnregisterNoRelease<F>;
  // Memory under total store order
  readonly storeOnce: typeof storeOnce<F>;
  readonly loadOnce: typeof loadOnce<F>;
  readonly smpMb: typeof smpMb<F>;
  // Numbers
  idrAlloc<T>(
    slots: Reads<F, FixedArray<T | null>>,
    value: Reads<F, T>,
    assign: (f: F, id: number) => void,
    options?: Options & IdrRange<F>,
  ): Statement<F>;
  idrRemove<T>(slots: Reads<F, FixedArray<T | null>>, id: Reads<F, number>, options?: Options): Statement<F>;
  xaLock<T>(xa: Reads<F, Xarray<T>>, options?: XaLockOptions<F>): Statement<F>;
  xaUnlock<T>(xa: Reads<F, Xarray<T>>, options?: Options): Statement<F>;
  xaAlloc<T>(xa: Reads<F, Xarray<T>>, assign: (f: F, id: number) => void, options?: Options): Statement<F>;
}

/** The one instance; it keeps no state. */
export const kernelKit: KernelKit<any> = {
  ...kit,
  mutexLock,
  mutexTrylock,
  mutexUnlock,
  spinLock,
  spinUnlock,
  downRead,
  downReadTrylock,
  upRead,
  downWrite,
  upWrite,
  refcountSet,
  refcountInc,
  refcountIncNotZero,
  refcountDec,
  refcountDecAndTest,
  refcountDecIfOne,
  kmalloc,
  kfree,
  listForEachEntry,
  listForEachEntrySafe,
  waitEvent,
  waitEventTimeout,
  waitEventLock,
  wakeUpAll,
  sendSignal,
  waitForCompletion,
  complete,
  completeAll,
  reinitCompletion,
  queueWork,
  flushWorkqueue,
  srcuReadLock,
  srcuReadUnlock,
  synchronizeSrcu,
  callSrcu,
  mmget,
  mmgetNotZero,
  mmgrab,
  mmdrop,
  mmput,
  mmputAsync,
  mmuNotifierRegister,
  mmuNotifierUnregisterNoRelease,
  storeOnce,
  loadOnce,
  smpMb,
  idrAlloc,
  idrRemove,
  xaLock,
  xaUnlock,
  xaAlloc,
};
