/**
 * vfio_iommu_replay_bind() passes over a process that exits. Once the group that it was bound on is detached, nothing
 * tells the container that the process is gone. Found by the explorer.
 */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import { AsyncPuts, asyncPutWorker, MmStruct, MmStructReused } from '../model/kernel/index.ts';
import { IommuDomain, makeSva } from '../model/sva/index.ts';
import {
  attachGroup,
  BindParams,
  bindProcess,
  bindProcessAtStart,
  boundProcessIsListed,
  detachGroup,
  detachLocking,
  exitedProcessIsForgotten,
  forkAtOldAddress,
  makeContainer,
  makeGroup,
  makeProcess,
  mmsAreGivenBack,
  pasidBelongsToMm,
  replayExiting,
  TaskStruct,
  TYPE1_C,
  VfioDomain,
  VfioGroup,
  VfioMm,
  v2_13,
  vfioMmCount,
} from '../model/vfio/index.ts';
import { exits } from './vfio-parts.ts';

const unlinked = set(detachLocking, 'unlinked');

export default scenario('vfio-dying-mm-stays-listed', {
  title: 'a process that exits while groups change stays on the list of the container',
  about:
    'A process is bound to a container with one group, and has begun to exit. A second group joins: the process cannot ' +
    'be bound to it any more and is passed over. The first group leaves, and with it the only bond, before the release ' +
    'notifier has run; so nobody calls mm_exit, and vfio_mm keeps a pointer to an mm_struct that is freed. The next ' +
    'group that joins asks that mm_struct for a reference; a new process whose mm_struct lies at its address is taken ' +
    'for the old one and gets its PASID.',
  systems: ['vfio', 'sva'],
  source: v2_13(TYPE1_C),
  corpus: 'new',
  bounds: { processes: 1, exits: 1, rejoins: 1, forks: 0 },
  assumptions: ['the group is unlinked, and iommu->lock released, before its bonds are removed (see #1)'],
  variants: {
    posted: {
      about: 'the patch as posted, but for the detach: the group that left joins again',
      settings: [unlinked],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 115, states: 13_863 },
    },
    'posted-reused': {
      about: 'the same; a new process at the old address is bound instead',
      settings: [unlinked],
      bounds: { rejoins: 0, forks: 1 },
      expect: { verdict: 'violated', kind: 'isolation', length: 105, states: 9_996 },
    },
    'mm-count': {
      about:
        'half a repair: vfio_mm holds mm_count, so its pointer is good, but both stay until the last group has left',
      settings: [unlinked, set(vfioMmCount, 'held')],
      expect: { verdict: 'violated', kind: 'leak', length: 118, states: 14_426 },
    },
    fixed: {
      about: 'an attach takes a process that exits off the list',
      settings: [unlinked, set(replayExiting, 'forget')],
      bounds: { processes: 2 },
      expect: { verdict: 'holds', states: 37_102, depth: 293 },
    },
    'fixed-reused': {
      about: 'the same repair; a new process at the old address is bound',
      settings: [unlinked, set(replayExiting, 'forget')],
      bounds: { rejoins: 0, forks: 1 },
      expect: { verdict: 'holds', states: 15_746, depth: 210 },
    },
  },
  setup: (s) => {
    const { rejoins, forks } = s.bounds;
    const Mm = forks > 0 ? MmStructReused : MmStruct;
    const parts = makeSva(s, { bonds: 2 * s.bounds.processes, ioMms: s.bounds.processes, params: 2 });
    const asyncPuts = s.object(AsyncPuts, 'system_wq');
    const first = makeGroup(s, parts, 'group0');
    const second = makeGroup(s, parts, 'group1', { attached: false });
    const container = makeContainer(s, parts, 'container0', [first]);
    const { iommu } = container;
    const globals = { srcu: parts.srcu, asyncPuts };
    const processes = Array.from({ length: s.bounds.processes }, (_, i) => makeProcess(s, `process${i}`, globals, Mm));
    // The process that is bound last is the first that a replay meets.
    for (const process of [...processes].reverse()) bindProcessAtStart(s, parts, container, process);
    for (const process of processes.slice(0, s.bounds.exits)) exits(s, process);
    const mms = s.pool(Mm, 1);
    const args = forks > 0 ? [s.object(BindParams, 'arg')] : [];
    const forkedTasks: TaskStruct[] = [];
    const forked = args.flatMap((arg) => {
      const most = s.bounds.processes + 1;
      const task = s.object(TaskStruct, 'new_task');
      // A process that is forked before takes the fresh memory, so that the next one gets that of a dead process.
      const before = s.object(TaskStruct, 'task_before');
      forkedTasks.push(task, before);
      return [
        does(forkAtOldAddress, { task: before, mms, most, srcu: parts.srcu }),
        does(forkAtOldAddress, { task, mms, most, srcu: parts.srcu }),
        does(bindProcess, { iommu, task, arg }),
      ];
    });
    s.task('owner', [
      does(attachGroup, { iommu, iommu_group: second, prot: 1 }),
      does(detachGroup, { iommu, iommu_group: first }),
      ...(rejoins > 0 ? [does(attachGroup, { iommu, iommu_group: first, prot: 0 })] : []),
      ...forked,
    ]);
    s.actor('mmput-worker', asyncPutWorker, { puts: asyncPuts }, { role: 'worker' });
    const vfioMms = s.pool(VfioMm, 1);
    s.pool(VfioGroup, 1 + rejoins);
    s.pool(VfioDomain, 1 + rejoins);
    s.pool(IommuDomain, 1 + rejoins);
    s.property(
      boundProcessIsListed([container]),
      exitedProcessIsForgotten(vfioMms, mms),
      mmsAreGivenBack([...processes.map(({ task }) => task), ...forkedTasks], mms, vfioMms),
      pasidBelongsToMm(
        args,
        [second.devices.at(0)].filter((dev) => dev !== null),
      ),
      sometimes(
        'passed-over',
        'a process that exits is bound on the group that leaves, not on the one that joined',
        () => {
          const bonds = [...parts.bonds];
          // A bond that is about to be freed has given up its io_mm.
          const ioMms = [...parts.ioMms];
          const joined = [...iommu.domain_list].some((d) => [...d.group_list].some((g) => g.iommu_group === second));
          return (
            joined &&
            bonds.some(
              ({ io_mm }) =>
                ioMms.includes(io_mm) &&
                io_mm.mm.mm_users.counter === 0 &&
                !io_mm.mn_released &&
                !bonds.some((bond) => bond.io_mm === io_mm && bond.dev === second.devices.at(0)),
            )
          );
        },
      ),
    );
  },
});
