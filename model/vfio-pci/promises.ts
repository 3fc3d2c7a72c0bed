/** What VFIO owes those who have nothing to do with its device any more, as properties. Source: VFIO-DMABUF. */
import { type Always, always, nameOf, violated } from '../kernel/index.ts';
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
