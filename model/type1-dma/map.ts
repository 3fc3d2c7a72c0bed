/**
 * VFIO_IOMMU_MAP_DMA and VFIO_IOMMU_UNMAP_DMA of one page, the change of the owner of a mapping, and the last close of the
 * container.
 *
 * Source: Linux 6.1, vfio_iommu_type1.c. Limits: the page itself and its translation are left out: they are pinned and
 * mapped under iommu->lock.
 */
import { EINVAL, ENOMEM, errno, inc, int, procedure, ptr, ref } from '../kernel/index.ts';
import { accountLockedVm, acctMmdrop, acctMmput, vfioLockAcct } from './account.ts';
import { AcctMm, iova, MOST_PAGES, Task, Type1, VfioDma } from './objects.ts';
import { changeOwner, saveMm, TYPE1_C, v6_1 } from './sources.ts';
import { acctMm } from './switches.ts';

const source = v6_1(TYPE1_C);

/** vfio_find_dma(), under iommu->lock. */
const findDma = (f: { iommu: Type1; iova: number }): VfioDma | null =>
  f.iommu.dma_list.find((dma) => dma.iova === f.iova);

/** vfio_remove_dma(). */
export const vfioRemoveDma = procedure(
  'vfio_remove_dma',
  { source, params: { iommu: Type1, dma: ptr(VfioDma) }, locals: { mm: ref(AcctMm) } },
  (k) => [
    k.test('the page is pinned: vfio_unmap_unpin(iommu, dma)', (f) => f.dma.accounted, [
      k.call(vfioLockAcct, (f) => ({ dma: f.dma, more: false, async: true, limit: 0 })),
    ]),
    k.step('vfio_unlink_dma(iommu, dma)', (f) => {
      f.mm = f.dma.mm;
      f.iommu.dma_list.remove(f.dma);
    }),
    k.switch(acctMm, {
      'of the task': [],
      pointer: [],
      saved: [k.call(acctMmdrop, (f) => ({ mm: f.mm as AcctMm }))],
    }),
    k.kfree((f) => f.dma),
  ],
);

/** vfio_dma_do_map(). */
export const vfioDmaDoMap = procedure(
  'vfio_dma_do_map',
  {
    source,
    params: { iommu: Type1, task: Task, iova: iova(), limit: int(0, MOST_PAGES) },
    locals: { dma: ptr(VfioDma), ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.mutexLock((f) => f.iommu.lock),
    k.test('vfio_find_dma(iommu, iova, size)', (f) => findDma(f) !== null, [
      k.local((f) => {
        f.ret = -EINVAL;
      }),
      k.goto('out_unlock'),
    ]),
    k.kmalloc(
      VfioDma,
      (f, dma) => {
        dma.iova = f.iova;
        dma.task = f.task;
        f.dma = dma;
      },
      {
        orElse: [
          k.local((f) => {
            f.ret = -ENOMEM;
          }),
          k.goto('out_unlock'),
        ],
      },
    ),
    k.switch(acctMm, {
      'of the task': [],
      pointer: [
        k.step(
          'dma->mm = current->mm',
          (f) => {
            f.dma.mm = f.task.mm;
          },
          { source: saveMm(TYPE1_C) },
        ),
      ],
      saved: [
        k.step(
          'dma->mm = current->mm; mmgrab(dma->mm)',
          (f) => {
            f.dma.mm = f.task.mm;
            inc((f.task.mm as AcctMm).mm_count);
          },
          {
            source: saveMm(TYPE1_C),
            indivisible: 'the address space of current is not exchanged meanwhile, and dma is not published yet',
          },
        ),
      ],
    }),
    k.step('vfio_link_dma(iommu, dma)', (f) => f.iommu.dma_list.add(f.dma)),
    k.call(
      vfioLockAcct,
      (f) => ({ dma: f.dma, more: true, async: false, limit: f.limit }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when(
      (f) => f.ret !== 0,
      [k.call(vfioRemoveDma, (f) => ({ iommu: f.iommu, dma: f.dma }))],
      [
        k.step('the page is pinned and mapped', (f) => {
          f.dma.accounted = true;
        }),
      ],
    ),
    k.label('out_unlock'),
    k.mutexUnlock((f) => f.iommu.lock),
    k.return((f) => f.ret),
  ],
);

/** vfio_dma_do_unmap(). */
export const vfioDmaDoUnmap = procedure(
  'vfio_dma_do_unmap',
  { source, params: { iommu: Type1, iova: iova() }, locals: { dma: ref(VfioDma) } },
  (k) => [
    k.mutexLock((f) => f.iommu.lock),
    k.step('dma = vfio_find_dma(iommu, iova, size)', (f) => {
      f.dma = findDma(f);
    }),
    k.when((f) => f.dma !== null, [k.call(vfioRemoveDma, (f) => ({ iommu: f.iommu, dma: f.dma as VfioDma }))]),
    k.mutexUnlock((f) => f.iommu.lock),
  ],
);

/**
 * vfio_change_dma_owner(), as a map with VFIO_DMA_MAP_FLAG_VADDR calls it after exec: the page is accounted to the new
 * address space, and no more to the old one, if that is still alive.
 */
export const vfioChangeDmaOwner = procedure(
  'vfio_change_dma_owner',
  {
    source: changeOwner(TYPE1_C),
    params: { iommu: Type1, task: Task, iova: iova(), limit: int(0, MOST_PAGES) },
    locals: { dma: ref(VfioDma), mm: ref(AcctMm), old: ref(AcctMm), ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.mutexLock((f) => f.iommu.lock),
    k.step('dma = vfio_find_dma(iommu, iova, size)', (f) => {
      f.dma = findDma(f);
      f.old = f.dma?.mm ?? null;
    }),
    k.step('mm = current->mm', (f) => {
      f.mm = f.task.mm;
    }),
    k.when(
      (f) => f.dma !== null && f.old !== f.mm,
      [
        k.call(
          accountLockedVm,
          (f) => ({ mm: f.mm as AcctMm, more: true, limit: f.limit }),
          (f, ret) => {
            f.ret = ret;
          },
        ),
        k.when(
          (f) => f.ret === 0,
          [
            k.refcountIncNotZero(
              (f) => (f.old as AcctMm).mm_users,
              [
                k.call(accountLockedVm, (f) => ({ mm: f.old as AcctMm, more: false, limit: 0 })),
                k.call(acctMmput, (f) => ({ mm: f.old as AcctMm })),
              ],
            ),
            k.call(acctMmdrop, (f) => ({ mm: f.old as AcctMm })),
            k.step('dma->mm = mm', (f) => {
              (f.dma as VfioDma).mm = f.mm;
            }),
            k.step('mmgrab(dma->mm)', (f) => inc((f.mm as AcctMm).mm_count)),
          ],
        ),
      ],
    ),
    k.mutexUnlock((f) => f.iommu.lock),
    k.return((f) => f.ret),
  ],
);

/** The close of the container by one who has it open: the last one removes what is mapped. */
export const type1Release = procedure(
  'vfio_iommu_type1_release',
  { source, params: { iommu: Type1 }, locals: { dma: ref(VfioDma) } },
  (k) => [
    k.refcountDecAndTest(
      (f) => f.iommu.users,
      [
        k.loop([
          k.step('dma = first of iommu->dma_list', (f) => {
            f.dma = f.iommu.dma_list.first;
          }),
          k.when((f) => f.dma === null, [k.break()]),
          k.call(vfioRemoveDma, (f) => ({ iommu: f.iommu, dma: f.dma as VfioDma })),
        ]),
      ],
    ),
  ],
);
