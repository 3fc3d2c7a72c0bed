/**
 * iommu_sva_find(): the address space behind a PASID, with a user reference, for the fault worker.
 *
 * Source: spec (a) find; patch v2 06/40.
 */
import { idrFind, incNotZero, int, MmStruct, procedure, ref } from '../kernel/index.ts';
import { ioMmPutLocked } from './io-mm.ts';
import { lockSva, unlockSva } from './lock.ts';
import { IoMm, IommuSva, MAX_PASID } from './objects.ts';
import { IOMMU_SVA_C, v2_06 } from './sources.ts';

/** NULL when the PASID is free, its io_mm is incomplete, or the address space is on its way out. */
export const iommuSvaFind = procedure(
  'iommu_sva_find',
  {
    source: v2_06(IOMMU_SVA_C),
    params: { sva: IommuSva, pasid: int(0, MAX_PASID) },
    locals: { io_mm: ref(IoMm), mm: ref(MmStruct) },
    returns: ref(MmStruct),
  },
  (k) => [
    lockSva((f) => f.sva),
    k.test(
      'idr_find(pasid) and kref_get_unless_zero(&io_mm->kref)',
      (f) => {
        f.io_mm = idrFind(f.sva.pasid_idr, f.pasid);
        return f.io_mm !== null && incNotZero(f.io_mm.kref);
      },
      [
        k.test('mmget_not_zero(io_mm->mm)', (f) => incNotZero((f.io_mm as IoMm).mm.mm_users), [
          k.step('mm = io_mm->mm', (f) => {
            f.mm = (f.io_mm as IoMm).mm;
          }),
        ]),
        k.call(ioMmPutLocked, (f) => ({ io_mm: f.io_mm as IoMm })),
      ],
    ),
    unlockSva((f) => f.sva),
    k.return((f) => f.mm),
  ],
);
