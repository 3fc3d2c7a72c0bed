/** The choices inside the probe of a device. The first value of each is the code as it was. */
import { switchOf } from '../kernel/index.ts';

/** PROBE-1, the repair that bears its CVE. */
export const freeOrder = switchOf(
  'probe.free',
  'a probe that fails frees the parameters of the device and then clears the pointer to them, or the other way round',
  'free, clear',
  'clear, free',
);

/** PROBE-1, the two repairs that came after. */
export const probeLock = switchOf(
  'probe.lock',
  'no lock orders the probe of a device; a mutex covers the probe; or also the making and the first use of its fwspec',
  'none',
  'probe',
  'probe and configure',
);
