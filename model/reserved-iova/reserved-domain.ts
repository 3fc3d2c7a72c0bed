/**
 * The reserved IOVA domain of an IOMMU domain: a window with its allocator, set up and taken away at any time while
 * the IOMMU domain exists.
 *
 * Source: v7 04/10 and, for the bindings that are left, 07/10.
 * Limits: alignment of base and size is taken for granted.
 */
import { EEXIST, ENOMEM, errno, int, procedure, ref } from '../kernel/index.ts';
import { freeIova, putIovaDomain } from './iova.ts';
import { iommuUnmap } from './map.ts';
import { Binding, IommuDomain, IovaDomain, page, prot, ReservedIovaDomain } from './objects.ts';
import { RESERVED_C, v7_04, v7_07 } from './sources.ts';
import { freeBindings } from './switches.ts';

const source = v7_04(RESERVED_C);

/** iommu_alloc_reserved_iova_domain(). */
export const allocReservedIovaDomain = procedure(
  'iommu_alloc_reserved_iova_domain',
  {
    source,
    params: { domain: IommuDomain, iova: page(), size: int(1, 4), prot: prot() },
    locals: { rid: ref(ReservedIovaDomain), iovad: ref(IovaDomain), ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.kmalloc(
      ReservedIovaDomain,
      (f, rid) => {
        rid.prot = f.prot;
        f.rid = rid;
      },
      { orElse: [k.return(-ENOMEM)] },
    ),
    k.kmalloc(
      IovaDomain,
      (f, iovad) => {
        iovad.start_pfn = f.iova;
        iovad.end_pfn = f.iova + f.size - 1;
        (f.rid as ReservedIovaDomain).iovad = iovad;
        f.iovad = iovad;
      },
      { orElse: [k.kfree((f) => f.rid), k.return(-ENOMEM)], note: 'with init_iova_domain(): nobody knows it yet' },
    ),
    k.spinLock((f) => f.domain.reserved_lock),
    k.test(
      'domain->reserved_iova_cookie is NULL: publish',
      (f) => {
        if (f.domain.reserved_iova_cookie !== null) return false;
        f.domain.reserved_iova_cookie = f.rid;
        f.domain.generation = (f.domain.generation + 1) % 4;
        return true;
      },
      [k.spinUnlock((f) => f.domain.reserved_lock), k.return(0)],
    ),
    k.spinUnlock((f) => f.domain.reserved_lock),
    k.call(putIovaDomain, (f) => ({ iovad: f.iovad as IovaDomain })),
    k.kfree((f) => f.iovad),
    k.kfree((f) => f.rid),
    k.return(-EEXIST),
  ],
);

/** iommu_free_reserved_iova_domain(). */
export const freeReservedIovaDomain = procedure(
  'iommu_free_reserved_iova_domain',
  {
    source,
    params: { domain: IommuDomain },
    locals: { rid: ref(ReservedIovaDomain), iovad: ref(IovaDomain), b: ref(Binding), iova: page(), size: int(0, 2) },
  },
  (k) => [
    k.spinLock((f) => f.domain.reserved_lock),
    k.step('rid = domain->reserved_iova_cookie, cleared', (f) => {
      f.rid = f.domain.reserved_iova_cookie;
      f.domain.reserved_iova_cookie = null;
      f.iovad = f.rid?.iovad ?? null;
    }),
    k.spinUnlock((f) => f.domain.reserved_lock),
    k.when((f) => f.rid === null, [k.return()]),
    k.switch(freeBindings, {
      leaves: [],
      deletes: [
        k.loop([
          k.spinLock((f) => f.domain.reserved_lock, { source: v7_07(RESERVED_C) }),
          k.step(
            'b = first of domain->reserved_binding_list, unlinked',
            (f) => {
              f.b = f.domain.reserved_binding_list.first;
              if (f.b === null) return;
              f.iova = f.b.iova;
              f.size = f.b.size;
              f.domain.reserved_binding_list.remove(f.b);
            },
            { source: v7_07(RESERVED_C) },
          ),
          k.spinUnlock((f) => f.domain.reserved_lock, { source: v7_07(RESERVED_C) }),
          k.when((f) => f.b === null, [k.break()]),
          k.call(iommuUnmap, (f) => ({ domain: f.domain, iova: f.iova, size: f.size })),
          k.call(freeIova, (f) => ({ iovad: f.iovad as IovaDomain, pfn: f.iova })),
          k.kfree((f) => f.b, { source: v7_07(RESERVED_C) }),
        ]),
      ],
    }),
    k.call(putIovaDomain, (f) => ({ iovad: f.iovad as IovaDomain })),
    k.kfree((f) => f.iovad),
    k.kfree((f) => f.rid),
  ],
);
