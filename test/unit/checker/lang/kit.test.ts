/** The words of a procedure body: labels made from the C expression, and defaults of what is left out. */
import { describe, expect, test } from 'vitest';
import { kit, object, pathOf } from '../../../../checker/lang/index.ts';

describe('the C expression of an accessor', () => {
  test('is written with arrows', () => {
    expect(pathOf((f: any) => f.iommu.lock)).toBe('iommu->lock');
    expect(pathOf((f: any) => f.mm)).toBe('mm');
    expect(pathOf((_f: any, self: any) => self)).toBe('current');
  });

  test.each([
    ['a call', (f: any) => f.list.find(() => true)],
    ['a constant', () => 3],
    ['null', () => null],
    ['an index by symbol', (f: any) => [...f.list]],
    ['arithmetic', (f: any) => f.a + f.b],
  ])('is null for %s', (_what, accessor) => {
    expect(pathOf(accessor)).toBeNull();
  });
});

const Mm = object('mm_struct', {});

test('labels of allocation and free are derived unless written', () => {
  expect(kit.alloc(Mm, () => {})).toMatchObject({ label: 'allocate mm_struct', derived: true, budget: null });
  expect(kit.alloc(Mm, () => {}, { label: 'kzalloc', mayFail: 'kmalloc' })).toMatchObject({
    label: 'kzalloc',
    derived: false,
    budget: 'kmalloc',
  });
  expect(kit.free((f: any) => f.bond.mm)).toMatchObject({ label: 'free bond->mm', derived: true });
  expect(kit.free(() => null)).toMatchObject({ label: 'free object', derived: true });
});

test('a guard that does not say what it waits for waits for a condition', () => {
  expect(kit.blockUntil('wait', () => true)).toMatchObject({ waiting: { kind: 'wait' } });
  expect(kit.choose('choose', [])).toMatchObject({ waiting: { kind: 'wait' } });
  expect(
    kit.pick(
      'pick',
      () => [],
      () => {},
    ),
  ).toMatchObject({ waiting: { kind: 'wait' } });
});

test('a constant return value becomes a function of the frame', () => {
  const statement = kit.return(-19) as unknown as { value: () => unknown };
  expect(statement.value()).toBe(-19);
  expect(kit.return()).toEqual({ op: 'return' });
});
