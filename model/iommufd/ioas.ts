/**
 * IOAS: an I/O address space that HWPTs copy. Of its io_pagetable the domains and the reserved IOVAs are kept.
 *
 * Source: ioas.c and io_pagetable.c. Limits: an area is one page; adding a domain may fail, as when it cannot map
 * what the IOAS has.
 */
import { containerOf, ENOMEM, errno, nameOf, procedure, ptr, Violation } from '../kernel/index.ts';
import { Ioas, type Ioas as IoasView, IommufdDevice, ObjectDestroy, PagingDomain } from './objects.ts';
import { IOAS_C, IOPT_C, specH } from './sources.ts';

/** iommufd_ioas_destroy(). */
export const iommufdIoasDestroy = procedure(
  'iommufd_ioas_destroy',
  { source: specH(IOAS_C), params: ObjectDestroy.params },
  (k) => [
    k.step(
      'iopt_destroy_table(&ioas->iopt)',
      (f) => {
        const ioas = containerOf(f.obj, Ioas) as IoasView;
        const left = ioas.domains.length + ioas.reserved.length + ioas.hwpt_list.length;
        if (left > 0)
          throw new Violation('assertion', `${nameOf(ioas)} is destroyed while something is left in it`, [
            nameOf(ioas),
          ]);
      },
      { indivisible: 'nobody can reach the IOAS any more' },
    ),
  ],
);

/** iopt_table_add_domain(): maps into the domain what the IOAS has. */
export const ioptTableAddDomain = procedure(
  'iopt_table_add_domain',
  {
    source: specH(IOPT_C),
    params: { ioas: ptr(Ioas), domain: ptr(PagingDomain) },
    locals: { ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.downWrite((f) => f.ioas.domains_rwsem, { as: 'iopt->domains_rwsem' }),
    k.downWrite((f) => f.ioas.iova_rwsem, { as: 'iopt->iova_rwsem' }),
    k.attempt(
      'iopt_fill_domain',
      'iopt_fill_domain(iopt, domain), xa_store(&iopt->domains)',
      (f) => {
        for (const area of f.ioas.areas) if (area.pages !== null) f.domain.table |= area.iova;
        f.ioas.domains.add(f.domain);
      },
      [
        k.local((f) => {
          f.ret = -ENOMEM;
        }),
      ],
    ),
    k.upWrite((f) => f.ioas.iova_rwsem, { as: 'iopt->iova_rwsem' }),
    k.upWrite((f) => f.ioas.domains_rwsem, { as: 'iopt->domains_rwsem' }),
    k.return((f) => f.ret),
  ],
);

/** iopt_table_remove_domain(). */
export const ioptTableRemoveDomain = procedure(
  'iopt_table_remove_domain',
  { source: specH(IOPT_C), params: { ioas: ptr(Ioas), domain: ptr(PagingDomain) } },
  (k) => [
    k.downWrite((f) => f.ioas.domains_rwsem, { as: 'iopt->domains_rwsem' }),
    k.downWrite((f) => f.ioas.iova_rwsem, { as: 'iopt->iova_rwsem' }),
    k.step('iopt_unfill_domain(iopt, domain), xa_erase(&iopt->domains)', (f) => f.ioas.domains.remove(f.domain)),
    k.upWrite((f) => f.ioas.iova_rwsem, { as: 'iopt->iova_rwsem' }),
    k.upWrite((f) => f.ioas.domains_rwsem, { as: 'iopt->domains_rwsem' }),
  ],
);

/** iopt_table_enforce_dev_resv_regions(): what the device reserves must not be mapped, now and later. */
export const ioptReserve = procedure(
  'iopt_table_enforce_dev_resv_regions',
  {
    source: specH(IOPT_C),
    params: { ioas: ptr(Ioas), idev: ptr(IommufdDevice) },
    locals: { ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.downWrite((f) => f.ioas.iova_rwsem, { as: 'iopt->iova_rwsem' }),
    k.attempt('iopt_reserve_iova', 'iopt_reserve_iova(iopt, regions of dev)', (f) => f.ioas.reserved.add(f.idev), [
      k.local((f) => {
        f.ret = -ENOMEM;
      }),
    ]),
    k.upWrite((f) => f.ioas.iova_rwsem, { as: 'iopt->iova_rwsem' }),
    k.return((f) => f.ret),
  ],
);

/** iopt_remove_reserved_iova(): does nothing for a device that has reserved nothing. */
export const ioptUnreserve = procedure(
  'iopt_remove_reserved_iova',
  { source: specH(IOPT_C), params: { ioas: ptr(Ioas), idev: ptr(IommufdDevice) } },
  (k) => [
    k.downWrite((f) => f.ioas.iova_rwsem, { as: 'iopt->iova_rwsem' }),
    k.step('interval_tree_remove(regions of dev)', (f) => {
      if (f.ioas.reserved.has(f.idev)) f.ioas.reserved.remove(f.idev);
    }),
    k.upWrite((f) => f.ioas.iova_rwsem, { as: 'iopt->iova_rwsem' }),
  ],
);
