/** Where a program is known to stop while somebody holds a lock: only where no state lets it pass. */
import { expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import { actor, bool, object, procedure, ref, type Statement, struct } from '../../../../checker/lang/index.ts';
import { LockCuts } from '../../../../checker/reduce/lock-cuts.ts';
import { lock, source, take, tiny } from '../../../support/tiny.ts';

const Node = object('node', { lock: lock() });
const Box = object(
  'box',
  {
    lock: lock(),
    other: lock(),
    flag: bool(),
    node: ref(Node),
    rw: struct('rw', { owner: actor(), busy: bool() }, { spins: false }),
  },
  { permanent: true },
);

/** Paths of the owners that stop an actor at its only step. */
function stops(statement: (pool: Iterable<unknown>) => Statement<any>): string[] {
  let pool: Iterable<unknown> = [];
  const scenario = tiny((s) => {
    const box = s.object(Box, 'box');
    const node = s.object(Node, 'there');
    pool = s.pool(Node, 2);
    const p = procedure('p', { source, params: { box: Box, node: Node }, locals: { mine: ref(Node) } }, () => [
      statement(pool),
    ]);
    for (const name of ['a', 'b']) s.actor(name, p, { box, node });
  });
  const model = compile(scenario, { marks: true });
  const cuts = new LockCuts(model);
  const { locks } = cuts.at(model.actors[0]?.points[0] as never, 0);
  // It leaves no marks.
  expect(model.memory.readMarks.includes(1) || model.memory.writeMarks.includes(1)).toBe(false);
  return cuts.owners.flatMap((offset, i) =>
    locks & (1 << i) ? [model.cells.find((c) => c.offset === offset)?.path as string] : [],
  );
}

const wait = (guard: (f: any, self: any) => boolean): Statement<any> => ({
  op: 'block',
  label: 'wait',
  guard,
  waiting: { kind: 'lock', lock: (f: any) => f.box.lock },
});

test('a lock in a constant object stops everybody', () => {
  expect(stops(() => take('lock', (f: any) => f.box.lock))).toEqual(['box.lock.owner']);
});

test('so does one in an object that may die: its liveness is looked at as well', () => {
  expect(stops(() => take('lock', (f: any) => f.node.lock))).toEqual(['there.lock.owner']);
});

test('a guard that needs two locks is stopped by the one it looks at first', () => {
  const both = wait((f) => f.box.other.owner === null && f.box.lock.owner === null);
  expect(stops(() => both)).toEqual(['box.other.owner']);
});

test.each([
  ['a guard that lets somebody in all the same', (f: any) => f.box.lock.owner === null || f.box.flag],
  ['a guard that looks at something else first', (f: any) => f.box.flag && f.box.lock.owner === null],
  [
    'a lock that its owner may take again',
    (f: any, self: any) => f.box.lock.owner === null || f.box.lock.owner === self,
  ],
  ['a lock behind a pointer in memory', (f: any) => f.box.node.lock.owner === null],
  ['a lock behind a local', (f: any) => (f.mine ?? f.node).lock.owner === null],
  [
    'a guard that hides what it misses',
    (f: any) => {
      try {
        return f.mine === null && f.box.lock.owner === null;
      } catch {
        return false;
      }
    },
  ],
  ['a guard on nothing but a flag', (f: any) => !f.box.rw.busy],
])('%s is not relied on', (_what, guard) => {
  expect(stops(() => wait(guard))).toEqual([]);
});

test('nor is a guard that depends on which objects live', () => {
  expect(stops((pool) => wait((f) => [...pool].length < 2 || f.box.lock.owner === null))).toEqual([]);
});
