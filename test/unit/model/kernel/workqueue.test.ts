/** Workqueues: what runs, how often, beside what, and what a flush waits for. */
import { describe, expect, test } from 'vitest';
import {
  type Bounds,
  containerOf,
  int,
  object,
  orderedWorker,
  procedure,
  ptr,
  type Setup,
  Work,
  WorkFunc,
  Workqueue,
  worker,
  workStruct,
} from '../../../../model/kernel/index.ts';
import { source } from '../../../support/tiny.ts';
import { verdictOf } from './verdict.ts';

const Item = object('item', { ran: int(0, 4), running: int(0, 4), wq: ptr(Workqueue), ...workStruct });
const Log = object('log', { flushed: int(0, 4), first: int(0, 4), last: int(0, 4) }, { permanent: true });

const itemFunc = procedure('item_func', { source, params: { work: Work }, locals: { item: ptr(Item) } }, (k) => [
  k.local((f) => {
    f.item = containerOf(f.work, Item);
  }),
  k.step('start', (f) => {
    f.item.running++;
  }),
  k.step('end', (f) => {
    f.item.running--;
    f.item.ran++;
  }),
]);

const flushFromInside = procedure(
  'flush_from_inside',
  { source, params: { work: Work }, locals: { item: ptr(Item), wq: ptr(Workqueue) } },
  (k) => [
    k.local((f) => {
      f.item = containerOf(f.work, Item);
    }),
    k.step('wq = item->wq', (f) => {
      f.wq = f.item.wq;
    }),
    k.flushWorkqueue((f) => f.wq),
  ],
);

const freeSelf = procedure('free_self', { source, params: { work: Work } }, (k) => [k.kfree((f) => f.work)]);

const queue = procedure('queue', { source, params: { wq: Workqueue, item: Item } }, (k) => [
  k.queueWork(
    (f) => f.wq,
    (f) => f.item,
  ),
]);

const assertion = (message: string) => ({ kind: 'assertion' as const, message, objects: [], actors: [] });

function parts(s: Setup<Bounds>, items: number, workers: number, func = itemFunc) {
  s.implementations(WorkFunc, [itemFunc, flushFromInside, freeSelf]);
  const wq = s.object(Workqueue, 'wq');
  const all = s.objects(Item, 'item', items, () => ({ work_func: func, wq }));
  for (let i = 0; i < workers; i++) s.actor(`worker${i}`, worker, { wq });
  return { wq, items: all };
}

describe('queue_work', () => {
  test('runs each item once, and two workers run two items at once', async () => {
    const verdict = await verdictOf((s) => {
      const { wq, items } = parts(s, 2, 2);
      items.forEach((item, i) => {
        s.actor(`q${i}`, queue, { wq, item });
      });
      s.property({
        kind: 'at-end',
        name: 'each ran',
        about: 'once',
        check: () => (items.every((item) => item.ran === 1) ? null : assertion('not once')),
      });
      s.property({
        kind: 'sometimes',
        name: 'both run',
        about: 'at once',
        reached: () => items.every((item) => item.running === 1),
      });
    });
    expect(verdict).toBe('holds');
  });

  test('an item queued while it is queued runs once; queued while it runs, again, and never beside itself', async () => {
    const verdict = await verdictOf((s) => {
      const { wq, items } = parts(s, 1, 2);
      const item = items[0] as NonNullable<(typeof items)[0]>;
      s.actor('q0', queue, { wq, item });
      s.actor('q1', queue, { wq, item });
      s.property(
        { kind: 'sometimes', name: 'twice', about: 'ran twice', reached: () => item.ran === 2 },
        {
          kind: 'sometimes',
          name: 'running and queued',
          about: 'at once',
          reached: () => item.running === 1 && item.work_pending,
        },
        {
          kind: 'always',
          name: 'alone',
          about: 'never beside itself',
          check: () => (item.running > 1 ? assertion('beside itself') : null),
        },
        {
          kind: 'at-end',
          name: 'ran',
          about: 'at least once',
          check: () => (item.ran >= 1 ? null : assertion('never ran')),
        },
      );
    });
    expect(verdict).toBe('holds');
  });

  test('workers take items in any order, an ordered queue in the order of queueing and one at a time', async () => {
    const queueBoth = procedure('queue_both', { source, params: { wq: Workqueue, a: Item, b: Item } }, (k) => [
      k.queueWork(
        (f) => f.wq,
        (f) => f.a,
      ),
      k.queueWork(
        (f) => f.wq,
        (f) => f.b,
      ),
    ]);
    const run = (ordered: boolean) =>
      verdictOf((s) => {
        s.implementations(WorkFunc, [itemFunc]);
        const wq = s.object(Workqueue, 'wq');
        const a = s.object(Item, 'a', { work_func: itemFunc });
        const b = s.object(Item, 'b', { work_func: itemFunc });
        s.actor('queuer', queueBoth, { wq, a, b });
        s.actor('worker', ordered ? orderedWorker : worker, { wq });
        s.property({
          kind: 'always',
          name: 'in order',
          about: 'a before b',
          check: () => (b.running + b.ran > 0 && a.ran === 0 ? assertion('b first') : null),
        });
      });
    expect(await run(true)).toBe('holds');
    expect(await run(false)).toBe('assertion');
  });
});

describe('flush_workqueue', () => {
  const queueFlush = procedure('queue_and_flush', { source, params: { wq: Workqueue, item: Item, log: Log } }, (k) => [
    k.queueWork(
      (f) => f.wq,
      (f) => f.item,
    ),
    k.flushWorkqueue((f) => f.wq),
    k.step('flushed', (f) => {
      f.log.flushed = 1;
    }),
  ]);

  test('returns when everything queued before has run', async () => {
    const verdict = await verdictOf((s) => {
      const { wq, items } = parts(s, 1, 2);
      const item = items[0] as NonNullable<(typeof items)[0]>;
      const log = s.object(Log, 'log');
      s.actor('flusher', queueFlush, { wq, item, log });
      s.property({
        kind: 'always',
        name: 'after',
        about: 'the item',
        check: () => (log.flushed === 1 && item.ran === 0 ? assertion('too early') : null),
      });
      s.property({ kind: 'sometimes', name: 'flushed', about: 'returned', reached: () => log.flushed === 1 });
    });
    expect(verdict).toBe('holds');
  });

  test('does not wait for what is queued after it', async () => {
    const verdict = await verdictOf((s) => {
      const { wq, items } = parts(s, 2, 1);
      const [item, later] = items as [(typeof items)[0], (typeof items)[0]];
      if (item === undefined || later === undefined) throw new Error('two items');
      const log = s.object(Log, 'log');
      s.actor('flusher', queueFlush, { wq, item, log });
      s.actor('q', queue, { wq, item: later });
      s.property({
        kind: 'sometimes',
        name: 'returned first',
        about: 'with the later item still queued',
        reached: () => log.flushed === 1 && later.work_pending,
      });
    });
    expect(verdict).toBe('holds');
  });

  test('from inside an item of the same queue waits for itself', async () => {
    const verdict = await verdictOf((s) => {
      const { wq, items } = parts(s, 1, 2, flushFromInside);
      const item = items[0] as NonNullable<(typeof items)[0]>;
      s.actor('q', queue, { wq, item });
    });
    expect(verdict).toBe('deadlock: self (flush from inside)');
  });
});

describe('memory of an item', () => {
  const make = procedure('make', { source, params: { wq: Workqueue }, locals: { item: ptr(Item) } }, (k) => [
    k.kmalloc(Item, (f, item) => {
      item.work_func = freeSelf;
      f.item = item;
    }),
    k.queueWork(
      (f) => f.wq,
      (f) => f.item,
    ),
  ]);

  test('may be freed by its own function', async () => {
    const verdict = await verdictOf((s) => {
      const { wq } = parts(s, 1, 1);
      s.pool(Item, 1);
      s.actor('maker', make, { wq });
    });
    expect(verdict).toBe('holds');
  });

  test('may not be freed while it is queued', async () => {
    const queueFree = procedure('queue_and_free', { source, params: { wq: Workqueue, item: Item } }, (k) => [
      k.queueWork(
        (f) => f.wq,
        (f) => f.item,
      ),
      k.kfree((f) => f.item),
    ]);
    const verdict = await verdictOf((s) => {
      const { wq, items } = parts(s, 1, 1);
      s.actor('a', queueFree, { wq, item: items[0] as NonNullable<(typeof items)[0]> });
    });
    expect(verdict).toBe('use-after-free');
  });
});
