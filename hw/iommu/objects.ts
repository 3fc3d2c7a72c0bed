/**
 * An IOMMU that translates what a device writes through one page table a domain, and a function that writes message
 * signalled interrupts (MSIs) through it.
 *
 * Source: spec (g), and ground rule 0.2.10: a translation may be cached as long as it is not invalidated, and a device
 * may use what is cached at any time.
 *
 * Limits: pages 1 to 4 on both sides; page 0 stands for none.
 */
import { array, bool, int, object, patch, ref, type ViewOf } from '../../checker/lang/index.ts';

/** I/O virtual and physical pages are numbered from 1 to this. */
export const LAST_PAGE = 4;

/** A page number; 0 for none. */
export const page = (init = 0) => int(0, LAST_PAGE, init);

const spec = patch('spec (g) reserved IOVA v7')();

/** The page table of a domain, and what the IOMMU has cached of it. Element i is where I/O page i leads to. */
export const IoPageTable = object(
  'io_pgtable',
  {
    pte: array(page(), LAST_PAGE + 1),
    tlb: array(page(), LAST_PAGE + 1),
    /** The domain exists. */
    live: bool(true),
  },
  { permanent: true, source: spec },
);
export type IoPageTable = ViewOf<typeof IoPageTable>;

/** The MSI capability of a function, and the page table it is translated by. */
export const MsiFunction = object(
  'msi_function',
  {
    /** The I/O page that the driver wrote into the message address. */
    address: page(),
    enabled: bool(),
    table: ref(IoPageTable),
    /** Ghost: the physical page of the doorbell that the interrupt is meant for. */
    doorbell: page(),
  },
  { permanent: true, source: spec },
);
export type MsiFunction = ViewOf<typeof MsiFunction>;
