/**
 * The end of an address space in mainline: release notifiers, then the struct, and with it the PASID.
 *
 * Source: spec (j), ground rule 0.2.5; kernel/fork.c. The walk over the notifiers is that of `model/kernel/mm.ts`; the
 * two differ in what goes with the last reference.
 */

import { LAST_PASID } from '../iopf/hardware.ts';
import { decAndTest, int, mmuNotifierRelease, opaque, procedure } from '../kernel/index.ts';
import { type IommuMm, Mm } from './objects.ts';
import { FORK_C, pasidAtDrop, SVA_C, v5_18, v6_14 } from './sources.ts';
import { pasidLife } from './switches.ts';

/** mm_pasid_drop() of mainline: the PASID goes back to the pool, and iommu_mm is freed. */
const mmPasidDrop = procedure(
  'mm_pasid_drop',
  { source: v6_14(SVA_C), params: { mm: Mm }, locals: { iommu_mm: opaque<IommuMm>(), pasid: int(0, LAST_PASID) } },
  (k) => [
    k.step('iommu_mm = mm->iommu_mm', (f) => {
      f.iommu_mm = f.mm.iommu_mm;
      if (f.iommu_mm !== null) f.pasid = f.iommu_mm.pasid;
    }),
    k.when((f) => f.iommu_mm === null, [k.return()]),
    k.switch(pasidLife, {
      'until the mm_struct is freed': [
        k.step('iommu_free_global_pasid(iommu_mm->pasid)', (f) => f.mm.sva.pasids.set(f.pasid, null)),
      ],
      'until the last user leaves': [],
    }),
    k.kfree((f) => f.iommu_mm),
    k.return(),
  ],
);

/** mmdrop(): the last one frees the struct (__mmdrop). */
export const mmdrop = procedure('mmdrop', { source: pasidAtDrop(FORK_C), params: { mm: Mm } }, (k) => [
  k.test('atomic_dec_and_test(&mm->mm_count)', (f) => decAndTest(f.mm.mm_count), [
    k.call(mmPasidDrop, (f) => ({ mm: f.mm })),
    k.kfree((f) => f.mm),
  ]),
  k.return(),
]);

/** The drop of Linux 5.18, at the end of the address space. */
const mmPasidDropEarly = procedure(
  'mm_pasid_drop',
  { source: v5_18(FORK_C), params: { mm: Mm }, locals: { pasid: int(0, LAST_PASID) } },
  (k) => [
    k.step('pasid = mm->pasid', (f) => {
      f.pasid = f.mm.iommu_mm === null ? 0 : f.mm.iommu_mm.pasid;
    }),
    k.when((f) => f.pasid === 0, [k.return()]),
    k.step('ioasid_free(mm->pasid)', (f) => f.mm.sva.pasids.set(f.pasid, null)),
    k.return(),
  ],
);

/** mmput(): whoever drops the last user reference tears the address space down, here and now. */
export const mmput = procedure('mmput', { source: v6_14(FORK_C), params: { mm: Mm } }, (k) => [
  k.test(
    'atomic_dec_and_test(&mm->mm_users)',
    (f) => decAndTest(f.mm.mm_users),
    [
      k.call(mmuNotifierRelease, (f) => ({ mm: f.mm })),
      k.switch(pasidLife, {
        'until the mm_struct is freed': [],
        'until the last user leaves': [k.call(mmPasidDropEarly, (f) => ({ mm: f.mm }))],
      }),
      k.call(mmdrop, (f) => ({ mm: f.mm })),
    ],
    [],
    { sleeps: true },
  ),
  k.return(),
]);
