/**
 * vfio_iommu_type1_detach_group(): a group leaves the container, because user space asked for it or closed the last
 * file.
 *
 * As posted, everything happens under `iommu->lock`, also the wait for mm_exit callbacks which take that lock (#1).
 * Repaired, the group is first taken off the lists under the lock, so that nobody else can reach it, and its bonds
 * are removed with the lock released.
 *
 * Source: v2 13/40; spec (d) detach_group.
 * Limits: no external domain, no DMA mappings to unmap.
 */
import { procedure, ref } from '../kernel/index.ts';
import { type Device, IommuDomain } from '../sva/index.ts';
import { disableSva } from './bind.ts';
import { cursor } from './cursor.ts';
import { vfioIommuFreeAllMm } from './free-all-mm.ts';
import { deviceWalk, forEachDev, IommuGroup, iommuDetachGroup } from './iommu-group.ts';
import { VfioDomain, VfioGroup, VfioIommu } from './objects.ts';
import { TYPE1_C, v2_13 } from './sources.ts';
import { vfioIommuSvaUnbindOwn } from './sva.ts';
import { detachLocking, detachOrder, svaUsers } from './switches.ts';

export const detachGroup = procedure(
  'vfio_iommu_type1_detach_group',
  {
    source: v2_13(TYPE1_C),
    params: { iommu: VfioIommu, iommu_group: IommuGroup },
    locals: {
      ...deviceWalk,
      domain: ref(VfioDomain),
      group: ref(VfioGroup),
      iommu_domain: ref(IommuDomain),
    },
  },
  (k) => {
    type Step = ReturnType<typeof k.step>;
    const detach = k.call(iommuDetachGroup, (f) => ({ group: f.iommu_group }));
    /** On a shared device, only what this container bound may go. */
    const unbindOwn = k.switch(svaUsers, {
      each: [],
      skip: [],
      counted: [
        ...forEachDev(k, (f) => f.iommu_group, 'vfio_iommu_sva_unbind_own', [
          k.when(
            (f) => f.parent !== null,
            [k.call(vfioIommuSvaUnbindOwn, (f) => ({ dev: f.dev as Device, iommu: f.iommu }))],
          ),
        ]),
      ],
    });
    const shutdown = k.test('group->sva_enabled', (f) => (f.group as VfioGroup).sva_enabled, [
      unbindOwn,
      ...disableSva(k, (f) => f.group as VfioGroup),
    ]);
    /** Takes every bond off the group's devices and waits for the mm_exit callbacks that run. */
    const removeBonds = k.switch(detachOrder, {
      'detach-first': [detach, shutdown],
      'shutdown-first': [shutdown, detach],
    });
    const unlinkGroup = k.step('list_del(&group->next)', (f) => {
      (f.domain as VfioDomain).group_list.remove(f.group as VfioGroup);
    });
    const freeDomain = k.kfree((f) => f.iommu_domain, { label: 'iommu_domain_free(domain->domain)' });
    const unlinkDomain = k.step('list_del(&domain->next)', (f) => f.iommu.domain_list.remove(f.domain as VfioDomain));
    /** After the last group of a domain; `then` takes the domain apart. */
    const ifLastGroup = (then: readonly Step[]) =>
      k.test('list_empty(&domain->group_list)', (f) => (f.domain as VfioDomain).group_list.first === null, [
        k.test('list_is_singular(&iommu->domain_list)', (f) => f.iommu.domain_list.length === 1, [
          k.call(vfioIommuFreeAllMm, (f) => ({ iommu: f.iommu })),
        ]),
        k.step('iommu_domain = domain->domain', (f) => {
          f.iommu_domain = (f.domain as VfioDomain).domain;
        }),
        ...then,
      ]);
    const asPosted = [
      removeBonds,
      unlinkGroup,
      k.kfree((f) => f.group),
      ifLastGroup([freeDomain, unlinkDomain, k.kfree((f) => f.domain)]),
    ];
    return [
      k.mutexLock((f) => f.iommu.lock),
      k.listForEachEntry((f) => f.iommu.domain_list, cursor('domain'), [
        k.step('find_iommu_group(domain, iommu_group)', (f) => {
          f.group = (f.domain as VfioDomain).group_list.find((group) => group.iommu_group === f.iommu_group);
        }),
        k.when((f) => f.group !== null, [k.break()]),
      ]),
      k.when((f) => f.group === null, [k.mutexUnlock((f) => f.iommu.lock), k.return()]),

      k.switch(detachLocking, {
        locked: [...asPosted, k.mutexUnlock((f) => f.iommu.lock)],
        unlocked: [
          k.mutexUnlock((f) => f.iommu.lock),
          removeBonds,
          k.mutexLock((f) => f.iommu.lock),
          ...asPosted.slice(1),
          k.mutexUnlock((f) => f.iommu.lock),
        ],
        unlinked: [
          unlinkGroup,
          ifLastGroup([unlinkDomain]),
          k.mutexUnlock((f) => f.iommu.lock),
          removeBonds,
          k.kfree((f) => f.group),
          k.when((f) => f.iommu_domain !== null, [freeDomain, k.kfree((f) => f.domain)]),
        ],
      }),
      k.return(),
    ];
  },
);
