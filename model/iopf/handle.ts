/**
 * The fault worker: handles the faults of a group in order and answers the group.
 *
 * Source: v2 07/40 and 08/40. After the first failure the other faults of the group are freed unhandled. The mmap
 * semaphore and the look at the vma are left out: they decide whether a page is mapped, never in which address space.
 */
import { bool, containerOf, int, MmStruct, oneOf, procedure, ptr, Work } from '../kernel/index.ts';
import { IommuSva as CoreSva, iommuSvaFind } from '../sva/index.ts';
import { hw, LAST_PASID, type PageRequest, type PciFunction, pageResponse } from './hardware.ts';
import { Device, IommuSva, IopfFault, IopfGroup } from './objects.ts';
import { iommuPageResponse } from './respond.ts';
import { v2_07, v2_08 } from './sources.ts';
import { svaCore, workerMmput } from './switches.ts';

/** iopf_handle_single(): one fault, in the address space that owns its PASID now. */
export const iopfHandleSingle = procedure(
  'iopf_handle_single',
  {
    source: v2_08('drivers/iommu/io-pgfault.c'),
    params: { sva: IommuSva, core: CoreSva, evt: hw<PageRequest>() },
    locals: { mm: ptr(MmStruct), found: bool(), pasid: int(0, LAST_PASID) },
    returns: oneOf(...pageResponse),
  },
  (k) => [
    k.switch(svaCore, {
      reduced: [
        k.spinLock((f) => f.sva.lock),
        k.step('idr_find(&iommu_pasid_idr, pasid)', (f) => {
          const mm = f.sva.pasids.at(f.evt.pasid);
          if (mm !== null) {
            f.mm = mm;
            f.found = true;
          }
        }),
        k.when(
          (f) => f.found,
          [
            k.mmgetNotZero(
              (f) => f.mm,
              [],
              [
                k.local((f) => {
                  f.found = false;
                }),
              ],
            ),
          ],
        ),
        k.spinUnlock((f) => f.sva.lock),
      ],
      whole: [
        k.step('pasid = evt->pasid', (f) => {
          f.pasid = f.evt.pasid;
        }),
        k.call(
          iommuSvaFind,
          (f) => ({ sva: f.core, pasid: f.pasid }),
          (f, mm) => {
            if (mm !== null) {
              f.mm = mm;
              f.found = true;
            }
          },
        ),
      ],
    }),
    k.when((f) => !f.found, [k.return('invalid')]),
    k.step(
      'handle_mm_fault',
      (f, self) => {
        f.evt.handled_in = f.mm;
        f.evt.handled_by = self;
      },
      { note: 'both are ghost fields', sleeps: true },
    ),
    k.switch(workerMmput, {
      async: [k.mmputAsync((f) => f.mm, { label: 'mmput_async(mm)' })],
      plain: [k.mmput((f) => f.mm)],
    }),
    k.return('success'),
  ],
);

/** iopf_handle_group(), the work function. It frees the group it is embedded in. */
export const iopfHandleGroup = procedure(
  'iopf_handle_group',
  {
    source: v2_07('drivers/iommu/io-pgfault.c'),
    params: { work: Work },
    locals: {
      group: ptr(IopfGroup),
      dev: ptr(Device),
      sva: ptr(IommuSva),
      core: ptr(CoreSva),
      fn: hw<PciFunction>(),
      last: hw<PageRequest>(),
      fault: ptr(IopfFault),
      evt: hw<PageRequest>(),
      status: oneOf(...pageResponse),
    },
  },
  (k) => [
    k.step('group = container_of(work, struct iopf_group, work)', (f) => {
      const group = containerOf(f.work, IopfGroup);
      f.group = group;
      f.dev = group.dev;
      f.sva = group.dev.sva;
      if (group.dev.core !== null) f.core = group.dev.core;
      f.fn = group.dev.fn;
      f.last = group.last_fault;
    }),
    k.loop([
      k.test(
        'list_for_each_entry_safe(fault, next, &group->faults)',
        (f) => {
          const { first } = f.group.faults;
          if (first === null) return false;
          f.fault = first;
          f.evt = first.event;
          return true;
        },
        [],
        [k.break()],
      ),
      k.when(
        (f) => f.status === 'success',
        [
          k.call(
            iopfHandleSingle,
            (f) => ({ sva: f.sva, core: f.core, evt: f.evt }),
            (f, status) => {
              f.status = status;
            },
          ),
        ],
      ),
      k.step('list_del(&fault->head)', (f) => {
        f.group.faults.remove(f.fault);
      }),
      k.kfree((f) => f.fault),
    ]),
    k.when(
      (f) => f.status === 'success',
      [
        k.call(
          iopfHandleSingle,
          (f) => ({ sva: f.sva, core: f.core, evt: f.last }),
          (f, status) => {
            f.status = status;
          },
        ),
      ],
    ),
    k.call(iommuPageResponse, (f) => ({
      dev: f.dev,
      fn: f.fn,
      evt: f.last,
      code: f.status,
    })),
    k.kfree((f) => f.group),
    k.return(),
  ],
);
