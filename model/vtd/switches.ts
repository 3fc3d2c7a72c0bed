/** Switches of the VT-d invalidation queue. The first value is the driver before the repairs. */
import { switchOf } from '../kernel/index.ts';

/** Whether the flush of a device TLB looks first whether the device is known to be gone. */
export const devtlbTest = switchOf(
  'vtd.devtlb-test',
  'whether a device TLB invalidation is left out when the device is marked as disconnected',
  'none',
  'disconnected',
);

/** What is done after an invalidation has timed out. */
export const iteHandling = switchOf(
  'vtd.ite',
  'whether an invalidation that timed out is submitted again when its device is absent: always; never, whoever finds ' +
    'the time-out gives up; never, only whose own submission was aborted gives up',
  'retry always',
  'finder gives up',
  'owner gives up',
);
