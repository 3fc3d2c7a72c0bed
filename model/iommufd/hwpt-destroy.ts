/**
 * The end of an HWPT: by destroy, which takes `ioas->mutex`, or by abort, whose caller holds it.
 *
 * Source: hw_pagetable.c, iommufd_hwpt_paging_destroy(), iommufd_hwpt_paging_abort().
 */
import { containerOf, nameOf, procedure, ptr, ref, Violation } from '../kernel/index.ts';
import { ioptTableRemoveDomain } from './ioas.ts';
import {
  Hwpt,
  type Hwpt as HwptView,
  Ioas,
  ObjectAbort,
  ObjectDestroy,
  PagingDomain,
  type PagingDomain as PagingDomainView,
} from './objects.ts';
import { HWPT_C, specH } from './sources.ts';

const source = specH(HWPT_C);
const locals = { hwpt: ptr(Hwpt), ioas: ptr(Ioas), domain: ref(PagingDomain) };

interface Frame {
  obj: object;
  hwpt: HwptView;
  ioas: HwptView['ioas'];
  domain: HwptView['domain'];
}

const open = (f: Frame) => {
  f.hwpt = containerOf(f.obj, Hwpt) as HwptView;
  f.ioas = f.hwpt.ioas;
  f.domain = f.hwpt.domain;
};

/** __iommufd_hwpt_destroy() and the user of the IOAS. */
const drop = procedure(
  '__iommufd_hwpt_destroy',
  { source, params: { ioas: ptr(Ioas), domain: ref(PagingDomain) } },
  (k) => [
    k.when(
      (f) => f.domain !== null,
      [
        k.step('no device translates through the domain', (f) => {
          const { attached } = f.domain as PagingDomainView;
          if (attached > 0)
            throw new Violation('protocol', `${nameOf(f.domain)} is freed while a group is attached to it`, [
              nameOf(f.domain),
            ]);
        }),
        k.kfree((f) => f.domain, { label: 'iommu_domain_free(hwpt->domain)' }),
      ],
    ),
    k.refcountDec((f) => f.ioas.users),
  ],
);

/** iommufd_hwpt_paging_destroy(). */
export const iommufdHwptDestroy = procedure(
  'iommufd_hwpt_paging_destroy',
  { source, params: ObjectDestroy.params, locals },
  (k) => [
    k.test(
      '!list_empty(&hwpt->hwpt_item)',
      (f) => {
        open(f);
        return f.hwpt.linked;
      },
      [
        k.mutexLock((f) => f.ioas.mutex),
        k.step('list_del(&hwpt->hwpt_item)', (f) => f.ioas.hwpt_list.remove(f.hwpt)),
        k.mutexUnlock((f) => f.ioas.mutex),
        k.call(ioptTableRemoveDomain, (f) => ({ ioas: f.ioas, domain: f.domain as PagingDomainView })),
      ],
    ),
    k.call(drop, (f) => ({ ioas: f.ioas, domain: f.domain })),
  ],
);

/** iommufd_hwpt_paging_abort(): the caller holds ioas->mutex, and goes on holding it. */
export const iommufdHwptAbort = procedure(
  'iommufd_hwpt_paging_abort',
  { source, params: ObjectAbort.params, locals },
  (k) => [
    k.test(
      '!list_empty(&hwpt->hwpt_item)',
      (f) => {
        open(f);
        return f.hwpt.linked;
      },
      [
        k.step('list_del_init(&hwpt->hwpt_item)', (f) => {
          f.ioas.hwpt_list.remove(f.hwpt);
          f.hwpt.linked = false;
        }),
        k.call(ioptTableRemoveDomain, (f) => ({ ioas: f.ioas, domain: f.domain as PagingDomainView })),
      ],
    ),
    k.call(drop, (f) => ({ ioas: f.ioas, domain: f.domain })),
  ],
);
