/**
 * The last close of a VFIO PCI device, and a driver that is waiting for its addresses.
 *
 * Source: vfio_pci_core.c.
 */
import { type KernelKit, procedure, ref, type Statement } from '../kernel/index.ts';
import { dmaBufCleanup } from './dma-buf.ts';
import { Importer, VfioPci } from './objects.ts';
import { CORE_C, cleanUpFirst, exported } from './sources.ts';
import { closeOrder } from './switches.ts';

const source = exported(CORE_C);

/** vfio_pci_core_disable(). */
export const vfioPciCoreDisable = procedure('vfio_pci_core_disable', { source, params: { vdev: VfioPci } }, (k) => [
  k.step('pci_disable_device(pdev): memory space is off', (f) => {
    f.vdev.enabled = false;
  }),
  k.step('pci_release_selected_regions(pdev, bars)', (f) => {
    f.vdev.regions = false;
  }),
]);

const cleanup = <F extends { vdev: VfioPci; a: Importer | null; b: Importer | null }>(k: KernelKit<F>): Statement<F> =>
  k.call(dmaBufCleanup, (f) => ({ vdev: f.vdev, a: f.a, b: f.b }));

/** vfio_pci_core_close_device(); `a` and `b` are those who may have imported something. */
export const vfioPciCoreCloseDevice = procedure(
  'vfio_pci_core_close_device',
  { source: cleanUpFirst(CORE_C), params: { vdev: VfioPci, a: ref(Importer), b: ref(Importer) } },
  (k) => [
    k.switch(closeOrder, {
      'disable, revoke': [k.call(vfioPciCoreDisable, (f) => ({ vdev: f.vdev })), cleanup(k)],
      'revoke, disable': [cleanup(k), k.call(vfioPciCoreDisable, (f) => ({ vdev: f.vdev }))],
    }),
  ],
);

/** Another driver requests the addresses as soon as they are free. */
export const otherDriver = procedure('pci_request_regions', { source, params: { vdev: VfioPci } }, (k) => [
  k.blockUntil('the regions are free', (f) => !f.vdev.regions, { idle: true }),
  k.step('request_mem_region(bar)', (f) => {
    f.vdev.claimed = true;
  }),
]);
