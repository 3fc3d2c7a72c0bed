/** Bind, exit and unbind of mainline SVA, one call after the other: what they leave behind, also when memory fails. */
import { describe, expect, test } from 'vitest';
import { does } from '../../../../model/kernel/index.ts';
import { driverClose, driverOpen, type Mm, mmput } from '../../../../model/sva-mainline/index.ts';
import type { File } from '../../../../scenarios/sva-mainline-parts.ts';
import { endsOf, type World } from './world.ts';

const open = (w: World, { file }: File, mm: Mm) => does(driverOpen, { sva: w.path.core.sva, file, mm });
const close = (w: World, { file }: File) => does(driverClose, { sva: w.path.core.sva, file });
const exit = (mm: Mm) => does(mmput, { mm });

/** Live objects of each kind that a bind allocates. */
const left = ({ pools }: World) => pools.map((pool) => [...pool].length);
/** Owners of the PASIDs, and which entries of the hardware and of the group there are. */
const pasids = ({ path, mm, other }: World) =>
  [1, 2].map((pasid) => {
    const owner = path.core.sva.pasids.at(pasid);
    const { low, root } = path.dev.group;
    return {
      owner: owner === null ? '' : owner === mm ? 'a' : owner === other ? 'b' : '?',
      entry: path.iommu.cd.at(pasid).valid,
      array: (pasid === 1 ? low : (root?.slots.at(pasid) ?? null)) !== null,
    };
  });
const none = { owner: '', entry: false, array: false };
const bound = (owner: string) => ({ owner, entry: true, array: true });

describe('bind', () => {
  test('gives a PASID, a domain and a handle, enters them, and holds the mm_struct twice', async () => {
    const ends = await endsOf(
      (w) => [open(w, w.a, w.mm)],
      (w) => [left(w), pasids(w), w.mm.mm_count.counter, w.mm.notifiers.length, w.path.dev.iopf_refcount],
    );
    expect(ends).toEqual([[[1, 1, 1, 1], [bound('a'), none], 3, 1, 1]]);
  });

  test('of the same device and mm again takes a reference to the same handle', async () => {
    const both = (w: World) => [open(w, w.a, w.mm), open(w, w.b, w.mm)];
    const look = (w: World) => [left(w), w.a.file.handle === w.b.file.handle, w.a.file.handle?.users.counter];
    expect(await endsOf(both, look)).toEqual([[[1, 1, 1, 1], true, 2]]);
    const oneLeft = await endsOf(
      (w) => [...both(w), close(w, w.a)],
      (w) => [left(w), pasids(w)[0]],
    );
    expect(oneLeft).toEqual([[[1, 1, 1, 1], bound('a')]]);
    const noneLeft = await endsOf(
      (w) => [...both(w), close(w, w.a), close(w, w.b)],
      (w) => [left(w), pasids(w)[0]],
    );
    expect(noneLeft).toEqual([[[1, 0, 0, 0], { owner: 'a', entry: false, array: false }]]);
  });

  test('of another mm gets the next PASID and the upper node of the array, which goes with it', async () => {
    const both = (w: World) => [open(w, w.a, w.mm), open(w, w.b, w.other)];
    expect(await endsOf(both, (w) => [pasids(w), w.path.dev.iopf_refcount])).toEqual([[[bound('a'), bound('b')], 2]]);
    const shrunk = await endsOf(
      (w) => [...both(w), close(w, w.b)],
      (w) => [pasids(w)[0], w.path.dev.group.root],
    );
    expect(shrunk).toEqual([[bound('a'), null]]);
  });

  test('that fails anywhere leaves no trace but the PASID, which the mm keeps', async () => {
    const ends = await endsOf(
      (w) => [open(w, w.a, w.mm)],
      (w) => [left(w), w.path.dev.iopf_refcount, w.mm.mm_count.counter, w.a.file.failed, pasids(w)[0]],
      { failures: { kmalloc: 1, mmu_notifier_register: 1 } },
    );
    const failed = [0, 0, 0];
    expect(ends).toHaveLength(3);
    expect(ends).toEqual(
      expect.arrayContaining([
        [[1, 1, 1, 1], 1, 3, false, bound('a')],
        [[1, ...failed], 0, 1, true, { owner: 'a', entry: false, array: false }],
        [[0, ...failed], 0, 1, true, none],
      ]),
    );
  });
});

describe('the end of an address space', () => {
  test('before unbind clears the entry and keeps PASID and struct; unbind lets both go', async () => {
    const exited = (w: World) => [open(w, w.a, w.mm), exit(w.mm)];
    const cleared = { owner: 'a', entry: false, array: true };
    expect(await endsOf(exited, (w) => [left(w), pasids(w)[0], w.mm.mm_count.counter])).toEqual([
      [[1, 1, 1, 1], cleared, 2],
    ]);
    expect(
      await endsOf(
        (w) => [...exited(w), close(w, w.a)],
        (w) => [left(w), pasids(w)[0]],
      ),
    ).toEqual([[[0, 0, 0, 0], none]]);
  });

  test('after unbind gives the PASID to the next who asks', async () => {
    const ends = await endsOf(
      (w) => [open(w, w.a, w.mm), close(w, w.a), exit(w.mm), open(w, w.b, w.other)],
      (w) => pasids(w),
    );
    // The notifier holds the struct until its grace period is over: q may be early or late.
    expect(ends).toHaveLength(2);
    expect(ends).toEqual(
      expect.arrayContaining([
        [bound('b'), none],
        [none, bound('b')],
      ]),
    );
  });
});
