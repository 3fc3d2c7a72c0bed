/**
 * Objects of the first SVA of the AMD driver. Limits: one device, one PASID.
 */
import {
  bool,
  completion,
  MmStruct,
  mmuNotifier,
  object,
  pointerTo,
  ptr,
  rcuHead,
  ref,
  refcount,
  Srcu,
  spinlock,
  type ViewOf,
  Workqueue,
  waitQueueHead,
  workStruct,
} from '../kernel/index.ts';
import { AMD_V2_C, early } from './sources.ts';

/** struct pasid_state: an address space that is bound. It embeds its notifier. */
export const PasidState = object(
  'pasid_state',
  {
    count: refcount(1),
    /** No more faults are taken. */
    invalid: bool(),
    mm: ptr(MmStruct),
    wq: waitQueueHead(),
    /** In the place of `wq`, where it is repaired. */
    done: completion(),
    dev_state: pointerTo<DeviceState>(),
    ...mmuNotifier,
    ...rcuHead,
  },
  { source: early(AMD_V2_C) },
);
export type PasidState = ViewOf<typeof PasidState>;

/** struct device_state: the table of PASIDs, here of one. */
export const DeviceState = object(
  'device_state',
  {
    lock: spinlock(),
    state: ref(PasidState),
    /** The entry of the PASID in the guest CR3 table: the device reaches the address space. */
    gcr3: bool(),
    iommu_wq: ptr(Workqueue),
    srcu: ptr(Srcu),
  },
  { permanent: true, source: early(AMD_V2_C) },
);
export interface DeviceState extends ViewOf<typeof DeviceState> {}

/** struct fault: a page request on its way to do_fault(). It owns a reference to the state. */
export const Fault = object('fault', { state: ptr(PasidState), ...workStruct }, { source: early(AMD_V2_C) });
export type Fault = ViewOf<typeof Fault>;
