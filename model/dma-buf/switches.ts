/** The choices inside an import of a dma-buf. The first value of each is the code as it was. */
import { switchOf } from '../kernel/index.ts';

/** DMARESV. */
export const unpinLock = switchOf(
  'dma-buf.unpin',
  'iommufd unpins without the reservation lock; with it; or with it, and keeps it for the detach',
  'none',
  'held',
  'held too long',
);

/** dma_resv_assert_held(). */
export const lockdep = switchOf(
  'dma-buf.lockdep',
  'whether the kernel asserts that a lock is held where it must be',
  'asserts',
  'silent',
);

/** Not a form that was merged. */
export const detachLock = switchOf(
  'dma-buf.detach',
  'whether dma_buf_detach takes the reservation lock to leave the list of attachments',
  'taken',
  'none',
);

/** What covers the count of pins of a buffer object. */
export const pinCount = switchOf(
  'dma-buf.pin-count',
  'whether the exporter counts pins under the reservation lock alone, as TTM did at first, or under the lock of ' +
    'its LRU list as well',
  'reservation lock',
  'LRU lock as well',
);
