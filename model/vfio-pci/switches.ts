/** The choices inside the end of a VFIO PCI device. The first value of each is the code as it was. */
import { switchOf } from '../kernel/index.ts';

/** VFIO-DMABUF. */
export const closeOrder = switchOf(
  'vfio-pci.close',
  'the last close disables the function and then revokes what dma-bufs reach, or the other way round',
  'disable, revoke',
  'revoke, disable',
);

/** The early posting tests in attach only. */
export const mapTest = switchOf(
  'vfio-pci.map',
  'whether a map of the dma-buf tests, under the reservation lock, that access was not revoked',
  'untested',
  'tested',
);
