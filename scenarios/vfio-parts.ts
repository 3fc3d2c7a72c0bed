/** What the VFIO scenarios have in common: a second group that joins a container, and processes that exit. */
import { type Bounds, does, nameOf, type Setup, sometimes } from '../checker/lang/index.ts';
import { AsyncPuts, asyncPutWorker, MmStruct } from '../model/kernel/index.ts';
import { IommuDomain, makeSva } from '../model/sva/index.ts';
import {
  attachGroup,
  bindProcessAtStart,
  boundProcessIsListed,
  exitMm,
  type IommuGroup,
  listedProcessIsBound,
  makeContainer,
  makeGroup,
  makeProcess,
  mmsAreGivenBack,
  type Process,
  VfioDomain,
} from '../model/vfio/index.ts';

/** The process drops its address space; the task is named like the process. */
export function exits(s: Setup<Bounds>, process: Process): void {
  s.task(nameOf(process.task).replace('task', 'process'), [does(exitMm, { task: process.task })]);
}

/**
 * Processes are bound to a container with one group; the first few exit while a second group joins, which either gets
 * a domain of its own or moves to the one that exists. Returns the groups.
 */
export function secondGroupJoins(
  s: Setup<Bounds>,
  bounds: { readonly processes: number; readonly exits: number; readonly compatible: number },
): readonly IommuGroup[] {
  const parts = makeSva(s, { bonds: bounds.processes });
  const puts = s.object(AsyncPuts, 'system_wq');
  const first = makeGroup(s, parts, 'group0');
  const second = makeGroup(s, parts, 'group1', { attached: false });
  const container = makeContainer(s, parts, 'container0', [first]);
  const globals = { srcu: parts.srcu, asyncPuts: puts };
  const processes = Array.from({ length: bounds.processes }, (_, i) => makeProcess(s, `process${i}`, globals));
  // The process that is bound last is the first that a replay meets.
  for (const process of [...processes].reverse()) bindProcessAtStart(s, parts, container, process);
  s.pool(VfioDomain, 1);
  s.pool(IommuDomain, 1);
  for (const process of processes.slice(0, bounds.exits)) exits(s, process);
  const prot = bounds.compatible === 1 ? 0 : 1;
  s.task('owner', [does(attachGroup, { iommu: container.iommu, iommu_group: second, prot })]);
  s.actor('mmput-worker', asyncPutWorker, { puts }, { role: 'worker' });
  const mms = s.pool(MmStruct, 1);
  s.property(
    listedProcessIsBound([container], mms),
    boundProcessIsListed([container]),
    mmsAreGivenBack(
      processes.map(({ task }) => task),
      mms,
    ),
    sometimes('attach-holds-last-user', 'a process has exited, and the attach holds the last user of its mm', () =>
      [...mms].some((mm) => mm.mm_users.counter > 0 && !processes.some((process) => process.task.mm === mm)),
    ),
  );
  return [first, second];
}
