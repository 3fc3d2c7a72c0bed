/**
 * iommu_put_reserved_iova(): gives one reference of the binding of a physical page back; the last one ends the mapping.
 *
 * Source: v7 06/10.
 */
import { bool, decAndTest, int, procedure, ptr, ref } from '../kernel/index.ts';
import { findReservedBinding } from './binding.ts';
import { freeIova } from './iova.ts';
import { iommuUnmap } from './map.ts';
import { Binding, IommuDomain, IovaDomain, page, ReservedIovaDomain } from './objects.ts';
import { RESERVED_C, review, specG, v7_06 } from './sources.ts';
import { mapLock, putOrder } from './switches.ts';

/** reserved_binding_release(): called with reserved_lock held. */
const reservedBindingRelease = procedure(
  'reserved_binding_release',
  { source: v7_06(RESERVED_C), params: { b: Binding }, locals: { iovad: ptr(IovaDomain), iova: page() } },
  (k) => [
    k.step('iovad of rid = d->reserved_iova_cookie', (f) => {
      const rid = f.b.domain.reserved_iova_cookie as ReservedIovaDomain;
      f.iovad = rid.iovad;
      f.iova = f.b.iova;
    }),
    k.call(freeIova, (f) => ({ iovad: f.iovad, pfn: f.iova })),
    k.step('unlink_reserved_binding(d, b)', (f) => f.b.domain.reserved_binding_list.remove(f.b)),
    k.kfree((f) => f.b),
  ],
);

export const putReservedIova = procedure(
  'iommu_put_reserved_iova',
  {
    source: v7_06(RESERVED_C),
    params: { domain: IommuDomain, addr: page() },
    locals: {
      rid: ref(ReservedIovaDomain),
      iovad: ref(IovaDomain),
      b: ref(Binding),
      iova: page(),
      size: int(0, 2),
      last: bool(),
    },
  },
  (k) => {
    const lock = k.spinLock((f) => f.domain.reserved_lock);
    const unlock = k.spinUnlock((f) => f.domain.reserved_lock);
    const unmap = k.call(iommuUnmap, (f) => ({ domain: f.domain, iova: f.iova, size: f.size }));
    const release = k.call(reservedBindingRelease, (f) => ({ b: f.b as Binding }));
    const isLast = k.local((f) => {
      f.last = true;
    });
    const unlink = (f: { domain: IommuDomain; b: Binding | null }) =>
      f.domain.reserved_binding_list.remove(f.b as Binding);
    /** The IOVA, once nothing leads from it any more. */
    const freeAfterUnmap = [
      unmap,
      lock,
      k.step(
        'rid = domain->reserved_iova_cookie again',
        (f) => {
          f.iovad = f.domain.reserved_iova_cookie?.iovad ?? null;
        },
        { source: specG(RESERVED_C) },
      ),
      k.when((f) => f.iovad !== null, [k.call(freeIova, (f) => ({ iovad: f.iovad as IovaDomain, pfn: f.iova }))]),
    ];
    return [
      lock,
      k.step('rid = domain->reserved_iova_cookie', (f) => {
        f.rid = f.domain.reserved_iova_cookie;
      }),
      k.when((f) => f.rid === null, [unlock, k.return()]),
      k.step('b = find_reserved_binding(), its iova and size', (f) => {
        f.b = findReservedBinding(f.domain, f.addr, 1);
        if (f.b === null) return;
        f.iova = f.b.iova;
        f.size = f.b.size;
      }),
      k.when((f) => f.b === null, [unlock, k.return()]),
      k.switch(mapLock, {
        held: [
          k.test('kref_put(&b->kref)', (f) => decAndTest((f.b as Binding).kref), [unmap, release], [], {
            source: review(RESERVED_C),
          }),
          unlock,
        ],
        dropped: [
          k.switch(putOrder, {
            'free-first': [
              k.test('kref_put(&b->kref)', (f) => decAndTest((f.b as Binding).kref), [isLast, release]),
              unlock,
              k.when((f) => f.last, [unmap]),
            ],
            'unmap-first': [
              k.test(
                'kref_put(&b->kref)',
                (f) => decAndTest((f.b as Binding).kref),
                [isLast, k.step('unlink_reserved_binding(d, b)', unlink)],
                [],
                { source: specG(RESERVED_C) },
              ),
              unlock,
              k.when((f) => f.last, [...freeAfterUnmap, unlock, k.kfree((f) => f.b, { source: specG(RESERVED_C) })]),
            ],
            dying: [
              k.test(
                'kref_put(&b->kref)',
                (f) => decAndTest((f.b as Binding).kref),
                [
                  isLast,
                  k.step('b->dying = true', (f) => {
                    (f.b as Binding).dying = true;
                  }),
                ],
                [],
                { source: specG(RESERVED_C) },
              ),
              unlock,
              k.when(
                (f) => f.last,
                [...freeAfterUnmap, k.step('unlink_reserved_binding(d, b)', unlink), k.kfree((f) => f.b), unlock],
              ),
            ],
          }),
        ],
      }),
    ];
  },
);
