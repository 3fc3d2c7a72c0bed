/**
 * An IOMMU driver that keeps one context entry for each PASID, for scenarios that ask whether the core attaches and
 * detaches in step with it. What it is told (`first`, `last`) must agree with what it has.
 *
 * Source: spec (a) attach and detach; the driver's side of patch v2 28/40, reduced to the valid bit of the entry.
 */
import { array, bool, errno, nameOf, object, patch, procedure, type ViewOf, Violation } from '../kernel/index.ts';
import { MmAttach, MmDetach } from './callbacks.ts';
import { type Device, MAX_PASID } from './objects.ts';

const v2_28 = patch('v2 28/40')('drivers/iommu/arm-smmu-v3.c');

/** Valid bits of the context entries of one domain, by PASID. A device finds it in `iommu_priv`. */
export const ContextTable = object(
  'context_table',
  { valid: array(bool(), MAX_PASID + 1) },
  { permanent: true, source: v2_28 },
);
export interface ContextTable extends ViewOf<typeof ContextTable> {}

const tableOf = (dev: Device) => dev.iommu_priv as ContextTable;

function expectValid(dev: Device, pasid: number, valid: boolean): void {
  if (tableOf(dev).valid.at(pasid) === valid) return;
  throw new Violation(
    'protocol',
    `the context entry of PASID ${pasid} is ${valid ? 'not installed' : 'installed already'} for ${nameOf(dev)}`,
    [nameOf(tableOf(dev)), nameOf(dev)],
  );
}

/** mm_attach: the first bond of an io_mm in the domain installs its entry. */
export const contextAttach = procedure(
  'arm_smmu_mm_attach',
  { source: v2_28, params: MmAttach.params, returns: errno() },
  (k) => [
    k.step('write the context entry', (f) => {
      const { pasid } = f.io_mm;
      expectValid(f.dev, pasid, !f.first);
      tableOf(f.dev).valid.set(pasid, true);
    }),
    k.return(0),
  ],
);

/** mm_detach: the last one clears it and invalidates what was cached of it. */
export const contextDetach = procedure(
  'arm_smmu_mm_detach',
  { source: v2_28, params: MmDetach.params, returns: errno() },
  (k) => [
    k.step('clear the context entry and invalidate', (f) => {
      const { pasid } = f.io_mm;
      expectValid(f.dev, pasid, true);
      if (f.last) tableOf(f.dev).valid.set(pasid, false);
    }),
    k.return(0),
  ],
);
