/** What the scenarios of iommufd have in common. */
import type { Bounds, Pool, Property, Setup } from '../checker/lang/index.ts';
import {
  AttachHandle,
  answeredBeforeHandleFreed,
  attachAtStart,
  bindAtStart,
  closedAtEnd,
  Descriptor,
  destroyedAlone,
  destroyOps,
  destroyUserSucceeds,
  deviceAsks,
  drainedAtClose,
  type Endpoint,
  EventqFile,
  Fault,
  FaultParam,
  Hwpt,
  handleAtStart,
  Ioas,
  IommufdAttach,
  IommufdCtx,
  IommufdDevice,
  IommufdGroup,
  type IommufdObject,
  IommuGroup,
  IopfGroup,
  ioasid,
  iommufdDestroy,
  iommufdDeviceAttach,
  iommufdDeviceAttachPasid,
  iommufdDeviceBind,
  iommufdDeviceDetach,
  iommufdDeviceDetachPasid,
  iommufdDeviceReplace,
  iommufdDeviceReplacePasid,
  iommufdDeviceUnbind,
  iommufdFaultDestroy,
  irqThread,
  MAIN_C,
  makeCtx,
  makeEndpoint,
  makeFault,
  makeGroup,
  makeHwpt,
  makeIoas,
  objectId,
  PageRequest,
  PagingDomain,
  removedIsDestroyed,
  requestsAnswered,
  specH,
} from '../model/iommufd/index.ts';
import { errno, int, object, procedure, ptr, ref, type ViewOf, xaFind } from '../model/kernel/index.ts';
import { allFreed } from '../properties/lifetime.ts';

/** What a kernel driver does with its device: attach, replace if asked to, and detach what it has attached. */
export const attachedThen = procedure(
  'vfio_iommufd_physical_attach_ioas and _detach_ioas',
  {
    source: specH('drivers/vfio/iommufd.c'),
    params: { idev: ptr(IommufdDevice), pt_id: objectId(), replace_id: objectId() },
    locals: { rc: errno() },
  },
  (k) => [
    k.call(
      iommufdDeviceAttach,
      (f) => ({ idev: f.idev, pt_id: f.pt_id }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.when(
      (f) => f.rc === 0,
      [
        k.when((f) => f.replace_id > 0, [k.call(iommufdDeviceReplace, (f) => ({ idev: f.idev, pt_id: f.replace_id }))]),
        k.call(iommufdDeviceDetach, (f) => ({ idev: f.idev })),
      ],
    ),
  ],
);

/** The same with a PASID. */
export const pasidAttachedThen = procedure(
  'vfio_iommufd_physical_pasid_attach_ioas and _pasid_detach_ioas',
  {
    source: specH('drivers/vfio/iommufd.c'),
    params: { idev: ptr(IommufdDevice), pasid: ioasid(), pt_id: objectId(), replace_id: objectId() },
    locals: { rc: errno() },
  },
  (k) => [
    k.call(
      iommufdDeviceAttachPasid,
      (f) => ({ idev: f.idev, pasid: f.pasid, pt_id: f.pt_id }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.when(
      (f) => f.rc === 0,
      [
        k.when(
          (f) => f.replace_id > 0,
          [k.call(iommufdDeviceReplacePasid, (f) => ({ idev: f.idev, pasid: f.pasid, pt_id: f.replace_id }))],
        ),
        k.call(iommufdDeviceDetachPasid, (f) => ({ idev: f.idev, pasid: f.pasid })),
      ],
    ),
  ],
);

/** What a kernel driver does with its device: bind it, and unbind what it has bound. */
export const boundThenUnbound = procedure(
  'vfio_iommufd_physical_bind and _unbind',
  {
    source: specH('drivers/vfio/iommufd.c'),
    params: { ictx: IommufdCtx, group: IommuGroup },
    locals: { idev: ref(IommufdDevice) },
  },
  (k) => [
    k.call(
      iommufdDeviceBind,
      (f) => ({ ictx: f.ictx, group: f.group }),
      (f, idev) => {
        f.idev = idev;
      },
    ),
    k.when((f) => f.idev !== null, [k.call(iommufdDeviceUnbind, (f) => ({ idev: f.idev as IommufdDevice }))]),
  ],
);

/** What a call returned; 1 until then. */
export const Result = object('result', { ret: int(-128, 1, 1) }, { permanent: true });
export type Result = ViewOf<typeof Result>;

/** IOMMU_DESTROY, and its result for a property to look at. */
export const destroyAndNote = procedure(
  'iommufd_fops_ioctl',
  {
    source: specH(MAIN_C),
    params: { ictx: IommufdCtx, id: objectId(), result: Result },
    locals: { ret: errno() },
  },
  (k) => [
    k.call(
      iommufdDestroy,
      (f) => ({ ictx: f.ictx, id: f.id }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.step('return to user space', (f) => {
      f.result.ret = f.ret;
    }),
  ],
);

/**
 * The promises that every scenario keeps an eye on: that the context is gone at the end unless it stays open, and that a
 * driver gets rid of its object unless the scenario tolerates that it fails.
 */
export function iommufdPromises(
  s: Setup<Bounds>,
  objects: readonly Pool<IommufdObject>[],
  {
    closed = true,
    tolerant = false,
    ctxs = s.pool(IommufdCtx, 1),
  }: { readonly closed?: boolean; readonly tolerant?: boolean; readonly ctxs?: Pool<IommufdCtx> } = {},
): Property[] {
  return [
    destroyedAlone(objects),
    ...(tolerant ? [] : [destroyUserSucceeds(ctxs)]),
    removedIsDestroyed(ctxs),
    drainedAtClose(ctxs),
    ...(closed ? [closedAtEnd(ctxs)] : []),
  ];
}

/** Page requests of a device, one of each PASID given, and the irq thread behind it. All are answered at the end. */
export function pageRequests(s: Setup<Bounds>, dev: Endpoint, pasids: readonly number[]): PageRequest[] {
  const requests = pasids.map((pasid, i) => {
    const req = s.object(PageRequest, `req${i}`, { pasid });
    s.actor(`device${i}`, deviceAsks, { dev, req }, { role: 'hardware', fair: false });
    return req;
  });
  s.actor('irq', irqThread, { dev }, { role: 'irq' });
  s.property(requestsAnswered(requests));
  return requests;
}

/** Pools of what a context owns and of what attaches devices to it, with room for so many allocations by steps. */
export function attachPools(
  s: Setup<Bounds>,
  { hwpts = 1, attaches = 1 }: { readonly hwpts?: number; readonly attaches?: number } = {},
) {
  const objects: Pool<IommufdObject>[] = [s.pool(Hwpt, hwpts), s.pool(IommufdDevice, 1), s.pool(Ioas, 1)] as never;
  const domains = s.pool(PagingDomain, hwpts);
  return {
    objects,
    domains,
    all: [...objects, domains, s.pool(IommufdAttach, attaches), s.pool(IommufdGroup, 1)] as Pool<object>[],
  };
}

/** One thing for each name. */
type Each<N extends readonly string[], T> = { readonly [K in keyof N]: T };
const each = <const N extends readonly string[], T>(names: N, make: (name: string) => T): Each<N, T> =>
  names.map(make) as never;

/**
 * A group whose first device asks for pages, HWPTs of one IOAS that it may be attached to, and fault queues with a file
 * each; by name.
 */
export function faultWorld<
  const H extends readonly string[],
  const Q extends readonly string[],
  const D extends readonly string[],
>(
  s: Setup<Bounds>,
  names: { readonly hwpts: H; readonly queues: Q; readonly devices: D },
  { ids, destroy = [] }: { readonly ids: number; readonly destroy?: typeof destroyOps },
) {
  const ictx = makeCtx(s, ids, { destroy: [...destroyOps, iommufdFaultDestroy, ...destroy] });
  const fds = each(names.queues, (queue) => s.object(Descriptor, `fd${queue}`));
  const ioas = makeIoas(s, ictx, 'ioas');
  const hwpts = each(names.hwpts, (name) => makeHwpt(s, ictx, ioas, name));
  let next = 0;
  const faults = each(names.queues, (queue) => makeFault(s, ictx, `fault${queue}`, fds[next++] as Descriptor));
  const igroup = makeGroup(s, 'igroup');
  const dev = makeEndpoint(s, igroup, 'dev');
  const idevs = each(names.devices, (name) => bindAtStart(s, ictx, igroup, name));
  return { ictx, fds, hwpts, faults, igroup, dev, idevs };
}

/** Attached, with the handle that page requests are looked up by. */
export function attachedWithHandle(s: Setup<Bounds>, idev: IommufdDevice, hwpt: Hwpt): void {
  attachAtStart(s, idev, hwpt);
  handleAtStart(s, idev, hwpt);
}

/**
 * The promises of a scenario in which page requests are answered by user space, and pools for so many of each; `watch`
 * looks at every step whether groups are answered before their handle is freed.
 */
export function faultPromises(
  s: Setup<Bounds>,
  room: { readonly requests: number; readonly handles: number; readonly hwpts?: number; readonly attaches?: number },
  watch = true,
) {
  const groups = s.pool(IopfGroup, room.requests);
  const handles = s.pool(AttachHandle, room.handles);
  const params = s.pool(FaultParam, 1);
  const pools = attachPools(s, room);
  const faults = s.pool(Fault, 1);
  const promises: Property[] = [
    ...iommufdPromises(s, [...pools.objects, faults] as never),
    ...(watch ? [answeredBeforeHandleFreed(groups, handles)] : []),
    allFreed([groups, handles, params, ...pools.all, faults, s.pool(EventqFile, 1)]),
  ];
  return { promises, domains: pools.domains, faults };
}

/** Goals of page requests: that one is in a fault queue, that user space has read one. */
export const inQueue = (faults: Pool<Fault>) => () => [...faults].some((fault) => fault.deliver.length > 0);
export const isRead = (faults: Pool<Fault>) => () => [...faults].some((fault) => xaFind(fault.response, 1) !== 0);
