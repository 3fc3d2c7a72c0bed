/** Calls and callbacks expanded in place, and the frames they leave behind. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import {
  callbackType,
  does,
  each,
  int,
  type Kit,
  list,
  type None,
  object,
  op,
  type Procedure,
  procedure,
  ref,
} from '../../../../checker/lang/index.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { alone, Cell, result } from '../../../support/one-actor.ts';
import { attempt, drive, plain, race, refused, source, tiny, values } from '../../../support/tiny.ts';

describe('calls', () => {
  test('recursion is refused with its path', () => {
    const first: Procedure<None, number> = plain('first', (k) => [
      k.call(
        () => second,
        () => ({}),
      ),
    ]);
    const second: Procedure<None, number> = plain('second', (k) => [
      k.step('work', () => {}),
      k.call(
        () => first,
        () => ({}),
      ),
    ]);
    const outer = plain('outer', (k) => [k.call(first, () => ({}))]);
    expect(refused(race(outer))).toEqual({
      code: 'model',
      what: 'recursion: first -> second -> first',
      where: 'actor a',
      hint: 'unroll it, or model the repetition as a loop',
    });
  });

  test('one procedure may be called twice from one place to another', () => {
    const add = procedure('add', { source, params: { cell: Cell, n: int(0, 9) } }, (k) => [
      k.step('add', (f) => {
        f.cell.log = f.cell.log * 10 + f.n;
      }),
      k.return((f) => f.n + 1),
    ]);
    const scenario = alone(
      (k) => [
        k.call(
          add,
          (f) => ({ cell: f.cell, n: 4 }),
          (f, r) => {
            f.n = r;
          },
        ),
        k.call(add, (f) => ({ cell: f.cell, n: f.n })),
      ],
      { n: int(0, 9) },
    );
    expect(result(scenario)['cell.log']).toBe('45');
  });

  test('an actor that gives no value for a parameter is refused', () => {
    const p = procedure('bind', { source, params: { cell: Cell } }, (k) => [k.step('work', () => {})]);
    expect(refused(tiny((s) => void s.actor('a', p, {} as never)))).toMatchObject({
      what: 'bind is called without its parameter "cell"',
      where: 'actor a',
    });
  });

  test('an operation with an unknown parameter is refused with the nearest one', () => {
    const p = procedure('bind', { source, params: { cell: Cell } }, (k) => [k.step('work', () => {})]);
    expect(
      refused(
        tiny((s) => {
          const cell = s.object(Cell, 'cell');
          s.task('a', [does(p, { cell, cel: cell } as never)]);
        }),
      ),
    ).toMatchObject({ what: 'bind has no parameter "cel"', where: 'actor a', hint: 'did you mean "cell"?' });
  });

  test('a call with an unknown parameter is refused', () => {
    const p = procedure('bind', { source, params: { cell: Cell } }, (k) => [k.step('work', () => {})]);
    expect(refused(alone((k) => [k.call(p, (f) => ({ cell: f.cell, size: 3 }) as never)]))).toMatchObject({
      what: 'bind has no parameter "size"',
      where: 'main (actor a)',
    });
  });

  test('a call that gives no value for a parameter is refused when it is compiled', () => {
    const p = procedure('bind', { source, params: { cell: Cell, on: int(0, 1) } }, (k) => [k.step('work', () => {})]);
    expect(refused(alone((k) => [k.call(p, (f) => ({ cell: f.cell }) as never)]))).toMatchObject({
      what: 'bind is called without its parameter "on"',
      where: 'main (actor a)',
    });
  });

  test('a list of objects must be a constant of the scenario', () => {
    const all = procedure('all', { source, params: { cells: each(Cell) } }, (k) => [k.step('work', () => {})]);
    const scenario = alone((k) => [k.call(all, (f) => ({ cells: f.n > 0 ? [f.cell] : [] }))], { n: int(0, 1) });
    expect(refused(scenario)).toEqual({
      code: 'model',
      what: 'parameter "cells" of all must be constant',
      where: 'actor a',
      hint: 'pass a list or constant of the scenario on as it is',
    });
  });

  test('a local that is a list is refused', () => {
    expect(refused(alone((k) => [k.step('work', () => {})], { cells: list(Cell, 2) }))).toMatchObject({
      what: 'local "cells" of main is a list; frames hold scalars and pointers only',
    });
  });

  test('the value returned from a branch is the one received', () => {
    const sign = procedure('sign', { source, params: { n: int(0, 9) } }, (k) => [
      k.when((f) => f.n > 4, [k.return(7)]),
      k.return(2),
    ]);
    const scenario = alone(
      (k) => [
        k.step('five', (f) => {
          f.n = 5;
        }),
        k.call(
          sign,
          (f) => ({ n: f.n }),
          (f, r) => {
            f.r = r;
          },
        ),
        k.step('write', (f) => {
          f.cell.value = f.r;
        }),
      ],
      { n: int(0, 9), r: int(0, 9) },
    );
    expect(result(scenario)['cell.value']).toBe('7');
  });
});

describe('frames', () => {
  const leaf = procedure('leaf', { source, params: { cell: Cell }, locals: { n: int(0, 9), p: ref(Cell) } }, (k) => [
    k.step('write', (f) => {
      f.cell.log = f.cell.log * 10 + f.n;
      f.n = 7;
      f.p = f.cell;
    }),
    k.step('keep', () => {}),
  ]);

  test('are cleared on return: a second call starts with locals at zero', () => {
    const scenario = alone((k) => [k.call(leaf, (f) => ({ cell: f.cell })), k.call(leaf, (f) => ({ cell: f.cell }))]);
    expect(result(scenario)['cell.log']).toBe('0');
  });

  test('are cleared between the operations of an actor', () => {
    const scenario = tiny((s) => {
      const cell = s.object(Cell, 'cell');
      s.task('a', [does(leaf, { cell }), does(leaf, { cell })]);
    });
    expect(result(scenario)['cell.log']).toBe('0');
  });

  test('leave nothing in the state when the actor has ended', () => {
    const sim = drive(
      tiny((s) => void s.actor('a', leaf, { cell: s.object(Cell, 'cell') })),
      'a a',
    );
    // value, log, frame (n, p), program counter.
    sim.focus();
    expect([...sim.model.memory.bytes.subarray(0, 5)]).toEqual([0, 0, 0, 0, 2]);
  });

  test('of two calls in a row lie over each other', () => {
    const once = compile(alone((k) => [k.call(leaf, (f) => ({ cell: f.cell }))]));
    const twice = compile(
      alone((k) => [k.call(leaf, (f) => ({ cell: f.cell })), k.call(leaf, (f) => ({ cell: f.cell }))]),
    );
    expect(twice.layout.end).toBe(once.layout.end);
  });

  test('of caller and callee do not', () => {
    const scenario = alone(
      (k) => [
        k.step('three', (f) => {
          f.n = 3;
        }),
        k.call(leaf, (f) => ({ cell: f.cell })),
        k.step('write own', (f) => {
          f.cell.value = f.n;
        }),
      ],
      { n: int(0, 9) },
    );
    expect(result(scenario)['cell.value']).toBe('3');
  });

  test('show the locals that are not at rest, with the name of their actor', () => {
    const sim = drive(
      tiny((s) => void s.actor('a', leaf, { cell: s.object(Cell, 'cell') })),
      'a',
    );
    expect(values(sim)).toMatchObject({ 'a:n': '7', 'a:p': 'cell' });
  });
});

describe('callbacks', () => {
  const MmExit = callbackType('mm_exit', { cell: Cell });
  const Ops = object('ops', { mm_exit: op(MmExit) }, { permanent: true });
  const implementation = (n: number) =>
    procedure(`exit_${n}`, { source, params: { cell: Cell } }, (k) => [
      k.step('write', (f) => {
        f.cell.log = f.cell.log * 10 + n;
      }),
      k.return(n),
    ]);
  const [one, two] = [implementation(1), implementation(2)];
  const scene = (given: typeof one | null, orElse?: Parameters<Kit<any>['callback']>[4]) =>
    tiny((s) => {
      s.implementations(MmExit, [one, two]);
      const main = procedure('main', { source, params: { cell: Cell, ops: Ops } }, (k) => [
        k.callback(
          MmExit,
          (f) => f.ops.mm_exit,
          (f) => ({ cell: f.cell }),
          undefined,
          orElse as never,
        ),
      ]);
      s.actor('a', main, { cell: s.object(Cell, 'cell'), ops: s.object(Ops, 'ops', { mm_exit: given }) });
    });

  test('run the procedure that the table names', () => {
    expect(result(scene(one))['cell.log']).toBe('1');
    expect(result(scene(two))['cell.log']).toBe('2');
  });

  test('through a NULL entry are a NULL dereference', () => {
    expect(attempt(new Simulator(scene(null)), 'a')).toBe(
      'null-dereference: call mm_exit in main calls through a NULL pointer',
    );
  });

  test('through a NULL entry take the other way where there is one', () => {
    const other = { op: 'step', label: 'nobody to tell', act: () => {} } as const;
    expect(drive(scene(null, [other]), 'a a').point(0)).toBeNull();
  });
});
