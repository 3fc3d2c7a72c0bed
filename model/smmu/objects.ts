/** What the SVA part of the driver keeps: which address space has which PASID and which ASID. */
import { array, atomic, bool, object, opaque, u8, type ViewOf } from '../kernel/index.ts';
import { LAST_ASID, LAST_PASID, type PageTable } from './hardware.ts';
import { atsCount, quarantine, SMMU_C, SVA_C, shareCd } from './sources.ts';

/**
 * The two allocators. An element is the address space, known by its page tables, that has the number; the lowest free
 * number is given out first, so a number that was freed is used again at once.
 */
export const SvaNumbers = object(
  'sva_numbers',
  {
    pasids: atomic(array(opaque<PageTable>(), LAST_PASID + 1), 'an ida, under its lock'),
    asids: atomic(array(opaque<PageTable>(), LAST_ASID + 1), 'an xarray, under its lock'),
  },
  { permanent: true, source: shareCd(SVA_C) },
);
export type SvaNumbers = ViewOf<typeof SvaNumbers>;

/** struct arm_smmu_domain, as far as unmap looks at it without a lock. */
export const ArmSmmuDomain = object(
  'arm_smmu_domain',
  { nr_ats_masters: u8() },
  { permanent: true, source: atsCount(SMMU_C) },
);

/** struct arm_smmu_cmdq and struct arm_smmu_master, as far as a time-out of the function is concerned. */
export const AtcTimeouts = object(
  'arm_smmu_cmdq',
  {
    /** atc_sync_timeouts, by issuer of the CMD_SYNC that failed. */
    sync_timeouts: array(bool(), 4),
    /** The function is cut off: no more ATC invalidations. */
    ats_broken: bool(),
  },
  { permanent: true, source: quarantine(SMMU_C) },
);
export type AtcTimeouts = ViewOf<typeof AtcTimeouts>;
