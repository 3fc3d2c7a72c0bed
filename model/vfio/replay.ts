/**
 * vfio_iommu_replay_bind(): a new group is bound to every process that the container is bound to.
 *
 * As posted, the user reference that keeps a process from exiting is given back as soon as it is bound. When a later
 * one fails, those bound before may be exiting by now, and unbinding them under `iommu->lock` waits for an mm_exit
 * that wants the lock (second entrance of #1). Repaired (`kept`), the references are held until the attach is
 * decided; `replayed` marks who has one, and so which binds are this call's own.
 *
 * A process that exits cannot be bound any more. As posted it stays on the list, although the new group may soon be
 * the only one; repaired (`forget`), it is taken off at once, and its mm_exit, if one is due, finds nothing to do.
 *
 * Source: v2 13/40; spec (d) replay_bind. Called with `iommu->lock` held.
 */
import { errno, MmStruct, type MmView, procedure, ref } from '../kernel/index.ts';
import { vfioIommuBindGroup, vfioIommuUnbindGroup } from './bind.ts';
import { cursor } from './cursor.ts';
import { VfioGroup, VfioIommu, VfioMm } from './objects.ts';
import { TYPE1_C, v2_13 } from './sources.ts';
import { replayExiting, replayPut, vfioMmCount } from './switches.ts';

const source = v2_13(TYPE1_C);

export const vfioIommuReplayBind = procedure(
  'vfio_iommu_replay_bind',
  {
    source,
    params: { iommu: VfioIommu, group: VfioGroup },
    locals: { vfio_mm: ref(VfioMm), next: ref(VfioMm), mm: ref(MmStruct), ret: errno() },
  },
  (k) => {
    const unbindGroup = k.call(vfioIommuUnbindGroup, (f) => ({ group: f.group, vfio_mm: f.vfio_mm as VfioMm }));
    /** One process, with a user reference held. */
    const bind = [
      k.call(
        vfioIommuBindGroup,
        (f) => ({ iommu: f.iommu, group: f.group, vfio_mm: f.vfio_mm as VfioMm }),
        (f, ret) => {
          f.ret = ret;
        },
      ),
      k.switch(replayPut, {
        async: [k.mmputAsync((f) => (f.vfio_mm as VfioMm).mm as MmView)],
        plain: [
          k.step('mm = vfio_mm->mm', (f) => {
            f.mm = (f.vfio_mm as VfioMm).mm;
          }),
          k.mmput((f) => f.mm as MmView),
        ],
        kept: [
          k.when(
            (f) => f.ret === 0,
            [
              k.step('vfio_mm->replayed = true', (f) => {
                (f.vfio_mm as VfioMm).replayed = true;
              }),
            ],
            [k.mmputAsync((f) => (f.vfio_mm as VfioMm).mm as MmView)],
          ),
        ],
      }),
      k.when((f) => f.ret !== 0, [k.goto('out_unbind')]),
    ];
    const forget = [
      k.step('list_del(&vfio_mm->next)', (f) => f.iommu.mm_list.remove(f.vfio_mm as VfioMm)),
      k.switch(vfioMmCount, { none: [], held: [k.mmdrop((f) => (f.vfio_mm as VfioMm).mm as MmView)] }),
      k.kfree((f) => f.vfio_mm),
      k.continue(),
    ];
    return [
      k.switch(replayExiting, {
        skip: [
          k.listForEachEntry((f) => f.iommu.mm_list, cursor('vfio_mm'), [
            k.mmgetNotZero((f) => (f.vfio_mm as VfioMm).mm as MmView, [], [k.continue()]),
            ...bind,
          ]),
        ],
        forget: [
          k.listForEachEntrySafe((f) => f.iommu.mm_list, cursor('vfio_mm'), cursor('next'), [
            k.mmgetNotZero((f) => (f.vfio_mm as VfioMm).mm as MmView, [], forget),
            ...bind,
          ]),
        ],
      }),
      k.return(0),

      k.label('out_unbind'),
      k.loop([
        k.step('list_for_each_entry_continue_reverse(vfio_mm, &iommu->mm_list)', (f) => {
          f.vfio_mm = f.iommu.mm_list.prev(f.vfio_mm as VfioMm);
        }),
        k.when((f) => f.vfio_mm === null, [k.break()]),
        k.switch(replayPut, {
          async: [unbindGroup],
          plain: [unbindGroup],
          kept: [k.test('vfio_mm->replayed', (f) => (f.vfio_mm as VfioMm).replayed, [unbindGroup])],
        }),
      ]),
      k.switch(replayPut, {
        async: [],
        plain: [],
        kept: [k.call(putReplayed, (f) => ({ iommu: f.iommu }))],
      }),
      k.return((f) => f.ret),
    ];
  },
);

/** Repairs only: gives back the user references of an attach that is decided. */
export const putReplayed = procedure(
  'vfio_iommu_put_replayed',
  { source, params: { iommu: VfioIommu }, locals: { vfio_mm: ref(VfioMm) } },
  (k) => [
    k.listForEachEntry((f) => f.iommu.mm_list, cursor('vfio_mm'), [
      k.test('vfio_mm->replayed', (f) => (f.vfio_mm as VfioMm).replayed, [], [k.continue()]),
      k.step('vfio_mm->replayed = false', (f) => {
        (f.vfio_mm as VfioMm).replayed = false;
      }),
      k.mmputAsync((f) => (f.vfio_mm as VfioMm).mm as MmView),
    ]),
  ],
);
