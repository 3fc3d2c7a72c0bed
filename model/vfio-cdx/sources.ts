/** Where the procedures of this folder come from. */
import { patch } from '../kernel/index.ts';

export const INTR_C = 'drivers/vfio/cdx/intr.c';
export const EVENTFD_C = 'fs/eventfd.c';

/** intr.c of Linux 6.10 and later, read whole. */
export const v6_10 = patch('Linux 6.10');
/** VFIO-CDX. */
export const serialized = patch('vfio/cdx: Serialize VFIO_DEVICE_SET_IRQS with a per-device mutex', 'CVE-2026-46036');
/** A trigger before interrupts are configured. */
export const configured = patch('CVE-2026-46034');
