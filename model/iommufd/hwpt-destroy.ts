/**
 * The end of an HWPT: by destroy, which takes `ioas->mutex`, or by abort, whose caller holds it. A nested one needs no
 * lock: it is in no list.
 *
 * Source: hw_pagetable.c, iommufd_hwpt_paging_destroy(), iommufd_hwpt_paging_abort(), iommufd_hwpt_nested_destroy().
 */
import { containerOf, nameOf, opaque, procedure, ptr, ref, Violation } from '../kernel/index.ts';
import { ioptTableRemoveDomain } from './ioas.ts';
import type { Fault } from './iopf-objects.ts';
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
import { parentUser } from './switches.ts';

const source = specH(HWPT_C);
const locals = { hwpt: ptr(Hwpt), ioas: ptr(Ioas), domain: ref(PagingDomain), fault: opaque<Fault>() };

interface Frame {
  obj: object;
  hwpt: HwptView;
  ioas: HwptView['ioas'];
  domain: HwptView['domain'];
  fault: HwptView['fault'];
}

const open = (f: Frame) => {
  f.hwpt = containerOf(f.obj, Hwpt) as HwptView;
  f.ioas = f.hwpt.ioas;
  f.domain = f.hwpt.domain;
  f.fault = f.hwpt.fault;
};

/** __iommufd_hwpt_destroy(): the domain and the user of the fault queue. */
const destroyHwpt = procedure(
  '__iommufd_hwpt_destroy',
  { source, params: { domain: ref(PagingDomain), fault: opaque<Fault>() } },
  (k) => [
    k.when(
      (f) => f.domain !== null,
      [
        k.step('no device translates through the domain', (f) => {
          const { attached, nested } = f.domain as PagingDomainView;
          if (attached + nested > 0)
            throw new Violation(
              'protocol',
              `${nameOf(f.domain)} is freed while ${attached > 0 ? 'a group is attached to it' : 'another is nested in it'}`,
              [nameOf(f.domain)],
            );
        }),
        k.kfree((f) => f.domain, { label: 'iommu_domain_free(hwpt->domain)' }),
      ],
    ),
    k.when(
      (f) => f.fault !== null,
      [k.refcountDec((f) => (f.fault as Fault).users, { as: '&hwpt->fault->common.obj.users' })],
    ),
  ],
);

/** The same, and the user of the IOAS. */
const drop = procedure(
  '__iommufd_hwpt_destroy, and the IOAS',
  { source, params: { ioas: ptr(Ioas), domain: ref(PagingDomain), fault: opaque<Fault>() } },
  (k) => [k.call(destroyHwpt, (f) => ({ domain: f.domain, fault: f.fault })), k.refcountDec((f) => f.ioas.users)],
);

/** iommufd_hwpt_nested_destroy(), which is its abort as well: the parent's user goes last. */
export const iommufdHwptNestedDestroy = procedure(
  'iommufd_hwpt_nested_destroy',
  { source, params: ObjectDestroy.params, locals: { ...locals, parent: opaque<HwptView>() } },
  (k) => [
    k.step('parent = hwpt_nested->parent', (f) => {
      open(f);
      f.parent = f.hwpt.parent;
    }),
    k.when(
      (f) => f.domain !== null,
      [
        k.step('the hardware walks the tables of the parent no more', (f) => {
          const s2 = (f.domain as PagingDomainView).s2_parent as PagingDomainView;
          s2.nested--;
        }),
      ],
    ),
    k.call(destroyHwpt, (f) => ({ domain: f.domain, fault: f.fault })),
    k.switch(parentUser, {
      none: [],
      held: [k.refcountDec((f) => (f.parent as HwptView).users, { as: '&hwpt_nested->parent->common.obj.users' })],
    }),
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
    k.call(drop, (f) => ({ ioas: f.ioas, domain: f.domain, fault: f.fault })),
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
    k.call(drop, (f) => ({ ioas: f.ioas, domain: f.domain, fault: f.fault })),
  ],
);
