/** What the properties of translations see, on plain objects. */
import { describe, expect, test } from 'vitest';
import type { FixedArray, Property } from '../../../checker/lang/index.ts';
import {
  boundSpacesAreReached,
  contextsOwnTheirPasid,
  descriptorsAreWhole,
  entriesAreWhole,
  numbersHaveOneOwner,
  pagesOutliveTranslations,
  streamsStayInTheirDomain,
} from '../../../properties/translation.ts';

const result = (property: Property) => (property.kind === 'always' ? property.check() : null);
const kindOf = (property: Property) => result(property)?.kind ?? null;

/** An array as a property reads it. */
function fixed<T>(...elements: T[]): FixedArray<T> {
  return Object.assign([...elements], {
    at: (i: number) => elements[i] as T,
    set: () => {},
  }) as unknown as FixedArray<T>;
}

const none = { page: null, generation: 0 };
const noCd = { valid: false, quiet: false, ttb: null, generation: 0 };
const noCfg = { ...noCd, cached: false };
const page = { generation: 0 };
const freed = { generation: 1 };
const home = { generation: 0 };
const elsewhere = { generation: 0 };

type Entry = { page: { generation: number } | null; generation: number };
type Cd = Omit<typeof noCd, 'ttb'> & { ttb: { generation: number } | null };

function iommu({ cd = noCd as Cd, cfg = noCfg as Cd & { cached: boolean }, tlb = none as Entry } = {}) {
  // Number 0 is nobody's; one page a number.
  return { cd: fixed<Cd>(noCd, cd), cfg: fixed<Cd & { cached: boolean }>(noCfg, cfg), tlb: fixed<Entry>(none, tlb) };
}
const device = (atc: Entry = none) => ({ atc: fixed<Entry>(none, atc) });

describe('no page is used again while a cache leads to it', () => {
  const walks = { valid: true, quiet: false, ttb: freed, generation: 0 };

  test('nothing cached, or cached as it is now', () => {
    expect(kindOf(pagesOutliveTranslations(iommu(), [device()]))).toBeNull();
    const now = { page, generation: 0 };
    expect(kindOf(pagesOutliveTranslations(iommu({ tlb: now }), [device(now)]))).toBeNull();
    expect(kindOf(pagesOutliveTranslations(iommu({ cfg: { ...walks, cached: true, ttb: home } }), []))).toBeNull();
  });

  test.each([
    ['the TLB', pagesOutliveTranslations(iommu({ tlb: { page: freed, generation: 0 } }), [])],
    ['the ATC', pagesOutliveTranslations(iommu(), [device(), device({ page: freed, generation: 0 })])],
    ['a context descriptor', pagesOutliveTranslations(iommu({ cd: walks }), [])],
    ['the configuration cache', pagesOutliveTranslations(iommu({ cfg: { ...walks, cached: true } }), [])],
  ])('%s leads to a page that was freed', (where, property) => {
    expect(result(property)).toMatchObject({ kind: 'isolation', message: expect.stringContaining(where) });
  });

  test('a device that is cut off may keep what it likes', () => {
    const stale = device({ page: freed, generation: 0 });
    expect(kindOf(pagesOutliveTranslations(iommu(), [stale], () => false))).toBeNull();
    expect(kindOf(pagesOutliveTranslations(iommu(), [stale, device()], (d) => d === stale))).toBe('isolation');
  });

  test('a descriptor that is invalid, quiet or not cached leads nowhere', () => {
    for (const cd of [
      { ...walks, valid: false },
      { ...walks, quiet: true },
    ]) {
      expect(kindOf(pagesOutliveTranslations(iommu({ cd, cfg: { ...cd, cached: true } }), []))).toBeNull();
    }
    expect(kindOf(pagesOutliveTranslations(iommu({ cfg: { ...walks, cached: false } }), []))).toBeNull();
  });
});

describe('numbers have one owner', () => {
  const owned = (asid: object | null, pasid: object | null, caches: Parameters<typeof iommu>[0], atc: Entry = none) =>
    numbersHaveOneOwner(
      { asids: fixed(null, asid), pasids: fixed(null, pasid) },
      iommu(caches),
      [device(atc)],
      () => home,
    );
  const entry = { page, generation: 0 };
  const cfg = { valid: true, quiet: false, cached: true, ttb: home, generation: 0 };

  test('what leads home, or from a number that nobody has, is in order', () => {
    expect(kindOf(owned(home, home, { tlb: entry, cfg }, entry))).toBeNull();
    expect(kindOf(owned(null, null, { tlb: entry, cfg }, entry))).toBeNull();
  });

  test.each([
    ['the TLB', owned(elsewhere, home, { tlb: entry })],
    ['the configuration cache', owned(home, elsewhere, { cfg })],
    ['the ATC', owned(home, elsewhere, {}, entry)],
  ])('%s leads from a number to somebody else', (where, property) => {
    expect(result(property)).toMatchObject({ kind: 'isolation', message: expect.stringContaining(where) });
  });

  test('a quiet descriptor leads nowhere', () => {
    expect(kindOf(owned(home, elsewhere, { cfg: { ...cfg, quiet: true } }))).toBeNull();
  });
});

describe('bound spaces are reached', () => {
  const valid = { valid: true, quiet: false, ttb: home, generation: 0 };
  const stale = { ...noCfg, cached: true };
  const running = { pasid: 1, run: true };

  test('unless the descriptor is cached as it was before the bind', () => {
    expect(kindOf(boundSpacesAreReached(iommu({ cd: valid, cfg: stale }), [running]))).toBe('protocol');
    expect(kindOf(boundSpacesAreReached(iommu({ cd: valid }), [running]))).toBeNull();
    expect(kindOf(boundSpacesAreReached(iommu({ cd: valid, cfg: { ...valid, cached: true } }), [running]))).toBeNull();
    expect(kindOf(boundSpacesAreReached(iommu({ cfg: stale }), [running]))).toBeNull();
    expect(kindOf(boundSpacesAreReached(iommu({ cd: valid, cfg: stale }), [{ ...running, run: false }]))).toBeNull();
  });
});

test('a cached PASID table entry is whole when domain id and page table are of one domain', () => {
  for (const did of [0, 1, 2])
    for (const flptptr of [0, 1, 2])
      expect(kindOf(entriesAreWhole({ did, flptptr }))).toBe(did === flptptr ? null : 'isolation');
});

test('a cached descriptor is whole when its page tables are those of its ASID', () => {
  const cached = (asid: number, ttb: object | null, valid = true) =>
    descriptorsAreWhole({ cfg: fixed({ ...noCfg, cached: true, valid, asid, ttb: ttb as never }) }, () => home);
  expect(kindOf(cached(1, home))).toBeNull();
  expect(kindOf(cached(1, elsewhere))).toBe('isolation');
  expect(kindOf(cached(1, elsewhere, false))).toBeNull();
});

test('a stream goes by a whole entry, past nothing, and to nothing that is free', () => {
  const stays = (entry: object, tlb = none, bypassed = false) => {
    const cached = fixed({ present: true, config: 'translate', vmid: 1, ttb: home, ...entry });
    return streamsStayInTheirDomain({ cached, tlb: fixed<any>(tlb), bypassed: fixed(bypassed) }, [
      null,
      home,
      elsewhere,
    ]);
  };
  expect(kindOf(stays({}))).toBeNull();
  expect(kindOf(stays({ vmid: 2 }))).toBe('isolation');
  expect(kindOf(stays({ vmid: 2, present: false }))).toBeNull();
  expect(kindOf(stays({ vmid: 2, config: 'abort' }))).toBeNull();
  expect(kindOf(stays({}, none, true))).toBe('isolation');
  expect(kindOf(stays({}, { page, generation: 0 } as never))).toBeNull();
  expect(kindOf(stays({}, { page: freed, generation: 0 } as never))).toBe('isolation');
});

test('a context owns its PASID while it is active', () => {
  const works = (owner: object, active: boolean, has: object | null) =>
    contextsOwnTheirPasid(fixed<object | null>(null, has), [{ pasid: 1, active, owner }]);
  expect(kindOf(works(home, true, home))).toBeNull();
  expect(kindOf(works(home, true, null))).toBeNull();
  expect(kindOf(works(home, false, elsewhere))).toBeNull();
  expect(kindOf(works(home, true, elsewhere))).toBe('isolation');
});
