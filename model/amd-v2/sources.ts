/** Where the procedures of this folder come from. */
import { patch } from '../kernel/index.ts';

export const AMD_V2_C = 'drivers/iommu/amd_iommu_v2.c';

/** The driver as it came into the kernel. */
export const early = patch('amd_iommu_v2.c of 2011');
/** wait_event() in put_pasid_state_wait(); the patch itself was not found, its result is in the later kernels. */
export const waitEventPatch = patch('amd_iommu_v2.c with wait_event() in put_pasid_state_wait()');
/** Release of the notifier in the place of a hook on the exit of tasks; bind drops its mm reference. */
export const v3_17 = patch('amd_iommu_v2.c of Linux 3.17');
/** The form of 2018: the free is left to SRCU. */
export const deferred = patch('v2 05/40', '20180511190641.23008-6-jean-philippe.brucker@arm.com');
/** A repair that nobody has posted. */
export const repair = patch('repair of put_pasid_state(), found here');
