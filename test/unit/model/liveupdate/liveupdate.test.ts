/** Live update, one call after the other: what each revision returns, records, refuses and undoes. */
import { describe, expect, test } from 'vitest';
import { attachAtStart, bindAtStart, iommufdDestroy, makeGroup } from '../../../../model/iommufd/index.ts';
import {
  does,
  EADDRINUSE,
  EBUSY,
  EINVAL,
  EIO,
  ENOENT,
  ENOTTY,
  type Setting,
  set,
} from '../../../../model/kernel/index.ts';
import {
  behind,
  cancel,
  fixed,
  iommufdHwptMarkPreserve,
  iommufdHwptRestore,
  iommufdHwptUnmark,
  iommufdLiveupdateFinish,
  iommufdLiveupdateRetrieve,
  ioptMapPages,
  ioptUnmap,
  kexec,
  makeIommu,
  makeNextCtx,
  makePages,
  mapAtStart,
  monitorAt,
  preserveDevice,
  preserveIommufd,
  revision1,
  revision2,
  revision3,
  revision4,
  unmarkForm,
} from '../../../../model/liveupdate/index.ts';
import { endOf, endsOf, type World } from './world.ts';

const HWPT0 = 2;
const HWPT1 = 3;
const mark = (w: World, id: number, token: number) => does(iommufdHwptMarkPreserve, { ictx: w.ictx, id, token });
const preserve = ({ session, ictx, flb }: World) => does(preserveIommufd, { session, ictx, flb });
const undo = ({ session, ictx, flb }: World) => does(cancel, { session, ictx, idev: null, flb });
const destroy = ({ ictx }: World, id: number) => does(iommufdDestroy, { ictx, id });
const ask = (operation: ReturnType<typeof does>) => ({ ask: operation });
const record = ({ session }: World) =>
  session.iommufd === null
    ? null
    : Array.from({ length: session.iommufd.nr_hwpts }, (_, i) => {
        const entry = session.iommufd?.hwpts.at(i);
        return [entry?.token, entry?.domain_data?.table];
      });
const kept = ({ hwpts }: World) => hwpts.map((hwpt) => hwpt.domain?.kept ?? 0);
const states = ({ hwpts }: World) => hwpts.map((hwpt) => monitorAt(hwpt).state);

const revisions: readonly (readonly [string, readonly Setting[]])[] = [
  ['revision 1', revision1],
  ['revision 2', revision2],
  ['revision 3', revision3],
  ['revision 4', revision4],
  ['the repaired form', fixed],
];

describe.each(revisions)('%s', (name, settings) => {
  test('records the marked HWPT with its token and what it maps, and gives it up again', async () => {
    const begin = (w: World) => {
      mapAtStart(w.s, w.ioas, 2, makePages(w.s, 'pages'));
      return [mark(w, HWPT1, 2), ask(preserve(w))];
    };
    const preserved = await endOf(settings, begin, (w) => [record(w), kept(w), states(w)]);
    expect(preserved).toEqual({ returned: [0], seen: [[[2, 2]], [0, 1], ['fresh', 'preserved']] });
    const cancelled = await endOf(
      settings,
      (w) => [...begin(w), undo(w)],
      (w) => [record(w), kept(w), states(w), w.ioas.lu_map_immutable, w.flb.users],
    );
    expect(cancelled.seen).toEqual([null, [0, 0], ['fresh', 'marked'], 0, 0]);
  });

  test('a token is given to one HWPT', async () => {
    const end = await endOf(
      settings,
      (w) => [ask(mark(w, HWPT0, 1)), ask(mark(w, HWPT1, 1)), ask(mark(w, HWPT1, 2))],
      (w) => w.hwpts.map((hwpt) => hwpt.lu_token),
    );
    expect(end).toEqual({ returned: [0, -EADDRINUSE, 0], seen: [1, 2] });
  });

  test('MARK of nothing', async () => {
    expect(
      (
        await endOf(
          settings,
          (w) => [ask(mark(w, 6, 1))],
          () => null,
        )
      ).returned,
    ).toEqual([-ENOENT]);
    expect(
      (
        await endOf(
          settings,
          (w) => [ask(mark(w, 1, 1))],
          () => null,
        )
      ).returned,
    ).toEqual([-ENOENT]);
  });

  test('memory of a process is refused, and the IOAS is mutable afterwards', async () => {
    const end = await endOf(
      settings,
      (w) => {
        const pages = makePages(w.s, 'pages');
        pages.type = 'user';
        mapAtStart(w.s, w.ioas, 1, pages);
        return [mark(w, HWPT0, 1), ask(preserve(w)), ask(does(ioptUnmap, { ioas: w.ioas, iova: 1 }))];
      },
      (w) => [record(w), kept(w), w.flb.users],
    );
    expect(end).toEqual({ returned: [-EIO, 0], seen: [null, [0, 0], 0] });
  });

  const refuses = name !== 'revision 3';
  test(`a preserved IOAS ${refuses ? 'refuses' : 'does not refuse'} MAP and UNMAP`, async () => {
    const end = await endOf(
      settings,
      (w) => {
        const { ioas } = w;
        const pages = makePages(w.s, 'pages');
        mapAtStart(w.s, ioas, 2, pages);
        return [
          mark(w, HWPT0, 1),
          preserve(w),
          ask(does(ioptMapPages, { ioas, iova: 1, pages })),
          ask(does(ioptUnmap, { ioas, iova: 2 })),
          undo(w),
          ask(does(ioptMapPages, { ioas, iova: 1, pages })),
        ];
      },
      (w) => w.hwpts.map((hwpt) => hwpt.domain?.table),
    );
    expect(end).toEqual(
      refuses ? { returned: [-EBUSY, -EBUSY, 0], seen: [3, 3] } : { returned: [0, 0, -17], seen: [1, 1] },
    );
  });

  const owned = name === 'revision 2' || name === 'revision 3';
  const locked = name === 'revision 4' || name === 'the repaired form';
  test('DESTROY of an HWPT that is marked, preserved, cancelled', async () => {
    const attempt = async (before: (w: World) => ReturnType<typeof does>[]) =>
      (
        await endOf(
          settings,
          (w) => [...before(w), ask(destroy(w, HWPT0))],
          () => null,
        )
      ).returned[0];
    expect(await attempt((w) => [mark(w, HWPT0, 1)])).toBe(owned ? -EBUSY : 0);
    expect(await attempt((w) => [mark(w, HWPT0, 1), preserve(w)])).toBe(owned || locked ? -EBUSY : 0);
    expect(await attempt((w) => [mark(w, HWPT0, 1), preserve(w), undo(w)])).toBe(owned ? -EBUSY : 0);
  });
});

describe('the repaired form', () => {
  const afterFailure = (failures: Record<string, number>) =>
    endsOf(
      fixed,
      (w) => [mark(w, HWPT0, 1), mark(w, HWPT1, 2), ask(preserve(w))],
      (w) => [
        record(w),
        kept(w),
        w.ioas.lu_map_immutable,
        w.flb.users,
        w.hwpts.map((hwpt) => [hwpt.lu_preserved, hwpt.users.counter, hwpt.wait_cnt.counter]),
      ],
      failures,
    );
  const whole = [
    [
      [1, 0],
      [2, 0],
    ],
    [1, 1],
    2,
    1,
    [
      [true, 2, 2],
      [true, 2, 2],
    ],
  ];
  const nothing = [
    null,
    [0, 0],
    0,
    0,
    [
      [false, 1, 1],
      [false, 1, 1],
    ],
  ];

  test.each([['domain_preserve'], ['flb_page'], ['kmalloc']])(
    'preserves all or nothing when %s fails',
    async (budget) => {
      const ends = await afterFailure({ [budget]: 1 });
      expect(ends.filter((end) => end.returned[0] === 0).map((end) => end.seen)).toContainEqual(whole);
      const failed = ends.filter((end) => end.returned[0] !== 0).map((end) => end.seen);
      expect(failed).not.toEqual([]);
      for (const seen of failed) expect(seen).toEqual(nothing);
    },
  );

  test('UNMARK takes a mark and its token back, and refuses while the HWPT is preserved', async () => {
    const unmark = (w: World) => does(iommufdHwptUnmark, { ictx: w.ictx, id: HWPT0 });
    const form = [...fixed, set(unmarkForm, 'refuses')];
    const free = await endOf(form, (w) => [mark(w, HWPT0, 1), ask(unmark(w)), ask(mark(w, HWPT1, 1))], states);
    expect(free).toEqual({ returned: [0, 0], seen: ['fresh', 'marked'] });
    const busy = await endOf(form, (w) => [mark(w, HWPT0, 1), preserve(w), ask(unmark(w))], states);
    expect(busy).toEqual({ returned: [-EBUSY], seen: ['preserved', 'fresh'] });
  });

  test('a second token takes the place of the first', async () => {
    const end = await endOf(fixed, (w) => [mark(w, HWPT0, 1), ask(mark(w, HWPT0, 2)), preserve(w)], record);
    expect(end).toEqual({ returned: [0], seen: [[2, 0]] });
  });
});

describe('devices', () => {
  const device = (w: World, attached: boolean) => {
    const igroup = makeGroup(w.s, 'igroup');
    const idev = bindAtStart(w.s, w.ictx, igroup, 'idev');
    if (attached) attachAtStart(w.s, idev, w.hwpts[0]);
    const iommu = makeIommu(w.s, 'iommu');
    behind(igroup, iommu);
    return { idev, group: igroup.group, iommu };
  };
  const preserveIt = ({ session, flb }: World, { idev }: ReturnType<typeof device>) =>
    does(preserveDevice, { session, idev, flb });

  test('a device needs an attachment, a mark on its HWPT, and the iommufd in its session', async () => {
    const result = async (attached: boolean, before: (w: World) => ReturnType<typeof does>[]) =>
      (
        await endOf(
          fixed,
          (w) => [...before(w), ask(preserveIt(w, device(w, attached)))],
          () => null,
        )
      ).returned[0];
    expect(await result(true, (w) => [mark(w, HWPT0, 1)])).toBe(-EINVAL);
    expect(await result(true, (w) => [mark(w, HWPT1, 1), preserve(w)])).toBe(-EINVAL);
    expect(await result(false, (w) => [mark(w, HWPT0, 1), preserve(w)])).toBe(-ENOENT);
    expect(await result(true, (w) => [mark(w, HWPT0, 1), preserve(w)])).toBe(0);
  });

  test('a device that cannot be preserved leaves nothing; what a cancelled session has is undone', async () => {
    for (const failures of [{}, { iommu_preserve: 1 }, { device_preserve: 1 }, { flb_page: 2 }]) {
      let last: ReturnType<typeof device>;
      const ends = await endsOf(
        fixed,
        (w) => {
          last = device(w, true);
          const { session, ictx, flb } = w;
          return [
            mark(w, HWPT0, 1),
            preserve(w),
            ask(preserveIt(w, last)),
            does(cancel, { session, ictx, idev: last.idev, flb }),
          ];
        },
        (w) => [last.group.device_ser, last.iommu.outgoing_preserved_state, last.iommu.kept, kept(w), w.flb.users],
        failures,
      );
      for (const end of ends) expect(end.seen).toEqual([null, null, 0, [0, 0], 0]);
      expect(ends.some((end) => end.returned[0] !== 0)).toBe(Object.keys(failures).length > 0);
    }
  });
});

describe('the next kernel', () => {
  const over = (w: World) => {
    const next = makeNextCtx(w.s, w);
    const { session, flb, machine } = w;
    const restore = (token: number) => does(iommufdHwptRestore, { ictx: next, token });
    const finish = does(iommufdLiveupdateFinish, { session, ictx: next });
    return {
      restore,
      finish,
      reboot: [
        mark(w, HWPT0, 1),
        mark(w, HWPT1, 2),
        preserve(w),
        does(kexec, { session, flb, machine, group: null }),
        does(iommufdLiveupdateRetrieve, { session, machine, ictx: next }),
      ],
    };
  };

  test('each token is restored once, and the session is finished when all are', async () => {
    const early = await endOf(
      fixed,
      (w) => {
        const { reboot, restore, finish } = over(w);
        return [...reboot, ask(restore(2)), ask(restore(2)), ask(finish)];
      },
      states,
    );
    expect(early).toEqual({ returned: [1, -ENOENT, -EBUSY], seen: ['frozen', 'restored'] });
    const late = await endOf(
      fixed,
      (w) => {
        const { reboot, restore, finish } = over(w);
        return [...reboot, restore(2), ask(restore(1)), ask(finish), ask(restore(1))];
      },
      states,
    );
    expect(late).toEqual({ returned: [2, 0, -ENOTTY], seen: ['normal', 'normal'] });
  });

  test('a restored HWPT has what its predecessor mapped, and ends with its domain', async () => {
    const end = await endOf(
      fixed,
      (w) => {
        mapAtStart(w.s, w.ioas, 1, makePages(w.s, 'pages'));
        const { reboot, restore } = over(w);
        const next = w.machine.next_file as World['ictx'];
        return [...reboot, restore(1), restore(2), ask(does(iommufdDestroy, { ictx: next, id: 1 }))];
      },
      (w) => {
        const next = w.machine.next_file as World['ictx'];
        const hwpt = next.objects.slots.at(2).entry as World['hwpts'][0];
        return [next.objects.slots.at(1).state, hwpt.domain?.table];
      },
    );
    expect(end).toEqual({ returned: [0], seen: ['empty', 1] });
  });
});
