/**
 * mmap() of a piece of hardware that belongs to an object: the mapping holds a user of its owner until munmap().
 *
 * Source: main.c, iommufd_fops_mmap() before and after 7a425ec75d2b; driver.c, _iommufd_destroy_mmap(). Limits: one
 * mapping a context; the owner is a vIOMMU, of which only that is modelled.
 */
import { ENXIO, errno, object, opaque, procedure, ptr, ref, type ViewOf } from '../kernel/index.ts';
import { Immap, IommufdCtx, iommufdObject, ObjectDestroy, type ObjectWithOps } from './objects.ts';
import { MAIN_C, mmapRace, specH } from './sources.ts';
import { mmapUsers } from './switches.ts';

const DRIVER_C = 'drivers/iommu/iommufd/driver.c';

/** struct iommufd_viommu: the owner. */
export const Viommu = object(
  'iommufd_viommu',
  { ...iommufdObject, ictx: ptr(IommufdCtx) },
  { source: specH('drivers/iommu/iommufd/viommu.c') },
);
export interface Viommu extends ViewOf<typeof Viommu> {}

/** iommufd_viommu_destroy(), whose driver calls iommufd_viommu_destroy_mmap(). */
export const iommufdViommuDestroy = procedure(
  'iommufd_viommu_destroy',
  {
    source: specH(DRIVER_C),
    params: ObjectDestroy.params,
    locals: { ictx: ptr(IommufdCtx), immap: ref(Immap) },
  },
  (k) => [
    k.step('ictx = viommu->ictx', (f) => {
      f.ictx = (f.obj as unknown as Viommu).ictx;
    }),
    k.spinLock((f) => f.ictx.ma_lock, {
      label: 'immap = mtree_erase(&ictx->mt_mmap)',
      do: (f) => {
        f.immap = f.ictx.mt_mmap;
        f.ictx.mt_mmap = null;
      },
    }),
    k.spinUnlock((f) => f.ictx.ma_lock, { label: 'mtree_unlock in mtree_erase' }),
    k.kfree((f) => f.immap),
  ],
);

/** mmap() and munmap() of what the context offers: 0 or -ENXIO. The caller has the file. */
export const iommufdFopsMmap = procedure(
  'iommufd_fops_mmap',
  {
    source: mmapRace(MAIN_C),
    params: { ictx: ptr(IommufdCtx) },
    locals: { immap: ref(Immap), owner: opaque<ObjectWithOps>(), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const load = k.step('immap = mtree_load(&ictx->mt_mmap, offset)', (f) => {
      f.immap = f.ictx.mt_mmap;
    });
    const remap = k.step('io_remap_pfn_range(vma, immap->mmio_addr)', (f) => (f.immap as Immap).mmio_addr);
    return [
      k.switch(mmapUsers, {
        'at the end': [
          load,
          k.when((f) => f.immap === null, [k.return(-ENXIO)]),
          remap,
          k.step('owner = immap->owner', (f) => {
            f.owner = (f.immap as Immap).owner;
          }),
          k.refcountInc((f) => (f.owner as ObjectWithOps).users, { as: '&immap->owner->users' }),
        ],
        'under the lock': [
          k.spinLock((f) => f.ictx.ma_lock, { label: 'mtree_lock(&ictx->mt_mmap)' }),
          load,
          k.when(
            (f) => f.immap !== null,
            [
              k.step('owner = immap->owner', (f) => {
                f.owner = (f.immap as Immap).owner;
              }),
              k.refcountIncNotZero(
                (f) => (f.owner as ObjectWithOps).users,
                [],
                [
                  k.local((f) => {
                    f.immap = null;
                  }),
                ],
                { as: '&immap->owner->users' },
              ),
            ],
          ),
          k.spinUnlock((f) => f.ictx.ma_lock, { label: 'mtree_unlock(&ictx->mt_mmap)' }),
          k.when((f) => f.immap === null, [k.return(-ENXIO)]),
          remap,
        ],
      }),
      k.step('the mapping is used', (f) => (f.immap as Immap).mmio_addr),
      k.refcountDec((f) => (f.owner as ObjectWithOps).users, {
        label: 'refcount_dec(&immap->owner->users) in vm_ops->close',
      }),
      k.return(0),
    ];
  },
);
