/**
 * Corpus #23 B: one of two containers on a parent device is closed and shuts the parent down; the other one later
 * hands out a stale PASID.
 */
import { does, scenario, set } from '../checker/lang/index.ts';
import { MmStructReused } from '../model/kernel/index.ts';
import { makeSva } from '../model/sva/index.ts';
import {
  BindParams,
  bindProcess,
  bindProcessAtStart,
  detachGroup,
  detachLocking,
  exitMm,
  forkAtOldAddress,
  makeContainer,
  makeMdevGroup,
  makeParent,
  makeProcess,
  mmsAreGivenBack,
  pasidBelongsToMm,
  putContainer,
  seed0,
  svaUsers,
  TaskStruct,
  TYPE1_C,
  VfioMm,
  vfioMmCount,
} from '../model/vfio/index.ts';
import { exits } from './vfio-parts.ts';

// `mm-count-in-order` is one half of the repair at the bounds of the hole that it closes.
export default scenario('vfio-mdev-shutdown', {
  title: 'closing one container on a shared device leaves a stale PASID in the other',
  about:
    'Two containers hold a mediated device each of one parent, and a process is bound to each. The second container is ' +
    'closed: its group has SVA enabled, so the parent is shut down, with the bond of the first container. When its ' +
    'process exits, nobody calls mm_exit of the first container; its vfio_mm stays. A new process whose mm_struct ' +
    'happens to lie at the same address is then taken for the old one and gets its PASID.',
  systems: ['vfio', 'sva'],
  source: seed0(TYPE1_C),
  corpus: '#23',
  bounds: { forks: 1, first_bound: 1, sibling_exits: 0, exit_after_close: 0 },
  assumptions: [
    'SVA calls for a mediated device act on its parent, as in the set-up of the mail thread',
    'a second initialisation of the parent succeeds, as there',
    'the group is unlinked, and iommu->lock released, before its bonds are removed (see #1)',
  ],
  variants: {
    posted: {
      about: 'whichever group has SVA enabled shuts the parent down',
      settings: [set(svaUsers, 'skip'), set(detachLocking, 'unlinked')],
      expect: { verdict: 'violated', kind: 'isolation', length: 81, states: 28_277 },
    },
    'posted-in-order': {
      about: 'the same; the process exits after the second container is closed, which reads more easily',
      settings: [set(svaUsers, 'skip'), set(detachLocking, 'unlinked')],
      bounds: { exit_after_close: 1 },
      expect: { verdict: 'violated', kind: 'isolation', length: 102, states: 1_864 },
    },
    'mm-count': {
      about: 'half a repair: vfio_mm holds mm_count, but a bind still races with the foreign shutdown',
      settings: [set(svaUsers, 'skip'), set(detachLocking, 'unlinked'), set(vfioMmCount, 'held')],
      bounds: { forks: 0, first_bound: 0 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 67, states: 5_176 },
    },
    'mm-count-in-order': {
      about: 'vfio_mm holds mm_count: no other mm_struct can have its address, and no stale PASID is handed out',
      settings: [set(svaUsers, 'skip'), set(detachLocking, 'unlinked'), set(vfioMmCount, 'held')],
      bounds: { exit_after_close: 1 },
      expect: { verdict: 'holds', states: 1_854, depth: 95 },
    },
    fixed: {
      about: 'users of the parent are counted: a container removes its own bonds, and the last one shuts down',
      settings: [set(svaUsers, 'counted'), set(detachLocking, 'unlinked')],
      expect: { verdict: 'holds', states: 49_296, depth: 163 },
    },
    'fixed-busy': {
      about:
        'the same repair; the first container binds its first process while the second is closed and its process exits',
      settings: [set(svaUsers, 'counted'), set(detachLocking, 'unlinked')],
      bounds: { forks: 0, first_bound: 0, sibling_exits: 1 },
      expect: { verdict: 'holds', states: 466_281, depth: 165 },
    },
  },
  setup: (s) => {
    const { forks, first_bound, sibling_exits, exit_after_close } = s.bounds;
    const parts = makeSva(s, { bonds: 1, ioMms: 1 });
    const { srcu } = parts;
    const parent = makeParent(s, parts, 'parent');
    const group = makeMdevGroup(s, 'mdev1', parent);
    const first = makeContainer(s, parts, 'container0', [makeMdevGroup(s, 'mdev0', parent)]);
    const second = makeContainer(s, parts, 'container1', [group]);
    const process = makeProcess(s, 'process0', { srcu }, MmStructReused);
    const sibling = makeProcess(s, 'process1', { srcu }, MmStructReused);
    if (first_bound === 1) bindProcessAtStart(s, parts, first, process);
    bindProcessAtStart(s, parts, second, sibling);
    const inOrder = exit_after_close === 1;
    if (!inOrder && first_bound === 1) exits(s, process);
    if (sibling_exits > 0) exits(s, sibling);
    s.task('owner1', [
      does(detachGroup, { iommu: second.iommu, iommu_group: group }),
      does(putContainer, { container: second.file }),
      ...(inOrder ? [does(exitMm, { task: process.task })] : []),
    ]);
    const { iommu } = first;
    const args: BindParams[] = [];
    if (first_bound === 0) {
      args.push(s.object(BindParams, 'arg0'));
      s.task('binder0', [does(bindProcess, { iommu, task: process.task, arg: args[0] as BindParams })]);
    }
    const mms = s.pool(MmStructReused, 1);
    const tasks = [process.task, sibling.task];
    if (forks === 1) {
      const task = s.object(TaskStruct, 'task2');
      const arg = s.object(BindParams, 'arg2');
      args.push(arg);
      // A process that is forked before takes the fresh memory, so that the next one gets that of a dead process.
      const before = s.object(TaskStruct, 'task_before');
      tasks.push(task, before);
      s.task('process2', [
        does(forkAtOldAddress, { task: before, mms, most: 3, srcu }),
        does(forkAtOldAddress, { task, mms, most: 3, srcu }),
        does(bindProcess, { iommu, task, arg }),
      ]);
    }
    s.property(
      pasidBelongsToMm(args, parent.dev === null ? [] : [parent.dev]),
      mmsAreGivenBack(tasks, mms, s.pool(VfioMm, 1)),
    );
  },
});
