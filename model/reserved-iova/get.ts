/**
 * iommu_get_reserved_iova(): the IOVA of a region of physical pages, bound and mapped at the first call.
 *
 * `reserved_lock` is dropped while iommu_map() runs; what may have changed meanwhile is the matter of the switches.
 *
 * Source: v7 06/10. Limits: returns the IOVA where C stores it through a pointer and returns 0.
 */
import {
  bool,
  EAGAIN,
  EBUSY,
  EINVAL,
  ENOMEM,
  errno,
  inc,
  int,
  type KernelKit,
  procedure,
  ref,
  type Statement,
  wake,
} from '../kernel/index.ts';
import { findCoveringBinding, findReservedBinding, refusesRights } from './binding.ts';
import { allocIova, freeIova } from './iova.ts';
import { iommuMap, iommuUnmap } from './map.ts';
import { Binding, IommuDomain, Iova, IovaDomain, page, prot, ReservedIovaDomain } from './objects.ts';
import { RESERVED_C, specG, v7_06 } from './sources.ts';
import { findCovers, getRace, goneTest, goneUndo, mapLock, putOrder } from './switches.ts';

/** What the parts below share: the frame of get. */
interface Frame {
  domain: IommuDomain;
  addr: number;
  size: number;
  newb: Binding | null;
  rid: ReservedIovaDomain | null;
  iovad: IovaDomain | null;
  p_iova: Iova | null;
  b: Binding | null;
  generation: number;
  iova: number;
  gone: boolean;
  ret: number;
}

/** Found one: wait until it is mapped (`publish-first`), and use it. The reference is held. */
const useFound = (k: KernelKit<Frame>): readonly Statement<Frame>[] => [
  k.switch(getRace, {
    link: [],
    'search-again': [],
    'publish-first': [
      k.waitEventLock(
        (f) => (f.b as Binding).wq,
        (f) => !(f.b as Binding).under_way,
        (f) => f.domain.reserved_lock,
        { label: 'wait_event_lock(b->wq, !b->under_way)', source: specG(RESERVED_C) },
      ),
      k.test(
        'b->failed',
        (f) => (f.b as Binding).failed,
        [
          k.refcountDecAndTest((f) => (f.b as Binding).kref, [k.kfree((f) => f.b)], [], {
            label: 'kref_put(&b->kref)',
          }),
          k.local((f) => {
            f.ret = -EAGAIN;
          }),
        ],
        [],
        { source: specG(RESERVED_C) },
      ),
    ],
  }),
  k.goto('free_newb'),
];

/** Looks for a binding of the region; with one, takes a reference and leaves through `free_newb`. */
const search = (k: KernelKit<Frame>, label: string): readonly Statement<Frame>[] => {
  const find = (covers: boolean) =>
    k.test(
      label,
      (f) => {
        f.b = (covers ? findCoveringBinding : findReservedBinding)(f.domain, f.addr, f.size);
        if (f.b === null) return false;
        if (f.b.dying) return true;
        inc(f.b.kref);
        f.iova = f.b.iova + f.addr - f.b.addr;
        f.ret = 0;
        return true;
      },
      [
        k.switch(putOrder, {
          'free-first': [],
          'unmap-first': [],
          dying: [
            k.test(
              'b->dying',
              (f) => (f.b as Binding).dying,
              [
                k.local((f) => {
                  f.ret = -EAGAIN;
                }),
                k.goto('free_newb'),
              ],
              [],
              { source: specG(RESERVED_C) },
            ),
          ],
        }),
        ...useFound(k),
      ],
    );
  return [
    k.switch(findCovers, {
      overlaps: [find(false)],
      covers: [
        find(true),
        k.test(
          'a shorter binding is in the way',
          (f) => findReservedBinding(f.domain, f.addr, f.size) !== null,
          [
            k.local((f) => {
              f.ret = -EBUSY;
            }),
            k.goto('free_newb'),
          ],
          [],
          { source: specG(RESERVED_C) },
        ),
      ],
    }),
  ];
};

export const getReservedIova = procedure(
  'iommu_get_reserved_iova',
  {
    source: v7_06(RESERVED_C),
    params: { domain: IommuDomain, addr: page(), size: int(1, 2), prot: prot() },
    locals: {
      newb: ref(Binding),
      rid: ref(ReservedIovaDomain),
      iovad: ref(IovaDomain),
      p_iova: ref(Iova),
      b: ref(Binding),
      generation: int(0, 3),
      iova: page(),
      gone: bool(),
      ret: errno(),
    },
    returns: errno(),
  },
  (k) => {
    const lock = k.spinLock((f) => f.domain.reserved_lock);
    const unlock = k.spinUnlock((f) => f.domain.reserved_lock);
    const link = k.step('link_reserved_binding(domain, newb)', (f) => {
      const newb = f.newb as Binding;
      newb.kref.counter = 1;
      newb.domain = f.domain;
      newb.addr = f.addr;
      newb.iova = f.iova;
      newb.size = f.size;
      f.domain.reserved_binding_list.add(newb);
    });
    return [
      k.kmalloc(
        Binding,
        (f, newb) => {
          f.newb = newb;
        },
        { orElse: [k.return(-ENOMEM)] },
      ),
      k.local((f) => {
        f.ret = -EINVAL;
      }),
      lock,
      k.step('rid = domain->reserved_iova_cookie', (f) => {
        f.rid = f.domain.reserved_iova_cookie;
        f.generation = f.domain.generation;
      }),
      k.when((f) => f.rid === null, [k.goto('free_newb')]),
      k.test(
        'prot is refused by rid->prot',
        (f) => {
          const rid = f.rid as ReservedIovaDomain;
          f.iovad = rid.iovad;
          return refusesRights(f.prot, rid.prot);
        },
        [k.goto('free_newb')],
      ),
      ...search(k as never, 'b = find_reserved_binding(), kref_get(&b->kref)'),
      k.call(
        allocIova,
        (f) => ({ iovad: f.iovad as IovaDomain, size: f.size }),
        (f, p_iova) => {
          f.p_iova = p_iova;
        },
      ),
      k.when(
        (f) => f.p_iova === null,
        [
          k.local((f) => {
            f.ret = -ENOMEM;
          }),
          k.goto('free_newb'),
        ],
      ),
      k.step('*iova = iova_dma_addr(iovad, p_iova)', (f) => {
        f.iova = (f.p_iova as Iova).pfn_lo;
      }),
      k.switch(getRace, {
        link: [],
        'search-again': [],
        'publish-first': [
          k.step(
            'newb->under_way = true',
            (f) => {
              (f.newb as Binding).under_way = true;
            },
            { source: specG(RESERVED_C) },
          ),
          link,
        ],
      }),
      k.switch(mapLock, { dropped: [unlock], held: [] }),
      k.call(
        iommuMap,
        (f) => ({ domain: f.domain, iova: f.iova, paddr: f.addr, size: f.size }),
        (f, ret) => {
          f.ret = ret;
        },
      ),
      k.switch(mapLock, { dropped: [lock], held: [] }),

      k.switch(goneTest, {
        pointer: [
          k.test(
            '!rid || rid->iovad != iovad',
            (f) => {
              f.rid = f.domain.reserved_iova_cookie;
              return f.rid === null || f.rid.iovad !== f.iovad;
            },
            [
              k.local((f) => {
                f.gone = true;
              }),
            ],
          ),
        ],
        generation: [
          k.test(
            '!rid || domain->generation != generation',
            (f) => {
              f.rid = f.domain.reserved_iova_cookie;
              return f.rid === null || f.domain.generation !== f.generation;
            },
            [
              k.local((f) => {
                f.gone = true;
              }),
            ],
            [],
            { source: specG(RESERVED_C) },
          ),
        ],
      }),
      k.when(
        (f) => f.gone,
        [
          k.switch(goneUndo, {
            leave: [],
            unmap: [
              k.when(
                (f) => f.ret === 0,
                [unlock, k.call(iommuUnmap, (f) => ({ domain: f.domain, iova: f.iova, size: f.size })), lock],
              ),
            ],
          }),
          k.local((f) => {
            f.ret = -EBUSY;
          }),
          k.goto('free_newb'),
        ],
      ),
      k.when((f) => f.ret !== 0, [k.goto('free_iova')]),

      k.switch(getRace, {
        link: [link],
        'search-again': [
          k.test(
            'b = find_reserved_binding() again, kref_get(&b->kref)',
            (f) => {
              f.b = findReservedBinding(f.domain, f.addr, f.size);
              if (f.b === null) return false;
              f.ret = f.b.dying ? -EAGAIN : 0;
              if (!f.b.dying) inc(f.b.kref);
              return true;
            },
            [
              // The other one came first: take back what this call has mapped.
              unlock,
              k.call(iommuUnmap, (f) => ({ domain: f.domain, iova: f.iova, size: f.size })),
              lock,
              k.call(freeIova, (f) => ({ iovad: f.iovad as IovaDomain, pfn: f.iova })),
              k.when(
                (f) => f.ret === 0,
                [
                  k.step('*iova = b->iova', (f) => {
                    const b = f.b as Binding;
                    f.iova = b.iova + f.addr - b.addr;
                  }),
                ],
              ),
              k.goto('free_newb'),
            ],
            [],
            { source: specG(RESERVED_C) },
          ),
          link,
        ],
        'publish-first': [
          k.step(
            'newb->under_way = false, wake_up_all(&newb->wq)',
            (f) => {
              const newb = f.newb as Binding;
              newb.under_way = false;
              wake(newb.wq);
            },
            { parks: true, source: specG(RESERVED_C) },
          ),
        ],
      }),
      k.goto('unlock'),

      k.label('free_iova'),
      k.step('pfn = p_iova->pfn_lo', (f) => {
        f.iova = (f.p_iova as Iova).pfn_lo;
      }),
      k.call(freeIova, (f) => ({ iovad: f.iovad as IovaDomain, pfn: f.iova })),
      k.switch(getRace, {
        link: [],
        'search-again': [],
        'publish-first': [
          k.step(
            'newb->failed = true, unlink it, wake_up_all(&newb->wq)',
            (f) => {
              const newb = f.newb as Binding;
              newb.under_way = false;
              newb.failed = true;
              f.domain.reserved_binding_list.remove(newb);
              wake(newb.wq);
            },
            { parks: true, source: specG(RESERVED_C) },
          ),
          k.refcountDecAndTest(
            (f) => (f.newb as Binding).kref,
            [],
            [
              k.local((f) => {
                f.newb = null;
              }),
            ],
            { label: 'kref_put(&newb->kref)', source: specG(RESERVED_C) },
          ),
        ],
      }),
      k.label('free_newb'),
      k.kfree((f) => f.newb),
      k.label('unlock'),
      unlock,
      k.return((f) => (f.ret === 0 ? f.iova : f.ret)),
    ];
  },
);
