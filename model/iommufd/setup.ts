/**
 * What scenarios build with: a context, and objects in it as after the calls that made them. Numbers are given in the
 * order of the calls, from 1 on.
 */
import { type Bounds, nameOf, type Setup, xaReserveLowest, xaStore } from '../kernel/index.ts';
import { Access, iommufdAccessDestroyObject } from './access.ts';
import { iommufdDeviceDestroy } from './device-destroy.ts';
import { iommufdFaultDestroy } from './fault-queue.ts';
import { iommufdHwptAbort, iommufdHwptDestroy, iommufdHwptNestedDestroy } from './hwpt-destroy.ts';
import { iommufdIoasDestroy } from './ioas.ts';
import { AttachHandle, type Descriptor, Endpoint, EventqFile, Fault, FaultParam } from './iopf-objects.ts';
import { iommufdViommuDestroy, Viommu } from './mmap.ts';
import {
  Hwpt,
  Immap,
  IOMMU_NO_PASID,
  Ioas,
  IommufdAttach,
  IommufdCtx,
  IommufdDevice,
  IommufdGroup,
  IommuGroup,
  ObjectAbort,
  ObjectDestroy,
  ObjectPreDestroy,
  type ObjectWithOps,
  PagingDomain,
  type PagingDomain as PagingDomainView,
} from './objects.ts';

/** Operations of the object types of this folder, for a scenario that adds its own to them. */
export const destroyOps = [iommufdIoasDestroy, iommufdHwptDestroy, iommufdDeviceDestroy];
export const abortOps = [iommufdHwptAbort];
/** A context whose file has so many references, and the operations of the objects that it may have. */
export function makeCtx<B extends Bounds>(
  s: Setup<B>,
  files: number,
  ops: {
    readonly destroy?: readonly (typeof iommufdIoasDestroy)[];
    readonly abort?: readonly (typeof iommufdHwptAbort)[];
  } = {},
): IommufdCtx {
  s.implementations(ObjectDestroy, ops.destroy ?? destroyOps);
  s.implementations(ObjectAbort, ops.abort ?? abortOps);
  s.implementations(ObjectPreDestroy, []);
  const ictx = s.object(IommufdCtx, 'ictx');
  ictx.file.counter = files;
  return ictx;
}

/** The object as finalized. */
export function publish(ictx: IommufdCtx, obj: ObjectWithOps): void {
  obj.id = xaReserveLowest(ictx.objects);
  xaStore(ictx.objects, obj.id, obj);
}

/** The state after IOMMU_IOAS_ALLOC. */
export function makeIoas<B extends Bounds>(s: Setup<B>, ictx: IommufdCtx, name: string): Ioas {
  const ioas = s.object(Ioas, name, { type: 'ioas', destroy: iommufdIoasDestroy });
  publish(ictx, ioas);
  return ioas;
}

/** The state after IOMMU_HWPT_ALLOC, or after an attach to the IOAS where the domain is automatic. */
export function makeHwpt<B extends Bounds>(
  s: Setup<B>,
  ictx: IommufdCtx,
  ioas: Ioas,
  name: string,
  auto = false,
): Hwpt {
  const domain = s.object(PagingDomain, `${name}.domain`);
  const hwpt = s.object(Hwpt, name, {
    type: 'hwpt_paging',
    destroy: iommufdHwptDestroy,
    abort: iommufdHwptAbort,
    domain,
    ioas,
    auto_domain: auto,
    linked: true,
  });
  ioas.users.counter++;
  ioas.hwpt_list.add(hwpt);
  ioas.domains.add(domain);
  publish(ictx, hwpt);
  return hwpt;
}

/** The state after IOMMU_HWPT_ALLOC of `parent`. */
export function makeNested<B extends Bounds>(s: Setup<B>, ictx: IommufdCtx, parent: Hwpt, name: string): Hwpt {
  const s2_parent = parent.domain as PagingDomainView;
  const domain = s.object(PagingDomain, `${name}.domain`, { s2_parent });
  const hwpt = s.object(Hwpt, name, { type: 'hwpt_nested', destroy: iommufdHwptNestedDestroy, domain, parent });
  s2_parent.nested++;
  parent.users.counter++;
  publish(ictx, hwpt);
  return hwpt;
}

/** A group none of whose devices is bound. */
export function makeGroup<B extends Bounds>(s: Setup<B>, name: string): IommufdGroup {
  const igroup = s.object(IommufdGroup, name, { group: s.object(IommuGroup, `${name}.group`) });
  igroup.ref.counter = 0;
  return igroup;
}

/** The state after iommufd_device_bind(). The context's file must have been given a reference for it. */
export function bindAtStart<B extends Bounds>(
  s: Setup<B>,
  ictx: IommufdCtx,
  igroup: IommufdGroup,
  name: string,
): IommufdDevice {
  const idev = s.object(IommufdDevice, name, {
    type: 'device',
    destroy: iommufdDeviceDestroy,
    holds_ctx: true,
    ictx,
    igroup,
  });
  idev.users.counter = 2;
  igroup.ref.counter++;
  publish(ictx, idev);
  return idev;
}

/** The state after iommufd_device_attach() of devices of a group. */
export function attachAtStart<B extends Bounds>(s: Setup<B>, idev: IommufdDevice, hwpt: Hwpt): void {
  const { igroup } = idev;
  const { domain, ioas } = hwpt;
  let attach = igroup.pasid_attach.at(IOMMU_NO_PASID);
  if (attach === null) {
    attach = s.object(IommufdAttach, `${nameOf(igroup)}.attach`, { hwpt });
    igroup.pasid_attach.set(IOMMU_NO_PASID, attach);
    igroup.group.domain = domain;
    if (domain !== null) domain.attached++;
  }
  attach.device_array.add(idev);
  ioas.reserved.add(idev);
  hwpt.users.counter++;
  idev.users.counter++;
}

/** The state after IOMMU_VIOMMU_ALLOC by a driver that lets user space map a page. */
export function makeViommu<B extends Bounds>(s: Setup<B>, ictx: IommufdCtx, name: string): Viommu {
  const viommu = s.object(Viommu, name, { type: 'viommu', destroy: iommufdViommuDestroy, ictx });
  ictx.mt_mmap = s.object(Immap, `${name}.immap`, { owner: viommu });
  publish(ictx, viommu);
  return viommu;
}

/** The state after iommufd_access_create() and iommufd_access_attach(). The file must have a reference for it. */
export function makeAccess<B extends Bounds>(s: Setup<B>, ictx: IommufdCtx, ioas: Ioas, name: string): Access {
  const access = s.object(Access, name, {
    type: 'access',
    destroy: iommufdAccessDestroyObject,
    holds_ctx: true,
    ictx,
    ioas,
    ioas_unpin: ioas,
  });
  access.users.counter = 2;
  ioas.users.counter++;
  publish(ictx, access);
  return access;
}

/** The state after IOMMU_FAULT_QUEUE_ALLOC, with its file at `fd`. The context's file must have a reference for it. */
export function makeFault<B extends Bounds>(s: Setup<B>, ictx: IommufdCtx, name: string, fd: Descriptor): Fault {
  const fault = s.object(Fault, name, { type: 'fault', destroy: iommufdFaultDestroy });
  const filep = s.object(EventqFile, `${name}.file`, { private_data: fault, ictx });
  fault.filep = filep;
  fault.users.counter++;
  fd.file = filep;
  publish(ictx, fault);
  return fault;
}

/** What IOMMU_HWPT_ALLOC adds for an HWPT with a fault queue. */
export function faultsTo(hwpt: Hwpt, fault: Fault): void {
  hwpt.fault = fault;
  fault.users.counter++;
  const domain = hwpt.domain as PagingDomainView;
  domain.iopf_handler = true;
  domain.iommufd_hwpt = hwpt;
}

/** A device of a group that asks for pages. */
export function makeEndpoint<B extends Bounds>(s: Setup<B>, igroup: IommufdGroup, name: string): Endpoint {
  const dev = s.object(Endpoint, name, { group: igroup.group });
  igroup.group.dev = dev;
  return dev;
}

/** What an attachment without PASID has beside `attachAtStart()`: its handle, and the device on its fault queue. */
export function handleAtStart<B extends Bounds>(s: Setup<B>, idev: IommufdDevice, hwpt: Hwpt): AttachHandle {
  const { group } = idev.igroup;
  const handle = s.object(AttachHandle, `${nameOf(hwpt)}.handle`, { idev, domain: hwpt.domain });
  group.pasid_array.set(IOMMU_NO_PASID, handle);
  const dev = group.dev;
  if (dev !== null && hwpt.fault !== null) {
    dev.fault_param = s.object(FaultParam, `${nameOf(dev)}.fault_param`);
    dev.iopf_enabled = 1;
  }
  return handle;
}
