/** The promises of reserved IOVAs: each is silent in a state that keeps it and names what is wrong in one that does not. */
import { expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { does, type Evidence, type Property } from '../../../../checker/lang/index.ts';
import type { Bounds, Setup } from '../../../../model/kernel/index.ts';
import {
  Binding,
  bindAtStart,
  bindingsAreReserved,
  interruptsReachTheirDoorbell,
  mappedIsReserved,
  nothingIsLeft,
  oneBindingForAPage,
} from '../../../../model/reserved-iova/index.ts';
import { plain, tiny } from '../../../support/tiny.ts';
import { type World, world } from './world.ts';

const idles = plain('idles', (k) => [k.step('nothing', () => {})]);

/** The evidence against a property in the state that `spoil` makes of a domain with doorbell 1 bound at I/O page 3. */
async function evidence(
  promise: (w: World) => Property,
  spoil: (w: World, s: Setup<Bounds>) => void,
): Promise<Evidence | null> {
  const verdict = await check(
    tiny((s) => {
      const w = world(s);
      bindAtStart(s, w.of, 1, [w.dev]);
      spoil(w, s);
      s.task('task', [does(idles, {})]);
      s.property(promise(w));
    }),
    { explain: false },
  );
  return verdict.violations[0]?.evidence ?? null;
}

test('an enabled interrupt reaches its doorbell, by the page table and by the TLB', async () => {
  const promise = (w: World) => interruptsReachTheirDoorbell([w.dev]);
  expect(await evidence(promise, () => {})).toBeNull();
  expect(await evidence(promise, (w) => w.of.table.pte.set(3, 0))).toMatchObject({ kind: 'protocol' });
  expect(await evidence(promise, (w) => w.of.table.pte.set(3, 2))).toMatchObject({
    kind: 'isolation',
    message: expect.stringContaining('by the page table'),
  });
  expect(await evidence(promise, (w) => w.of.table.tlb.set(3, 2))).toMatchObject({
    message: expect.stringContaining('by the TLB'),
  });
  // Nothing is promised of an interrupt that is disabled, or of a device that is detached.
  expect(
    await evidence(promise, (w) => {
      w.of.table.pte.set(3, 0);
      w.dev.fn.enabled = false;
    }),
  ).toBeNull();
  expect(
    await evidence(promise, (w) => {
      w.of.table.pte.set(3, 0);
      w.dev.fn.table = null;
    }),
  ).toBeNull();
});

test('a page has one binding', async () => {
  const promise = (w: World) => oneBindingForAPage(w.of);
  const second = (addr: number, iova: number) => (w: World, s: Setup<Bounds>) => {
    const { domain } = w.of;
    domain.reserved_binding_list.add(s.object(Binding, 'second', { domain, addr, iova, size: 1 }));
  };
  expect(await evidence(promise, second(2, 2))).toBeNull();
  expect(await evidence(promise, second(1, 2))).toMatchObject({ message: 'physical page 1 is bound twice' });
  expect(await evidence(promise, second(2, 3))).toMatchObject({ message: 'I/O page 3 belongs to two bindings' });
});

test('bindings and mappings are given out by the allocator', async () => {
  for (const promise of [bindingsAreReserved, mappedIsReserved]) {
    expect(
      await evidence(
        (w) => promise(w.of),
        () => {},
      ),
    ).toBeNull();
    expect(
      await evidence(
        (w) => promise(w.of),
        (w) => w.of.iovad.rbroot.clear(),
      ),
    ).toMatchObject({ kind: 'protocol' });
    // Not looked at when the domain is gone.
    expect(
      await evidence(
        (w) => promise(w.of),
        (w) => {
          w.of.iovad.rbroot.clear();
          w.of.table.live = false;
        },
      ),
    ).toBeNull();
  }
  expect(
    await evidence(
      (w) => mappedIsReserved(w.of),
      (w) => w.of.table.tlb.set(1, 2),
    ),
  ).toMatchObject({
    kind: 'protocol',
  });
});

test('nothing is left without a binding, and nothing in a domain that is gone', async () => {
  const promise = (w: World) => nothingIsLeft(w.of);
  expect(await evidence(promise, () => {})).toBeNull();
  expect(await evidence(promise, (w) => w.of.table.pte.set(1, 2))).toMatchObject({ kind: 'leak' });
  expect(await evidence(promise, (w) => w.of.domain.reserved_binding_list.clear())).toMatchObject({
    kind: 'leak',
    message: expect.stringContaining('I/O page 3'),
  });
  expect(
    await evidence(promise, (w) => {
      w.of.table.live = false;
    }),
  ).toMatchObject({ kind: 'leak' });
});
