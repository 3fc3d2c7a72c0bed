/** What leaves a mark while a model is searched, and that models without marks are as they were. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import type { CompiledModel } from '../../../../checker/compile/model.ts';
import { actors, bool, int, list, object, procedure, ref, type Scenario } from '../../../../checker/lang/index.ts';
import { explore } from '../../../support/reduced.ts';
import { drop, lock, plain, race, refusalOf, source, spin, take, tiny } from '../../../support/tiny.ts';

const Node = object('node', { v: int(0, 3), lock: lock() });
const Box = object(
  'box',
  { n: int(0, 3), flag: bool(), lock: lock(), spin: spin(), node: ref(Node), nodes: list(Node, 2), who: actors() },
  { permanent: true },
);

/** Marks of each step after the whole model was searched, by actor and label: paths, or what else is marked. */
function marksOf(scenario: Scenario): Record<string, { reads: string; writes: string }> {
  const model = compile(scenario, { marks: true });
  explore(model, null);
  const result: Record<string, { reads: string; writes: string }> = {};
  for (const a of model.actors)
    for (const point of a.points) {
      const row = (model.marks?.rowOf[a.index] as number) + point.pc;
      const at = (table: Uint8Array) => namesIn(model, table, row);
      result[`${a.view.name} ${point.label}`] = {
        reads: at(model.memory.readMarks),
        writes: at(model.memory.writeMarks),
      };
    }
  return result;
}

function namesIn(model: CompiledModel, table: Uint8Array, row: number): string {
  const { width, frames, holders } = model.marks as NonNullable<CompiledModel['marks']>;
  const names = new Set<string>();
  for (let i = 0; i < width; i++) {
    if (table[row * width + i] === 0) continue;
    const holder = holders.find((h) => h.stranger === i);
    const cell = model.cells.find((c) => c.offset <= i && i < c.offset + c.bytes);
    const budget = [...model.budgetOffsets].find(([, offset]) => offset === i);
    const path = (offset: number) => model.cells.find((c) => c.offset === offset)?.path;
    if (i === frames) names.add('frames');
    else if (holder !== undefined) names.add(`stranger at ${path(holder.offset)}`);
    else names.add(cell?.path ?? (budget ? `budget ${budget[0]}` : 'flags'));
  }
  return [...names].sort().join(' ');
}

/** Two actors in a box with a node from the start and two slots. */
function inBox(build: Parameters<typeof procedure>[2], failures = 0): Scenario {
  const p = procedure('p', { source, params: { box: Box }, locals: { u: ref(Node) } } as never, build) as never;
  return tiny((s) => {
    const box = s.object(Box, 'box');
    s.pool(Node, 2);
    s.failures({ memory: failures });
    for (const name of ['a', 'b']) s.actor(name, p, { box } as never);
  });
}

describe('marks', () => {
  test('of reads and writes of fields, also when a step is refused', () => {
    const marks = marksOf(
      inBox((k: any) => [
        k.step('set', (f: any) => {
          f.box.n = 1;
        }),
        k.blockUntil('wait', (f: any) => f.box.flag && f.box.n === 2),
        k.alloc(Node, () => {}, { label: 'never', mayFail: 'memory' }),
      ]),
    );
    expect(marks['a set']).toEqual({ reads: '', writes: 'box.n' });
    // It never gets as far as `n`.
    expect(marks['a wait']).toEqual({ reads: 'box.flag', writes: '' });
    expect(marks['a never']).toEqual({ reads: '', writes: '' });
  });

  test('of allocation: the slots it looks at; of failure: the budget', () => {
    const marks = marksOf(
      inBox(
        (k: any) => [
          k.alloc(
            Node,
            (f: any, fresh: any) => {
              f.u = fresh;
            },
            { label: 'get', mayFail: 'memory' },
          ),
        ],
        1,
      ),
    );
    const slots = 'node#0 node#1';
    expect(marks['a get']?.reads).toContain(slots);
    expect(marks['a get']?.writes).toBe(`budget memory ${slots}`);
    expect(marks['a get']?.reads).toContain('budget memory');
    expect(marks['a get']?.reads).not.toContain('frames');
  });

  test('of a slot that is used again: every pointer, those in frames too', () => {
    const marks = marksOf(
      inBox((k: any) => [
        k.loop([
          k.alloc(
            Node,
            (f: any, fresh: any) => {
              f.u = fresh;
            },
            { label: 'get' },
          ),
          k.free((f: any) => f.u, { label: 'put' }),
          k.local((f: any) => {
            f.u = null;
          }),
        ]),
        k.alloc(Node, () => {}, { label: 'never', mayFail: 'memory' }),
      ]),
    );
    expect(marks['a get']?.reads).toContain('frames');
    expect(marks['a get']?.reads).toContain('box.node');
    // It frees the whole object, and whoever holds its lock would be in the way.
    expect(marks['a put']?.writes).toBe('node#0 node#0.lock.owner node#0.v node#1 node#1.lock.owner node#1.v');
    expect(marks['a put']?.reads).toContain('node#0.lock.owner');
  });

  test('of locks: a section touches its own lock only, and asserts that no stranger interfered', () => {
    const marks = marksOf(
      inBox((k: any) => [
        take<any>('lock', (f) => f.box.lock),
        drop<any>('unlock', (f) => f.box.lock),
        k.alloc(Node, () => {}, { label: 'never', mayFail: 'memory', sleeps: true }),
      ]),
    );
    expect(marks['a lock']).toEqual({ reads: 'box.lock.owner', writes: 'box.lock.owner' });
    expect(marks['a unlock']).toEqual({ reads: 'box.lock.owner', writes: 'box.lock.owner' });
    // A step that may sleep asks whether the actor holds a lock that spins; the end, whether it holds any.
    expect(marks['a never']?.reads).toContain('stranger at box.spin.owner');
    expect(marks['a never']?.reads).toContain('stranger at box.lock.owner');
    expect(marks['a never']?.writes).toBe('node#0 node#1');
  });

  test("of a lock that is taken from its holder, or given to somebody else: a stranger's change", () => {
    const p = procedure('p', { source, params: { box: Box } }, (k) => [
      take('lock', (f) => f.box.lock),
      k.step('x', () => {}),
      drop('unlock', (f) => f.box.lock),
    ]);
    const thief = procedure('thief', { source, params: { box: Box } }, (k) => [
      drop('steal', (f) => f.box.lock),
      k.step('join', (f, self) => f.box.who.add(self)),
    ]);
    const marks = marksOf(
      tiny((s) => {
        const box = s.object(Box, 'box');
        s.actor('a', p, { box });
        s.actor('b', thief, { box });
      }),
    );
    expect(marks['b steal']?.writes).toBe('box.lock.owner stranger at box.lock.owner');
    expect(marks['a unlock']?.writes).toBe('box.lock.owner');
    expect(marks['b join']).toEqual({ reads: expect.stringContaining('box.who'), writes: 'box.who' });
  });
});

describe('models with and without marks', () => {
  const scenario = inBox((k: any) => [
    take<any>('lock', (f) => f.box.lock),
    k.alloc(Node, (f: any, fresh: any) => f.box.nodes.add(fresh), { mayFail: 'memory' }),
    k.free((f: any) => f.box.nodes.first, { label: 'put' }),
    drop<any>('unlock', (f) => f.box.lock),
  ]);

  test('have the same states, violations and steps', () => {
    const without = explore(compile(scenario), null);
    const marked = explore(compile(scenario, { marks: true }), null);
    expect(marked).toEqual(without);
    expect(without.states).toBeGreaterThan(10);
  });

  test('one actor is expanded alone, in the order of its choices', () => {
    const choosers = race(
      plain('p', (k) => [k.choose('c', [{ name: 'x' }, { name: 'never', when: () => false }, { name: 'y' }])]),
      plain('q', (k) => [k.step('s', () => {})]),
    );
    const model = compile(choosers, { marks: true });
    model.registers[0] = 0;
    expect(model.expandActor(model.initial, 0, 0, 0)).toBe(2);
    expect([...model.moves.subarray(0, 2)]).toEqual([0, 2]);
    // It appends, and goes on from a choice.
    expect(model.expandActor(model.initial, 0, 0, 1)).toBe(3);
    expect(model.expandActor(model.initial, 0, 1, 0)).toBe(4);
    expect([...model.moves.subarray(2, 4)]).toEqual([2, 1 << 16]);
  });

  test('without marks nobody is expanded alone, and footprints of two kinds exclude each other', () => {
    const model = compile(scenario);
    expect(model.marks).toBeNull();
    expect(refusalOf(() => model.expandActor(model.initial, 0, 0, 0)).what).toBe(
      'an actor is expanded alone in a model without marks',
    );
    expect(refusalOf(() => compile(scenario, { marks: true, instrumented: true }))).toMatchObject({
      code: 'usage',
      what: 'a model records footprints or marks, not both',
    });
  });
});
