/**
 * Lookup of bindings, and the test of the access rights.
 *
 * Source: v7 05/10 (the tree) and 06/10 (the rights).
 */
import { type Binding, IOMMU_READ, IOMMU_WRITE, type IommuDomain } from './objects.ts';

/** find_reserved_binding(): any binding that overlaps the region; the lowest one, where the tree may lead elsewhere. */
export const findReservedBinding = (domain: IommuDomain, start: number, size: number): Binding | null =>
  domain.reserved_binding_list.find((b) => start < b.addr + b.size && b.addr < start + size);

/** A binding that has a page for each page of the region. */
export const findCoveringBinding = (domain: IommuDomain, start: number, size: number): Binding | null =>
  domain.reserved_binding_list.find((b) => b.addr <= start && start + size <= b.addr + b.size);

/**
 * Does get refuse these rights? As posted: `!` where `~` was meant gives 0 or 1, which is the read bit and never the
 * write bit, so that a write binding is never refused.
 */
export function refusesRights(wanted: number, allowed: number): boolean {
  const not = (bits: number) => (bits === 0 ? 1 : 0);
  const read = wanted & IOMMU_READ & not(allowed & IOMMU_READ);
  const write = wanted & IOMMU_WRITE & not(allowed & IOMMU_WRITE);
  return read !== 0 || write !== 0;
}
