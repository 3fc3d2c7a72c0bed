/** Who waits for whom: the kinds of deadlock, on models that have them, and the graphs behind the names. */
import { describe, expect, test } from 'vitest';
import { deadlockKind, lockOrderGraph, waitForGraph } from '../../../../checker/analyse/waiting.ts';
import { check } from '../../../../checker/check.ts';
import {
  type Actor,
  actor,
  type Body,
  bool,
  int,
  type Kit,
  object,
  type Scenario,
  type View,
  type Waiting,
} from '../../../../checker/lang/index.ts';
import type { Counterexample, Standing } from '../../../../checker/trace/counterexample.ts';
import { drop, lock, plain, take, tiny } from '../../../support/tiny.ts';

const World = object(
  'w',
  { l: lock(), m: lock(), done: bool(), count: int(0, 9), worker: actor(), sleeping: bool() },
  { permanent: true },
);
type World = View<typeof World.shape>;

/** Actors named by their keys, each with a body on the one object `w`. */
function scene(bodies: Record<string, (k: Kit<any>, w: World, who: (name: string) => Actor) => Body<any>>): Scenario {
  return tiny((s) => {
    const w = s.object(World, 'w');
    const actors = new Map<string, Actor>();
    const who = (name: string) => actors.get(name) as Actor;
    for (const [name, body] of Object.entries(bodies))
      actors.set(
        name,
        s.actor(
          name,
          plain(`${name}_fn`, (k) => body(k, w, who)),
          {},
        ),
      );
  });
}

async function counterexample(scenario: Scenario): Promise<Counterexample> {
  const verdict = await check(scenario);
  expect(verdict.violations).toHaveLength(1);
  return verdict.violations[0] as Counterexample;
}

const until = (k: Kit<any>, label: string, guard: () => boolean, waiting: Waiting<any>) =>
  k.blockUntil(label, guard, { waiting });
const finish = (k: Kit<any>, w: World) =>
  k.step('finish', () => {
    w.done = true;
  });

/** Each kind of deadlock, with the actors and locks of its cycle from the least name on. */
const kinds: Record<string, [scenario: Scenario, cycle: string[]]> = {
  self: [
    scene({ a: (_k, w) => [take('lock', () => w.l), take('lock again', () => w.l)] }), //
    ['a', 'w.l'],
  ],
  'lock cycle': [
    scene({
      a: (_k, w) => [take('l', () => w.l), take('m', () => w.m), drop('-m', () => w.m), drop('-l', () => w.l)],
      b: (_k, w) => [take('m', () => w.m), take('l', () => w.l), drop('-l', () => w.l), drop('-m', () => w.m)],
    }),
    ['a', 'w.m', 'b', 'w.l'],
  ],
  'lock + wait': [
    scene({
      a: (k, w, who) => [
        take('l', () => w.l),
        until(k, 'wait', () => w.done, { kind: 'wait', on: () => 'done', owners: () => [who('b')] }),
        drop('-l', () => w.l),
      ],
      b: (k, w) => [take('l', () => w.l), finish(k, w), drop('-l', () => w.l)],
    }),
    ['a', 'done', 'b', 'w.l'],
  ],
  'lock + flush': [
    scene({
      a: (k, w, who) => [
        take('l', () => w.l),
        until(k, 'flush', () => w.done, { kind: 'flush', on: () => 'work', owners: () => [who('b')] }),
        drop('-l', () => w.l),
      ],
      b: (k, w) => [take('l', () => w.l), finish(k, w), drop('-l', () => w.l)],
    }),
    ['a', 'work', 'b', 'w.l'],
  ],
  'lock + completion': [
    scene({
      a: (k, w, who) => [
        take('l', () => w.l),
        until(k, 'wait', () => w.done, { kind: 'completion', on: () => 'done', owners: () => [who('b')] }),
        drop('-l', () => w.l),
      ],
      b: (k, w) => [take('l', () => w.l), finish(k, w), drop('-l', () => w.l)],
    }),
    ['a', 'done', 'b', 'w.l'],
  ],
  'self (flush from inside)': [
    scene({
      worker: (k, w, who) => [
        until(k, 'flush_work', () => w.done, { kind: 'flush', on: () => 'work', owners: () => [who('worker')] }),
        finish(k, w),
      ],
    }),
    ['work', 'worker'],
  ],
  'flush cycle': [
    scene({
      a: (k, w, who) => [
        until(k, 'flush b', () => w.done, { kind: 'flush', on: () => 'work b', owners: () => [who('b')] }),
        finish(k, w),
      ],
      b: (k, w, who) => [
        until(k, 'flush a', () => w.done, { kind: 'flush', on: () => 'work a', owners: () => [who('a')] }),
      ],
    }),
    ['a', 'work b', 'b', 'work a'],
  ],
  'lost wake-up': [
    scene({
      // b looks whether somebody sleeps before a has gone to sleep, and does not look again.
      a: (k, w) => [
        k.test('done?', () => w.done, [k.return()]),
        k.step('sleep', () => {
          w.sleeping = true;
        }),
        k.blockUntil('woken', () => !w.sleeping),
      ],
      b: (k, w) => [
        finish(k, w),
        k.step('wake', () => {
          w.sleeping = false;
        }),
      ],
    }),
    [],
  ],
  'orphaned hardware completion': [
    scene({ a: (k, w) => [until(k, 'wait for CMD_SYNC', () => w.done, { kind: 'device', on: () => 'CMD_SYNC' })] }),
    [],
  ],
  'lock never released': [
    scene({
      // Hands the lock to an actor that has ended, so that nobody holds it at return.
      a: (k, w, who) => [
        k.step('lock for b', () => {
          w.l.owner = who('b');
        }),
        take('l', () => w.l),
        drop('-l', () => w.l),
      ],
      b: () => [],
    }),
    [],
  ],
};

describe.each(Object.entries(kinds))('%s', (kind, [scenario, cycle]) => {
  test('is what the counterexample calls it, and its cycle names actors and locks in turn', async () => {
    const c = await counterexample(scenario);
    expect(c).toMatchObject({ property: 'deadlock', subkind: kind });
    expect(c.waitFor.cycle).toEqual(cycle);
  });
});

test('the lost wake-up needs the wake before the sleep', async () => {
  const c = await counterexample((kinds['lost wake-up'] as [Scenario, string[]])[0]);
  expect(c.steps.map((s) => s.label)).toEqual(['done?', 'finish', 'wake', 'sleep']);
});

const standing = (
  actor: string,
  waits: Standing['waits'],
  holds: string[] = [],
  status: Standing['status'] = 'blocked',
): Standing => ({
  actor,
  role: 'task',
  status,
  next: 'x',
  stack: [],
  holds: holds.map((lock) => ({ lock, mode: 'exclusive', since: 1 })),
  waits,
});
const wait = (on: string, owners: string[], kind: NonNullable<Standing['waits']>['kind'] = 'lock') => ({
  kind,
  on,
  owners,
  since: 1,
});

describe('the wait-for graph', () => {
  test('leads from each blocked actor to what it waits for, and from there to the owners', () => {
    const graph = waitForGraph([
      standing('a', wait('l', ['b'])),
      standing('b', wait('work', ['c', 'd'], 'flush')),
      standing('c', null, [], 'running'),
      standing('d', wait('done', [], 'wait')),
    ]);
    expect(graph.edges).toEqual([
      { from: 'a', to: 'l', label: 'waits for' },
      { from: 'l', to: 'b', label: 'held by' },
      { from: 'b', to: 'work', label: 'flushes' },
      { from: 'work', to: 'c', label: 'up to' },
      { from: 'work', to: 'd', label: 'up to' },
      { from: 'd', to: 'done', label: 'waits until' },
    ]);
    expect(Object.fromEntries(graph.nodes.map((n) => [n.id, n.kind]))).toEqual({
      a: 'actor',
      l: 'lock',
      b: 'actor',
      work: 'condition',
      c: 'actor',
      d: 'actor',
      done: 'condition',
    });
    expect(graph.cycle).toEqual([]);
  });

  test('names a lock once, however many wait for it', () => {
    const graph = waitForGraph([standing('a', wait('l', ['c'])), standing('b', wait('l', ['c']))]);
    expect(graph.edges.filter((e) => e.from === 'l')).toHaveLength(1);
  });

  test('has a cycle that starts at its least node and is one, not the whole component', () => {
    // a -> l -> b -> m -> a, and c waits behind them.
    const graph = waitForGraph([
      standing('c', wait('l', ['b'])),
      standing('b', wait('m', ['a'])),
      standing('a', wait('l', ['b'])),
    ]);
    expect(graph.cycle).toEqual(['a', 'l', 'b', 'm']);
  });

  test('of those behind a cycle does not change its kind', () => {
    const standings = [
      standing('c', wait('work', ['a'], 'flush')),
      standing('a', wait('m', ['b']), ['l']),
      standing('b', wait('l', ['a']), ['m']),
    ];
    expect(deadlockKind(waitForGraph(standings), standings)).toBe('lock cycle');
  });
});

describe('the lock order', () => {
  test('has one edge for each pair, and a cycle where two orders meet', () => {
    const pairs = [
      { held: 'l', wanted: 'm', label: 'a, step 2' },
      { held: 'l', wanted: 'm', label: 'c, step 9' },
      { held: 'm', wanted: 'n', label: 'b, step 4' },
    ];
    expect(lockOrderGraph(pairs)).toMatchObject({
      edges: [pairs[0], pairs[2]].map((p) => ({ from: p?.held, to: p?.wanted, label: p?.label })),
      cycle: [],
    });
    expect(lockOrderGraph([...pairs, { held: 'n', wanted: 'l', label: 'd' }]).cycle).toEqual(['l', 'm', 'n']);
  });

  test('of a lock on itself is a cycle of one', () => {
    expect(lockOrderGraph([{ held: 'l', wanted: 'l', label: 'a' }]).cycle).toEqual(['l']);
  });

  test('of a lock cycle contains the locks that are wanted at the end', async () => {
    const c = await counterexample((kinds['lock cycle'] as [Scenario, string[]])[0]);
    expect(c.lockOrder.edges.map((e) => `${e.from} -> ${e.to}`).sort()).toEqual(['w.l -> w.m', 'w.m -> w.l']);
    expect(c.lockOrder.cycle).toEqual(['w.l', 'w.m']);
  });
});
