/**
 * What every scenario with SVA needs: the globals of core and mm, devices attached to a domain, and an IOMMU driver
 * that has nothing to do. A scenario with a real driver sets the operations itself.
 */
import {
  type Actor,
  type Bounds,
  errno,
  MmuRelease,
  type MmView,
  makeMm,
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
import { Device, IoMm, IommuBond, IommuDomain, IommuSva } from './objects.ts';
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
  readonly devices: readonly Device[];
  readonly mms: readonly MmView[];
  /** The context that runs callbacks after SRCU grace periods. */
  readonly callbacks: Actor;
}

/**
 * Makes `devices` devices (`dev0`, ...) in one domain and `mms` address spaces (`mm0`, ...), with room for as many
 * io_mms and bonds as they can need at a time. Call it before the scenario makes its own actors.
 */
export function makeSva<B extends Bounds>(
  s: Setup<B>,
  count: { readonly devices: number; readonly mms: number; readonly bonds: number },
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
  const devices = s.objects(Device, 'dev', count.devices, () => ({ sva, ops, domain }));
  const mms = Array.from({ length: count.mms }, (_, i) => makeMm(s, `mm${i}`, { srcu }));
  s.pool(IommuSvaParam, count.devices);
  s.pool(IoMm, count.mms);
  s.pool(IommuBond, count.bonds);
  const callbacks = s.actor('srcu', srcuCallbacks, { srcu }, { role: 'worker' });
  return { sva, ops, srcu, domain, devices, mms, callbacks };
}
