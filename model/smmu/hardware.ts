/** The hardware as the driver sees it: only the types of shared objects cross over; the scenario brings the objects. */
import { pointerTo } from '../kernel/index.ts';

export type { PageRequest, PciContext } from '../../hw/pci/objects.ts';
export type { AtsFunction, Page, PageTable, SmmuContexts } from '../../hw/smmu/caches.ts';
export type { Command, ResumeCode, SmmuCmdq } from '../../hw/smmu/commands.ts';
export type { SmmuV3 } from '../../hw/smmu/objects.ts';
export type { SmmuEvtq } from '../../hw/smmu/stalls.ts';
export type { SteConfig, StreamTable } from '../../hw/smmu/stream-table.ts';

/** A pointer to a hardware object. */
export const hw = pointerTo;

/** PASIDs, ASIDs, stream ids and virtual pages that the hardware has room for. */
export const LAST_PASID = 2;
export const LAST_ASID = 2;
export const PAGES = 2;
export const LAST_SID = 1;
export const LAST_VMID = 2;
