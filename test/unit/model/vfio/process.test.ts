/** Bind and unbind of a process, one after the other: results, error paths, and what they leave behind. */
import { describe, expect, test } from 'vitest';
import { does, EFAULT, EINVAL, ENOMEM, ESRCH, set } from '../../../../model/kernel/index.ts';
import { bindProcessAtStart, exitMm, unwindScope, vfioMmCount } from '../../../../model/vfio/index.ts';
import { endsOf, picture, type World } from './world.ts';

const groups = (sva: boolean) => [[{ of: 0, sva }]];
const untouched = { domains: groups(false), listed: [], first: [null], second: [null] };
const users = (w: World) => w.processes.map(({ mm }) => mm.mm_users.counter);

describe('bind_process', () => {
  test('hands out a PASID, and gives the user reference back', async () => {
    const ends = await endsOf(
      (w) => [w.bind(w.processes[0])],
      (w) => ({ ...picture(w), pasid: w.arg.pasid, granted: w.arg.granted, users: users(w) }),
    );
    expect(ends).toEqual([
      {
        ret: 0,
        domains: groups(true),
        listed: [1],
        first: [[1]],
        second: [null],
        pasid: 1,
        granted: null,
        users: [1, 1],
      },
    ]);
  });

  test('gives a process that is bound already the PASID it has', async () => {
    const ends = await endsOf(
      (w) => [w.bind(w.processes[0]), w.bind(w.processes[1]), w.bind(w.processes[0])],
      (w) => ({ ...picture(w), pasid: w.arg.pasid }),
    );
    expect(ends).toEqual([
      { ret: 0, domains: groups(true), listed: [2, 1], first: [[1, 2]], second: [null], pasid: 1 },
    ]);
  });

  test('finds no address space of a process that has exited', async () => {
    const ends = await endsOf((w) => [does(exitMm, { task: w.processes[0].task }), w.bind(w.processes[0])], picture);
    expect(ends).toEqual([{ ...untouched, ret: -ESRCH }]);
  });

  test('refuses a container without a domain', async () => {
    const ends = await endsOf((w) => [w.bind(w.processes[0])], picture, { attached: false });
    expect(ends).toEqual([{ ...untouched, ret: -EINVAL, domains: [] }]);
  });

  test('refuses a group with two devices, and undoes what it did to the first', async () => {
    for (const value of ['all', 'own'] as const) {
      const ends = await endsOf((w) => [w.bind(w.processes[0])], picture, {
        devices: 2,
        settings: [set(unwindScope, value)],
      });
      expect(ends).toEqual([{ ...untouched, ret: -EINVAL, first: [null, null] }]);
    }
  });

  test('leaves nothing behind, whichever allocation fails', async () => {
    const ends = await endsOf(
      (w) => [w.bind(w.processes[0])],
      (w) => ({ ...picture(w), users: users(w), left: [...w.vfioMms].length }),
      { failures: { kmalloc: 1 } },
    );
    expect(ends).toHaveLength(2);
    expect(ends).toContainEqual({ ...untouched, ret: -ENOMEM, users: [1, 1], left: 0 });
  });

  test('unbinds again when the PASID cannot be copied out', async () => {
    const ends = await endsOf((w) => [w.bind(w.processes[0])], picture, { failures: { copy_to_user: 1 } });
    expect(ends.filter(({ ret }) => ret !== 0)).toEqual([
      { ret: -EFAULT, domains: groups(true), listed: [], first: [[]], second: [null] },
    ]);
  });
});

describe('the state that scenarios start from', () => {
  test('is the one that bind_process leaves behind', async () => {
    const look = (w: World) => ({
      ...picture(w),
      counts: w.processes.map(({ mm }) => [mm.mm_users.counter, mm.mm_count.counter, mm.notifiers.length]),
      krefs: [...w.parts.sva.pasid_idr].map((io_mm) => io_mm?.kref.counter ?? null),
      drvdata: [...w.parts.bonds].map((bond) => bond.drvdata === w.container.iommu && bond.domain === w.parts.domain),
    });
    for (const value of ['none', 'held'] as const) {
      const settings = [set(vfioMmCount, value)];
      const real = await endsOf((w) => [w.bind(w.processes[0]), w.unbind(w.processes[1])], look, { settings });
      const prepared = await endsOf(
        (w, s) => {
          bindProcessAtStart(s, w.parts, w.container, w.processes[0]);
          return [w.unbind(w.processes[1])];
        },
        look,
        { settings },
      );
      expect(real).toHaveLength(1);
      expect(real[0]).toMatchObject({ ret: -ESRCH, listed: [1], first: [[1]] });
      expect(prepared).toEqual(real);
    }
  });
});

describe('unbind_process', () => {
  test('removes the bonds and forgets the process', async () => {
    const ends = await endsOf(
      (w) => [w.bind(w.processes[0]), w.bind(w.processes[1]), w.unbind(w.processes[0])],
      (w) => ({ ...picture(w), users: users(w), left: [...w.vfioMms].length }),
    );
    expect(ends).toEqual([
      { ret: 0, domains: groups(true), listed: [2], first: [[2]], second: [null], users: [1, 1], left: 1 },
    ]);
  });

  test('knows no process that was not bound', async () => {
    const ends = await endsOf((w) => [w.bind(w.processes[1]), w.unbind(w.processes[0])], picture);
    expect(ends).toEqual([{ ret: -ESRCH, domains: groups(true), listed: [1], first: [[1]], second: [null] }]);
  });
});

describe('mm_exit', () => {
  test('forgets the process that exits and no other', async () => {
    const ends = await endsOf(
      (w) => [w.bind(w.processes[0]), w.bind(w.processes[1]), does(exitMm, { task: w.processes[0].task })],
      (w) => ({ ...picture(w), mms: [...w.mms].length }),
    );
    expect(ends).toEqual([{ ret: 0, domains: groups(true), listed: [2], first: [[2]], second: [null], mms: 1 }]);
  });
});
