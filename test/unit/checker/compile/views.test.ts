/** Fields as steps see them: every value of every type comes back as it was written, and zero bytes are initial values. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Actor,
  actor,
  array,
  bool,
  callbackType,
  type Field,
  int,
  list,
  object,
  oneOf,
  op,
  opaque,
  procedure,
  ref,
  ring,
  struct,
  type View,
} from '../../../../checker/lang/index.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { drive, plain, refusalOf, refused, source, tiny, values } from '../../../support/tiny.ts';

const nothing = plain('nothing', (k) => [k.step('nothing', () => {})]);

/** A model whose one object has the field `x`; steps of the actor write what is given, one after another. */
function fieldOf<T>(field: Field<T>, writes: readonly T[] = []) {
  const Box = object('box', { x: field as Field<any> });
  let box: View<{ x: Field<any> }> | undefined;
  const sim = new Simulator(
    tiny((s) => {
      const view = s.object(Box, 'box');
      box = view;
      const p = plain('write', (k) =>
        writes.map((value, i) =>
          k.step(`write ${i}`, () => {
            view.x = value;
          }),
        ),
      );
      s.actor('a', writes.length === 0 ? nothing : p, {});
    }),
  );
  const read = (): T => {
    sim.focus();
    return (box as { x: T }).x;
  };
  return { sim, read };
}

describe('whole numbers', () => {
  test('of every range and initial value come back as they were written', () => {
    const range = fc.tuple(fc.integer({ min: -300, max: 300 }), fc.integer({ min: 0, max: 255 })).chain(([lo, width]) =>
      fc.record({
        lo: fc.constant(lo),
        hi: fc.constant(lo + width),
        init: fc.integer({ min: lo, max: lo + width }),
        value: fc.integer({ min: lo, max: lo + width }),
      }),
    );
    fc.assert(
      fc.property(range, ({ lo, hi, init, value }) => {
        const { sim, read } = fieldOf(int(lo, hi, init), [value, init]);
        expect(read()).toBe(init);
        expect(sim.model.initial.every((word, i) => i > 0 || (word & 0xff00) === 0)).toBe(true);
        drive(sim, 'a');
        expect(read()).toBe(value);
        drive(sim, 'a');
        expect(read()).toBe(init);
      }),
      { numRuns: 60 },
    );
  });

  test('out of range break the model, with field, step and actor named', () => {
    const { sim } = fieldOf(int(0, 3), [4]);
    expect(() => drive(sim, 'a')).toThrow(
      expect.objectContaining({
        code: 'model-threw',
        message: 'box.x cannot hold 4',
        where: 'write/write 0 (actor a)',
        hint: 'widen the field, or look for the step that should not happen',
      }),
    );
  });
});

test('booleans that start true are true until they are set', () => {
  const { sim, read } = fieldOf(bool(true), [false, true]);
  expect(read()).toBe(true);
  drive(sim, 'a');
  expect(read()).toBe(false);
  drive(sim, 'a');
  expect(read()).toBe(true);
});

test('enums start at their first name and take no other than their names', () => {
  const { sim, read } = fieldOf(oneOf('idle', 'busy', 'dead'), ['dead', 'gone' as never]);
  expect(read()).toBe('idle');
  drive(sim, 'a');
  expect(read()).toBe('dead');
  expect(() => drive(sim, 'a')).toThrow('box.x cannot hold gone');
});

test('references start at NULL and come back as the very object', () => {
  const Mm = object('mm_struct', {});
  const Box = object('box', { mm: ref(() => Mm), data: opaque() });
  let box: View<typeof Box.shape> | undefined;
  let mm: object | undefined;
  const sim = new Simulator(
    tiny((s) => {
      const [b, m] = [s.object(Box, 'box'), s.object(Mm, 'mm')];
      [box, mm] = [b, m];
      s.actor(
        'a',
        plain('p', (k) => [
          k.step('set', () => {
            b.mm = m;
            b.data = b;
          }),
          k.step('unset', () => {
            b.mm = null;
          }),
        ]),
        {},
      );
    }),
  );
  const read = () => {
    sim.focus();
    return [box?.mm, box?.data];
  };
  expect(read()).toEqual([null, null]);
  expect(values(sim)['box.mm']).toBe('NULL');
  drive(sim, 'a');
  expect(read()[0]).toBe(mm);
  expect(read()[1]).toBe(box);
  expect(values(sim)).toMatchObject({ 'box.mm': 'mm', 'box.data': 'box' });
  drive(sim, 'a');
  expect(values(sim)['box.mm']).toBe('NULL');
});

describe('what has no identity', () => {
  const Inner = () => struct('inner', { n: int(0, 3) });
  const Box = object(
    'box',
    { data: opaque(), items: list(() => Node, 2), inner: Inner(), owner: actor() },
    { permanent: true },
  );
  const Node = object('node', { inner: Inner() });
  const run = (act: (box: View<typeof Box.shape>, self: Actor) => void, other?: object) => {
    const sim = new Simulator(
      tiny((s) => {
        const box = s.object(Box, 'box');
        if (other !== undefined) box.data = other;
        s.actor(
          'a',
          plain('p', (k) => [k.step('assign', (_f, self) => act(box, self))]),
          {},
        );
      }),
    );
    drive(sim, 'a');
  };
  const embedded =
    'it is embedded in another object: point to that one, or declare it with object() and make it in setup';

  test('cannot be pointed to: an embedded struct would be stored as NULL', () => {
    const error = refusalOf(() =>
      run((box) => {
        box.data = box.inner;
      }),
    );
    expect(error).toMatchObject({ code: 'model-threw', what: 'box.data cannot point to box.inner', hint: embedded });
  });

  test('cannot be passed on as an argument either', () => {
    const callee = procedure('callee', { source, params: { data: opaque() } }, (k) => [k.step('x', () => {})]);
    const scenario = tiny((s) => {
      const box = s.object(Box, 'box');
      s.actor(
        'a',
        procedure('p', { source, locals: { n: int(0, 1) } }, (k) => [
          k.step('first', () => {}),
          k.call(callee, (f) => ({ data: f.n === 0 ? box.inner : null })),
        ]),
        {},
      );
    });
    expect(refusalOf(() => drive(new Simulator(scenario), 'a'))).toMatchObject({
      what: 'callee.data cannot point to box.inner',
      hint: embedded,
    });
  });

  test('cannot be linked into a list', () => {
    const error = refusalOf(() =>
      run((box) => {
        box.items.add(box.inner as never);
      }),
    );
    expect(error).toMatchObject({
      what: 'box.inner cannot be linked into box.items',
      hint: 'it is embedded in another object: link that one',
    });
  });

  test.each([
    [
      'an actor',
      (box: View<typeof Box.shape>, self: Actor) => void Object.assign(box, { data: self }),
      'box.data cannot point to a',
    ],
    [
      'an object, where an actor is wanted',
      (box: View<typeof Box.shape>) => void Object.assign(box, { owner: box }),
      'box.owner cannot point to box',
    ],
    [
      'an object of plain data',
      (box: View<typeof Box.shape>) => void Object.assign(box, { data: { n: 1 } }),
      'box.data cannot point to object',
    ],
  ])('nor can %s be pointed to', (_what, act, what) => {
    expect(refusalOf(() => run(act))).toMatchObject({ code: 'model-threw', what });
  });

  test('nor an object of another scenario, in setup', () => {
    let stranger: object | undefined;
    new Simulator(
      tiny((s) => {
        s.object(Box, 'first');
        stranger = s.object(Box, 'stranger');
        s.actor(
          'a',
          plain('p', (k) => [k.step('x', () => {})]),
          {},
        );
      }),
    );
    expect(refusalOf(() => run(() => {}, stranger))).toMatchObject({
      code: 'model',
      what: 'box.data cannot point to stranger',
    });
  });
});

test('callbacks come back as the very procedure', () => {
  const Exit = callbackType('mm_exit', {});
  const exit = plain('vfio_mm_exit', (k) => [k.step('exit', () => {})]);
  const Ops = object('ops', { exit: op(Exit) });
  let ops: View<typeof Ops.shape> | undefined;
  const sim = new Simulator(
    tiny((s) => {
      s.implementations(Exit, [exit]);
      ops = s.object(Ops, 'ops', { exit });
      s.actor('a', nothing, {});
    }),
  );
  sim.focus();
  expect(ops?.exit).toBe(exit);
  expect(values(sim)['ops.exit']).toBe('vfio_mm_exit');
});

describe('structs', () => {
  const pair = () => struct('pair', { x: int(0, 9), y: int(1, 9) });
  const Box = object('box', {
    head: int(0, 9),
    one: pair(),
    many: array(pair(), 3),
    inner: struct('outer', { two: pair() }),
  });

  test('in structs and in arrays keep their fields apart', () => {
    const sim = new Simulator(
      tiny((s) => {
        const b = s.object(Box, 'box');
        b.many.at(1).y = 4;
        b.inner.two.x = 5;
        b.one.x = 6;
        b.head = 7;
        s.actor('a', nothing, {});
      }),
    );
    expect(values(sim)).toEqual({
      box: 'box',
      'box.head': '7',
      'box.one.x': '6',
      'box.one.y': '1',
      'box.many[0].x': '0',
      'box.many[0].y': '1',
      'box.many[1].x': '0',
      'box.many[1].y': '4',
      'box.many[2].x': '0',
      'box.many[2].y': '1',
      'box.inner.two.x': '5',
      'box.inner.two.y': '1',
    });
  });

  test('of a freed object are not shown and not accessible', () => {
    const sim = new Simulator(
      tiny((s) => {
        const b = s.object(Box, 'box');
        const p = plain('p', (k) => [
          k.free(() => b),
          k.step('use', () => {
            b.inner.two.x = 1;
          }),
        ]);
        s.actor('a', p, {});
      }),
    );
    drive(sim, 'a');
    expect(values(sim)).toEqual({});
    expect(sim.step(0, 0)).toEqual({
      result: 'fault',
      evidence: {
        kind: 'use-after-free',
        message: 'inner of box is accessed after box was freed',
        objects: ['box'],
        actors: ['a'],
      },
    });
  });
});

test('arrays have their elements and no others', () => {
  const Box = object('box', { bits: array(bool(true), 3) });
  let bits: { at(i: number): boolean; set(i: number, v: boolean): void; length: number } | undefined;
  const sim = new Simulator(
    tiny((s) => {
      const b = s.object(Box, 'box');
      bits = b.bits;
      b.bits.set(2, false);
      s.actor('a', nothing, {});
    }),
  );
  sim.focus();
  expect([...(bits as never as Iterable<boolean>)]).toEqual([true, true, false]);
  expect(bits?.length).toBe(3);
  for (const index of [-1, 3]) expect(() => bits?.at(index)).toThrow(`array box.bits of 3 has no element ${index}`);
  expect(() => bits?.set(3, true)).toThrow('array box.bits of 3 has no element 3');
});

test('an array of structs has views for elements, which cannot be assigned', () => {
  const Box = object('box', { cells: array(struct('cell', { x: int(0, 9) }), 2) });
  expect(
    refused(
      tiny((s) => {
        s.object(Box, 'box').cells.set(0, {} as never);
      }),
    ),
  ).toMatchObject({ what: 'elements of box.cells are embedded: assign their fields' });
  expect(
    refused(
      tiny((s) => {
        s.object(Box, 'box').cells.at(2);
      }),
    ),
  ).toMatchObject({ what: 'array box.cells of 2 has no element 2' });
});

test('a ring of lists is refused', () => {
  const Box = object('box', {});
  const Bad = object('bad', { queue: ring(list(Box, 1) as never, 2) });
  expect(refused(tiny((s) => void s.object(Bad, 'bad')))).toMatchObject({
    what: 'ring bad.queue may hold scalars and references only',
  });
});
