/** What the SVA scenarios have in common: an initialised device, and address spaces that are bound to it. */
import type { Bounds, Pool, Setup } from '../checker/lang/index.ts';
import { MmStruct, type MmView, makeMm } from '../model/kernel/index.ts';
import {
  type Bond,
  bindAtStart,
  ContextTable,
  contextAttach,
  contextDetach,
  type Device,
  DriverData,
  driverMmExit,
  initAtStart,
  MmAttach,
  MmDetach,
  MmExit,
  makeDevice,
  type SvaParts,
} from '../model/sva/index.ts';
import { allFreed, type CallbackData, noCallbackAfterTeardown } from '../properties/lifetime.ts';
import { pasidOfContextIsOwned } from '../properties/pasid.ts';

/** An initialised device; its driver's mm_exit is `driver_mm_exit`. */
export function readyDevice(s: Setup<Bounds>, parts: SvaParts, name: string): Device {
  s.implementations(MmExit, [driverMmExit]);
  const dev = makeDevice(s, parts, name);
  initAtStart(s, dev, driverMmExit);
  return dev;
}

/** A device and its parameters, as parts of an interchangeable block. */
export function withParam(dev: Device): object[] {
  return dev.sva_param === null ? [dev] : [dev, dev.sva_param];
}

/** An address space with one user. */
export function process(s: Setup<Bounds>, parts: SvaParts, name: string): MmView {
  return makeMm(s, name, { srcu: parts.srcu });
}

/** A bond that exists from the start, with its driver data. */
export function bound(
  s: Setup<Bounds>,
  parts: SvaParts,
  dev: Device,
  mm: MmView,
  name: string,
): { readonly pasid: number; readonly bond: Bond; readonly data: DriverData } {
  const data = s.object(DriverData, name);
  return { ...bindAtStart(s, parts, dev, mm, data), data };
}

/** Which objects must be gone at the end, besides io_mms and bonds: address spaces, parameters of devices. */
export interface Gone {
  readonly mms?: boolean;
  readonly params?: boolean;
}

/** The promises every SVA scenario checks besides the built-in ones. */
export function promises(s: Setup<Bounds>, parts: SvaParts, data: readonly CallbackData[], gone: Gone): void {
  const pools: Pool<object>[] = [parts.ioMms, parts.bonds];
  if (gone.mms) pools.push(s.pool(MmStruct, 1));
  if (gone.params) pools.push(parts.params);
  s.property(noCallbackAfterTeardown(data), allFreed(pools));
}

/** Gives the devices an IOMMU driver that keeps context entries, and checks that PASIDs outlive them. */
export function withContexts(s: Setup<Bounds>, parts: SvaParts, devices: readonly Device[]): void {
  s.implementations(MmAttach, [contextAttach]);
  s.implementations(MmDetach, [contextDetach]);
  parts.ops.mm_attach = contextAttach;
  parts.ops.mm_detach = contextDetach;
  const contexts = s.object(ContextTable, 'contexts');
  for (const dev of devices) {
    dev.iommu_priv = contexts;
    // Bonds that exist from the start have their entries.
    for (const bond of parts.domain.mm_list) contexts.valid.set(bond.io_mm.pasid, true);
  }
  s.property(pasidOfContextIsOwned(contexts.valid, parts.sva.pasid_idr));
}
