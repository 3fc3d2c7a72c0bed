/**
 * The IOMMU driver below a parent: it is initialised and shut down in turn, which the steps check.
 *
 * Source: spec (e), "init and shutdown strictly alternate".
 */
import { errno, nameOf, procedure, Violation } from '../kernel/index.ts';
import { SvaDeviceInit, SvaDeviceShutdown } from '../sva/index.ts';
import type { ParentHardware } from './objects.ts';
import { specE } from './sources.ts';

export const parentInit = procedure(
  'parent_sva_init',
  { source: specE(), params: SvaDeviceInit.params, returns: errno() },
  (k) => [
    k.step('initialise the hardware', (f) => {
      const hardware = f.dev.iommu_priv as ParentHardware;
      if (hardware.live) throw new Violation('protocol', `${nameOf(f.dev)} is initialised twice`, [nameOf(f.dev)], []);
      hardware.live = true;
    }),
    k.return(0),
  ],
);

export const parentShutdown = procedure(
  'parent_sva_shutdown',
  { source: specE(), params: SvaDeviceShutdown.params, returns: errno() },
  (k) => [
    k.step('shut the hardware down', (f) => {
      const hardware = f.dev.iommu_priv as ParentHardware;
      if (!hardware.live)
        throw new Violation('protocol', `${nameOf(f.dev)} is shut down without being initialised`, [nameOf(f.dev)], []);
      hardware.live = false;
    }),
    k.return(0),
  ],
);
