/** What the scenarios of iommufd have in common. */
import type { Bounds, Pool, Property, Setup } from '../checker/lang/index.ts';
import {
  AttachHandle,
  closedAtEnd,
  destroyedAlone,
  destroyUserSucceeds,
  deviceAsks,
  drainedAtClose,
  type Endpoint,
  FaultParam,
  IommufdCtx,
  IommufdDevice,
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
  irqThread,
  MAIN_C,
  objectId,
  PageRequest,
  removedIsDestroyed,
  requestsAnswered,
  specH,
} from '../model/iommufd/index.ts';
import { errno, int, object, procedure, ptr, ref, type ViewOf } from '../model/kernel/index.ts';

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
  { closed = true, tolerant = false }: { readonly closed?: boolean; readonly tolerant?: boolean } = {},
): Property[] {
  const ctxs = s.pool(IommufdCtx, 1);
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

/** Pools of what page requests allocate; the handles of so many attachments at a time. */
export function faultPools(s: Setup<Bounds>, requests: number, handles: number) {
  return {
    groups: s.pool(IopfGroup, requests),
    handles: s.pool(AttachHandle, handles),
    params: s.pool(FaultParam, 1),
  };
}
