/** Objects, procedures, switches, scenarios and sources: what their declarations refuse. */
import { describe, expect, test } from 'vitest';
import {
  int,
  object,
  patch,
  procedure,
  type Scenario,
  scenario,
  set,
  sourceText,
  switchOf,
} from '../../../../checker/lang/index.ts';
import { anything, plain, refusalOf, source } from '../../../support/tiny.ts';

describe('object', () => {
  test('needs a name', () => {
    expect(refusalOf(() => object('', {}))).toMatchObject({ code: 'model', what: 'an object type needs a name' });
  });

  test.each(['two words', '$id', '9lives', ''])('field "%s" is refused because it is no C identifier', (field) => {
    expect(refusalOf(() => object('mm_struct', { [field]: int(0, 1) }))).toEqual({
      code: 'model',
      what: `field "${field}" of mm_struct is not a C identifier`,
      where: "object('mm_struct')",
      hint: undefined,
    });
  });

  test('is mortal and keeps its address unless said otherwise', () => {
    expect(object('mm', {})).toMatchObject({ permanent: false, reusesAddress: false, source: undefined });
  });
});

describe('procedure', () => {
  test('without a source is refused', () => {
    expect(refusalOf(() => procedure('bind', {} as never, () => []))).toEqual({
      code: 'model',
      what: 'procedure bind has no source',
      where: "procedure('bind')",
      hint: 'say which patch and file it models',
    });
  });

  test.each(['', 'a/b', 'two\nlines'])('name %j is refused because a schedule could not hold it', (name) => {
    expect(refusalOf(() => plain(name, () => []))).toMatchObject({
      code: 'model',
      what: `procedure name ${JSON.stringify(name)} is not one line without slashes`,
    });
  });

  test('a local with the name of a parameter is refused', () => {
    const params = { mm: int(0, 1) };
    expect(refusalOf(() => procedure('bind', { source, params, locals: params }, () => []))).toMatchObject({
      code: 'model',
      what: 'local "mm" of bind has the name of a parameter',
    });
  });

  test('builds its body once, when it is first asked for', () => {
    let built = 0;
    const p = plain('bind', (k) => {
      built++;
      return [k.step('work', () => {})];
    });
    expect(built).toBe(0);
    expect(p.body()).toBe(p.body());
    expect(built).toBe(1);
  });
});

describe('switch', () => {
  test('that lists a value twice is refused', () => {
    expect(refusalOf(() => switchOf('vfio.mmput', 'how', 'async', 'async'))).toMatchObject({
      code: 'model',
      what: 'switch vfio.mmput lists a value twice',
    });
  });

  test('cannot be set to a value it does not have', () => {
    const how = switchOf('vfio.mmput', 'how', 'async', 'plain');
    expect(refusalOf(() => set(how, 'plane' as never))).toEqual({
      code: 'model',
      what: 'switch vfio.mmput has no value "plane"',
      where: undefined,
      hint: 'it is one of async, plain',
    });
    expect(set(how, 'plain')).toEqual({ switch: how, value: 'plain' });
  });
});

describe('scenario', () => {
  const declare = (name: string, variants: Scenario['variants']) =>
    scenario(name, { title: '', about: '', systems: [], source, bounds: {}, variants, setup: () => {} });

  test.each(['Detach', 'detach exit', '-x', ''])('name "%s" is refused', (name) => {
    expect(refusalOf(() => declare(name, { posted: { about: '', expect: anything } }))).toMatchObject({
      code: 'model',
      what: `scenario name "${name}" is not lower-case words joined by dashes`,
    });
  });

  test.each(['Posted', 'posted 2', 'a\nb', ''])(
    'variant %j is refused because a schedule could not hold it',
    (variant) => {
      expect(refusalOf(() => declare('detach', { [variant]: { about: '', expect: anything } }))).toMatchObject({
        code: 'model',
        what: `variant "${variant}" of scenario detach is not lower-case words joined by dashes`,
      });
    },
  );

  test.each(['max-mms', 'n m', ''])('bound %j is refused because a schedule could not hold it', (bound) => {
    const variants = { posted: { about: '', expect: anything } };
    const spec = { title: '', about: '', systems: [], source, variants, setup: () => {} };
    expect(refusalOf(() => scenario('detach', { ...spec, bounds: { [bound]: 1 } }))).toMatchObject({
      code: 'model',
      what: `bound "${bound}" of scenario detach is not a plain word`,
    });
  });

  test('without a variant is refused', () => {
    expect(refusalOf(() => declare('detach', {}))).toMatchObject({ what: 'scenario detach has no variant' });
  });

  test('has no assumptions and no corpus entry unless given', () => {
    expect(declare('detach', { posted: { about: '', expect: anything } })).toMatchObject({
      kind: 'scenario',
      assumptions: [],
      corpus: undefined,
    });
  });
});

test('a source reads as file and patch, or as the patch alone', () => {
  const v2 = patch('v2 13/40', 'msg@host');
  expect(sourceText(v2('drivers/vfio/vfio.c'))).toBe('drivers/vfio/vfio.c (v2 13/40)');
  expect(sourceText(v2())).toBe('v2 13/40');
  expect(v2()).toEqual({ patch: 'v2 13/40', ref: 'msg@host' });
});
