/** What the scenarios of reserved IOVAs have in common: an IOMMU domain, and devices with an MSI each. */
import { type Bounds, does, type Operation, type Property, type Setup, sometimes } from '../checker/lang/index.ts';
import { msiFunction } from '../hw/iommu/msi.ts';
import { IoPageTable, MsiFunction } from '../hw/iommu/objects.ts';
import {
  bindingsAreReserved,
  type Domain,
  interruptsReachTheirDoorbell,
  type MsiDevice,
  makeDomain,
  makeMsiDevice,
  mappedIsReserved,
  msiAlloc,
  msiFree,
  nothingIsLeft,
  oneBindingForAPage,
} from '../model/reserved-iova/index.ts';

/** A domain with a window of so many pages, and devices that are attached to it. */
export function domainWithDevices(
  s: Setup<Bounds>,
  options: {
    readonly pages: number;
    readonly devices: number;
    /** The IOMMU caches what the devices use; without it their translations are looked up each time. */
    readonly cached: boolean;
  },
): {
  readonly of: Domain;
  readonly devices: readonly MsiDevice[];
  /** Everything that belongs to each device, as parts of an interchangeable block. */
  readonly parts: readonly (readonly object[])[];
} {
  const of = makeDomain(s, s.object(IoPageTable, 'table'), options.pages);
  const parts = Array.from({ length: options.devices }, (): object[] => []);
  const devices = parts.map((own, i) => {
    const fn = s.object(MsiFunction, `msi${i}`);
    own.push(fn);
    if (options.cached) own.push(s.actor(`device${i}`, msiFunction, { fn, table: of.table }, { role: 'hardware' }));
    const dev = makeMsiDevice(s, of, fn, `dev${i}`);
    own.push(dev);
    return dev;
  });
  return { of, devices, parts };
}

/**
 * What is promised. `inner` 0: to the devices; 1: also that bindings and the allocator agree, and that nothing is left;
 * 2: also what get and put promise each other, which a broken form breaks long before anybody notices.
 */
export function promises(s: Setup<Bounds>, of: Domain, devices: readonly MsiDevice[], inner: number): void {
  s.property(interruptsReachTheirDoorbell(devices));
  if (inner > 0) s.property(bindingsAreReserved(of), nothingIsLeft(of));
  if (inner > 1) s.property(oneBindingForAPage(of), mappedIsReserved(of));
}

/**
 * Get and put do what they are for: an interrupt is enabled, and where a page was mapped at the start, none is mapped while
 * the window is still there. What is left at the end would hide that, since the end of the domain frees it all.
 */
export const worksBeforeTheEnd = (of: Domain, devices: readonly MsiDevice[]): Property[] => [
  sometimes('enabled', 'the interrupt of a device that had none is enabled', () =>
    devices.some((dev) => dev.fn.enabled),
  ),
  sometimes(
    'given-back',
    'the last put unmaps a page before the domain goes',
    () => of.table.live && of.domain.reserved_iova_cookie !== null && [...of.table.pte].every((page) => page === 0),
  ),
];

/** The interrupt of a device is set up. */
export const setsUp = (dev: MsiDevice, addr: number): Operation => does(msiAlloc, { dev, base: addr, size: 1, addr });

/** The interrupt of a device is freed. */
export const frees = (dev: MsiDevice, addr: number): Operation => does(msiFree, { dev, addr });
