/** Setting up a scenario: names, initial values, pools, actors, bounds and budgets, and what is refused. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import {
  actor,
  always,
  array,
  callbackType,
  int,
  list,
  object,
  op,
  type Scenario,
  type Setup,
  set,
  switchOf,
} from '../../../../checker/lang/index.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { plain, refusalOf, refused, tiny, values } from '../../../support/tiny.ts';

const Mm = object('mm_struct', { users: int(0, 3), pages: array(int(0, 1), 2) });
const Iommu = object('iommu', { mms: list(Mm, 2), owner: actor() }, { permanent: true });
const nothing = plain('nothing', (k) => [k.step('nothing', () => {})]);

/** A scenario with one actor beside what `build` makes. */
const scene = (build: (s: Setup<Record<string, number>>) => void): Scenario =>
  tiny((s) => {
    build(s);
    s.actor('a', nothing, {});
  });

describe('names', () => {
  test('two objects of one name are refused', () => {
    expect(
      refused(
        scene((s) => {
          s.object(Mm, 'mm');
          s.object(Iommu, 'mm');
        }),
      ),
    ).toEqual({ code: 'model', what: 'two things are named "mm"', where: 'tiny', hint: undefined });
  });

  test('an actor may not have the name of an object', () => {
    expect(refused(scene((s) => void s.object(Mm, 'a')))).toMatchObject({ what: 'two things are named "a"' });
  });

  test.each(['two words', 'a:b', '', '1st', 'a\nb', 'a/b', '#x'])('name %j is refused', (name) => {
    expect(refused(scene((s) => void s.object(Mm, name)))).toMatchObject({
      code: 'model',
      what: `name "${name}" is not a plain word`,
      hint: 'use letters, digits, dots and underscores',
    });
  });

  test('two properties of one name are refused', () => {
    const p = always('quiet', 'nothing happens', () => null);
    expect(refused(scene((s) => s.property(p, p)))).toMatchObject({ what: 'two properties are named "quiet"' });
  });

  test('objects are numbered from zero', () => {
    const sim = new Simulator(scene((s) => void s.objects(Mm, 'mm', 2, (i) => ({ users: i + 1 }))));
    expect(values(sim)).toMatchObject({ 'mm0.users': '1', 'mm1.users': '2' });
  });
});

describe('initial values', () => {
  test('an unknown field is refused with the nearest one', () => {
    expect(refused(scene((s) => void s.object(Mm, 'mm', { user: 1 } as never)))).toEqual({
      code: 'model',
      what: 'mm_struct has no field "user"',
      where: 'mm',
      hint: 'did you mean "users"?',
    });
  });

  test('an embedded field is refused', () => {
    expect(refused(scene((s) => void s.object(Mm, 'mm', { pages: [] } as never)))).toMatchObject({
      what: 'mm.pages is embedded',
      hint: 'assign its parts after s.object(...)',
    });
  });

  test('an embedded field cannot be assigned either, but its parts can', () => {
    expect(
      refused(
        scene((s) => {
          s.object(Mm, 'mm').pages = null as never;
        }),
      ),
    ).toMatchObject({
      what: 'mm.pages is embedded and cannot be assigned',
      hint: 'assign its fields',
    });
    const sim = new Simulator(scene((s) => s.object(Mm, 'mm').pages.set(1, 1)));
    expect(values(sim)).toMatchObject({ 'mm.pages[0]': '0', 'mm.pages[1]': '1' });
  });

  test.each([4, -1, 1.5, Number.NaN, undefined])('%s is refused for an int(0, 3)', (users) => {
    expect(refused(scene((s) => void s.object(Mm, 'mm', { users } as never)))).toMatchObject({
      code: 'model',
      what: `mm.users cannot hold ${users}`,
      hint: 'widen the field, or look for the step that should not happen',
    });
  });

  test('a callback that the scenario does not list is refused', () => {
    const MmExit = callbackType('mm_exit', {});
    const Ops = object('ops', { mm_exit: op(MmExit) });
    const vfio = plain('vfio_mm_exit', (k) => [k.step('exit', () => {})]);
    expect(refused(scene((s) => void s.object(Ops, 'ops', { mm_exit: vfio as never })))).toMatchObject({
      code: 'model',
      what: 'ops.mm_exit is set to vfio_mm_exit, which the scenario does not list',
      hint: 'add it to s.implementations(...)',
    });
  });
});

describe('pools', () => {
  test('of permanent objects are refused', () => {
    expect(refused(scene((s) => void s.pool(Iommu, 1)))).toMatchObject({
      what: 'iommu is permanent and cannot be allocated',
    });
  });

  test.each([0, -1, 1.5])('of %d slots are refused', (slots) => {
    expect(refused(scene((s) => void s.pool(Mm, slots)))).toMatchObject({
      what: 'pool of mm_struct needs at least one slot',
    });
  });

  test('show the objects that live, in the order of their slots', () => {
    let living: string[] = [];
    const fill = plain('fill', (k) => [k.alloc(Mm, () => {}), k.alloc(Mm, () => {})]);
    const sim = new Simulator(
      tiny((s) => {
        const pool = s.pool(Mm, 3);
        s.actor('a', fill, {});
        s.property(
          always('look', 'takes down which live', () => {
            living = Object.keys(values(sim)).filter((path) => /^mm_struct#\d$/.test(path));
            expect([...pool]).toHaveLength(living.length);
            return null;
          }),
        );
      }),
    );
    const look = () => {
      sim.focus();
      for (const p of sim.model.properties) if (p.kind === 'always') p.check();
      return living;
    };
    expect(look()).toEqual([]);
    sim.step(0, 0);
    expect(look()).toEqual(['mm_struct#0']);
    sim.step(0, 0);
    expect(look()).toEqual(['mm_struct#0', 'mm_struct#1']);
  });
});

describe('sizes', () => {
  test('a scenario without an actor is refused', () => {
    expect(refused(tiny((s) => void s.object(Mm, 'mm')))).toEqual({
      code: 'model',
      what: 'the scenario has no actor',
      where: 'tiny',
      hint: 'add one with s.task or s.actor',
    });
  });

  test('254 objects fit, 255 do not', () => {
    expect(compile(scene((s) => void s.objects(Mm, 'mm', 254))).layout.end).toBeGreaterThan(254);
    expect(refused(scene((s) => void s.objects(Mm, 'mm', 255)))).toMatchObject({
      what: 'a scenario may have at most 254 objects',
      hint: 'lower the bounds',
    });
  });

  test('60 actors fit, 61 do not', () => {
    const crowd = (n: number) =>
      tiny((s) => {
        for (let i = 0; i < n; i++) s.actor(`a${i}`, nothing, {});
      });
    expect(compile(crowd(60)).actors).toHaveLength(60);
    expect(refused(crowd(61))).toMatchObject({ what: 'a scenario may have at most 60 actors' });
  });

  test('a state vector above 4096 bytes is refused', () => {
    const Page = object('page', { words: array(int(0, 255), 250) });
    expect(refused(scene((s) => void s.objects(Page, 'page', 17)))).toMatchObject({
      code: 'model',
      what: 'the state vector is longer than 4096 bytes',
      hint: 'lower the bounds or the capacities',
    });
  });
});

describe('failure budgets', () => {
  test.each([-1, 1.5, 256, Number.NaN])('of %d are refused', (n) => {
    expect(refused(scene((s) => s.failures({ kmalloc: n })))).toMatchObject({
      what: 'failure budget kmalloc must be a whole number below 256',
    });
  });
});

describe('variants and bounds', () => {
  const bounded = tiny(
    (s) => {
      s.objects(Mm, 'mm', s.bounds['mms'] as number);
      s.actor('a', nothing, {});
    },
    { bounds: { mms: 1, groups: 2 } as Record<string, number> },
  );

  test('a bound is given by the scenario and changed by the caller', () => {
    expect(compile(bounded).bounds).toEqual({ mms: 1, groups: 2 });
    const wider = compile(bounded, { bounds: { mms: 3 } });
    expect(wider.bounds).toEqual({ mms: 3, groups: 2 });
    expect(wider.stateBytes).toBeGreaterThan(compile(bounded).stateBytes);
  });

  test('an unknown bound is refused with the nearest one', () => {
    expect(refusalOf(() => compile(bounded, { bounds: { mm: 2 } }))).toMatchObject({
      code: 'usage',
      what: 'scenario tiny has no bound "mm"',
      hint: 'did you mean "mms"?',
    });
    expect(refusalOf(() => compile(bounded, { bounds: { elsewhere: 2 } }))).toMatchObject({
      hint: 'its bounds are mms, groups',
    });
  });

  test.each([-1, 0.5, Number.NaN])('a bound of %d is refused', (mms) => {
    expect(refusalOf(() => compile(bounded, { bounds: { mms } }))).toMatchObject({
      code: 'usage',
      what: `bound mms must be a whole number, not ${mms}`,
    });
  });

  test('an unknown variant is refused with the nearest one', () => {
    expect(refusalOf(() => compile(bounded, { variant: 'postd' }))).toMatchObject({
      code: 'usage',
      what: 'scenario tiny has no variant "postd"',
      hint: 'did you mean "posted"?',
    });
    expect(refusalOf(() => compile(bounded, { variant: 'elsewhere' }))).toMatchObject({
      hint: 'its variants are posted',
    });
  });

  test('a setup reads the value its variant gives to a switch, else the first one', () => {
    const order = switchOf('order', 'which way', 'flush-first', 'clear-first');
    const seen: string[] = [];
    const setup = (s: Setup<Record<string, number>>) => {
      seen.push(s.setting(order));
      s.actor('a', nothing, {});
    };
    compile(tiny(setup));
    compile(tiny(setup, { settings: [set(order, 'clear-first')] }));
    expect(seen).toEqual(['flush-first', 'clear-first']);
  });
});
