/**
 * A CDX device of VFIO with its interrupts, and the eventfds that they signal.
 *
 * Source: private.h and intr.c of Linux 6.10. Limits: one vector, whose name is left out.
 */
import { bool, int, mutex, object, ref, refcount, type ViewOf } from '../kernel/index.ts';
import { EVENTFD_C, INTR_C, v6_10 } from './sources.ts';

/** struct eventfd_ctx. One reference is that of its file, which stays open. */
export const EventfdCtx = object('eventfd_ctx', { kref: refcount(1) }, { source: v6_10(EVENTFD_C) });
export interface EventfdCtx extends ViewOf<typeof EventfdCtx> {}

/** The array of struct vfio_cdx_irq, of one element. */
export const CdxIrqs = object('cdx_irqs', { trigger: ref(EventfdCtx) }, { source: v6_10(INTR_C) });
export interface CdxIrqs extends ViewOf<typeof CdxIrqs> {}

/** struct vfio_cdx_device. */
export const VfioCdx = object(
  'vdev',
  {
    cdx_irqs_lock: mutex(),
    cdx_irqs: ref(CdxIrqs),
    msi_count: int(0, 1),
    config_msi: bool(),
    /** The interrupt has a descriptor, and a handler with this eventfd as its data. */
    irq: bool(),
    action: ref(EventfdCtx),
  },
  { permanent: true, source: v6_10(INTR_C) },
);
export interface VfioCdx extends ViewOf<typeof VfioCdx> {}
