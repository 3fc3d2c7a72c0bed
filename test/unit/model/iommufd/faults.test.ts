/** Fault queues, PASIDs and nested HWPTs, one call after the other: what calls return, and what they leave behind. */
import { describe, expect, test } from 'vitest';
import {
  AttachHandle,
  attachAtStart,
  bindAtStart,
  counted,
  Descriptor,
  destroyOps,
  destroyWake,
  Fault,
  FaultParam,
  faultDestroy,
  faultsTo,
  Hwpt,
  handleAtStart,
  IommufdAttach,
  IopfGroup,
  iommufdDeviceAttachPasid,
  iommufdDeviceDetach,
  iommufdDeviceDetachPasid,
  iommufdDeviceReplace,
  iommufdFaultDestroy,
  iommufdFaultRead,
  iommufdFaultWrite,
  iommufdHwptAllocNested,
  iommufdHwptNestedDestroy,
  iommuReportDeviceFault,
  makeCtx,
  makeEndpoint,
  makeFault,
  makeGroup,
  makeHwpt,
  makeIoas,
  PageRequest,
  PagingDomain,
  parentUser,
  putOrder,
  repairedAttach,
  repairedFaults,
  replaceQueue,
} from '../../../../model/iommufd/index.ts';
import {
  type Bounds,
  does,
  EFAULT,
  EINVAL,
  ENOENT,
  ENOMEM,
  type Operation,
  type Setting,
  type Setup,
  set,
} from '../../../../model/kernel/index.ts';
import { everyEnd } from '../../../support/ends.ts';
import { Log, logged } from './world.ts';

/** Numbers: IOAS 1, `queued` 2, `plain` 3, the fault queue 4, the device 5, which is attached to `queued`. */
function world(s: Setup<Bounds>) {
  const ictx = makeCtx(s, 4, { destroy: [...destroyOps, iommufdFaultDestroy, iommufdHwptNestedDestroy] });
  const ioas = makeIoas(s, ictx, 'ioas');
  const [queued, plain] = [makeHwpt(s, ictx, ioas, 'queued'), makeHwpt(s, ictx, ioas, 'plain')];
  const fd = s.object(Descriptor, 'fd');
  const fault = makeFault(s, ictx, 'fault', fd);
  faultsTo(queued, fault);
  const igroup = makeGroup(s, 'igroup');
  const dev = makeEndpoint(s, igroup, 'dev');
  const idev = bindAtStart(s, ictx, igroup, 'idev');
  attachAtStart(s, idev, queued);
  handleAtStart(s, idev, queued);
  const log = s.object(Log, 'log');
  const req = s.object(PageRequest, 'req');
  const pools = {
    hwpts: s.pool(Hwpt, 1),
    domains: s.pool(PagingDomain, 1),
    attaches: s.pool(IommufdAttach, 1),
    handles: s.pool(AttachHandle, 2),
    groups: s.pool(IopfGroup, 1),
    params: s.pool(FaultParam, 1),
    faults: s.pool(Fault, 1),
  };
  const call = (of: unknown, args: object): Operation => does(logged(of as never), { ...args, log } as never);
  return { ictx, queued, plain, fd, fault, igroup, dev, idev, log, req, call, ...pools };
}
type World = ReturnType<typeof world>;

/** The device has asked, and the irq thread has reported it. */
const reported = (w: World) => does(iommuReportDeviceFault, { dev: w.dev, req: w.req });

function picture(w: World) {
  return {
    rets: [w.log.a, w.log.b, w.log.c, w.log.d].slice(0, w.log.next),
    answer: w.req.answer,
    waiting: w.fault.deliver.length,
    groups: [...w.groups].length,
    handles: [...w.handles].length,
    enabled: w.dev.iopf_enabled,
    users: [w.queued.users.counter, w.plain.users.counter, w.fault.users.counter, w.idev.users.counter],
  };
}

const ends = (
  operations: (w: World) => readonly Operation[],
  settings: readonly Setting[],
  failures: Record<string, number> = {},
) => everyEnd({ world, settings, operations, look: picture, failures });

const attached = { handles: 1, enabled: 1, users: [2, 1, 3, 3] };

test('a request is read under a cookie and answered once', async () => {
  expect(
    await ends(
      (w) => [
        reported(w),
        w.call(iommufdFaultRead, { fd: w.fd }),
        w.call(iommufdFaultWrite, { fd: w.fd, cookie: 1, code: 'success' }),
        w.call(iommufdFaultWrite, { fd: w.fd, cookie: 1, code: 'invalid' }),
      ],
      [],
    ),
  ).toEqual([{ rets: [0, 0, -EINVAL], answer: 'success', waiting: 0, groups: 0, ...attached }]);
});

test('a read that fails leaves the group to be read again', async () => {
  const read = (failure: string) =>
    ends((w) => [reported(w), w.call(iommufdFaultRead, { fd: w.fd })], [], { [failure]: 1 });
  const kept = { answer: 'none', groups: 1, ...attached };
  // Without memory for a cookie it stays; a copy that fails is tried again, as in mainline, and succeeds.
  expect(await read('xa_alloc')).toEqual(
    expect.arrayContaining([
      { rets: [-ENOMEM], waiting: 1, ...kept },
      { rets: [0], waiting: 0, ...kept },
    ]),
  );
  expect(await read('copy_to_user')).toEqual([{ rets: [0], waiting: 0, ...kept }]);
});

describe('what came in through a handle is answered when it goes', () => {
  const whole = [...counted, ...repairedFaults, set(parentUser, 'held')];
  const left = { answer: 'invalid', waiting: 0, groups: 0 };

  test.each([['unread'], ['read']])('in detach: %s', async (which) => {
    const settings = whole.filter((it) => it.switch !== putOrder && it.switch !== destroyWake);
    expect(
      await ends(
        (w) => [
          reported(w),
          ...(which === 'read' ? [does(iommufdFaultRead, { fd: w.fd })] : []),
          w.call(iommufdDeviceDetach, { idev: w.idev }),
        ],
        settings,
      ),
    ).toEqual([{ rets: [0], ...left, handles: 0, enabled: 0, users: [1, 1, 3, 2] }]);
  });

  const replace = [...whole, set(replaceQueue, 'of the old HWPT')];
  const move = (w: World) => [reported(w), w.call(iommufdDeviceReplace, { idev: w.idev, pt_id: 3 })];

  test('in replace', async () => {
    expect(await ends(move, replace)).toEqual([{ rets: [0], ...left, handles: 1, enabled: 0, users: [1, 2, 3, 3] }]);
  });

  test.each(['kmalloc', 'iommu_attach_group'])('but not in a replace that fails: %s', async (failure) => {
    const failed = (await ends(move, replace, { [failure]: 1 })).filter((end) => end.rets[0] === -ENOMEM);
    expect(failed).toEqual([{ rets: [-ENOMEM], answer: 'none', waiting: 1, groups: 1, ...attached }]);
  });
});

describe('a PASID', () => {
  const pasid = (w: World, pt_id: number) => w.call(iommufdDeviceAttachPasid, { idev: w.idev, pasid: 1, pt_id });
  const settings = [...repairedAttach, ...repairedFaults, set(parentUser, 'held')].filter(
    (it) => it.switch.name !== 'iommufd.destroy',
  );
  const nothing = { answer: 'none', waiting: 0, groups: 0 };

  test('is refused unless all HWPTs of the group are made for it', async () => {
    expect(await ends((w) => [pasid(w, 3)], settings)).toEqual([{ rets: [-EINVAL], ...nothing, ...attached }]);
  });

  test('has a handle of its own', async () => {
    const both = (w: World) => {
      for (const hwpt of [w.queued, w.plain]) hwpt.pasid_compat = true;
      return [pasid(w, 3), w.call(iommufdDeviceDetachPasid, { idev: w.idev, pasid: 1 })];
    };
    expect(await ends((w) => both(w).slice(0, 1), settings)).toEqual([
      { rets: [0], ...nothing, handles: 2, enabled: 1, users: [2, 2, 3, 4] },
    ]);
    expect(await ends(both, settings)).toEqual([{ rets: [0, 0], ...nothing, ...attached }]);
  });
});

describe('a nested HWPT', () => {
  const settings = [...counted, set(faultDestroy, 'all'), set(parentUser, 'held')].filter(
    (it) => !/timeout|give-up/.test(it.switch.name),
  );
  const nest = (fault_id: number) => (w: World) => [
    w.call(iommufdHwptAllocNested, { ictx: w.ictx, dev_id: 5, pt_id: 3, fault_id }),
  ];
  const users = (end: ReturnType<typeof picture>) => [end.rets, end.users];

  test('holds its parent and its fault queue', async () => {
    expect((await ends(nest(4), settings)).map(users)).toEqual([[[0], [2, 2, 4, 3]]]);
    expect((await ends(nest(6), settings)).map(users)).toEqual([[[-ENOENT], [2, 1, 3, 3]]]);
  });

  test.each([
    ['kmalloc', -ENOMEM],
    ['xa_alloc', -ENOMEM],
    ['domain_alloc', -ENOMEM],
    ['copy_to_user', -EFAULT],
  ])('that cannot be made leaves no trace: %s', async (failure, ret) => {
    const failed = (await ends(nest(4), settings, { [failure]: 1 })).filter((end) => end.rets[0] !== 0);
    expect(failed.map(users)).toEqual([[[ret], [2, 1, 3, 3]]]);
  });
});
