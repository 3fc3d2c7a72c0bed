/**
 * Addresses of mappings that are invalid for a while, so that a process may exec, and kernel threads of mediated devices
 * that need them meanwhile.
 *
 * Source: Linux 6.1, vfio_iommu_type1.c: vfio_dma_do_unmap() with VFIO_DMA_UNMAP_FLAG_VADDR, vfio_dma_do_map() with
 * VFIO_DMA_MAP_FLAG_VADDR, vfio_iommu_type1_pin_pages(), and what ef3a3f6a294b made of them. Limits: one mapping is pinned.
 */
import {
  EBUSY,
  EFAULT,
  EINVAL,
  errno,
  int,
  type KernelKit,
  procedure,
  ref,
  type Statement,
  wake,
} from '../kernel/index.ts';
import { ExecUser, iova, Type1, VfioDma } from './objects.ts';
import { excludeMdevs, TYPE1_C, v6_1 } from './sources.ts';
import { vaddrMdev } from './switches.ts';

const source = v6_1(TYPE1_C);
const repaired = { source: excludeMdevs(TYPE1_C) };

const findDma = (f: { iommu: Type1; iova: number }): VfioDma | null =>
  f.iommu.dma_list.find((dma) => dma.iova === f.iova);

/** An invalid address and a mediated device do not go together: -EBUSY for whoever comes second. Under iommu->lock. */
const refusedWith = <F extends { ret: number }>(
  k: KernelKit<F>,
  label: string,
  others: (f: F) => number,
  out: string,
): Statement<F> =>
  k.switch(vaddrMdev, {
    'pinning waits': [],
    'refused with mdevs': [
      k.test(
        label,
        (f) => others(f) > 0,
        [
          k.local((f) => {
            f.ret = -EBUSY;
          }),
          k.goto(out),
        ],
        [],
        repaired,
      ),
    ],
  });

/** VFIO_IOMMU_UNMAP_DMA with VFIO_DMA_UNMAP_FLAG_VADDR. */
export const invalidateVaddr = procedure(
  'vfio_dma_do_unmap, FLAG_VADDR',
  {
    source,
    params: { iommu: Type1, iova: iova() },
    locals: { dma: ref(VfioDma), ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.mutexLock((f) => f.iommu.lock),
    refusedWith(k, '!list_empty(&iommu->emulated_iommu_groups)', (f) => f.iommu.emulated_iommu_groups, 'unlock'),
    k.step('dma->vaddr_invalid = true; iommu->vaddr_invalid_count++', (f) => {
      f.dma = findDma(f);
      if (f.dma === null || f.dma.vaddr_invalid) f.ret = -EINVAL;
      else {
        f.dma.vaddr_invalid = true;
        f.iommu.vaddr_invalid_count++;
      }
    }),
    k.label('unlock'),
    k.mutexUnlock((f) => f.iommu.lock),
    k.return((f) => f.ret),
  ],
);

/** VFIO_IOMMU_MAP_DMA with VFIO_DMA_MAP_FLAG_VADDR. */
export const updateVaddr = procedure(
  'vfio_dma_do_map, FLAG_VADDR',
  { source, params: { iommu: Type1, iova: iova() }, locals: { dma: ref(VfioDma) } },
  (k) => [
    k.mutexLock((f) => f.iommu.lock),
    k.step(
      'dma->vaddr_invalid = false; iommu->vaddr_invalid_count--; wake_up_all(&iommu->vaddr_wait)',
      (f) => {
        f.dma = findDma(f);
        if (f.dma === null || !f.dma.vaddr_invalid) return;
        f.dma.vaddr_invalid = false;
        f.iommu.vaddr_invalid_count--;
        wake(f.iommu.vaddr_wait);
      },
      { parks: true },
    ),
    k.mutexUnlock((f) => f.iommu.lock),
  ],
);

/** vfio_iommu_type1_pin_pages(), by a kernel thread of a mediated device. */
export const pinPages = procedure(
  'vfio_iommu_type1_pin_pages',
  {
    source,
    params: { iommu: Type1, iova: iova() },
    locals: { dma: ref(VfioDma), ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.mutexLock((f) => f.iommu.lock),
    k.switch(vaddrMdev, {
      'pinning waits': [
        // vfio_find_dma_valid() and vfio_wait().
        k.waitEventLock(
          (f) => f.iommu.vaddr_wait,
          (f) => !f.iommu.container_open || !findDma(f)?.vaddr_invalid,
          (f) => f.iommu.lock,
          { label: 'vfio_find_dma_valid(iommu, iova)' },
        ),
        k.test(
          'iommu->container_open',
          (f) => f.iommu.container_open,
          [],
          [
            k.local((f) => {
              f.ret = -EFAULT;
            }),
            k.goto('pin_done'),
          ],
        ),
      ],
      'refused with mdevs': [
        k.test(
          'WARN_ONCE(iommu->vaddr_invalid_count)',
          (f) => f.iommu.vaddr_invalid_count > 0,
          [
            k.local((f) => {
              f.ret = -EBUSY;
            }),
            k.goto('pin_done'),
          ],
          [],
          repaired,
        ),
      ],
    }),
    k.step('vaddr_get_pfns(dma)', (f) => {
      f.dma = findDma(f);
      if (f.dma === null) f.ret = -EINVAL;
    }),
    k.label('pin_done'),
    k.mutexUnlock((f) => f.iommu.lock),
    k.return((f) => f.ret),
  ],
);

/** vfio_iommu_type1_attach_group() of a mediated device. */
export const attachEmulated = procedure(
  'vfio_iommu_type1_attach_group, emulated',
  { source, params: { iommu: Type1 }, locals: { ret: errno() }, returns: errno() },
  (k) => [
    k.mutexLock((f) => f.iommu.lock),
    refusedWith(k, 'iommu->vaddr_invalid_count', (f) => f.iommu.vaddr_invalid_count, 'out_unlock'),
    k.step('list_add(&group->next, &iommu->emulated_iommu_groups)', (f) => {
      f.iommu.emulated_iommu_groups++;
    }),
    k.label('out_unlock'),
    k.mutexUnlock((f) => f.iommu.lock),
    k.return((f) => f.ret),
  ],
);

/** The new program reaches main(), if it ever does. */
export const comesBack = procedure('exec', { source: v6_1('fs/exec.c'), params: { user: ExecUser } }, (k) => [
  k.step('the new program runs', (f) => {
    f.user.back++;
  }),
]);

/** A process goes through exec: its addresses are invalid until it is back. */
export const execs = procedure(
  'vmm: exec',
  { source, params: { iommu: Type1, user: ExecUser, iova: iova(), round: int(0, 3) }, locals: { ret: errno() } },
  (k) => [
    k.call(
      invalidateVaddr,
      (f) => ({ iommu: f.iommu, iova: f.iova }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when((f) => f.ret !== 0, [k.return()]),
    k.blockUntil('the new program runs', (f) => f.user.back >= f.round, { idle: true }),
    k.call(updateVaddr, (f) => ({ iommu: f.iommu, iova: f.iova })),
  ],
);

/** A mediated device: its group is attached, and its kernel thread pins a page for each request. */
export const mdevWorks = procedure(
  'mdev kthread',
  { source, params: { iommu: Type1, iova: iova() }, locals: { ret: errno() } },
  (k) => [
    k.call(
      attachEmulated,
      (f) => ({ iommu: f.iommu }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when((f) => f.ret === 0, [k.call(pinPages, (f) => ({ iommu: f.iommu, iova: f.iova }))]),
  ],
);
