/** The lifetime and PASID properties see what they should, on plain objects. */
import { describe, expect, test } from 'vitest';
import type { FixedArray, Pool } from '../../../checker/lang/index.ts';
import { allFreed, noCallbackAfterTeardown } from '../../../properties/lifetime.ts';
import { onePasidForEachSpace, type PasidEntry } from '../../../properties/pasid.ts';

describe('no callback after teardown', () => {
  const evidence = (in_exit: boolean, closed: boolean) => noCallbackAfterTeardown([{ in_exit, closed }]).check();

  test('a callback may run before the teardown has returned', () => {
    expect(evidence(true, false)).toBeNull();
    expect(evidence(false, true)).toBeNull();
    expect(evidence(false, false)).toBeNull();
  });

  test('and not after', () => {
    expect(evidence(true, true)?.kind).toBe('protocol');
  });

  test('every binding is looked at', () => {
    const fine = { in_exit: true, closed: false };
    expect(noCallbackAfterTeardown([fine, { in_exit: true, closed: true }]).check()).not.toBeNull();
  });
});

describe('all freed', () => {
  const pool = (...live: object[]) => live as unknown as Pool<object>;

  test('holds when every pool is empty', () => {
    expect(allFreed([pool(), pool()]).check()).toBeNull();
  });

  test('names a leak otherwise', () => {
    expect(allFreed([pool(), pool({})]).check()?.kind).toBe('leak');
  });
});

describe('one PASID for each address space', () => {
  const mm = {};
  const entry = (pasid: number, of: object, counter = 1): PasidEntry => ({ pasid, mm: of, kref: { counter } });
  const evidence = (...table: (PasidEntry | null)[]) =>
    onePasidForEachSpace(table as unknown as FixedArray<PasidEntry | null>).check();

  test('two address spaces may have two', () => {
    expect(evidence(null, entry(1, mm), entry(2, {}))).toBeNull();
  });

  test('one may not', () => {
    expect(evidence(null, entry(1, mm), entry(2, mm))?.message).toMatch(/has PASID 1 and PASID 2/);
  });

  test('an entry with a count of zero is not in use', () => {
    expect(evidence(null, entry(1, mm, 0), entry(2, mm))).toBeNull();
  });
});
