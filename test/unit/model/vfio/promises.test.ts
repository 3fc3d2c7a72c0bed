/** The promises of VFIO: each is silent in a state that keeps it and names what is wrong in one that does not. */
import { expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import type { Evidence, Property } from '../../../../checker/lang/index.ts';
import type { Bounds, Setup } from '../../../../model/kernel/index.ts';
import {
  bindProcessAtStart,
  boundProcessIsListed,
  exitedProcessIsForgotten,
  listedProcessIsBound,
  pasidBelongsToMm,
  svaStateIsKnown,
} from '../../../../model/vfio/index.ts';
import { tiny } from '../../../support/tiny.ts';
import { type World, world } from './world.ts';

/** The evidence against a property in the state that `spoil` makes of a container with one bound process. */
async function evidence(
  promise: (w: World) => Property,
  spoil: (w: World, s: Setup<Bounds>) => void,
): Promise<Evidence | null> {
  const verdict = await check(
    tiny((s) => {
      const w = world(s);
      bindProcessAtStart(s, w.parts, w.container, w.processes[0]);
      spoil(w, s);
      s.property(promise(w));
    }),
    { explain: false },
  );
  return verdict.violations[0]?.evidence ?? null;
}

const bond = (w: World) => {
  const [found] = w.parts.bonds;
  if (found === undefined) throw new Error('no bond');
  return found;
};

test('a listed process is bound on each device, by its container', async () => {
  const promise = (w: World) => listedProcessIsBound([w.container], w.mms);
  const unlink = (w: World) => bond(w).param.mm_list.remove(bond(w));
  expect(await evidence(promise, () => {})).toBeNull();
  expect(await evidence(promise, unlink)).toMatchObject({
    kind: 'protocol',
    objects: ['dev0', 'iommu0'],
  });
  // By somebody else does not count.
  expect(
    await evidence(promise, (w) => {
      bond(w).drvdata = w.parts.sva;
    }),
  ).toMatchObject({ kind: 'protocol' });
  // Nor is anything promised of a process that exits, or of a container that is gone.
  expect(
    await evidence(promise, (w) => {
      unlink(w);
      w.processes[0].mm.mm_users.counter = 0;
    }),
  ).toBeNull();
  expect(
    await evidence(promise, (w) => {
      unlink(w);
      w.container.file.iommu_data = null;
    }),
  ).toBeNull();
});

test('of a process that exited no vfio_mm is left at the end', async () => {
  const promise = (w: World) => exitedProcessIsForgotten(w.vfioMms, w.mms);
  const exit = (w: World) => {
    w.processes[0].mm.mm_users.counter = 0;
  };
  expect(await evidence(promise, () => {})).toBeNull();
  expect(
    await evidence(promise, (w) => {
      w.processes[1].mm.mm_users.counter = 0;
    }),
  ).toBeNull();
  expect(await evidence(promise, exit)).toMatchObject({
    kind: 'leak',
    message: 'iommu0.mm0.vfio_mm is kept for mm0, which is gone',
  });
  // Whether or not the list still leads to it.
  expect(
    await evidence(promise, (w) => {
      exit(w);
      w.container.iommu.mm_list.clear();
    }),
  ).toMatchObject({ kind: 'leak' });
});

test('what a container has bound is on its list', async () => {
  const promise = (w: World) => boundProcessIsListed([w.container]);
  const forget = (w: World) => w.container.iommu.mm_list.clear();
  expect(await evidence(promise, () => {})).toBeNull();
  expect(await evidence(promise, forget)).toMatchObject({
    kind: 'protocol',
    objects: ['dev0', 'iommu0'],
  });
  // A process that exits has been forgotten by mm_exit; a group that leaves is not the container's any more.
  expect(
    await evidence(promise, (w) => {
      forget(w);
      w.processes[0].mm.mm_users.counter = 0;
    }),
  ).toBeNull();
  expect(
    await evidence(promise, (w) => {
      forget(w);
      w.container.iommu.domain_list.clear();
    }),
  ).toBeNull();
});

test('a PASID handed out reaches the address space that was asked for', async () => {
  const promise = (w: World) =>
    pasidBelongsToMm(
      [w.arg],
      [...w.first.devices].filter((dev) => dev !== null),
    );
  const grant = (w: World, pasid: number, process: 0 | 1) => {
    w.arg.pasid = pasid;
    w.arg.granted = w.processes[process].mm;
  };
  expect(await evidence(promise, () => {})).toBeNull();
  expect(await evidence(promise, (w) => grant(w, 1, 0))).toBeNull();
  expect(await evidence(promise, (w) => grant(w, 2, 0))).toMatchObject({
    kind: 'isolation',
    message: expect.stringContaining('is bound to nothing'),
  });
  expect(await evidence(promise, (w) => grant(w, 1, 1))).toMatchObject({
    kind: 'isolation',
    message: expect.stringContaining('reaches mm0'),
  });
});

test('a device is initialised for SVA when a group says so, and only then', async () => {
  const promise = (w: World) => svaStateIsKnown([w.first, w.second], w.vfioGroups);
  expect(await evidence(promise, () => {})).toBeNull();
  expect(
    await evidence(promise, ({ container: { groups } }) => {
      for (const g of groups) g.sva_enabled = false;
    }),
  ).toMatchObject({
    message: expect.stringContaining('still initialised'),
  });
  expect(
    await evidence(promise, (w) => {
      for (const dev of w.first.devices) if (dev !== null) dev.sva_param = null;
    }),
  ).toMatchObject({
    message: expect.stringContaining('not initialised'),
  });
});
