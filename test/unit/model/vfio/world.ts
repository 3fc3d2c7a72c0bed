/** One container and what happens to it, one operation after the other. */
import { check } from '../../../../checker/check.ts';
import {
  AsyncPuts,
  type Bounds,
  does,
  errno,
  MmStruct,
  type MmView,
  type Operation,
  object,
  type Pool,
  procedure,
  type Setting,
  type Setup,
} from '../../../../model/kernel/index.ts';
import { type Device, IommuDomain, type IommuSvaParam, makeSva, type SvaParts } from '../../../../model/sva/index.ts';
import {
  attachGroup,
  BindParams,
  bindProcess,
  type Container,
  IommuGroup,
  makeContainer,
  makeGroup,
  makeProcess,
  type Process,
  TaskStruct,
  unbindProcess,
  VfioDomain,
  VfioGroup,
  VfioIommu,
  VfioMm,
} from '../../../../model/vfio/index.ts';
import { source, tiny } from '../../../support/tiny.ts';

/** The result of the last ioctl; 127 until there is one. */
const Log = object('log', { ret: errno() }, { permanent: true });
type Log = { ret: number };

const logged = {
  bind: procedure(
    'bind',
    { source, params: { iommu: VfioIommu, task: TaskStruct, arg: BindParams, log: Log }, locals: { ret: errno() } },
    (k) => [
      k.call(
        bindProcess,
        (f) => ({ iommu: f.iommu, task: f.task, arg: f.arg }),
        (f, ret) => {
          f.ret = ret;
        },
      ),
      k.step('log', (f) => {
        f.log.ret = f.ret;
      }),
    ],
  ),
  unbind: procedure(
    'unbind',
    { source, params: { iommu: VfioIommu, task: TaskStruct, log: Log }, locals: { ret: errno() } },
    (k) => [
      k.call(
        unbindProcess,
        (f) => ({ iommu: f.iommu, task: f.task }),
        (f, ret) => {
          f.ret = ret;
        },
      ),
      k.step('log', (f) => {
        f.log.ret = f.ret;
      }),
    ],
  ),
  attach: procedure(
    'attach',
    { source, params: { iommu: VfioIommu, group: IommuGroup, prot: errno(), log: Log }, locals: { ret: errno() } },
    (k) => [
      k.call(
        attachGroup,
        (f) => ({ iommu: f.iommu, iommu_group: f.group, prot: f.prot }),
        (f, ret) => {
          f.ret = ret;
        },
      ),
      k.step('log', (f) => {
        f.log.ret = f.ret;
      }),
    ],
  ),
};

/** The last user has left and its exit is held up somewhere: nobody can take a reference any more. */
const lastUserLeft = procedure('last user left', { source, params: { mm: MmStruct } }, (k) => [
  k.step('mm_users = 0', (f) => {
    f.mm.mm_users.counter = 0;
  }),
]);

/** A container with one group, a second group that is not attached, and two processes. */
export interface World {
  readonly parts: SvaParts;
  readonly container: Container;
  readonly first: IommuGroup;
  readonly second: IommuGroup;
  readonly processes: readonly [Process, Process];
  readonly arg: BindParams;
  readonly log: Log;
  readonly vfioMms: Pool<VfioMm>;
  readonly vfioGroups: Pool<VfioGroup>;
  readonly vfioDomains: Pool<VfioDomain>;
  readonly iommuDomains: Pool<IommuDomain>;
  readonly mms: Pool<MmView>;
  bind(process: Process): Operation;
  unbind(process: Process): Operation;
  attach(group: IommuGroup, prot: number): Operation;
  leave(process: Process): Operation;
}

export interface WorldOptions {
  readonly devices?: number;
  readonly attached?: boolean;
  readonly defaultDomain?: boolean;
}

export function world(s: Setup<Bounds>, options: WorldOptions = {}): World {
  const parts = makeSva(s, { params: 3, ioMms: 2, bonds: 4 });
  const asyncPuts = s.object(AsyncPuts, 'system_wq');
  const { defaultDomain = true } = options;
  const first = makeGroup(s, parts, 'group0', { devices: options.devices ?? 1, defaultDomain });
  const second = makeGroup(s, parts, 'group1', { attached: false });
  const container = makeContainer(s, parts, 'container0', options.attached === false ? [] : [first], 2);
  const globals = { srcu: parts.srcu, asyncPuts };
  const log = s.object(Log, 'log');
  const arg = s.object(BindParams, 'arg');
  const { iommu } = container;
  return {
    parts,
    container,
    first,
    second,
    processes: [makeProcess(s, 'process0', globals), makeProcess(s, 'process1', globals)],
    arg,
    log,
    vfioMms: s.pool(VfioMm, 2),
    vfioGroups: s.pool(VfioGroup, 1),
    vfioDomains: s.pool(VfioDomain, 1),
    iommuDomains: s.pool(IommuDomain, 1),
    mms: s.pool(MmStruct, 1),
    bind: ({ task }) => does(logged.bind, { iommu, task, arg, log }),
    unbind: ({ task }) => does(logged.unbind, { iommu, task, log }),
    attach: (group, prot) => does(logged.attach, { iommu, group, prot, log }),
    leave: ({ mm }) => does(lastUserLeft, { mm }),
  };
}

/** PASIDs that a device is bound with, or null when it is not initialised for SVA. */
export function pasidsOf(group: IommuGroup): (number[] | null)[] {
  return [...group.devices]
    .filter((dev): dev is Device => dev !== null)
    .map((dev) => (dev.sva_param as IommuSvaParam | null)?.mm_list)
    .map((bonds) => (bonds === undefined ? null : [...bonds].map((bond) => bond.io_mm.pasid).sort()));
}

/** What the container has: groups of each domain with their SVA switch, PASIDs of the processes it lists. */
export function picture(w: World) {
  const { iommu } = w.container;
  return {
    ret: w.log.ret,
    domains: [...iommu.domain_list].map((domain) =>
      [...domain.group_list].map((group) => ({ of: group.iommu_group === w.first ? 0 : 1, sva: group.sva_enabled })),
    ),
    listed: [...iommu.mm_list].map((vfio_mm) => vfio_mm.pasid),
    first: pasidsOf(w.first),
    second: pasidsOf(w.second),
  };
}

/** Runs one task through the operations and returns everything `look` sees when nobody can move any more. */
export async function endsOf<T>(
  operations: (w: World, s: Setup<Bounds>) => readonly Operation[],
  look: (w: World) => T,
  options: WorldOptions & { readonly failures?: Record<string, number>; readonly settings?: readonly Setting[] } = {},
): Promise<T[]> {
  const seen: T[] = [];
  const verdict = await check(
    tiny(
      (s) => {
        const w = world(s, options);
        s.task('task', operations(w, s));
        s.failures(options.failures ?? {});
        s.property({
          kind: 'at-end',
          name: 'look',
          about: 'the end',
          check: () => {
            const sight = look(w);
            if (!seen.some((known) => JSON.stringify(known) === JSON.stringify(sight))) seen.push(sight);
            return null;
          },
        });
      },
      { settings: options.settings ?? [] },
    ),
    { explain: false },
  );
  if (verdict.outcome !== 'holds') throw new Error(verdict.violations[0]?.evidence.message ?? verdict.outcome);
  return seen;
}
