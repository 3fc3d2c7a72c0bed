/** The choices inside SET_IRQS of a CDX device. The first value of each is the code as it was. */
import { switchOf } from '../kernel/index.ts';

/** VFIO-CDX. */
export const irqsLock = switchOf(
  'vfio-cdx.lock',
  'whether SET_IRQS holds a mutex of the device, from its test of config_msi on',
  'none',
  'held',
);

/** CVE-2026-46034. */
export const triggerTest = switchOf(
  'vfio-cdx.trigger',
  'whether a trigger by user space tests that interrupts are configured',
  'untested',
  'tested',
);
