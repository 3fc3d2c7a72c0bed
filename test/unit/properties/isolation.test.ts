/** The isolation properties see what they should: on plain objects, and in a scenario that breaks them. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../checker/check.ts';
import type { FixedArray, Property } from '../../../checker/lang/index.ts';
import { pageRequestsStayHome, pasidOwnedOnce, translationsStayHome } from '../../../properties/isolation.ts';
import flushThenClear from '../../../scenarios/iopf-flush-then-clear.ts';

const kindOf = (property: Property) => (property.kind === 'always' ? (property.check()?.kind ?? null) : 'not always');
const messageOf = (property: Property) => (property.kind === 'always' ? property.check()?.message : undefined);

/** An array as a property reads it. */
function fixed<T>(...elements: T[]): FixedArray<T> {
  return elements as unknown as FixedArray<T>;
}

const home = {};
const elsewhere = {};

describe('a page request', () => {
  const handledIn = (space: object | null) =>
    pageRequestsStayHome([
      { context: { owner: home, atc: null, pasid: 1 }, pasid: 1, handled_in: space, handled_by: null },
    ]);

  test('may be handled at home or not at all', () => {
    expect(kindOf(handledIn(null))).toBeNull();
    expect(kindOf(handledIn(home))).toBeNull();
  });

  test('may not be handled elsewhere', () => {
    expect(kindOf(handledIn(elsewhere))).toBe('isolation');
    expect(messageOf(handledIn(elsewhere))).toMatch(/with PASID 1, is handled in/);
  });

  test('of a context without an owner may not be handled anywhere', () => {
    const orphan = { context: null, pasid: 1, handled_in: home, handled_by: null };
    expect(kindOf(pageRequestsStayHome([orphan]))).toBe('isolation');
  });
});

describe('a cached translation', () => {
  test('leads home or nowhere', () => {
    expect(kindOf(translationsStayHome([{ owner: home, atc: null, pasid: 1 }]))).toBeNull();
    expect(kindOf(translationsStayHome([{ owner: home, atc: home, pasid: 1 }]))).toBeNull();
    expect(kindOf(translationsStayHome([{ owner: home, atc: elsewhere, pasid: 1 }]))).toBe('isolation');
  });

  test('leads elsewhere when a device is never stopped and its PASID goes to the next process', async () => {
    const verdict = await check(flushThenClear, {
      variant: 'never-stopped',
      properties: ['dma-isolation'],
      explain: false,
    });
    expect(verdict.violations[0]?.evidence).toMatchObject({ kind: 'isolation', objects: ['ctx_p', 'mm_p', 'mm_q'] });
  });

  test('leads home in the fixed form of the same scenario', async () => {
    const verdict = await check(flushThenClear, { variant: 'fixed', properties: ['dma-isolation'], explain: false });
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  });
});

describe('a PASID', () => {
  const cd = (valid: boolean, ttb: object | null) => ({ valid, ttb });
  const empty = cd(false, null);
  const owned = (by: object | null, entry = empty, cached: object | null = null, atc: object | null = null) =>
    pasidOwnedOnce(fixed<object | null>(null, by), { cd: fixed(empty, entry), cfg_cache: fixed(null, cached) }, [
      { owner: home, atc, pasid: 1 },
    ]);

  test('with one owner everywhere is in order, also while the hardware knows nothing of it yet', () => {
    expect(kindOf(owned(home))).toBeNull();
    expect(kindOf(owned(home, cd(true, home), home, home))).toBeNull();
    expect(kindOf(owned(null))).toBeNull();
  });

  test('that an invalid descriptor mentions has no owner there', () => {
    expect(kindOf(owned(null, cd(false, home)))).toBeNull();
  });

  test.each([
    ['its context descriptor', owned(null, cd(true, home))],
    ['the configuration cache', owned(null, empty, home)],
    ['the ATC', owned(null, empty, null, home)],
    ['its context descriptor', owned(elsewhere, cd(true, home))],
  ])('has a second owner when %s still leads to the first', (where, property) => {
    expect(kindOf(property)).toBe('isolation');
    expect(messageOf(property)).toContain(where);
  });
});
