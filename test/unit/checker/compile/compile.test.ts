/** The compiled model as a whole: its hash, its layout, its coverage table. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import {
  type Body,
  does,
  int,
  type Kit,
  machine,
  object,
  procedure,
  type Setting,
  set,
  switchOf,
} from '../../../../checker/lang/index.ts';
import { refused, source, tiny } from '../../../support/tiny.ts';

const Cell = object('cell', { value: int(0, 9) });

const scene = (build: (k: Kit<any>) => Body<any>, bounds: Record<string, number> = { n: 1 }, budgets = {}) =>
  tiny(
    (s) => {
      s.failures(budgets);
      const cell = s.object(Cell, 'cell');
      s.task('a', [does(procedure('p', { source, params: { cell: Cell } }, build as never), { cell })]);
    },
    { bounds },
  );
const hash = (...given: Parameters<typeof scene>) => compile(scene(...given)).hash;

describe('the hash of a model', () => {
  const base = (k: Kit<any>) => [k.step('work', (f: any) => f.cell.value)];
  const failing = (k: Kit<any>) => [k.attempt('kmalloc', 'work', () => {}, [])];

  test('is sixteen hex digits and the same each time', () => {
    expect(hash(base)).toMatch(/^[0-9a-f]{16}$/);
    expect(hash(base)).toBe(hash(base));
  });

  test('changes with a label, an effect, a bound, a budget and a further step', () => {
    const others = [
      hash((k) => [k.step('other', (f: any) => f.cell.value)]),
      hash((k) => [k.step('work', (f: any) => f.cell.value + 1)]),
      hash(base, { n: 2 }),
      hash(failing),
      hash(failing, { n: 1 }, { kmalloc: 1 }),
      hash((k) => [...base(k), k.step('more', () => {})]),
    ];
    expect(new Set([hash(base), ...others]).size).toBe(7);
  });

  test('changes with the guard and with the effect of an arm, so that hardware is covered too', () => {
    const lamp = (most: number, by: number) =>
      machine('lamp', { source, params: { cell: Cell }, states: ['off'] }, [
        most === 3
          ? { label: 'on', from: 'off', to: 'off', when: (f) => f.cell.value < 3, do: () => {} }
          : by === 1
            ? { label: 'on', from: 'off', to: 'off', when: (f) => f.cell.value < 4, do: () => {} }
            : { label: 'on', from: 'off', to: 'off', when: (f) => f.cell.value < 4, do: (f) => void f.cell.value },
      ]);
    const of = (most: number, by: number) =>
      compile(tiny((s) => void s.actor('lamp', lamp(most, by), { cell: s.object(Cell, 'cell') }))).hash;
    expect(new Set([of(3, 1), of(4, 1), of(4, 2)]).size).toBe(3);
  });

  test('does not change with white space', () => {
    const tight = new Function('f', 'return f.cell.value+1') as (f: any) => number;
    const loose = new Function('f', 'return  f.cell.value\n + 1') as (f: any) => number;
    expect(hash((k) => [k.step('work', tight)])).toBe(hash((k) => [k.step('work', loose)]));
  });
});

describe('what a variant sets', () => {
  const how = switchOf('iopf.order', 'which first', 'flush', 'clear');
  const inner = switchOf('iopf.inner', 'a choice inside another', 'one', 'two');
  const inSetup = switchOf('iopf.setup', 'read while the scenario is set up', 'few', 'many');
  const body = procedure('unbind', { source }, (k) => [
    k.switch(how, {
      flush: [k.attempt('kmalloc', 'flush', () => {}, [])],
      clear: [k.switch(inner, { one: [], two: [k.attempt('copy', 'clear', () => {}, [])] }), k.step('done', () => {})],
    }),
  ]);
  const outer = procedure('outer', { source }, (k) => [k.call(body, () => ({}))]);
  const scenario = (settings: readonly Setting[], budgets: Record<string, number> = {}) =>
    tiny(
      (s) => {
        s.setting(inSetup);
        s.failures(budgets);
        s.actor('a', outer, {});
      },
      { settings },
    );

  test('may be a switch of a step, of the setup, or of an arm that is not chosen', () => {
    expect(compile(scenario([set(how, 'clear'), set(inner, 'two'), set(inSetup, 'many')])).settings).toEqual({
      'iopf.inner': 'two',
      'iopf.order': 'clear',
      'iopf.setup': 'many',
    });
    expect(compile(scenario([set(inner, 'two')])).settings).toEqual({ 'iopf.order': 'flush', 'iopf.setup': 'few' });
  });

  test('must be a switch that is there', () => {
    const misspelt = switchOf('iopf.ordre', 'which first', 'flush', 'clear');
    expect(refused(scenario([set(misspelt, 'clear')]))).toEqual({
      code: 'model',
      what: 'variant "posted" sets switch iopf.ordre, which no step and no setup reads',
      where: 'tiny',
      hint: 'did you mean "iopf.order"?',
    });
  });

  test('must be a budget by which some step fails, in whichever arm', () => {
    expect(compile(scenario([], { kmalloc: 1, copy: 2, other: 0 })).budgets).toMatchObject({ kmalloc: 1, copy: 2 });
    expect(refused(scenario([], { kmaloc: 1 }))).toEqual({
      code: 'model',
      what: 'no step fails by the budget "kmaloc"',
      where: 'tiny',
      hint: 'did you mean "kmalloc"?',
    });
  });
});

test('a state vector is a whole number of words, at least one', () => {
  const bytes = (fields: number) =>
    compile(
      tiny((s) => {
        for (let i = 0; i < fields; i++) s.object(object('x', { v: int(0, 1) }, { permanent: true }), `x${i}`);
        s.actor(
          'a',
          procedure('p', { source }, (k) => [k.step('work', () => {})]),
          {},
        );
      }),
    ).stateBytes;
  // One byte each, and one for the program counter.
  expect([0, 1, 3, 4, 7].map(bytes)).toEqual([4, 4, 4, 8, 8]);
});

test('the coverage table has one entry for each step and each of its choices', () => {
  const model = compile(
    scene((k) => [
      k.choose('which', [{ name: 'left', body: [k.step('work', () => {})] }, { name: 'right' }]),
      k.step('end', () => {}),
    ]),
  );
  expect(model.coverage.map(({ point, choice }) => `${point.label} ${choice}`)).toEqual([
    'which 0',
    'which 1',
    'work 0',
    'end 0',
  ]);
  expect(model.branching).toBe(2);
});

test('two models of one scenario do not share their state', () => {
  const scenario = scene((k) => [
    k.step('write', (f: any) => {
      f.cell.value = 5;
    }),
  ]);
  const [first, second] = [compile(scenario), compile(scenario)];
  first.load(first.initial, 0);
  expect(first.run(0, 0)).toBeGreaterThan(0);
  second.load(second.initial, 0);
  const shown = (model: typeof first) => model.cells.map((c) => c.show()).join(' ');
  expect([shown(first), shown(second)]).toEqual(['5 cell', '0 cell']);
});
