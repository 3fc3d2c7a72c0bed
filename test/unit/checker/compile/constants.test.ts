/**
 * Constant arguments: what the scenario fixes costs no byte of the state, and an argument that depends on the state
 * is never mistaken for one.
 */
import { describe, expect, test } from 'vitest';
import { knownArguments } from '../../../../checker/compile/constants.ts';
import { bool, int, object, procedure, ref } from '../../../../checker/lang/index.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { drive, source, tiny, values } from '../../../support/tiny.ts';

const view = (id: number) => ({ $id: id, $live: -1 });
const a = view(1);
const b = view(2);
const frame = { constants: { a, b, list: [a, b], config: { pri: true }, n: 3 } };
const known = (args: (f: any, self: any) => Record<string, unknown>) => knownArguments(args as never, frame);
const constantsOf = (args: Parameters<typeof known>[0]) => known(args).constants;

describe('constant', () => {
  test('is what is passed on from the constants of the caller', () => {
    expect(constantsOf((f) => ({ x: f.a, n: f.n, list: f.list }))).toEqual({ x: a, n: 3, list: [a, b] });
    expect(constantsOf((f) => ({ x: f.a }))['x']).toBe(a);
  });

  test('is a literal', () => {
    expect(constantsOf(() => ({ x: 1, y: null, z: 'plain' }))).toEqual({ x: 1, y: null, z: 'plain' });
  });

  test('is what remains when other arguments are read from the state', () => {
    expect(constantsOf((f) => ({ x: f.a, y: f.local, z: f.b.field.deeper.still, w: f.local.one.two }))).toEqual({
      x: a,
    });
  });

  test('is a choice made by constant configuration', () => {
    expect(constantsOf((f) => ({ x: f.config.pri ? f.a : f.b }))).toEqual({ x: a });
  });

  test('is an element of a constant list', () => {
    expect(constantsOf((f) => ({ x: f.list[1] }))).toEqual({ x: b });
  });
});

describe('not constant', () => {
  test('is a choice made by a local', () => {
    expect(constantsOf((f) => ({ x: f.local ? f.a : f.b }))).toEqual({});
  });

  test('is a choice made by a field of a constant object', () => {
    expect(constantsOf((f) => ({ x: f.a.flag ? f.a : f.b }))).toEqual({});
  });

  test('is a choice made by a local when another argument is the actor itself', () => {
    expect(constantsOf((f, self) => ({ who: self, x: f.local ? f.a : f.b }))).not.toHaveProperty('x');
  });

  test('is a choice made by a local when a value is passed twice', () => {
    expect(
      constantsOf((f) => {
        const v = f.value;
        return { p: v, q: v, x: f.local ? f.a : f.b };
      }),
    ).toEqual({});
  });

  test('is a choice made by a value that is passed as well', () => {
    expect(
      constantsOf((f) => {
        const v = f.value;
        return { v, x: v ? f.a : f.b };
      }),
    ).not.toHaveProperty('x');
  });

  test('is the result of arithmetic, of a call, of a search', () => {
    expect(constantsOf((f) => ({ x: f.local + 1, y: f.a }))).toEqual({});
    expect(constantsOf((f) => ({ x: f.list[f.local], y: f.a }))).toEqual({});
    expect(constantsOf((f) => ({ x: f.a.items.find(() => true), y: f.a }))).toEqual({});
    expect(constantsOf((f) => ({ x: 'key' in f.local, y: f.a }))).toEqual({});
  });

  test('is anything when the function throws on trackers', () => {
    expect(
      constantsOf(() => {
        throw new Error('cannot');
      }),
    ).toEqual({});
  });
});

test('the names of all arguments are known unless the function throws', () => {
  expect(known((f) => ({ x: f.local + 1, y: f.a })).names).toEqual(['x', 'y']);
  expect(
    known(() => {
      throw new Error('cannot');
    }).names,
  ).toBeNull();
});

describe('in a model', () => {
  const Thing = object('thing', { hits: int(0, 9) }, { permanent: true });
  const hit = procedure('hit', { source, params: { thing: Thing } }, (k) => [
    k.step('hit', (f) => {
      f.thing.hits++;
    }),
  ]);

  test('a constant argument takes no byte of the state, another takes one', () => {
    const bytes = (choose: boolean) =>
      new Simulator(
        tiny((s) => {
          const [x, y] = [s.object(Thing, 'x'), s.object(Thing, 'y')];
          const main = procedure(
            'main',
            { source, params: { x: Thing, y: Thing }, locals: { second: bool() } },
            (k) => [k.call(hit, choose ? (f) => ({ thing: f.second ? f.y : f.x }) : (f) => ({ thing: f.x }))],
          );
          s.actor('a', main, { x, y });
        }),
      ).model.layout.end;
    expect(bytes(true) - bytes(false)).toBe(1);
  });

  test('an argument chosen by a local is what the local says when the call is made', () => {
    const main = procedure('main', { source, params: { x: Thing, y: Thing }, locals: { second: bool() } }, (k) => [
      k.step('choose', (f) => {
        f.second = true;
      }),
      k.call(hit, (f) => ({ thing: f.second ? f.y : f.x })),
    ]);
    const sim = drive(
      tiny((s) => void s.actor('a', main, { x: s.object(Thing, 'x'), y: s.object(Thing, 'y') })),
      'a a',
    );
    expect(values(sim)).toMatchObject({ 'x.hits': '0', 'y.hits': '1' });
  });

  test('an argument chosen by a pointer that is passed as well is what the pointer says', () => {
    const hitOne = procedure('hit_one', { source, params: { which: ref(Thing), thing: Thing } }, (k) => [
      k.step('hit', (f) => {
        f.thing.hits++;
      }),
    ]);
    const main = procedure('main', { source, params: { x: Thing, y: Thing }, locals: { which: ref(Thing) } }, (k) => [
      k.step('leave it NULL', () => {}),
      k.call(hitOne, (f) => {
        const { which } = f;
        return { which, thing: which ? f.x : f.y };
      }),
    ]);
    const sim = drive(
      tiny((s) => void s.actor('a', main, { x: s.object(Thing, 'x'), y: s.object(Thing, 'y') })),
      'a a',
    );
    expect(values(sim)).toMatchObject({ 'x.hits': '0', 'y.hits': '1' });
  });
});

test('the trackers leave the objects of the scenario alone', () => {
  constantsOf((f) => {
    f.a.flag = 1;
    return { x: f.a };
  });
  expect(a).toEqual(view(1));
});
