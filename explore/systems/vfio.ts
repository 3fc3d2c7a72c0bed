/** VFIO type1 SVA for the explorer: the ioctls of a container, groups that join and leave it, processes that exit. */
import { type Bounds, does, type Operation, type Setup, set } from '../../checker/lang/index.ts';
import { AsyncPuts, asyncPutWorker, MmStruct } from '../../model/kernel/index.ts';
import { bindMutex, bondRefs, IommuDomain, makeSva, unbindAllWalk } from '../../model/sva/index.ts';
import {
  attachGroup,
  attachUnwind,
  BindParams,
  bindProcess,
  bindProcessAtStart,
  boundProcessIsListed,
  detachGroup,
  detachLocking,
  exitMm,
  initUnwind,
  listedProcessIsBound,
  makeContainer,
  makeGroup,
  makeProcess,
  putContainer,
  replayExiting,
  replayPut,
  svaStateIsKnown,
  TYPE1_C,
  unbindProcess,
  unwindScope,
  VfioDomain,
  VfioGroup,
  VfioMm,
  v2_13,
} from '../../model/vfio/index.ts';
import { type Call, callsIn, namedObjects, type Program } from '../program.ts';
import type { ExplorableSystem } from '../system.ts';
import { neverAfter, once, pairs } from './contracts.ts';

const groupCalls = ['attach', 'detach'];

export const vfio: ExplorableSystem = {
  name: 'vfio',
  about: 'Threads bind processes to a container and unbind them, groups join and leave it, and processes exit.',
  systems: ['vfio', 'sva'],
  source: v2_13(TYPE1_C),
  objects: { group: 2, process: 2 },
  operations: {
    bind: { about: 'VFIO_IOMMU_BIND', on: ['process'], atStart: true, fails: ['kmalloc', 'copy_to_user'] },
    unbind: { about: 'VFIO_IOMMU_UNBIND', on: ['process'] },
    attach: {
      about: 'a group joins the container',
      on: ['group'],
      atStart: true,
      fails: ['kmalloc', 'iommu_domain_alloc', 'iommu_attach_group', 'iommu_get_msi_cookie'],
    },
    detach: { about: 'a group leaves the container', on: ['group'] },
    mm_exit: { about: 'the last thread of a process exits', on: ['process'] },
  },
  limits: [
    {
      about: 'what has been bound before was bound after groups were attached, once',
      kept: ({ start }) =>
        start.every(
          ({ op, on }, i) =>
            !start.slice(0, i).some((c) => c.op === op && c.on.join() === on.join()) &&
            (op === 'bind'
              ? start.slice(0, i).some((c) => c.op === 'attach')
              : !start.slice(0, i).some((c) => c.op === 'bind')),
        ),
    },
  ],
  contracts: {
    'group-lock': {
      about: 'vfio attaches and detaches groups of a container one at a time',
      kept: (program) => {
        for (const [a, b] of pairs(program)) if (groupCalls.includes(a.op) && groupCalls.includes(b.op)) return false;
        return true;
      },
    },
    'group-user': {
      about: 'a group joins a container once, and leaves what it has joined',
      kept: (program) => {
        if (!once(program, 'attach') || !once(program, 'detach')) return false;
        return callsIn(program).every(
          ({ op, on }, i, all) =>
            op !== 'detach' || all.slice(0, i).some((c) => c.op === 'attach' && c.on[0] === on[0]),
        );
      },
    },
    'exits-once': { about: 'a process exits once', kept: (program) => once(program, 'mm_exit') },
    'exits-last': {
      about: 'a thread that has exited calls nothing for its process',
      kept: (program) =>
        neverAfter(
          program,
          ({ op }) => op === 'mm_exit',
          (exit, later) => later.on[0] === exit.on[0],
        ),
    },
  },
  presets: {
    posted: { about: 'the series as posted', settings: [] },
    fixed: {
      about:
        'groups are unlinked before the wait, an attach forgets who exits and undoes what it did when it fails, as ' +
        'does a bind, and the SVA core is repaired',
      repaired: true,
      settings: [
        set(detachLocking, 'unlinked'),
        set(replayPut, 'kept'),
        set(replayExiting, 'forget'),
        set(attachUnwind, 'shutdown'),
        set(initUnwind, 'undo'),
        set(unwindScope, 'own'),
        set(unbindAllWalk, 'restart from the head'),
        set(bondRefs, 'every waiter'),
        set(bindMutex, 'held'),
      ],
    },
  },
  setup,
};

const usesFile = ({ op }: Call) => op !== 'mm_exit';

function setup(s: Setup<Bounds>, program: Program): void {
  const called = program.actors.flat();
  const count = (op: string) => called.filter((call) => call.op === op).length;
  const attaches = count('attach');
  const processNames = namedObjects(program, 'process');
  const groupNames = namedObjects(program, 'group');
  // An io_mm is freed only after a grace period, so that each bind may need another one.
  const parts = makeSva(s, {
    params: groupNames.length + 1,
    ioMms: Math.max(1, count('bind') + attaches * processNames.length),
    bonds: Math.max(1, groupNames.length * processNames.length),
  });
  const puts = attaches > 0 ? s.object(AsyncPuts, 'system_wq') : null;
  const globals = { srcu: parts.srcu, ...(puts === null ? {} : { asyncPuts: puts }) };
  const attached = program.start.filter(({ op }) => op === 'attach').map(({ on }) => on[0] as string);
  const groups = new Map(
    groupNames.map((name) => [name, makeGroup(s, parts, name, { attached: attached.includes(name) })]),
  );
  // Each thread holds the file while it is in an ioctl, and each group that is in the container, or tries to get in.
  const threads = program.actors.filter((calls) => calls.some(usesFile)).length;
  const stays = [...groups.keys()].length;
  const container = makeContainer(
    s,
    parts,
    'container0',
    attached.flatMap((name) => groups.get(name) ?? []),
    threads + stays,
  );
  const { file, iommu } = container;
  const processes = new Map(processNames.map((name) => [name, makeProcess(s, name, globals)]));
  for (const { op, on } of program.start) {
    const process = processes.get(on[0] as string);
    if (op === 'bind' && process !== undefined) bindProcessAtStart(s, parts, container, process);
  }
  const close = does(putContainer, { container: file });
  const operation = (call: Call, i: number, actor: number): Operation[] => {
    const name = call.on[0] as string;
    const iommu_group = groups.get(name);
    const task = processes.get(name)?.task;
    if (iommu_group !== undefined)
      return call.op === 'attach'
        ? [does(attachGroup, { iommu, iommu_group, prot: 1 })]
        : [does(detachGroup, { iommu, iommu_group }), close];
    if (task === undefined) return [];
    if (call.op === 'mm_exit') return [does(exitMm, { task })];
    if (call.op === 'unbind') return [does(unbindProcess, { iommu, task })];
    return [does(bindProcess, { iommu, task, arg: s.object(BindParams, `arg${actor}${i}`) })];
  };
  for (const [actor, calls] of program.actors.entries())
    s.task(`thread${actor}`, [
      ...calls.flatMap((call, i) => operation(call, i, actor)),
      ...(calls.some(usesFile) ? [close] : []),
    ]);
  if (puts !== null) s.actor('mmput-worker', asyncPutWorker, { puts }, { role: 'worker' });
  s.pool(VfioMm, Math.max(1, count('bind')));
  s.pool(VfioDomain, Math.max(1, attaches));
  s.pool(IommuDomain, Math.max(1, attaches));
  const vfioGroups = s.pool(VfioGroup, Math.max(1, attaches));
  const mms = s.pool(MmStruct, 1);
  s.property(
    listedProcessIsBound([container], mms),
    boundProcessIsListed([container]),
    svaStateIsKnown([...groups.values()], vfioGroups),
  );
}
