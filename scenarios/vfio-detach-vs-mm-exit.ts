/** Corpus #1, first entrance: detaching a group waits, under `iommu->lock`, for an mm_exit that wants this lock. */

import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import { MmStruct } from '../model/kernel/index.ts';
import { makeSva } from '../model/sva/index.ts';
import {
  BindParams,
  bindProcess,
  bindProcessAtStart,
  detachGroup,
  detachLocking,
  exitMm,
  makeContainer,
  makeGroup,
  makeProcess,
  mmsAreGivenBack,
  putContainer,
  svaStateIsKnown,
  TYPE1_C,
  VfioGroup,
  VfioMm,
  v2_13,
} from '../model/vfio/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';

export default scenario('vfio-detach-vs-mm-exit', {
  title: 'a group is detached while a bound process exits',
  about:
    'A process is bound to a container. Its address space goes away: the SVA core marks the bond and calls the ' +
    "container's mm_exit, which takes iommu->lock. Meanwhile the owner of the container detaches the group: with " +
    'iommu->lock held it removes the bonds of the device, and waits for the mm_exit that runs.',
  systems: ['vfio', 'sva'],
  source: v2_13(TYPE1_C),
  corpus: '#1',
  bounds: { binders: 1 },
  variants: {
    posted: {
      about: 'the patch as posted: the wait happens with iommu->lock held',
      bounds: { binders: 0 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 24, states: 339 },
    },
    'not-unlinked': {
      about: 'half a repair: iommu->lock is released around the wait, but others still find the group',
      settings: [set(detachLocking, 'unlocked')],
      expect: { verdict: 'violated', kind: 'deadlock', length: 33, states: 5_957 },
    },
    fixed: {
      about: 'the group is unlinked under iommu->lock, which is released before the bonds are removed',
      settings: [set(detachLocking, 'unlinked')],
      expect: { verdict: 'holds', states: 100_044, depth: 168 },
    },
  },
  setup: (s) => {
    const { binders } = s.bounds;
    const parts = makeSva(s, { ioMms: Math.max(1, binders), bonds: Math.max(1, binders) });
    const group = makeGroup(s, parts, 'group0');
    const container = makeContainer(s, parts, 'container0', [group], 1 + binders);
    const { file, iommu } = container;
    const bound = makeProcess(s, 'process0', parts);
    bindProcessAtStart(s, parts, container, bound);
    s.task('process0', [does(exitMm, { task: bound.task })]);
    const owner = s.task('owner', [
      does(detachGroup, { iommu, iommu_group: group }),
      does(putContainer, { container: file }),
    ]);
    const tasks = [bound.task];
    for (let i = 1; i <= binders; i++) {
      const { task } = makeProcess(s, `process${i}`, parts);
      tasks.push(task);
      const arg = s.object(BindParams, `arg${i}`);
      s.task(`binder${i}`, [does(bindProcess, { iommu, task, arg }), does(putContainer, { container: file })]);
    }
    s.property(
      sometimes('detach-meets-mm-exit', 'the group is detached while mm_exit runs, and waits for it', () =>
        [...parts.bonds].some((bond) => bond.mm_exit_active && bond.refs.counter > 1),
      ),
      returns('detach', owner),
      svaStateIsKnown([group], s.pool(VfioGroup, 1)),
      mmsAreGivenBack(tasks, s.pool(MmStruct, 1)),
      allFreed([parts.params, parts.ioMms, parts.bonds, s.pool(VfioMm, Math.max(1, binders))]),
    );
  },
});
