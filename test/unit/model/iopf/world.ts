/** A fault path for tests: the parts of the scenarios, with page requests that a script posts instead of a device. */
import type { Bounds, Setup } from '../../../../checker/lang/index.ts';
import { PageRequest, PciContext, PciFunction } from '../../../../hw/pci/objects.ts';
import { SmmuV3 } from '../../../../hw/smmu/objects.ts';
import { takePageRequest } from '../../../../hw/smmu/translate.ts';
import type { MmStruct } from '../../../../model/kernel/index.ts';
import { constant, makeMm, procedure, type ViewOf } from '../../../../model/kernel/index.ts';
import { type FaultPath, faultPath, partialFaultsPool } from '../../../../scenarios/iopf-parts.ts';
import { source } from '../../hw/small.ts';

export interface World extends FaultPath {
  readonly mm: ViewOf<typeof MmStruct>;
  readonly requests: readonly PageRequest[];
}

/** Requests of one PASID, which belongs to `mm` unless `owned` is false; `lasts` says which end a group. */
export function world(
  s: Setup<Bounds>,
  lasts: readonly boolean[],
  { entries = 3, owned = true, kmalloc = 0 } = {},
): World {
  const path = faultPath(s, { entries, pooled: 2 });
  partialFaultsPool(s, 2);
  const mm = makeMm(s, 'mm', {});
  if (owned) path.sva.pasids.set(1, mm);
  const ctx = s.object(PciContext, 'ctx', { pasid: 1, owner: mm });
  const requests = s.objects(PageRequest, 'request', lasts.length, (i) => ({ context: ctx, last: lasts[i] ?? true }));
  s.failures({ kmalloc });
  return { ...path, mm, requests };
}

/** Hardware that posts requests in order, each in a step of its own. A new group gets the index of its first request. */
export const poster = procedure(
  'poster',
  { source, params: { smmu: SmmuV3, fn: PciFunction, requests: constant<readonly PageRequest[]>() } },
  (k) =>
    [0, 1, 2].flatMap((i) => [
      k.step(`post request ${i}`, (f) => {
        const request = f.requests[i];
        if (request === undefined) return;
        request.pasid = 1;
        request.group = i > 0 && !f.requests[i - 1]?.last ? (f.requests[i - 1]?.group ?? 0) : i % 2;
        f.fn.prg.set(request.group, request);
        takePageRequest(f.smmu, f.fn, request);
      }),
    ]),
);
