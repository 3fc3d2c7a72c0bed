/**
 * Binding a process to a group of the container, and taking it off one group or all of them.
 *
 * Source: v2 13/40; spec (d) bind_group. Called with `iommu->lock` held.
 */
import { bool, errno, int, type KernelKit, procedure, type Reads, ref, type Statement } from '../kernel/index.ts';
import type { Device } from '../sva/index.ts';
import { cursor } from './cursor.ts';
import { type DeviceWalk, deviceWalk, forEachDev } from './iommu-group.ts';
import { VfioDomain, VfioGroup, VfioIommu, VfioMm } from './objects.ts';
import { TYPE1_C, v2_13 } from './sources.ts';
import { vfioIommuSvaBindDev, vfioIommuSvaInit, vfioIommuSvaShutdown, vfioIommuSvaUnbindDev } from './sva.ts';
import { initUnwind, unwindScope } from './switches.ts';

const source = v2_13(TYPE1_C);

/** What a failed bind_group and detach_group end with: shutdown of each device, then `sva_enabled = false`. */
export function disableSva<F extends DeviceWalk>(k: KernelKit<F>, group: Reads<F, VfioGroup>): readonly Statement<F>[] {
  return [
    ...forEachDev(k, (f, self) => group(f, self).iommu_group, 'vfio_iommu_sva_shutdown', [
      k.call(vfioIommuSvaShutdown, (f) => ({ dev: f.dev as Device, parent: f.parent })),
    ]),
    k.step('group->sva_enabled = false', (f, self) => {
      group(f, self).sva_enabled = false;
    }),
  ];
}

export const vfioIommuBindGroup = procedure(
  'vfio_iommu_bind_group',
  {
    source,
    params: { iommu: VfioIommu, group: VfioGroup, vfio_mm: VfioMm },
    locals: { ...deviceWalk, ret: errno(), enabled_sva: bool(), count: int(0, 2), failed: int(0, 2) },
  },
  (k) => {
    const unbindDev = k.call(
      vfioIommuSvaUnbindDev,
      (f) => ({ dev: f.dev as Device, vfio_mm: f.vfio_mm }),
      (f, rc) => {
        f.rc = rc;
      },
    );
    return [
      k.test('!group->sva_enabled', (f) => !f.group.sva_enabled, [
        ...forEachDev(k, (f) => f.group.iommu_group, 'vfio_iommu_sva_init', [
          k.call(
            vfioIommuSvaInit,
            (f) => ({ dev: f.dev as Device, parent: f.parent }),
            (f, rc) => {
              f.rc = rc;
            },
          ),
        ]),
        k.when(
          (f) => f.rc !== 0,
          [
            k.local((f) => {
              f.ret = f.rc;
              f.failed = f.next_dev;
            }),
            k.switch(initUnwind, {
              leave: [],
              undo: [
                ...forEachDev(k, (f) => f.group.iommu_group, 'vfio_iommu_sva_shutdown of those before', [
                  k.when((f) => f.next_dev === f.failed, [k.break()]),
                  k.call(vfioIommuSvaShutdown, (f) => ({ dev: f.dev as Device, parent: f.parent })),
                ]),
              ],
            }),
            k.return((f) => f.ret),
          ],
        ),
        k.step('group->sva_enabled = enabled_sva = true', (f) => {
          f.group.sva_enabled = true;
          f.enabled_sva = true;
        }),
      ]),

      ...forEachDev(k, (f) => f.group.iommu_group, 'vfio_iommu_sva_bind_dev', [
        k.local((f) => {
          f.count++;
        }),
        k.call(
          vfioIommuSvaBindDev,
          (f) => ({ dev: f.dev as Device, iommu: f.iommu, vfio_mm: f.vfio_mm, first: f.count === 1 }),
          (f, rc) => {
            f.rc = rc;
          },
        ),
      ]),
      k.local((f) => {
        f.ret = f.rc;
      }),
      k.when(
        (f) => f.ret !== 0 && f.count > 1,
        [
          k.switch(unwindScope, {
            all: [...forEachDev(k, (f) => f.group.iommu_group, 'vfio_iommu_sva_unbind_dev', [unbindDev])],
            own: [
              ...forEachDev(k, (f) => f.group.iommu_group, 'vfio_iommu_sva_unbind_dev of those bound', [
                k.when((f) => f.next_dev === f.count, [k.break()]),
                unbindDev,
              ]),
            ],
          }),
        ],
      ),
      k.when((f) => f.ret !== 0 && f.enabled_sva, [...disableSva(k, (f) => f.group)]),
      k.return((f) => f.ret),
    ];
  },
);

export const vfioIommuUnbindGroup = procedure(
  'vfio_iommu_unbind_group',
  { source, params: { group: VfioGroup, vfio_mm: VfioMm }, locals: deviceWalk },
  (k) => [
    ...forEachDev(k, (f) => f.group.iommu_group, 'vfio_iommu_sva_unbind_dev', [
      k.call(
        vfioIommuSvaUnbindDev,
        (f) => ({ dev: f.dev as Device, vfio_mm: f.vfio_mm }),
        (f, rc) => {
          f.rc = rc;
        },
      ),
    ]),
  ],
);

/** vfio_iommu_unbind(). `until`, in repairs only, is the group at which the bind failed: it and what follows stay. */
export const vfioIommuUnbind = procedure(
  'vfio_iommu_unbind',
  {
    source,
    params: { iommu: VfioIommu, vfio_mm: VfioMm, until: ref(VfioGroup) },
    locals: { domain: ref(VfioDomain), group: ref(VfioGroup) },
  },
  (k) => [
    k.listForEachEntry((f) => f.iommu.domain_list, cursor('domain'), [
      k.listForEachEntry((f) => (f.domain as VfioDomain).group_list, cursor('group'), [
        k.when((f) => f.group === f.until, [k.return()]),
        k.call(vfioIommuUnbindGroup, (f) => ({ group: f.group as VfioGroup, vfio_mm: f.vfio_mm })),
      ]),
    ]),
  ],
);
