/** What instrumented models find: shared memory between two steps, guards that write; and the footprints of steps. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { type Body, int, type Kit, object, procedure } from '../../../../checker/lang/index.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { attempt, drive, rejectionOf, source, tiny } from '../../../support/tiny.ts';

const Cell = object('cell', { value: int(0, 9), other: int(0, 9) });

function alone(build: (k: Kit<any>) => Body<any>) {
  const main = procedure('main', { source, params: { cell: Cell }, locals: { n: int(0, 9) } }, build as never);
  return tiny((s) => void s.actor('a', main, { cell: s.object(Cell, 'cell') }));
}

const add = procedure('add', { source, params: { cell: Cell, n: int(0, 9) } }, (k) => [k.step('add', () => {})]);

describe('shared memory between two steps is refused', () => {
  const fused: Record<string, (k: Kit<any>) => Body<any>> = {
    'in a condition': (k) => [k.step('x', () => {}), k.when((f) => f.cell.value > 0, [k.step('y', () => {})])],
    'in a local assignment': (k) => [
      k.step('x', () => {}),
      k.local((f) => {
        f.n = f.cell.value;
      }),
    ],
    'written in a local assignment': (k) => [
      k.step('x', () => {}),
      k.local((f) => {
        f.cell.value = 1;
      }),
    ],
    'in the arguments of a call': (k) => [
      k.step('x', () => {}),
      k.call(add, (f) => ({ cell: f.cell, n: f.cell.value })),
    ],
    'in a value returned to a caller': (k) => [
      k.call(
        procedure('get', { source, params: { cell: Cell } }, (l) => [
          l.step('x', () => {}),
          l.return((f) => f.cell.value),
        ]),
        (f) => ({ cell: f.cell }),
        (f, r) => {
          f.n = r;
        },
      ),
    ],
  };

  test.each(Object.entries(fused))('%s', async (_what, build) => {
    const refusal = await rejectionOf(check(alone(build)));
    expect(refusal).toMatchObject({
      code: 'model',
      what: 'shared memory is touched between two steps',
      hint: expect.stringContaining('read the value into a local in a labelled step, or use k.test'),
    });
    expect(refusal.where).toMatch(/\(actor a\)$/);
  });

  test('before the first step of an actor too', async () => {
    const early = alone((k) => [k.when((f) => f.cell.value > 0, [k.step('y', () => {})]), k.step('z', () => {})]);
    expect(await rejectionOf(check(early))).toMatchObject({
      code: 'model',
      what: 'shared memory is touched between two steps',
      where: 'actor a, before its first step',
    });
  });
});

test.each<[string, (k: Kit<any>) => Body<any>]>([
  ['of a wait', (k) => [k.blockUntil('x', (f) => ++f.cell.value > 0)]],
  ['of an arm', (k) => [k.choose('x', [{ name: 'go', when: (f) => ++f.cell.value > 0 }])]],
])('a guard %s that writes is refused', async (_what, build) => {
  expect(await rejectionOf(check(alone(build)))).toEqual({
    code: 'model',
    what: 'a guard writes shared memory',
    where: 'main/x (actor a)',
    hint: 'move the write to `do`',
  });
});

test('a test that writes, such as test-and-set, is allowed', async () => {
  const taken = alone((k) => [
    k.test(
      'test and set',
      (f) => {
        const was = f.cell.value;
        f.cell.value = 1;
        return was === 0;
      },
      [],
    ),
  ]);
  expect((await check(taken)).outcome).toBe('holds');
});

test('a step that gives two results for one state is refused', async () => {
  let calls = 0;
  const fickle = alone((k) => [
    k.step('count calls', (f) => {
      f.cell.value = ++calls % 9;
    }),
  ]);
  expect(await rejectionOf(check(fickle))).toMatchObject({
    code: 'nondeterminism',
    what: 'a step gives two results for one state',
    where: 'main/count calls (actor a)',
  });
});

describe('a footprint', () => {
  const paths = (sim: Simulator) => ({
    reads: sim.paths(sim.footprint.reads),
    writes: sim.paths(sim.footprint.writes),
  });

  test('names what a step read and wrote, and nothing else', () => {
    const sim = drive(
      alone((k) => [
        k.step('copy', (f) => {
          f.cell.other = f.cell.value;
        }),
      ]),
      'a',
    );
    expect(paths(sim)).toEqual({ reads: ['cell.value'], writes: ['cell.other'] });
  });

  test('of a refused step names what its guard read', () => {
    const sim = new Simulator(alone((k) => [k.blockUntil('wait', (f) => f.cell.value > 0)]));
    expect(attempt(sim, 'a')).toBe('blocked');
    expect(paths(sim)).toEqual({ reads: ['cell.value'], writes: [] });
  });

  test('of a free covers the whole object, and the object itself', () => {
    const sim = drive(
      alone((k) => [k.free((f) => f.cell)]),
      'a',
    );
    expect(paths(sim).writes).toEqual(['cell.value', 'cell.other']);
    // Its liveness byte besides.
    expect(sim.footprint.writes.size).toBe(3);
  });

  test('does not contain locals', () => {
    const sim = drive(
      alone((k) => [
        k.step('read', (f) => {
          f.n = f.cell.value;
        }),
        k.step('stay', () => {}),
      ]),
      'a',
    );
    expect(paths(sim)).toEqual({ reads: ['cell.value'], writes: [] });
  });
});
