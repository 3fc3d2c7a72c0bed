/**
 * The invalidation queue of Intel VT-d, as far as its driver and a device that can be pulled see it.
 *
 * Source: qi_submit_sync() and qi_check_fault() of drivers/iommu/intel/dmar.c, with what their comments quote of the
 * VT-d specification, r4.1, section 11.4.9.9. A submission is one invalidation and the wait descriptor behind it; the
 * status that the wait descriptor writes lies in memory beside the queue.
 *
 * Limits: one fault, the invalidation time-out (ITE), of which the register holds one source at a time; three
 * submissions fit; the main IOTLB is not modelled.
 */
import { bool, object, oneOf, patch, racy, ref, ring, type ViewOf } from '../../checker/lang/index.ts';

const source = patch('VT-d specification r4.1, queued invalidation');

/** Submissions the queue has room for. */
export const QUEUE_CAPACITY = 3;

/** A PCIe endpoint with an ATC, as far as it is there. */
export const Endpoint = object('Endpoint', { present: bool(true) }, { permanent: true, source: source() });
export type Endpoint = ViewOf<typeof Endpoint>;

/** What software and hardware write into the status of a wait descriptor. */
export const descriptorStatus = ['free', 'in use', 'done', 'abort'] as const;

/** A submission. Each submitter has one, because it waits for it before it makes the next. */
export const Submission = object(
  'Submission',
  {
    /** The endpoint whose ATC is invalidated; NULL for an IOTLB invalidation, which no endpoint answers. */
    endpoint: ref(Endpoint),
    status: oneOf(...descriptorStatus),
  },
  { permanent: true, source: source() },
);
export type Submission = ViewOf<typeof Submission>;

export const VtdIommu = object(
  'VtdIommu',
  {
    /** Submissions between the head and the tail register. */
    queue: racy(ring(ref(Submission), QUEUE_CAPACITY), 'readl and writel of its head and tail'),
    /** DMA_FSTS_ITE: an invalidation was not answered in time. Nothing more is fetched until it is cleared. */
    ite: bool(),
    /** DMAR_IQER_REG: who did not answer. */
    ite_source: ref(Endpoint),
  },
  { permanent: true, source: source() },
);
export type VtdIommu = ViewOf<typeof VtdIommu>;
