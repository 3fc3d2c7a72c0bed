/** One device of mainline SVA with two files, two address spaces, and one task that calls one operation after the other. */

import type { PageRequest } from '../../../../hw/pci/objects.ts';
import type { Bounds, Operation, Setting, Setup } from '../../../../model/kernel/index.ts';
import { type Mm, makeProcess } from '../../../../model/sva-mainline/index.ts';
import { bindPools, type FaultPath, type File, faultPath, file } from '../../../../scenarios/sva-mainline-parts.ts';
import { everyEnd } from '../../../support/ends.ts';

export interface World {
  readonly path: FaultPath;
  readonly a: File;
  readonly b: File;
  readonly mm: Mm;
  readonly other: Mm;
  /** What binds allocate: iommu_mm, domains, handles, fault_params. */
  readonly pools: ReturnType<typeof bindPools>;
  /** Page requests that a test makes. */
  readonly sent: PageRequest[];
}

export function world(s: Setup<Bounds>): World {
  const path = faultPath(s, { groups: 1, partial: 1 });
  const a = file(s, path, 'a', 0, []);
  const b = file(s, path, 'b', 1, []);
  const pools = [...bindPools(s, 2, 2, 2)];
  return {
    path,
    a,
    b,
    mm: makeProcess(s, path.core, 'mm_a'),
    other: makeProcess(s, path.core, 'mm_b'),
    pools,
    sent: [],
  };
}

/** What one task leaves behind when it has run through the operations: all ends, without repetition. */
export function endsOf<T>(
  operations: (w: World, s: Setup<Bounds>) => readonly Operation[],
  look: (w: World) => T,
  { settings = [], failures = {} }: { settings?: readonly Setting[]; failures?: Record<string, number> } = {},
): Promise<T[]> {
  return everyEnd({ world, settings, operations, look, failures });
}
