/**
 * What the review asks for: a list of MSI descriptors that hangs off the IOMMU domain and lives as long as it, under
 * one lock that is held while a page is mapped. With a count in each descriptor a page can be given back (`msi-list`);
 * as merged there is no count, and pages stay until the domain goes (`msi-pages`).
 *
 * Source: review of v7 06/10; iommu_dma_get_msi_page() and iommu_put_dma_cookie() as merged.
 * Limits: the merged allocator for domains of VFIO is a counter; here it is the IOVA allocator in both forms.
 */
import { ENOMEM, errno, inc, procedure, ptr, ref } from '../kernel/index.ts';
import { allocIova, freeIova, putIovaDomain, unlinkedAndFreed } from './iova.ts';
import { iommuMap, iommuUnmap } from './map.ts';
import { IommuDmaCookie, IommuDomain, Iova, IovaDomain, MsiPage, page } from './objects.ts';
import { DMA_IOMMU_C, merged, review } from './sources.ts';
import { design } from './switches.ts';

const source = merged(DMA_IOMMU_C);

/** iommu_dma_get_msi_page() with its caller's lock; returns the IOVA or -ENOMEM. */
export const getMsiPage = procedure(
  'iommu_dma_get_msi_page',
  {
    source,
    params: { domain: IommuDomain, addr: page() },
    locals: {
      cookie: ptr(IommuDmaCookie),
      iovad: ptr(IovaDomain),
      msi_page: ref(MsiPage),
      p_iova: ref(Iova),
      iova: page(),
      ret: errno(),
    },
    returns: errno(),
  },
  (k) => {
    const count = (known: boolean) =>
      k.switch(design, {
        'reserved-iova': [],
        'msi-list': known
          ? [k.step('msi_page->refs++', (f) => inc((f.msi_page as MsiPage).refs), { source: review(DMA_IOMMU_C) })]
          : [],
        'msi-pages': [],
      });
    const unlock = k.spinUnlock((f) => f.cookie.msi_lock);
    return [
      k.step('cookie = domain->iova_cookie', (f) => {
        f.cookie = f.domain.iova_cookie as IommuDmaCookie;
      }),
      k.spinLock((f) => f.cookie.msi_lock),
      k.test(
        'find msi_page with that phys',
        (f) => {
          f.msi_page = f.cookie.msi_page_list.find((msi) => msi.phys === f.addr);
          f.iova = f.msi_page?.iova ?? 0;
          f.iovad = f.cookie.iovad;
          return f.msi_page !== null;
        },
        [count(true), unlock, k.return((f) => f.iova)],
      ),
      k.kmalloc(
        MsiPage,
        (f, msi_page) => {
          msi_page.phys = f.addr;
          f.msi_page = msi_page;
        },
        { atomic: true, orElse: [unlock, k.return(-ENOMEM)] },
      ),
      k.call(
        allocIova,
        (f) => ({ iovad: f.iovad, size: 1 }),
        (f, p_iova) => {
          f.p_iova = p_iova;
        },
      ),
      k.when((f) => f.p_iova === null, [k.goto('out_free_page')]),
      k.step('msi_page->iova = iova', (f) => {
        f.iova = (f.p_iova as Iova).pfn_lo;
        (f.msi_page as MsiPage).iova = f.iova;
      }),
      k.call(
        iommuMap,
        (f) => ({ domain: f.domain, iova: f.iova, paddr: f.addr, size: 1 }),
        (f, ret) => {
          f.ret = ret;
        },
      ),
      k.when((f) => f.ret !== 0, [k.goto('out_free_iova')]),
      k.step('list_add(&msi_page->list)', (f) => {
        const msi_page = f.msi_page as MsiPage;
        msi_page.refs.counter = 1;
        f.cookie.msi_page_list.addFirst(msi_page);
      }),
      unlock,
      k.return((f) => f.iova),
      k.label('out_free_iova'),
      k.call(freeIova, (f) => ({ iovad: f.iovad, pfn: f.iova })),
      k.label('out_free_page'),
      k.kfree((f) => f.msi_page),
      unlock,
      k.return(-ENOMEM),
    ];
  },
);

/** The counterpart that the review's descriptors need; what was merged has none. */
export const putMsiPage = procedure(
  'iommu_put_msi_page',
  {
    source: review(DMA_IOMMU_C),
    params: { domain: IommuDomain, addr: page() },
    locals: { cookie: ptr(IommuDmaCookie), iovad: ptr(IovaDomain), msi_page: ref(MsiPage), iova: page() },
  },
  (k) => [
    k.step('cookie = domain->iova_cookie', (f) => {
      f.cookie = f.domain.iova_cookie as IommuDmaCookie;
    }),
    k.spinLock((f) => f.cookie.msi_lock),
    k.step('msi_page with that phys', (f) => {
      f.msi_page = f.cookie.msi_page_list.find((msi) => msi.phys === f.addr);
      f.iova = f.msi_page?.iova ?? 0;
      f.iovad = f.cookie.iovad;
    }),
    k.when(
      (f) => f.msi_page !== null,
      [
        k.refcountDecAndTest(
          (f) => (f.msi_page as MsiPage).refs,
          [
            k.call(iommuUnmap, (f) => ({ domain: f.domain, iova: f.iova, size: 1 })),
            k.call(freeIova, (f) => ({ iovad: f.iovad, pfn: f.iova })),
            k.step('list_del(&msi_page->list)', (f) => f.cookie.msi_page_list.remove(f.msi_page as MsiPage)),
            k.kfree((f) => f.msi_page),
          ],
          [],
          { label: 'refcount_dec_and_test(&msi_page->refs)' },
        ),
      ],
    ),
    k.spinUnlock((f) => f.cookie.msi_lock),
  ],
);

/** iommu_put_dma_cookie(): called when the domain is freed. */
export const putDmaCookie = procedure(
  'iommu_put_dma_cookie',
  {
    source,
    params: { domain: IommuDomain },
    locals: { cookie: ref(IommuDmaCookie), iovad: ref(IovaDomain), msi: ref(MsiPage) },
  },
  (k) => [
    k.step(
      'cookie = domain->iova_cookie',
      (f) => {
        f.cookie = f.domain.iova_cookie;
        f.iovad = f.cookie?.iovad ?? null;
        // From here on nothing is promised of the domain.
        f.domain.pgtable.live = false;
      },
      { indivisible: 'that the table is live is a ghost' },
    ),
    k.when((f) => f.cookie === null, [k.return()]),
    k.call(putIovaDomain, (f) => ({ iovad: f.iovad as IovaDomain })),
    k.loop([
      k.test(
        'msi = next of cookie->msi_page_list',
        (f) => {
          f.msi = (f.cookie as IommuDmaCookie).msi_page_list.first;
          return f.msi !== null;
        },
        [
          k.free((f) => f.msi, {
            label: 'list_del(&msi->list), kfree(msi)',
            indivisible: unlinkedAndFreed,
            do: (f) => (f.cookie as IommuDmaCookie).msi_page_list.remove(f.msi as MsiPage),
          }),
        ],
        [k.break()],
      ),
    ]),
    k.kfree((f) => f.iovad, { note: 'in C it is part of the cookie' }),
    k.kfree((f) => f.cookie),
    k.step('domain->iova_cookie = NULL', (f) => {
      f.domain.iova_cookie = null;
    }),
  ],
);
