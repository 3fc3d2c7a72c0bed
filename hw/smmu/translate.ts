/**
 * What the SMMU does for a device in one step: translate, and take a page request.
 *
 * Source: spec (c), rule 0.2.9 (bounded ring; overflow drops entries and answers Last requests by itself).
 */
import type { PageRequest, PciFunction } from '../pci/objects.ts';
import type { SmmuV3 } from './objects.ts';

/** The address space that a translation for `pasid` would reach now; null means that it is aborted. Only reads. */
export function reaches(smmu: SmmuV3, pasid: number): object | null {
  const cached = smmu.cfg_cache.at(pasid);
  if (cached !== null) return cached;
  const cd = smmu.cd.at(pasid);
  return cd.valid ? cd.ttb : null;
}

/** Serves a translation: fetches the context descriptor when it is not cached. */
export function translate(smmu: SmmuV3, pasid: number): object | null {
  const ttb = reaches(smmu, pasid);
  if (smmu.cfg_cache.at(pasid) !== ttb) smmu.cfg_cache.set(pasid, ttb);
  return ttb;
}

/**
 * Writes a page request into the queue. A full queue loses it: the overflow flag is set, and when it was the last of
 * its group the SMMU answers the function itself, with success, so that the access is tried again.
 *
 * The context descriptor is not looked at: a request is queued whatever became of its PASID.
 */
export function takePageRequest(smmu: SmmuV3, fn: PciFunction, request: PageRequest): void {
  if (smmu.priq.length < smmu.priq_entries) {
    smmu.priq.push(request);
    return;
  }
  smmu.priq_overflow = true;
  if (!request.last) return;
  request.answer = 'overflow';
  fn.prg.set(request.group, null);
}
