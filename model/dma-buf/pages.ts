/**
 * iommufd maps a dma-buf into an IOAS, and gives it back.
 *
 * Source: iopt_map_dmabuf(), iopt_release_pages() of iommufd's pages.c. Limits: one IOAS maps a dma-buf once; areas and
 * domains are left out.
 */
import { ENOMEM, errno, type KernelKit, procedure, ptr, ref, type Statement } from '../kernel/index.ts';
import { dmaBufAttach, dmaBufDetach, dmaBufPin, dmaBufPut, dmaBufUnpin } from './buffer.ts';
import { Attachment, DmaBuf, IoptPages } from './objects.ts';
import { imports, locked, PAGES_C, pins } from './sources.ts';
import { unpinLock } from './switches.ts';

const lock = <F extends { dmabuf: DmaBuf }>(k: KernelKit<F>): Statement<F> =>
  k.mutexLock((f) => f.dmabuf.resv, { label: 'dma_resv_lock(dmabuf->resv)' });
const unlock = <F extends { dmabuf: DmaBuf }>(k: KernelKit<F>): Statement<F> =>
  k.mutexUnlock((f) => f.dmabuf.resv, { label: 'dma_resv_unlock(dmabuf->resv)' });

/** iopt_release_pages(), for pages that nobody has any more. */
export const ioptReleasePages = procedure(
  'iopt_release_pages',
  {
    source: locked(PAGES_C),
    params: { pages: ptr(IoptPages) },
    locals: { attach: ref(Attachment), dmabuf: ptr(DmaBuf) },
  },
  (k) => {
    const unpin = k.call(dmaBufUnpin, (f) => ({ dmabuf: f.dmabuf, attach: f.attach as Attachment }));
    const detach = k.call(dmaBufDetach, (f) => ({ dmabuf: f.dmabuf, attach: f.attach }));
    return [
      k.step('attach = pages->dmabuf.attach, dmabuf = attach->dmabuf', (f) => {
        f.attach = f.pages.attach;
        f.dmabuf = f.pages.dmabuf;
      }),
      k.when(
        (f) => f.attach !== null,
        [
          k.switch(unpinLock, {
            none: [unpin, detach],
            held: [lock(k), unpin, unlock(k), detach],
            'held too long': [lock(k), unpin, detach, unlock(k)],
          }),
        ],
      ),
      k.call(dmaBufPut, (f) => ({ dmabuf: f.dmabuf })),
      k.kfree((f) => f.pages),
    ];
  },
);

/** IOMMU_IOAS_MAP_FILE of a dma-buf, for which the caller has a reference: iopt_alloc_dmabuf_pages(). 0 or -ENOMEM. */
const ioptMapDmabuf = procedure(
  'iopt_map_dmabuf',
  {
    source: pins(PAGES_C),
    params: { pages: ptr(IoptPages), dmabuf: ptr(DmaBuf) },
    locals: { attach: ref(Attachment), rc: errno() },
    returns: errno(),
  },
  (k) => [
    k.call(
      dmaBufAttach,
      (f) => ({ dmabuf: f.dmabuf, pages: f.pages }),
      (f, attach) => {
        f.attach = attach;
      },
    ),
    k.when((f) => f.attach === null, [k.return(-ENOMEM)]),
    lock(k),
    k.call(dmaBufPin, (f) => ({ dmabuf: f.dmabuf, attach: f.attach as Attachment })),
    k.attempt(
      'kmalloc',
      'vfio_pci_dma_buf_iommufd_map(attach, &pages->dmabuf.phys)',
      (f) => {
        f.pages.valid = true;
      },
      [
        k.local((f) => {
          f.rc = -ENOMEM;
        }),
        k.call(dmaBufUnpin, (f) => ({ dmabuf: f.dmabuf, attach: f.attach as Attachment })),
      ],
    ),
    unlock(k),
    k.when(
      (f) => f.rc !== 0,
      [k.call(dmaBufDetach, (f) => ({ dmabuf: f.dmabuf, attach: f.attach })), k.return((f) => f.rc)],
    ),
    k.step('pages->dmabuf.attach = attach', (f) => {
      f.pages.attach = f.attach;
    }),
    k.return(0),
  ],
);

/** User space maps a dma-buf of which it has an fd, and unmaps it. */
export const mapThenUnmap = procedure(
  'iommufd_ioas_map_file and iommufd_ioas_unmap',
  {
    source: imports(PAGES_C),
    params: { dmabuf: ptr(DmaBuf) },
    locals: { pages: ptr(IoptPages), rc: errno() },
  },
  (k) => [
    k.kmalloc(
      IoptPages,
      (f, pages) => {
        pages.dmabuf = f.dmabuf;
        f.pages = pages;
      },
      { orElse: [k.call(dmaBufPut, (f) => ({ dmabuf: f.dmabuf })), k.return(0)] },
    ),
    k.call(
      ioptMapDmabuf,
      (f) => ({ pages: f.pages, dmabuf: f.dmabuf }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.call(ioptReleasePages, (f) => ({ pages: f.pages })),
  ],
);
