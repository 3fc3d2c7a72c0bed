/** The choices inside the mappings of type1. The first value of each is the code as it was. */
import { switchOf } from '../kernel/index.ts';

/** T1-LOCKEDVM. `pointer` is half the repair. */
export const acctMm = switchOf(
  'type1.account',
  'pinned pages are given back to the address space that the task of the mapping has by then; or to that which mapped ' +
    'them, by a pointer to it; or by a reference, if it is still alive',
  'of the task',
  'pointer',
  'saved',
);

/** T1-VADDR-1. */
export const vaddrMdev = switchOf(
  'type1.vaddr',
  'who pins pages waits while addresses are invalid; or addresses are not made invalid where there is a mediated device, ' +
    'and none is added while they are',
  'pinning waits',
  'refused with mdevs',
);
