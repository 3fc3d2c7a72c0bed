/** Get and put, one call after the other: results, counts, and what failures leave behind. */
import { describe, expect, test } from 'vitest';
import { does, EBUSY, EEXIST, EINVAL, ENOMEM, type Setting, set } from '../../../../model/kernel/index.ts';
import {
  design,
  findCovers,
  freeReservedIovaDomain,
  IOMMU_READ,
  IOMMU_WRITE,
  IovaDomain,
  mapLock,
  putOrder,
  refusesRights,
} from '../../../../model/reserved-iova/index.ts';
import { endsOf, picture, type World } from './world.ts';

const free = (w: World) => does(freeReservedIovaDomain, { domain: w.of.domain });
const nothing = { mapped: [0, 0, 0, 0], givenOut: [], bound: [] };

describe('iommu_get_reserved_iova', () => {
  test('binds from the top of the window, and counts the next get of the page', async () => {
    expect(await endsOf((w) => [w.get(1), w.get(2), w.get(1)], picture)).toEqual([
      {
        rets: [3, 2, 3],
        mapped: [0, 2, 1, 0],
        givenOut: [
          [3, 3],
          [2, 2],
        ],
        bound: [
          [1, 3, 1, 2],
          [2, 2, 1, 1],
        ],
      },
    ]);
  });

  test('maps a region page by page', async () => {
    const ends = await endsOf((w) => [w.get(2, 2)], picture);
    expect(ends).toEqual([{ rets: [2], mapped: [0, 2, 3, 0], givenOut: [[2, 3]], bound: [[2, 2, 2, 1]] }]);
  });

  test('takes a binding that is too short, as posted, and refuses it when it has to cover', async () => {
    expect((await endsOf((w) => [w.get(1), w.get(1, 2)], picture))[0]?.rets).toEqual([3, 3]);
    const covers = { settings: [set(findCovers, 'covers'), set(mapLock, 'held')] };
    expect((await endsOf((w) => [w.get(1), w.get(1, 2)], picture, covers))[0]?.rets).toEqual([3, -EBUSY]);
    expect((await endsOf((w) => [w.get(1, 2), w.get(2)], picture, covers))[0]?.rets).toEqual([2, 3]);
  });

  test('needs a window, and room in it', async () => {
    const log = (w: World) => w.log.a;
    expect(await endsOf((w) => [free(w), w.get(1)], log)).toEqual([-EINVAL]);
    expect((await endsOf((w) => [w.get(1, 2), w.get(3, 2)], picture))[0]?.rets).toEqual([2, -ENOMEM]);
  });

  test('leaves nothing when something fails', async () => {
    for (const budget of ['kmalloc', 'alloc_iova', 'iommu_map']) {
      const ends = await endsOf((w) => [w.get(2, 2)], picture, { failures: { [budget]: 1 } });
      expect(ends).toContainEqual({ rets: [-ENOMEM], ...nothing });
      expect(ends.map((e) => e.rets)).toContainEqual([2]);
    }
  });

  test('never refuses to write, as posted', () => {
    expect(refusesRights(IOMMU_READ, 0)).toBe(true);
    expect(refusesRights(IOMMU_READ, IOMMU_READ)).toBe(false);
    expect(refusesRights(IOMMU_WRITE, IOMMU_READ)).toBe(false);
    expect(refusesRights(IOMMU_WRITE, 0)).toBe(false);
  });
});

describe('iommu_put_reserved_iova', () => {
  const forms: readonly (readonly [string, readonly Setting[]])[] = [
    ['as posted', []],
    ['unmap first', [set(putOrder, 'unmap-first')]],
    ['dying', [set(putOrder, 'dying')]],
    ['lock held', [set(mapLock, 'held')]],
  ];
  test.each(forms)('ends the mapping with the last reference: %s', async (_name, settings) => {
    const options = { settings };
    const once = await endsOf((w) => [w.get(1), w.get(1), w.put(1)], picture, options);
    expect(once).toEqual([{ rets: [3, 3], mapped: [0, 0, 1, 0], givenOut: [[3, 3]], bound: [[1, 3, 1, 1]] }]);
    const twice = await endsOf((w) => [w.get(1), w.get(1), w.put(1), w.put(1)], picture, options);
    expect(twice).toEqual([{ rets: [3, 3], ...nothing }]);
  });

  test('passes over a page that is not bound', async () => {
    const ends = await endsOf((w) => [w.get(1), w.put(2)], picture);
    expect(ends[0]?.bound).toEqual([[1, 3, 1, 1]]);
  });
});

describe('iommu_alloc_reserved_iova_domain', () => {
  test('refuses a second window and frees what it had prepared', async () => {
    const ends = await endsOf(
      (w, s) => {
        s.pool(IovaDomain, 1);
        return [w.newWindow()];
      },
      (w) => [picture(w).rets, w.of.domain.reserved_iova_cookie?.iovad === w.of.iovad],
    );
    expect(ends).toEqual([[[-EEXIST], true]]);
  });
});

describe('the list of MSI pages', () => {
  const settings = [set(design, 'msi-list')];

  test('keeps one page for all who ask, until the last of them puts it', async () => {
    expect(await endsOf((w) => [w.getPage(1), w.getPage(1), w.putPage(1)], picture, { settings })).toEqual([
      { rets: [3, 3], mapped: [0, 0, 1, 0], givenOut: [[3, 3]], bound: [[1, 3, 1, 1]] },
    ]);
    const ends = await endsOf((w) => [w.getPage(1), w.getPage(1), w.putPage(1), w.putPage(1)], picture, { settings });
    expect(ends).toEqual([{ rets: [3, 3], ...nothing }]);
  });

  test('leaves nothing when something fails', async () => {
    for (const budget of ['kmalloc', 'alloc_iova', 'iommu_map']) {
      const ends = await endsOf((w) => [w.getPage(1)], picture, { failures: { [budget]: 1 }, settings });
      expect(ends).toContainEqual({ rets: [-ENOMEM], ...nothing });
    }
  });
});
