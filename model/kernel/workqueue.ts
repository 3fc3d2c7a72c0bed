/**
 * Workqueues. An entry is one queued or running instance of a work item; workers are actors. An unbound queue
 * lets each worker take any item (several pools serve it), an ordered one runs items one at a time in order.
 * One item never runs twice at once.
 *
 * An item is embedded in an object by shape (`...workStruct`). Taking it reads that memory, so an item whose
 * object was freed while it was queued is found there. The function may free its own object.
 *
 * flush_workqueue() waits for every item queued before the call, running ones included: each entry keeps the set
 * of flushers that wait for it. A flush from inside an item of the same queue waits for itself.
 *
 * Limits: at most four entries at a time; no delayed work, no cancel.
 */
import {
  type Actor,
  type ActorSet,
  actor,
  actors,
  array,
  atomic,
  bool,
  callbackType,
  type FixedArray,
  modelError,
  nameOf,
  object,
  op,
  opaque,
  patch,
  procedure,
  type Statement,
  struct,
  type View,
} from '../../checker/lang/index.ts';
import { group, labelled, type Of, type Options } from './options.ts';

/** Entries a workqueue can hold, queued and running together. */
export const WORKQUEUE_ENTRIES = 4;

/** Why its steps touch several entries and the pending bit at once. */
const underPoolLock = 'under pool->lock, which is not modelled';

const workType = { work_pending: atomic(bool(), 'test_and_set_bit') };

/** The part that the kernel knows of an embedded work item, as the type of a parameter. */
export const Work = object('work_struct', workType);

/** The function of a work item. It gets the item; `containerOf` gives the object around it. */
export const WorkFunc = callbackType('work_func_t', { work: Work });

/** struct work_struct: spread into the shape of the object that embeds it. */
export const workStruct = { ...workType, work_func: op(WorkFunc) };

/** What a step sees of an embedded work item. */
export type WorkItem = View<typeof workStruct>;

interface Entry {
  work: WorkItem | null;
  worker: Actor | null;
  readonly flushers: ActorSet;
}

/** struct workqueue_struct: lives as long as the scenario. */
export const Workqueue = object(
  'workqueue_struct',
  {
    entries: atomic(
      array(struct('pool_work', { work: opaque<WorkItem>(), worker: actor(), flushers: actors() }), WORKQUEUE_ENTRIES),
      underPoolLock,
    ),
  },
  { permanent: true },
);
export type WorkqueueView = View<(typeof Workqueue)['shape']>;

const entriesOf = (wq: WorkqueueView) => wq.entries as FixedArray<Entry>;

/** queue_work(), for use inside a step: false when the item was already queued. */
export function enqueue(wq: WorkqueueView, work: WorkItem): boolean {
  if (work.work_pending) return false;
  work.work_pending = true;
  for (const entry of entriesOf(wq))
    if (entry.work === null && entry.worker === null) {
      entry.work = work;
      return true;
    }
  throw modelError(
    `${nameOf(wq)} holds at most ${WORKQUEUE_ENTRIES} items at a time`,
    undefined,
    'lower the bounds of the scenario',
  );
}

/** Queues the item unless it is queued already; an item that runs may be queued again. */
export function queueWork<F>(wq: Of<F, WorkqueueView>, work: Of<F, WorkItem>, options: Options = {}): Statement<F> {
  return {
    op: 'step',
    ...labelled('queue_work', work, options),
    indivisible: underPoolLock,
    act: (f, self) => {
      enqueue(wq(f, self), work(f, self));
    },
  };
}

/** Waits for everything that was queued before the call. */
export function flushWorkqueue<F>(wq: Of<F, WorkqueueView>, options: Options = {}): Statement<F> {
  const mark = labelled('flush_workqueue', wq, options, '');
  return group<F>(
    {
      op: 'step',
      ...mark,
      act: (f, self) => {
        for (const entry of entriesOf(wq(f, self)))
          if (entry.work !== null || entry.worker !== null) entry.flushers.add(self);
      },
      indivisible: underPoolLock,
      sleeps: true,
    },
    {
      op: 'block',
      ...mark,
      label: `wait in ${mark.label}`,
      derived: true,
      guard: (f, self) => awaited(wq(f, self), self).length === 0,
      indivisible: underPoolLock,
      waiting: {
        kind: 'flush',
        owners: (f, self) =>
          awaited(wq(f, self), self)
            .map((entry) => entry.worker)
            .filter((worker) => worker !== null),
        on: wq,
      },
      sleeps: true,
    },
  );
}

/** Entries a flusher still waits for. */
function awaited(wq: WorkqueueView, flusher: Actor): Entry[] {
  const result: Entry[] = [];
  for (const entry of entriesOf(wq)) if (entry.flushers.has(flusher)) result.push(entry);
  return result;
}

/** May this entry start? It is queued and no worker runs the same item. */
function mayStart(wq: WorkqueueView, index: number, ordered: boolean): boolean {
  const entries = entriesOf(wq);
  const entry = entries.at(index);
  if (entry.work === null || entry.worker !== null) return false;
  for (const other of entries) if (other.worker !== null && (ordered || other.work === entry.work)) return false;
  return true;
}

/** Takes an entry: the item is no longer pending from here on. */
function take(wq: WorkqueueView, index: number, self: Actor): WorkItem {
  const entry = entriesOf(wq).at(index);
  const work = entry.work as WorkItem;
  work.work_pending = false;
  entry.worker = self;
  return work;
}

/** Removes the entry this worker ran and closes the gap, so that entries stay in the order they were queued. */
function finish(wq: WorkqueueView, self: Actor): void {
  const entries = entriesOf(wq);
  let to = 0;
  for (let from = 0; from < entries.length; from++) {
    const entry = entries.at(from);
    if (entry.worker === self) continue;
    if (to !== from) move(entries.at(to), entry);
    to++;
  }
  for (; to < entries.length; to++) {
    const entry = entries.at(to);
    entry.work = null;
    entry.worker = null;
    entry.flushers.clear();
  }
}

function move(to: Entry, from: Entry): void {
  to.work = from.work;
  to.worker = from.worker;
  to.flushers.clear();
  for (const flusher of from.flushers) to.flushers.add(flusher);
}

const source = patch('spec 0.2 rule 4')('kernel/workqueue.c');
const indices = Array.from({ length: WORKQUEUE_ENTRIES }, (_, i) => i);

/** A worker of an unbound queue: takes any item that may start. An actor each. */
export const worker = procedure(
  'worker_thread',
  { source, params: { wq: Workqueue }, locals: { work: opaque<WorkItem>(), func: op(WorkFunc) } },
  (k) => [
    k.loop([
      k.choose(
        'take a work item',
        indices.map((i) => ({
          name: `entry ${i}`,
          when: (f) => mayStart(f.wq, i, false),
          act: (f, self) => {
            f.work = take(f.wq, i, self);
            f.func = f.work.work_func;
          },
        })),
        { idle: true, waiting: { kind: 'queue', on: (f) => f.wq }, indivisible: underPoolLock },
      ),
      k.callback(
        WorkFunc,
        (f) => f.func,
        (f) => ({ work: f.work as WorkItem }),
      ),
      k.step('work done', (f, self) => finish(f.wq, self), { indivisible: underPoolLock }),
    ]),
  ],
);

/** The worker of an ordered queue: takes the oldest item when nothing runs. */
export const orderedWorker = procedure(
  'ordered_worker_thread',
  { source, params: { wq: Workqueue }, locals: { work: opaque<WorkItem>(), func: op(WorkFunc) } },
  (k) => [
    k.loop([
      k.blockUntil('take the oldest work item', (f) => mayStart(f.wq, 0, true), {
        do: (f, self) => {
          f.work = take(f.wq, 0, self);
          f.func = f.work.work_func;
        },
        idle: true,
        waiting: { kind: 'queue', on: (f) => f.wq },
        indivisible: underPoolLock,
      }),
      k.callback(
        WorkFunc,
        (f) => f.func,
        (f) => ({ work: f.work as WorkItem }),
      ),
      k.step('work done', (f, self) => finish(f.wq, self), { indivisible: underPoolLock }),
    ]),
  ],
);
