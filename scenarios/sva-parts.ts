/** What the SVA scenarios have in common: an initialised device, and address spaces that are bound to it. */
import type { Bounds, Setup } from '../checker/lang/index.ts';
import { type MmView, makeMm } from '../model/kernel/index.ts';
import {
  type Bond,
  bindAtStart,
  type Device,
  DriverData,
  driverMmExit,
  initAtStart,
  MmExit,
  makeDevice,
  type SvaParts,
} from '../model/sva/index.ts';
import { allFreed, noCallbackAfterTeardown } from '../properties/lifetime.ts';

/** An initialised device; its driver's mm_exit is `driver_mm_exit`. */
export function readyDevice(s: Setup<Bounds>, parts: SvaParts, name: string): Device {
  s.implementations(MmExit, [driverMmExit]);
  const dev = makeDevice(s, parts, name);
  initAtStart(s, dev, driverMmExit);
  return dev;
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

/** The promises every SVA scenario checks besides the built-in ones. */
export function promises(s: Setup<Bounds>, parts: SvaParts, data: readonly DriverData[]): void {
  s.property(noCallbackAfterTeardown(data), allFreed([parts.ioMms, parts.bonds]));
}
