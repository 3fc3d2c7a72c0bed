/** Mutants of toy models whose answer is known: each protection that matters is noticed, each that does not is told apart. */
import { describe, expect, test } from 'vitest';
import { atEnd, type Scenario, set, switchOf, violated } from '../../../../checker/lang/index.ts';
import { type SensitivityRow, sensitivity } from '../../../../checker/sensitivity/sensitivity.ts';
import {
  bool,
  containerOf,
  int,
  mutex,
  object,
  procedure,
  ptr,
  refcount,
  spinlock,
  Work,
  WorkFunc,
  Workqueue,
  waitQueueHead,
  worker,
  workStruct,
} from '../../../../model/kernel/index.ts';
import { rejectionOf, source, tiny } from '../../../support/tiny.ts';

const rowOf = (rows: readonly SensitivityRow[], procedure: string, kind: string) =>
  rows.find((row) => row.procedure === procedure && row.kind === kind) as SensitivityRow;

async function rowsOf(scenario: Scenario, options = {}): Promise<Map<string, SensitivityRow>> {
  const table = await sensitivity(scenario, options);
  expect(table.complete).toBe(true);
  return new Map(table.rows.map((row) => [`${row.kind} ${row.change}: ${row.labels[0]}`, row]));
}
const resultOf = (rows: ReadonlyMap<string, SensitivityRow>, name: string) => {
  const row = rows.get(name);
  return row === undefined ? `no row ${name}` : `${row.result} ${row.because ?? row.violation ?? ''}`.trim();
};

describe('locks', () => {
  const Counter = object('counter', { lock: mutex(), outer: mutex(), own: mutex(), n: int(0, 9) }, { permanent: true });
  /** Adds one in two steps; `outer` does nothing that `lock` does not, and `own` is taken by one task only. */
  const add = procedure('add', { source, params: { c: Counter, alone: bool() }, locals: { seen: int(0, 9) } }, (k) => [
    k.when((f) => f.alone, [k.mutexLock((f) => f.c.own), k.mutexUnlock((f) => f.c.own)]),
    k.mutexLock((f) => f.c.outer),
    k.step('outer', () => {}),
    k.mutexUnlock((f) => f.c.outer),
    k.mutexLock((f) => f.c.lock),
    k.step('read', (f) => {
      f.seen = f.c.n;
    }),
    k.step('write', (f) => {
      f.c.n = f.seen + 1;
    }),
    k.mutexUnlock((f) => f.c.lock),
  ]);
  const adders = tiny((s) => {
    const c = s.object(Counter, 'c');
    s.task('a', [{ procedure: add as never, args: { c, alone: true } }]);
    s.task('b', [{ procedure: add as never, args: { c, alone: false } }]);
    s.property(
      atEnd('sum', 'nothing is lost', () => (c.n === 2 ? null : violated('assertion', 'an addition is lost'))),
    );
  });

  test('a lock that is needed is noticed, with the property and the shortest schedule', async () => {
    const rows = await rowsOf(adders);
    const row = rows.get('lock left out: mutex_lock(&c->lock)') as SensitivityRow;
    expect(row).toMatchObject({ result: 'noticed', property: 'sum', violation: 'assertion', procedure: 'add' });
    expect(row.labels).toEqual(['mutex_lock(&c->lock)', 'mutex_unlock(&c->lock)']);
    expect(row.length).toBeGreaterThan(5);
  });

  test('taken too late or given up too early it is noticed too', async () => {
    const rows = await rowsOf(adders);
    expect(resultOf(rows, 'lock later: mutex_lock(&c->lock)')).toBe('noticed assertion');
    expect(resultOf(rows, 'lock earlier: mutex_unlock(&c->lock)')).toBe('noticed assertion');
  });

  test('one that others compete for in vain is redundant, and one that nobody competes for is blind', async () => {
    const rows = await rowsOf(adders);
    expect(resultOf(rows, 'lock left out: mutex_lock(&c->outer)')).toBe('redundant');
    expect(resultOf(rows, 'lock left out: mutex_lock(&c->own)')).toBe('blind never contended');
  });

  test('a second run gives the same table: nothing of the model was changed', async () => {
    await rowsOf(adders);
    const again = await sensitivity(adders);
    expect(await sensitivity(adders)).toEqual(again);
  });
});

describe('waits and wake-ups', () => {
  const Box = object(
    'box',
    { lock: spinlock(), wq: waitQueueHead(), ready: bool(), data: int(0, 1), spare: waitQueueHead() },
    { permanent: true },
  );
  const reader = procedure('reader', { source, params: { box: Box }, locals: { seen: int(0, 1) } }, (k) => [
    k.spinLock((f) => f.box.lock),
    k.waitEventLock(
      (f) => f.box.wq,
      (f) => f.box.ready,
      (f) => f.box.lock,
    ),
    k.step('read', (f) => {
      f.seen = f.box.data;
    }),
    k.spinUnlock((f) => f.box.lock),
    k.test(
      'data is there',
      (f) => f.seen === 1 && f.box.data === 1,
      [],
      [k.step('lost', () => undefined), k.call(hang, (f) => ({ box: f.box }))],
    ),
  ]);
  /** Waits for what never comes. */
  const hang = procedure('hang', { source, params: { box: Box } }, (k) => [
    k.blockUntil('for ever', (f) => f.box.data > 1),
  ]);
  const writer = procedure('writer', { source, params: { box: Box } }, (k) => [
    k.spinLock((f) => f.box.lock),
    k.step('write', (f) => {
      f.box.data = 1;
    }),
    k.step('ready', (f) => {
      f.box.ready = true;
    }),
    k.wakeUpAll((f) => f.box.wq),
    k.spinUnlock((f) => f.box.lock),
    k.wakeUpAll((f) => f.box.spare),
  ]);
  const model = tiny((s) => {
    const box = s.object(Box, 'box');
    s.actor('reader', reader, { box });
    s.actor('writer', writer, { box });
  });

  test('a wait and its wake-up are noticed, one that wakes nobody is not', async () => {
    const rows = await rowsOf(model);
    expect(resultOf(rows, 'wait left out: wait_event_lock(box->wq)')).toMatch(/^noticed/);
    expect(resultOf(rows, 'wake-up left out: wake_up_all(&box->wq)')).toBe('noticed deadlock');
    expect(resultOf(rows, 'wake-up left out: wake_up_all(&box->spare)')).toBe('redundant');
  });

  test('a lock that a wait drops is left out there too: no false alarm of a lock that is not held', async () => {
    const row = rowOf((await sensitivity(model)).rows, 'reader', 'lock');
    expect(row.labels).toEqual(['spin_lock(&box->lock)', 'wait_event_lock(box->wq)', 'spin_unlock(&box->lock)']);
    expect(row.violation).not.toBe('lock-misuse');
  });

  test('what is never reached is blind, without a search', async () => {
    const rows = await rowsOf(model);
    expect(rows.get('wait left out: for ever')).toMatchObject({ result: 'blind', because: 'never reached', states: 0 });
  });
});

describe('references and checks', () => {
  const Thing = object('thing', { refs: refcount(1), data: bool() });
  const get = switchOf('toy.get', 'does the user take a reference?', 'takes', 'does not');
  const put = procedure('put', { source, params: { t: ptr(Thing) } }, (k) => [
    k.refcountDecAndTest((f) => f.t.refs, [k.kfree((f) => f.t)]),
  ]);
  const use = procedure('use', { source, params: { t: ptr(Thing) } }, (k) => [
    k.switch(get, {
      takes: [k.refcountIncNotZero((f) => f.t.refs, [], [k.return(0)])],
      'does not': [],
    }),
    k.step('use it', (f) => {
      f.t.data = true;
    }),
    k.switch(get, { takes: [k.call(put, (f) => ({ t: f.t }))], 'does not': [] }),
  ]);
  const scenarioOf = (setting: 'takes' | 'does not') =>
    tiny(
      (s) => {
        const t = s.object(Thing, 't');
        s.task('owner', [
          { procedure: use as never, args: { t } },
          { procedure: put as never, args: { t } },
        ]);
      },
      { settings: [set(get, setting)] },
    );

  test('a reference left out is noticed, and a check that never decides is blind', async () => {
    const rows = await rowsOf(scenarioOf('takes'));
    expect(resultOf(rows, 'reference left out: refcount_inc_not_zero(&t->refs)')).toMatch(/^noticed/);
    expect(resultOf(rows, 'check always yes: refcount_inc_not_zero(&t->refs)')).toBe('blind never no');
  });

  test('without one there is no row for it', async () => {
    const rows = await rowsOf(scenarioOf('does not'));
    expect([...rows.keys()].filter((name) => name.startsWith('reference') && name.includes('inc'))).toEqual([]);
  });
});

describe('flushes', () => {
  const Item = object('item', { ...workStruct, used: bool() });
  const work = procedure('work_fn', { source, params: { work: Work }, locals: { item: ptr(Item) } }, (k) => [
    k.local((f) => {
      f.item = containerOf(f.work, Item);
    }),
    k.step('use the item', (f) => {
      f.item.used = true;
    }),
  ]);
  const teardown = procedure('teardown', { source, params: { wq: Workqueue, item: Item } }, (k) => [
    k.queueWork(
      (f) => f.wq,
      (f) => f.item,
    ),
    k.flushWorkqueue((f) => f.wq),
    k.kfree((f) => f.item),
    k.flushWorkqueue((f) => f.wq),
  ]);
  const model = tiny((s) => {
    s.implementations(WorkFunc, [work]);
    const wq = s.object(Workqueue, 'wq');
    const item = s.object(Item, 'item', { work_func: work });
    s.actor('task', teardown, { wq, item });
    s.actor('worker', worker, { wq }, { role: 'worker' });
  });

  test('one before the memory goes is noticed, one after it is blind', async () => {
    const rows = await rowsOf(model);
    expect(resultOf(rows, 'flush left out: wait in flush_workqueue(wq)')).toBe('noticed use-after-free');
    expect(resultOf(rows, 'flush left out: wait in flush_workqueue(wq) (2)')).toBe('blind never had to wait');
  });
});

test('a form that is violated is refused', async () => {
  const Box = object('box', { n: int(0, 1) }, { permanent: true });
  const bad = procedure('bad', { source, params: { box: Box } }, (k) => [k.blockUntil('never', (f) => f.box.n === 1)]);
  const model = tiny((s) => {
    s.actor('a', bad, { box: s.object(Box, 'box') });
  });
  expect((await rejectionOf(sensitivity(model))).what).toBe('tiny posted is violated');
});

test('a mutant that outgrows the budget is undecided, and says so', async () => {
  const Box = object('box', { n: int(0, 40), stop: bool(true) }, { permanent: true });
  const count = procedure('count', { source, params: { box: Box } }, (k) => [
    k.loop([
      k.test('go on', (f) => !f.box.stop, [], [k.break()]),
      k.step('count', (f) => {
        if (f.box.n < 40) f.box.n++;
      }),
    ]),
  ]);
  const model = tiny((s) => {
    s.objects(Box, 'box', 3).forEach((box, i) => {
      s.actor(`counter${i}`, count, { box });
    });
  });
  const rows = await sensitivity(model);
  const open = rows.rows.filter((row) => row.result === 'undecided');
  expect(rows.mostStates).toBe(10_000);
  expect(open.map((row) => row.because)).toContain('limit of states');
});
