/** Control flow: calls expanded in place, labels and gotos, loops, switches, callbacks, and what is refused. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import {
  type Body,
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
  type set,
  switchOf,
} from '../../../../checker/lang/index.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { attempt, drive, plain, race, refused, source, tiny, values } from '../../../support/tiny.ts';

const Cell = object('cell', { value: int(0, 9), log: int(0, 250) }, { permanent: true });

/** One actor `a` that runs a body on the object `cell`. */
function alone(build: (k: Kit<any>) => Body<any>, locals = {}) {
  return tiny((s) => {
    const p = procedure('main', { source, params: { cell: Cell }, locals }, build as never);
    s.actor('a', p, { cell: s.object(Cell, 'cell') });
  });
}

/** Value of the cell when `a` has ended; digits are appended to `log` by the steps. */
function result(scenario: ReturnType<typeof alone>): Record<string, string> {
  const sim = new Simulator(scenario);
  for (let i = 0; sim.point(0) !== null; i++) {
    if (i > 50) throw new Error('it never ends');
    expect(attempt(sim, 'a')).toBe('moved');
  }
  return values(sim);
}

const digit = (k: Kit<any>, n: number) =>
  k.step(`write ${n}`, (f) => {
    f.cell.log = f.cell.log * 10 + n;
  });

describe('labels', () => {
  test('two steps of one label are refused', () => {
    expect(refused(alone((k) => [k.step('work', () => {}), k.when(() => true, [k.step('work', () => {})])]))).toEqual({
      code: 'model',
      what: 'two steps are labelled "work"',
      where: 'main',
      hint: 'say what distinguishes them',
    });
  });

  test('steps of one label in two arms of a switch are one step: only the chosen arm counts', () => {
    const how = switchOf('how', 'which', 'first', 'second');
    const scenario = alone((k) => [
      k.switch(how, { first: [k.step('work', () => {})], second: [k.step('work', () => {})] }),
    ]);
    expect(compile(scenario).coverage).toHaveLength(1);
  });

  test('derived labels are numbered', () => {
    const Thing = object('thing', {});
    const scenario = tiny((s) => {
      s.pool(Thing, 2);
      s.actor(
        'a',
        plain('main', (k) => [k.alloc(Thing, () => {}), k.alloc(Thing, () => {})]),
        {},
      );
    });
    expect(compile(scenario).coverage.map((c) => c.point.label)).toEqual(['allocate thing', 'allocate thing (2)']);
  });

  test.each(['one\ntwo', 'bell\u0007', ''])(
    'step label %j is refused because a schedule could not hold it',
    (label) => {
      expect(refused(alone((k) => [k.step(label, () => {})]))).toMatchObject({
        code: 'model',
        what: `step label ${JSON.stringify(label)} is not one line of text`,
        where: 'main',
      });
    },
  );

  test('two arms of one name are refused because a schedule could not tell them apart', () => {
    expect(refused(alone((k) => [k.choose('which', [{ name: 'left' }, { name: 'left' }])]))).toMatchObject({
      code: 'model',
      what: 'choice "which" has two arms named "left"',
      where: 'main (actor a)',
      hint: 'say what distinguishes them',
    });
  });

  test('a label that stands twice is refused', () => {
    expect(refused(alone((k) => [k.label('out'), k.step('work', () => {}), k.label('out')]))).toMatchObject({
      what: 'label "out" stands twice',
      where: 'main',
    });
  });

  test('a goto to an unknown label is refused with the nearest one', () => {
    expect(refused(alone((k) => [k.goto('out_unbnd'), k.label('out_unbind'), k.step('unbind', () => {})]))).toEqual({
      code: 'model',
      what: 'goto names unknown label "out_unbnd"',
      where: 'main (actor a)',
      hint: 'did you mean "out_unbind"?',
    });
    expect(refused(alone((k) => [k.goto('nowhere')]))).toMatchObject({ hint: undefined });
  });

  test('a goto skips what stands between', () => {
    expect(
      result(alone((k) => [digit(k, 1), k.goto('out'), digit(k, 2), k.label('out'), digit(k, 3)]))['cell.log'],
    ).toBe('13');
  });

  test('a goto may go back', () => {
    const scenario = alone((k) => [
      k.label('again'),
      digit(k, 1),
      k.test('enough?', (f) => f.cell.log > 100, [], [k.goto('again')]),
    ]);
    expect(result(scenario)['cell.log']).toBe('111');
  });
});

describe('loops', () => {
  test('end by break and go on by continue', () => {
    const scenario = alone(
      (k) => [
        k.loop([
          k.local((f) => {
            f.i++;
          }),
          k.step('look', () => {}),
          k.when((f) => f.i === 2, [k.continue()]),
          k.step('write', (f) => {
            f.cell.log = f.cell.log * 10 + f.i;
          }),
          k.when((f) => f.i === 3, [k.break()]),
        ]),
        digit(k, 9),
      ],
      { i: int(0, 9) },
    );
    // 1, then 2 is passed over, then 3 ends it. 139 is below the 250 of the field.
    expect(result(scenario)['cell.log']).toBe('139');
  });

  test('a break leaves the inner loop only', () => {
    const scenario = alone((k) => [k.loop([k.loop([digit(k, 1), k.break()]), digit(k, 2), k.break()])]);
    expect(result(scenario)['cell.log']).toBe('12');
  });

  test.each(['break', 'continue'] as const)('%s outside a loop is refused', (word) => {
    expect(refused(alone((k) => [k[word]()]))).toMatchObject({
      what: `${word} outside a loop`,
      where: 'main (actor a)',
    });
  });

  test('a loop without a step is refused', () => {
    expect(refused(alone((k) => [k.loop([k.local(() => {})])]))).toEqual({
      code: 'model',
      what: 'loop of main can repeat without a step',
      where: undefined,
      hint: 'put a labelled step or a blocking guard in the loop',
    });
  });

  test('a loop that has a step on one way only is refused', () => {
    const scenario = alone((k) => [k.loop([k.when((f) => f.i > 0, [k.step('work', () => {})])])], { i: int(0, 1) });
    expect(refused(scenario)).toMatchObject({ what: 'loop of main can repeat without a step' });
  });

  test('a continue that comes round without a step is refused', () => {
    const scenario = alone((k) => [k.loop([k.when((f) => f.i > 0, [k.continue()]), k.step('work', () => {})])], {
      i: int(0, 1),
    });
    expect(refused(scenario)).toMatchObject({ what: 'loop of main can repeat without a step' });
  });

  test('a goto that goes back without a step is refused', () => {
    expect(refused(alone((k) => [k.label('again'), k.goto('again')]))).toMatchObject({
      what: expect.stringMatching(/^label again of main (can repeat without a step|leads nowhere)$/),
    });
  });
});

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

describe('switches', () => {
  const how = switchOf('how', 'which', 'posted', 'fixed');
  const body = (k: Kit<any>) => [k.switch(how, { posted: [digit(k, 1)], fixed: [digit(k, 2)] })];
  const main = procedure('main', { source, params: { cell: Cell } }, body);
  const scene = (...settings: Parameters<typeof set<string>>[1][]) =>
    tiny((s) => void s.actor('a', main, { cell: s.object(Cell, 'cell') }), {
      settings: settings.map((value) => ({ switch: how, value })),
    });

  test('choose the first arm unless the variant says otherwise', () => {
    expect(result(scene())['cell.log']).toBe('1');
    expect(result(scene('fixed'))['cell.log']).toBe('2');
  });

  test('that were met are listed with their values', () => {
    expect(compile(scene()).settings).toEqual({ how: 'posted' });
    expect(compile(scene('fixed')).settings).toEqual({ how: 'fixed' });
  });

  test('set to an unknown value are refused', () => {
    expect(refused(scene('fixd'))).toMatchObject({
      code: 'model',
      what: 'switch how is set to unknown value "fixd"',
      where: 'main (actor a)',
    });
  });

  test('without an arm for the value are refused', () => {
    const scenario = alone((k) => [k.switch(how, { fixed: [] } as never)]);
    expect(refused(scenario)).toMatchObject({ what: 'switch how has no arm for "posted"' });
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

test('a choice without an arm is refused', () => {
  expect(refused(alone((k) => [k.choose('which', [])]))).toMatchObject({ what: 'choice "which" has no arm' });
});

test('a choice may take every arm, and an arm whose guard is false is blocked', () => {
  const scenario = alone((k) => [
    k.choose('which', [
      {
        name: 'left',
        act: (f) => {
          f.cell.value = 1;
        },
        body: [digit(k, 1)],
      },
      { name: 'right', when: (f) => f.cell.value > 0, body: [digit(k, 2)] },
    ]),
  ]);
  const sim = new Simulator(scenario);
  expect(attempt(sim, 'a/1')).toBe('blocked');
  expect(values(drive(sim, 'a/0 a'))).toMatchObject({ 'cell.value': '1', 'cell.log': '1' });
});

describe('picking', () => {
  const main = procedure('main', { source, params: { cells: each(Cell) } }, (k) => [
    k.pick(
      'one of them',
      (f) => f.cells,
      (_f, cell) => {
        cell.value = 5;
      },
      { when: (_f, cell) => cell.log === 0 },
    ),
  ]);
  const scene = tiny((s) => {
    const cells = s.objects(Cell, 'cell', 3, (i) => ({ log: i === 1 ? 1 : 0 }));
    s.actor('a', main, { cells });
  });

  test('tries every option for which the condition holds', () => {
    const sim = new Simulator(scene);
    expect(sim.moves().map((m) => m.choice)).toEqual([0, 2]);
    expect(values(drive(sim, 'a/2'))).toMatchObject({ 'cell0.value': '0', 'cell2.value': '5' });
  });

  test('names its options by their objects', () => {
    const sim = new Simulator(scene);
    const point = sim.point(0);
    expect(point && [0, 1, 2].map((c) => sim.choiceName(point, 0, c))).toEqual(['cell0', 'cell1', 'cell2']);
  });

  test('from a list that is not constant is refused', () => {
    const scenario = alone((k) => [
      k.pick(
        'any',
        (f) => (f.cell.value > 0 ? [1] : [2]),
        () => {},
      ),
    ]);
    expect(refused(scenario)).toMatchObject({
      what: '"any" picks from a list that is not constant',
      hint: 'use a parameter declared with each() or constant()',
    });
  });
});

describe('failures', () => {
  const scene = (budgets: Record<string, number>) =>
    tiny((s) => {
      s.failures(budgets);
      const main = procedure('main', { source, params: { cell: Cell } }, (k) => [
        k.attempt(
          'copy',
          'copy_to_user',
          (f) => {
            f.cell.value = 1;
          },
          [digit(k, 1), k.return(-14)],
        ),
        k.attempt(
          'copy',
          'copy again',
          (f) => {
            f.cell.value = 2;
          },
          [digit(k, 2), k.return(-14)],
        ),
      ]);
      s.actor('a', main, { cell: s.object(Cell, 'cell') });
    });

  test('never happen unless there is a budget', () => {
    expect(new Simulator(scene({})).moves().map((m) => m.choice)).toEqual([0]);
    expect(new Simulator(scene({ copy: 0 })).moves().map((m) => m.choice)).toEqual([0]);
  });

  test('take the other way and skip the effect', () => {
    const sim = drive(scene({ copy: 1 }), 'a/1 a');
    expect(values(sim)).toMatchObject({ 'cell.value': '0', 'cell.log': '1', 'failures left:copy': '0' });
    expect(sim.point(0)).toBeNull();
  });

  test('happen as often as the budget allows, whichever step they befall', () => {
    const sim = drive(scene({ copy: 1 }), 'a/0');
    expect(sim.moves().map((m) => m.choice)).toEqual([0, 1]);
    const other = tiny((s) => {
      s.failures({ copy: 1 });
      const p = (name: string) => plain(name, (k) => [k.attempt('copy', 'copy', () => {}, [])]);
      s.actor('a', p('p'), {});
      s.actor('b', p('q'), {});
    });
    expect(attempt(drive(other, 'a/1'), 'b/1')).toBe('blocked');
  });
});
