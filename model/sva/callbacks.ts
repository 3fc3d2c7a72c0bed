/**
 * The callbacks through which others take part in SVA: `mm_exit` of device drivers, the operations of IOMMU drivers,
 * and the fault queue. With them the two objects that hold them.
 *
 * Source: spec (a); patches v2 02/40 to 05/40, 07/40.
 */
import { bool, callbackType, errno, int, listOf, object, op, opaque, type ViewOf } from '../kernel/index.ts';
import { type Bond, Device, IoMm, IommuDomain, MAX_PASID } from './objects.ts';
import { IOMMU_SVA_C, v2_02, v2_04 } from './sources.ts';

/**
 * mm_exit(dev, pasid, drvdata): the address space goes away; the driver stops the device for this PASID before it
 * returns. It may sleep. It must not call unbind, nor take a lock that is held across unbind or the last mmput().
 */
export const MmExit = callbackType('mm_exit', { dev: Device, pasid: int(0, MAX_PASID), drvdata: opaque() }, errno());

/** IOMMU driver: gets the device ready for SVA (PRI, fault queue). */
export const SvaDeviceInit = callbackType('sva_device_init', { dev: Device }, errno());
export const SvaDeviceShutdown = callbackType('sva_device_shutdown', { dev: Device }, errno());

/** IOMMU driver: pins what the address space needs (ASID) and prepares its context descriptor. May fail. */
export const MmAlloc = callbackType('mm_alloc', { io_mm: IoMm }, errno());
export const MmFree = callbackType('mm_free', { io_mm: IoMm }, errno());

/** IOMMU driver: installs the context. Atomic. `first`: no bond of the io_mm is in the domain yet. */
export const MmAttach = callbackType(
  'mm_attach',
  { domain: IommuDomain, dev: Device, io_mm: IoMm, first: bool() },
  errno(),
);

/** IOMMU driver: clears the context and invalidates caches. Atomic. `last`: no other bond of the io_mm stays there. */
export const MmDetach = callbackType(
  'mm_detach',
  { domain: IommuDomain, dev: Device, io_mm: IoMm, last: bool() },
  errno(),
);

/** IOMMU driver: invalidates TLBs after the CPU changed a mapping. Atomic. */
export const MmInvalidate = callbackType('mm_invalidate', { domain: IommuDomain, dev: Device, io_mm: IoMm }, errno());

/** Fault queue: returns when every page request of the device that was queued at the call has been handled. */
export const IopfQueueFlushDev = callbackType('iopf_queue_flush_dev', { dev: Device }, errno());

/** Fault reporting: iommu_register_device_fault_handler() and its opposite. */
export const FaultHandlerOp = callbackType('iommu_device_fault_handler', { dev: Device }, errno());

/** Operations of the IOMMU driver and the fault queue. NULL where a scenario has none; init and shutdown must exist. */
export const IommuOps = object(
  'iommu_ops',
  {
    sva_device_init: op(SvaDeviceInit),
    sva_device_shutdown: op(SvaDeviceShutdown),
    mm_alloc: op(MmAlloc),
    mm_free: op(MmFree),
    mm_attach: op(MmAttach),
    mm_detach: op(MmDetach),
    mm_invalidate: op(MmInvalidate),
    iopf_queue_flush_dev: op(IopfQueueFlushDev),
    register_fault_handler: op(FaultHandlerOp),
    unregister_fault_handler: op(FaultHandlerOp),
  },
  { permanent: true, source: v2_02(IOMMU_SVA_C) },
);
export interface IommuOps extends ViewOf<typeof IommuOps> {}

/** struct iommu_sva_param: what a device driver asked for, and the bonds of the device. */
export const IommuSvaParam = object(
  'iommu_sva_param',
  {
    features: int(0, 3),
    min_pasid: int(0, MAX_PASID),
    max_pasid: int(0, MAX_PASID),
    mm_exit: op(MmExit),
    mm_list: listOf<Bond>(4),
  },
  { source: v2_04(IOMMU_SVA_C) },
);
export interface IommuSvaParam extends ViewOf<typeof IommuSvaParam> {}
