/**
 * What every scenario with SVA needs: the globals of core and mm, devices attached to a domain, and an IOMMU driver
 * that has nothing to do. A scenario with a real driver sets the operations itself.
 */
import {
  type Actor,
  type Bounds,
  errno,
  idrInsert,
  MmuRelease,
  type MmView,
  nameOf,
  type Pool,
  procedure,
  RcuCallback,
  type Setup,
  Srcu,
  srcuCallbacks,
  type ViewOf,
} from '../kernel/index.ts';
import { IommuOps, IommuSvaParam, SvaDeviceInit, SvaDeviceShutdown } from './callbacks.ts';
import { ioMmFree } from './io-mm.ts';
import { iommuNotifierRelease } from './notifier.ts';
import { type Bond, Device, IoMm, IommuBond, IommuDomain, IommuSva, MAX_PASID } from './objects.ts';
import { IOMMU_SVA_C, v2_02 } from './sources.ts';

/** An IOMMU driver's init for a device that needs no preparation. */
export const readyDeviceInit = procedure(
  'sva_device_init',
  { source: v2_02(IOMMU_SVA_C), params: SvaDeviceInit.params, returns: errno() },
  (k) => [k.return(0)],
);

/** Its opposite. */
export const readyDeviceShutdown = procedure(
  'sva_device_shutdown',
  { source: v2_02(IOMMU_SVA_C), params: SvaDeviceShutdown.params, returns: errno() },
  (k) => [k.return(0)],
);

export interface SvaParts {
  readonly sva: IommuSva;
  readonly ops: IommuOps;
  readonly srcu: ViewOf<typeof Srcu>;
  readonly domain: IommuDomain;
  /** What was allocated of each, to look at the live ones. */
  readonly params: Pool<IommuSvaParam>;
  readonly ioMms: Pool<IoMm>;
  readonly bonds: Pool<Bond>;
  /** The context that runs callbacks after SRCU grace periods. */
  readonly callbacks: Actor;
}

/**
 * The globals, one domain, an IOMMU driver that is always ready, and the worker behind call_srcu(). `ioMms` and
 * `bonds` give the room for allocations by steps, where a scenario needs more than one at a time.
 */
export function makeSva<B extends Bounds>(
  s: Setup<B>,
  room: { readonly params?: number; readonly ioMms?: number; readonly bonds?: number } = {},
): SvaParts {
  const srcu = s.object(Srcu, 'srcu');
  const sva = s.object(IommuSva, 'iommu_sva');
  const domain = s.object(IommuDomain, 'domain');
  const ops = s.object(IommuOps, 'iommu_ops');
  s.implementations(SvaDeviceInit, [readyDeviceInit]);
  s.implementations(SvaDeviceShutdown, [readyDeviceShutdown]);
  s.implementations(MmuRelease, [iommuNotifierRelease]);
  s.implementations(RcuCallback, [ioMmFree]);
  ops.sva_device_init = readyDeviceInit;
  ops.sva_device_shutdown = readyDeviceShutdown;
  return {
    sva,
    ops,
    srcu,
    domain,
    params: s.pool(IommuSvaParam, room.params ?? 1),
    ioMms: s.pool(IoMm, room.ioMms ?? 1),
    bonds: s.pool(IommuBond, room.bonds ?? 1),
    callbacks: s.actor('srcu-worker', srcuCallbacks, { srcu }, { role: 'worker' }),
  };
}

/** A device attached to the domain, not yet initialised for SVA. */
export function makeDevice<B extends Bounds>(s: Setup<B>, parts: SvaParts, name: string): Device {
  return s.object(Device, name, { sva: parts.sva, ops: parts.ops, domain: parts.domain });
}

/** The state that a successful init leaves behind, before the first step. */
export function initAtStart<B extends Bounds>(
  s: Setup<B>,
  dev: Device,
  mmExit: NonNullable<IommuSvaParam['mm_exit']>,
): IommuSvaParam {
  const param = s.object(IommuSvaParam, `${nameOf(dev)}.param`, { max_pasid: MAX_PASID, mm_exit: mmExit });
  dev.sva_param = param;
  return param;
}

/**
 * The state that a successful bind on an initialised device leaves behind, before the first step. PASIDs are given
 * out in the order of the calls, one for each address space.
 */
export function bindAtStart<B extends Bounds>(
  s: Setup<B>,
  parts: SvaParts,
  dev: Device,
  mm: MmView,
  drvdata: object,
): { readonly pasid: number; readonly bond: Bond } {
  const { sva } = parts;
  const param = dev.sva_param as IommuSvaParam;
  let io_mm = [...sva.pasid_idr].find((known) => known?.mm === mm) ?? null;
  if (io_mm === null) {
    io_mm = s.object(IoMm, `${nameOf(mm)}.io_mm`, { mm, sva, ops: parts.ops, mn_release: iommuNotifierRelease });
    io_mm.pasid = idrInsert(sva.pasid_idr, io_mm);
    // One reference of the io_mm itself, one of its notifier.
    mm.mm_count.counter += 2;
    mm.has_notifiers = true;
    mm.notifiers.addFirst(io_mm);
  }
  io_mm.kref.counter++;
  const name = `${nameOf(dev)}.${nameOf(mm)}.bond`;
  const bond = s.object(IommuBond, name, { io_mm, dev, domain: parts.domain, drvdata, param });
  io_mm.devices.addFirst(bond);
  parts.domain.mm_list.addFirst(bond);
  param.mm_list.addFirst(bond);
  return { pasid: io_mm.pasid, bond };
}
