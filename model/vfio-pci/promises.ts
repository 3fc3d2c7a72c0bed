/**
 * What VFIO owes those who reach a BAR, or have nothing to do with it any more, as properties. Source: VFIO-DMABUF,
 * CVE-2020-12888.
 */
import { type Always, always, nameOf, violated } from '../kernel/index.ts';
import type { MmioDevice, MmioMm } from './mmio-objects.ts';
import type { Importer, VfioPci } from './objects.ts';

/** Nobody reaches addresses that belong to another driver by now. */
export function addressesAreOwn(vdev: VfioPci, importers: readonly Importer[]): Always {
  return always('addresses are own', 'a dma-buf reaches addresses that its exporter has', () => {
    for (const importer of importers)
      if (importer.mapped && vdev.claimed)
        return violated('use-after-free', `${nameOf(importer)} reaches addresses of another driver`, {
          objects: [nameOf(importer), nameOf(vdev)],
        });
    return null;
  });
}

/** Nobody reaches a BAR whose function is disabled. */
export function mappedMeansEnabled(vdev: VfioPci, importers: readonly Importer[]): Always {
  return always('mapped means enabled', 'a dma-buf reaches the BAR of a function that is enabled', () => {
    for (const importer of importers)
      if (importer.mapped && !vdev.enabled)
        return violated('protocol', `${nameOf(importer)} reaches a BAR that ${nameOf(vdev)} has disabled`, {
          objects: [nameOf(importer), nameOf(vdev)],
        });
    return null;
  });
}

/** No process reaches a BAR that does not answer, which some machines take for a fatal error: CVE-2020-12888. */
export function noMmioWhileDisabled(vdev: MmioDevice, mms: readonly MmioMm[]): Always {
  return always('no MMIO while disabled', 'no process has a BAR mapped whose memory space is disabled', () => {
    for (const mm of mms)
      if (mm.pte && !vdev.enabled)
        return violated('protocol', `${nameOf(mm)} reaches the BAR of ${nameOf(vdev)}, which is disabled`, {
          objects: [nameOf(mm), nameOf(vdev)],
        });
    return null;
  });
}
