/** Control flow within a procedure: labels and gotos, loops, switches, and what is refused. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import { int, type Kit, object, procedure, type set, switchOf } from '../../../../checker/lang/index.ts';
import { alone, Cell, digit, result } from '../../../support/one-actor.ts';
import { plain, refused, source, tiny } from '../../../support/tiny.ts';

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
