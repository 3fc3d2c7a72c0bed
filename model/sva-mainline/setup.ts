/**
 * Makes the objects of mainline SVA in a scenario's set-up: the globals, devices that are in their fault queue, address
 * spaces, and bonds that exist from the start.
 */

import type { PciContext, PciFunction, SmmuV3 } from '../iopf/hardware.ts';
import {
  type Bounds,
  inc,
  MmuRelease,
  nameOf,
  RcuCallback,
  type Setup,
  Srcu,
  srcuCallbacks,
  type ViewOf,
  WorkFunc,
  type Workqueue,
} from '../kernel/index.ts';
import { intelMmRelease, mmuNotifierFreeRcu } from './domain.ts';
import { faultParamFree } from './fault-param.ts';
import { iommuSvaHandleIopf, iommuSvaIopfHandler } from './handle.ts';
import {
  DevIommu,
  Device,
  DriverFile,
  FaultParam,
  Handle,
  IntelIommu,
  IommuGroup,
  IommuMm,
  IommuSva,
  IopfHandler,
  IopfQueue,
  Mm,
  SvaDomain,
  XaNode,
} from './objects.ts';
import { xaNodeFree } from './pasid-array.ts';

export interface Core {
  readonly sva: IommuSva;
  readonly srcu: ViewOf<typeof Srcu>;
  readonly rcu: ViewOf<typeof Srcu>;
}

/** The globals, and the contexts in which callbacks of SRCU (notifiers) and RCU run. */
export function makeCore(s: Setup<Bounds>): Core {
  const sva = s.object(IommuSva, 'iommu_sva');
  const srcu = s.object(Srcu, 'srcu');
  const rcu = s.object(Srcu, 'rcu');
  s.implementations(MmuRelease, [intelMmRelease]);
  s.implementations(RcuCallback, [mmuNotifierFreeRcu, faultParamFree, xaNodeFree]);
  s.implementations(IopfHandler, [iommuSvaIopfHandler]);
  s.implementations(WorkFunc, [iommuSvaHandleIopf]);
  s.actor('srcu_callbacks', srcuCallbacks, { srcu }, { role: 'worker' });
  s.actor('rcu_callbacks', srcuCallbacks, { srcu: rcu }, { role: 'worker' });
  return { sva, srcu, rcu };
}

/** A device behind an IOMMU of its own, with a fault queue that `wq` serves. */
export function makeDevice(
  s: Setup<Bounds>,
  core: Core,
  name: string,
  hardware: { readonly regs: SmmuV3; readonly fn: PciFunction; readonly wq: ViewOf<typeof Workqueue> },
): Device {
  const { regs, fn, wq } = hardware;
  const group = s.object(IommuGroup, `${name}.group`, { rcu: core.rcu });
  const iopf_queue = s.object(IopfQueue, `${name}.iopf_queue`, { wq });
  const vtd = s.object(IntelIommu, `${name}.vtd`, { regs, fn, iopf_queue });
  const iommu = s.object(DevIommu, `${name}.iommu`, { iommu_dev: vtd });
  const dev = s.object(Device, name, { iommu, group, vtd });
  vtd.device_rbtree = dev;
  return dev;
}

/** Puts a device into its fault queue, as the first domain that handles faults does. */
export function faultsAtStart(s: Setup<Bounds>, dev: Device): void {
  dev.iopf_refcount++;
  if (dev.iopf_refcount > 1) return;
  const { group, vtd, iommu } = dev;
  const queue = vtd.iopf_queue;
  const fault_param = s.object(FaultParam, `${nameOf(dev)}.fault_param`, { dev, queue, rcu: group.rcu });
  if (iommu !== null) iommu.fault_param = fault_param;
  queue.devices.add(fault_param);
}

/** An address space with one user. */
export function makeProcess(s: Setup<Bounds>, core: Core, name: string): Mm {
  return s.object(Mm, name, { srcu: core.srcu, sva: core.sva });
}

/** A context of a device, its file, and the number of the context on the device. */
export function makeFile(s: Setup<Bounds>, name: string, dev: Device, ctx: PciContext, index: number): DriverFile {
  dev.contexts.set(index, ctx);
  return s.object(DriverFile, name, { dev, ctx });
}

/** Gives an address space its PASID, as its first bind does. */
export function pasidAtStart(s: Setup<Bounds>, core: Core, name: string, mm: Mm, pasid: number): IommuMm {
  const iommu_mm = s.object(IommuMm, `${name}.iommu_mm`, { pasid });
  mm.iommu_mm = iommu_mm;
  core.sva.pasids.set(pasid, mm);
  return iommu_mm;
}

/** What bind leaves behind: PASID, domain with its notifier, handle, entries of the group and of the hardware. */
export function bondAtStart(
  s: Setup<Bounds>,
  core: Core,
  names: { readonly mm: string; readonly bond: string },
  file: DriverFile,
  mm: Mm,
  pasid: number,
): Handle {
  const { dev, ctx } = file;
  const iommu_mm = mm.iommu_mm ?? pasidAtStart(s, core, names.mm, mm, pasid);
  let domain = iommu_mm.sva_domains.first;
  if (domain === null) {
    domain = s.object(SvaDomain, `${names.mm}.domain`, {
      mm,
      iopf_handler: iommuSvaIopfHandler,
      mn_release: intelMmRelease,
    });
    iommu_mm.sva_domains.add(domain);
    core.sva.mms.add(iommu_mm);
    inc(mm.mm_count);
    inc(mm.mm_count);
    mm.has_notifiers = true;
    mm.notifiers.add(domain);
  }
  domain.users++;
  domain.dev_pasids.add(dev);
  const handle = s.object(Handle, `${names.bond}.handle`, { domain, dev });
  handle.users.counter = 1;
  const { group, vtd } = dev;
  if (pasid === 1) group.low = handle;
  else {
    group.root ??= s.object(XaNode, `${names.bond}.root`, {});
    group.root.slots.set(1, group.low);
    group.root.slots.set(pasid, handle);
  }
  const entry = vtd.regs.cd.at(pasid);
  entry.ttb = mm;
  entry.valid = true;
  faultsAtStart(s, dev);
  Object.assign(ctx, { pasid, owner: mm, run: true, active: true });
  file.handle = handle;
  return handle;
}
