/**
 * The hardware as kernel code sees it: pointers to objects that `hw/` declares. Only their types cross over; the
 * scenario brings the objects.
 */
import type { SmmuCmdq } from '../../hw/smmu/commands.ts';
import type { SmmuV3 } from '../../hw/smmu/objects.ts';
import { pointerTo } from '../kernel/index.ts';

export type { PageRequest, PageRequestInterface, PciContext, PciFunction, RequestLink } from '../../hw/pci/objects.ts';
export type { Command, SmmuCmdq } from '../../hw/smmu/commands.ts';
export type { SmmuV3 } from '../../hw/smmu/objects.ts';

/** A pointer to a hardware object. */
export const hw = pointerTo;

/** PASIDs that the kernel gives out: 1 to this, no more than the context descriptor table has room for. */
export const LAST_PASID = 2;

/** What the kernel may answer to a group of page requests. */
export const pageResponse = ['success', 'invalid', 'failure'] as const;
export type PageResponse = (typeof pageResponse)[number];

/** Why a context descriptor is written, and cleared, in one step. */
export const validLast = 'the valid bit is written last, and makes one 64-bit store with what the SMMU looks at first';
export const validFirst = 'the valid bit is cleared first, and the SMMU looks at nothing else of an invalid descriptor';

/** Why a page request that travels is read in one step. */
export const requestIsFixed = 'the content of a page request is written before it is posted and never again';

/** The command queue of an SMMU that has one. */
export const cmdqOf = (smmu: SmmuV3): SmmuCmdq => smmu.cmdq as SmmuCmdq;
