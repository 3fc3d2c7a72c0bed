/**
 * ioasid_attach_group(), ioasid_detach_group(): what was vfio_iommu_type1_attach_group(). The first group of an ictx
 * creates its domain, into which the mappings are replayed; later ones join it.
 *
 * Source: seed S2, spec (f) /dev/ioasid flow.
 */
import {
  bool,
  EBUSY,
  EINVAL,
  ENOMEM,
  errno,
  int,
  type KernelKit,
  procedure,
  ptr,
  ref,
  type Statement,
} from '../kernel/index.ts';
import { Ictx, IoDomain, PAGES, VfioGroup } from './objects.ts';
import { IOASID_DEV_C, seed2, specF } from './sources.ts';
import { attachLock, mapLock } from './switches.ts';

/** The end of a domain: freed, or one reference less where a map may have another. */
export function putDomain<F extends { domain: IoDomain | null }>(k: KernelKit<F>, label: string): Statement<F> {
  const free = k.kfree((f) => f.domain, { label: `iommu_domain_free(domain), ${label}` });
  return k.switch(mapLock, {
    unlocked: [free],
    held: [free],
    pinned: [
      k.refcountDecAndTest((f) => (f.domain as IoDomain).refs, [free], [], { label: `put_domain(domain), ${label}` }),
    ],
  });
}

export const ioasidAttachGroup = procedure(
  'ioasid_attach_group',
  {
    source: seed2(IOASID_DEV_C),
    params: { ictx: ptr(Ictx), group: VfioGroup },
    locals: { domain: ref(IoDomain), fresh: bool(), at: int(0, PAGES), mapped: bool(), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const lock = k.mutexLock((f) => f.ictx.lock);
    const unlock = k.mutexUnlock((f) => f.ictx.lock);
    const unlockIfHeld = k.switch(attachLock, { none: [], 'not-for-replay': [unlock], held: [unlock] });
    const fail = (ret: number) =>
      k.local((f) => {
        f.ret = -ret;
      });
    const replay = [
      k.local((f) => {
        f.at = 0;
      }),
      k.loop([
        k.when((f) => f.at === PAGES, [k.break()]),
        k.step('is the page in ictx->dma_list?', (f) => {
          f.mapped = f.ictx.dma.at(f.at);
        }),
        k.when(
          (f) => f.mapped,
          [
            k.attempt('iommu_map', 'iommu_map(domain, the page)', (f) => (f.domain as IoDomain).pte.set(f.at, true), [
              fail(ENOMEM),
              k.break(),
            ]),
          ],
        ),
        k.local((f) => {
          f.at++;
        }),
      ]),
    ];
    return [
      k.switch(attachLock, { none: [], 'not-for-replay': [lock], held: [lock] }),
      k.step('domain = first of ictx->domains', (f) => {
        f.domain = f.ictx.domains.first;
      }),
      k.when(
        (f) => f.domain === null,
        [
          k.kmalloc(
            IoDomain,
            (f, domain) => {
              f.domain = domain;
              f.fresh = true;
            },
            { label: 'iommu_domain_alloc()', orElse: [unlockIfHeld, k.return(-ENOMEM)] },
          ),
        ],
      ),
      k.attempt(
        'iommu_attach_group',
        'iommu_attach_group(domain, group)',
        (f) => {
          if (f.group.domain !== null) {
            f.ret = -EBUSY;
            return;
          }
          f.group.domain = f.domain;
          (f.domain as IoDomain).groups++;
        },
        [fail(EINVAL)],
        { indivisible: 'under the mutex of the iommu_group, which is not modelled' },
      ),
      k.when((f) => f.ret !== 0, [k.goto('out_domain')]),
      k.when(
        (f) => f.fresh,
        [
          k.switch(attachLock, { none: replay, 'not-for-replay': [unlock, ...replay, lock], held: replay }),
          k.when((f) => f.ret !== 0, [k.goto('out_detach')]),
          k.step('list_add(&domain->next, &ictx->domains)', (f) => f.ictx.domains.add(f.domain as IoDomain)),
        ],
      ),
      unlockIfHeld,
      k.return(0),
      k.label('out_detach'),
      k.step(
        'iommu_detach_group(domain, group)',
        (f) => {
          f.group.domain = null;
          (f.domain as IoDomain).groups--;
        },
        { indivisible: 'under the mutex of the iommu_group, which is not modelled' },
      ),
      k.label('out_domain'),
      k.when((f) => f.fresh, [k.kfree((f) => f.domain, { label: 'iommu_domain_free(domain), nobody knows it' })]),
      unlockIfHeld,
      k.return((f) => f.ret),
    ];
  },
);

/** ioasid_detach_group(): the domain goes with its last group. */
export const ioasidDetachGroup = procedure(
  'ioasid_detach_group',
  {
    source: specF(IOASID_DEV_C),
    params: { ictx: ptr(Ictx), group: VfioGroup },
    locals: { domain: ref(IoDomain), last: bool() },
  },
  (k) => [
    k.mutexLock((f) => f.ictx.lock),
    k.step(
      'iommu_detach_group(domain, group)',
      (f) => {
        const domain = f.group.domain as IoDomain;
        f.domain = domain;
        f.group.domain = null;
        domain.groups--;
        f.last = domain.groups === 0;
      },
      { indivisible: 'under the mutex of the iommu_group, which is not modelled' },
    ),
    k.when(
      (f) => f.last,
      [
        k.step('list_del(&domain->next)', (f) => f.ictx.domains.remove(f.domain as IoDomain)),
        putDomain(k, 'of the ictx'),
      ],
    ),
    k.mutexUnlock((f) => f.ictx.lock),
  ],
);
