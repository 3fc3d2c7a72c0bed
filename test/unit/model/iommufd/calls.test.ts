/** What calls of one task return, and what they leave behind, also when something fails on the way. */
import { expect, test } from 'vitest';
import {
  counted,
  destroyIoctl,
  holders,
  iommufdDestroy,
  iommufdDeviceAttach,
  iommufdDeviceDetach,
  iommufdDeviceReplace,
  iommufdGetHwInfo,
  iommufdHwptAlloc,
  iommufdIoasIovaRanges,
  repaired,
  repairedAttach,
} from '../../../../model/iommufd/index.ts';
import { does, EBUSY, EFAULT, EINVAL, ENOENT, ENOMEM, set } from '../../../../model/kernel/index.ts';
import { endsOf } from './world.ts';

const attachOnly = repairedAttach.filter((s) => s.switch !== destroyIoctl);
const untouched = {
  slots: 'live live live empty',
  users: [2, 1, 2],
  held: false,
  ioas: [1, 1, 0],
  attached: false,
};

test('a call gives back what it has taken, and finds its own type only', async () => {
  const calls = (settings: typeof counted) =>
    endsOf(
      ({ ictx, call }) => [
        call(iommufdIoasIovaRanges, { ictx, id: 1 }),
        call(iommufdIoasIovaRanges, { ictx, id: 2 }),
        call(iommufdGetHwInfo, { ictx, id: 3 }),
        call(iommufdGetHwInfo, { ictx, id: 6 }),
      ],
      settings,
    );
  const expected = [{ rets: [0, -ENOENT, 0, -ENOENT], ...untouched }];
  expect(await calls(counted.filter((s) => s.switch === holders || s.switch.name.match(/put|wake/)))).toEqual(expected);
  expect(await calls([set(holders, 'semaphore')])).toEqual(expected);
});

test.each([
  ['by number', repaired],
  ['with the semaphore, by number', [set(holders, 'semaphore'), set(destroyIoctl, 'by id')]],
])('DESTROY refuses what is in use and what is not there: %s', async (_name, settings) => {
  const trimmed = settings.filter((s) => !/put|wake/.test(s.switch.name));
  expect(
    await endsOf(
      ({ ictx, call }) => [
        call(iommufdDestroy, { ictx, id: 1 }),
        call(iommufdDestroy, { ictx, id: 3 }),
        call(iommufdDestroy, { ictx, id: 2 }),
        call(iommufdDestroy, { ictx, id: 2 }),
      ],
      trimmed,
    ),
  ).toEqual([
    {
      rets: [-EBUSY, -EBUSY, 0, -ENOENT],
      slots: 'live empty live empty',
      users: [1, 0, 2],
      held: false,
      ioas: [0, 0, 0],
      attached: false,
    },
  ]);
});

test('DESTROY with a reference of its own gives it back when it is refused', async () => {
  expect(
    await endsOf(
      ({ ictx, call }) => [call(iommufdDestroy, { ictx, id: 3 }), call(iommufdDestroy, { ictx, id: 2 })],
      [set(destroyIoctl, 'takes a reference')],
    ),
  ).toMatchObject([{ rets: [-EBUSY, 0], slots: 'live empty live empty', users: [1, 0, 2] }]);
});

test('attach, replace and detach move users from one to the other', async () => {
  const attached = { slots: 'live live live empty', ioas: [1, 1, 1], attached: true, held: false };
  expect(await endsOf(({ idev, call }) => [call(iommufdDeviceAttach, { idev, pt_id: 2 })], attachOnly)).toEqual([
    { rets: [0], users: [2, 2, 3], ...attached },
  ]);
  // To the IOAS: a new automatic domain; replaced, it goes by itself.
  expect(await endsOf(({ idev, call }) => [call(iommufdDeviceAttach, { idev, pt_id: 1 })], attachOnly)).toEqual([
    { rets: [0], users: [3, 1, 3], ...attached, slots: 'live live live live', ioas: [2, 2, 1] },
  ]);
  expect(
    await endsOf(
      ({ idev, call }) => [
        call(iommufdDeviceAttach, { idev, pt_id: 1 }),
        call(iommufdDeviceReplace, { idev, pt_id: 2 }),
      ],
      attachOnly,
    ),
  ).toEqual([{ rets: [0, 0], users: [2, 2, 3], ...attached }]);
  expect(
    await endsOf(
      ({ idev, call }) => [call(iommufdDeviceAttach, { idev, pt_id: 1 }), does(iommufdDeviceDetach, { idev })],
      attachOnly,
    ),
  ).toEqual([{ rets: [0], ...untouched }]);
});

test('attach and replace refuse what they cannot attach to', async () => {
  expect(
    await endsOf(
      ({ idev, call }) => [
        call(iommufdDeviceAttach, { idev, pt_id: 6 }),
        call(iommufdDeviceAttach, { idev, pt_id: 3 }),
        call(iommufdDeviceReplace, { idev, pt_id: 2 }),
      ],
      attachOnly,
    ),
  ).toEqual([{ rets: [-ENOENT, -EINVAL, -EINVAL], ...untouched }]);
});

test('an attach that fails leaves no trace, wherever it fails', async () => {
  for (const failure of [
    'kmalloc',
    'xa_alloc',
    'domain_alloc',
    'iopt_fill_domain',
    'iopt_reserve_iova',
    'iommu_attach_group',
  ]) {
    const ends = await endsOf(({ idev, call }) => [call(iommufdDeviceAttach, { idev, pt_id: 1 })], attachOnly, {
      [failure]: 1,
    });
    const failed = ends.filter((end) => end.rets[0] !== 0);
    expect(failed, failure).toEqual([{ rets: [-ENOMEM], ...untouched }]);
    expect(ends.length, failure).toBe(2);
  }
});

test('an HWPT that cannot be made or handed out leaves no trace', async () => {
  for (const [failure, ret] of [
    ['kmalloc', -ENOMEM],
    ['xa_alloc', -ENOMEM],
    ['domain_alloc', -ENOMEM],
    ['iopt_fill_domain', -ENOMEM],
    ['copy_to_user', -EFAULT],
  ] as const) {
    const ends = await endsOf(
      ({ ictx, call }) => [call(iommufdHwptAlloc, { ictx, dev_id: 3, pt_id: 1 })],
      counted.filter((s) => !/timeout|give-up/.test(s.switch.name)),
      { [failure]: 1 },
    );
    expect(
      ends.filter((end) => end.rets[0] !== 0),
      failure,
    ).toEqual([{ rets: [ret], ...untouched }]);
    expect(
      ends.filter((end) => end.rets[0] === 0),
      failure,
    ).toMatchObject([{ slots: 'live live live live', users: [3, 1, 2], ioas: [2, 2, 0] }]);
  }
});
