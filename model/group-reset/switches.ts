/** The choice inside the fence of a reset. The first value is the code as it was. */
import { switchOf } from '../kernel/index.ts';

/** IOMMU-RST-1: whom a reset keeps from changing the domain of the group, and whom it does not. */
export const resetFence = switchOf(
  'group-reset.fence',
  'while a device is reset, a change of the domain is refused to everybody; not to who must succeed; not to who must ' +
    'succeed, and devices in reset are left out',
  'everybody',
  'not nofail',
  'not nofail, blocked left out',
);
