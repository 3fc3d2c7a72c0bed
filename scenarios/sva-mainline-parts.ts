/**
 * What the scenarios of mainline SVA have in common: one function behind one IOMMU with its fault queue, irq thread and
 * workers, and files of its driver, each with a context that works for one process.
 */
import {
  type AtEnd,
  atEnd,
  type Bounds,
  nameOf,
  type Pool,
  type Property,
  type Setup,
  type ViewOf,
  violated,
} from '../checker/lang/index.ts';
import { linkedContext, pciContext, requestLink } from '../hw/pci/context.ts';
import { PageRequest, PciContext, PciFunction, RequestLink } from '../hw/pci/objects.ts';
import { SmmuV3 } from '../hw/smmu/objects.ts';
import { IopfFault } from '../model/iopf/index.ts';
import { enqueue, inc, Workqueue, worker } from '../model/kernel/index.ts';
import {
  type Core,
  type Device,
  type DriverFile,
  FaultParam,
  Handle,
  IommuMm,
  IopfGroup,
  iommuSvaHandleIopf,
  Mm,
  makeCore,
  makeDevice,
  makeFile,
  prqEventThread,
  requestPath,
  SvaDomain,
  XaNode,
} from '../model/sva-mainline/index.ts';
import { pageRequestsStayHome, pasidOwnedOnce, translationsStayHome } from '../properties/isolation.ts';
import { pasidReturnedUnused } from '../properties/pasid.ts';
import { everyGroupAnswered, everyRequestAnswered } from '../properties/response.ts';

export interface FaultPath {
  readonly core: Core;
  readonly iommu: SmmuV3;
  readonly fn: PciFunction;
  readonly wq: ViewOf<typeof Workqueue>;
  readonly dev: Device;
  readonly groups: Pool<object>;
  /** Where page requests take their time. */
  readonly link: RequestLink | null;
}

export interface Sizes {
  /** Page requests that end a group, all files together. */
  readonly groups: number;
  /** Page requests that do not. */
  readonly partial?: number;
  readonly workers?: number;
  /** Page requests of nobody. */
  readonly strays?: number;
}

/** Core, device, queues, irq thread and workers. */
export function faultPath(s: Setup<Bounds>, { groups, partial = 0, workers = 1, strays = 0 }: Sizes): FaultPath {
  const core = makeCore(s);
  const iommu = s.object(SmmuV3, 'iommu', { priq_entries: Math.max(1, groups + partial + strays) });
  const fn = s.object(PciFunction, 'function');
  const wq = s.object(Workqueue, 'iopf_wq');
  const dev = makeDevice(s, core, 'dev', { regs: iommu, fn, wq });
  if (partial > 0) s.pool(IopfFault, partial);
  s.actor('prq_irq', prqEventThread, { iommu: dev.vtd }, { role: 'irq' });
  for (let i = 0; i < workers; i++)
    s.actor(workers === 1 ? 'worker' : `worker${i}`, worker, { wq }, { role: 'worker' });
  const link = s.setting(requestPath) === 'at once' ? null : s.object(RequestLink, 'on_the_link');
  if (link !== null) {
    dev.link = link;
    s.actor('link', requestLink, { link, fn, smmu: iommu }, { role: 'hardware' });
  }
  return { core, iommu, fn, wq, dev, link, groups: s.pool(IopfGroup, Math.max(1, groups + partial + strays)) };
}

export interface File {
  readonly file: DriverFile;
  readonly ctx: PciContext;
  readonly requests: readonly PageRequest[];
}

/** A file with a context that may send groups of page requests of these sizes; null for one that does nothing. */
export function file(
  s: Setup<Bounds>,
  path: FaultPath,
  name: string,
  index: number,
  groups: readonly number[] | null,
): File {
  const ctx = s.object(PciContext, `ctx_${name}`);
  const lasts = (groups ?? []).flatMap((size) => Array.from({ length: size }, (_, i) => i === size - 1));
  const requests = s.objects(PageRequest, `request_${name}`, lasts.length, (i) => ({
    context: ctx,
    last: lasts[i] ?? true,
  }));
  const args = { fn: path.fn, ctx, smmu: path.iommu, requests, posts: 'at once' } as const;
  if (groups !== null && path.link === null) s.actor(`device_${name}`, pciContext, args, { role: 'hardware' });
  if (groups !== null && path.link !== null)
    s.actor(`device_${name}`, linkedContext, { ...args, link: path.link }, { role: 'hardware' });
  return { file: makeFile(s, `file_${name}`, path.dev, ctx, index), ctx, requests };
}

/** A page request that has been reported: its group waits for an answer, and belongs to the caller. */
export function pendingAtStart(
  s: Setup<Bounds>,
  path: FaultPath,
  request: PageRequest,
  index: number,
): ViewOf<typeof IopfGroup> {
  const fault_param = path.dev.iommu?.fault_param ?? null;
  if (fault_param === null) throw new Error('the device is in no fault queue');
  request.group = index;
  const group = s.object(IopfGroup, `group_of_${nameOf(request)}`, { fault_param, last_fault: request });
  fault_param.faults.add(group);
  inc(fault_param.users);
  path.fn.prg.set(index, request);
  return group;
}

/** The same with a worker to come. */
export function atWorkerAtStart(s: Setup<Bounds>, path: FaultPath, request: PageRequest, handle: Handle): void {
  const group = pendingAtStart(s, path, request, 0);
  group.attach_handle = handle;
  group.work_func = iommuSvaHandleIopf;
  enqueue(path.wq, group);
}

/** Room for what binds allocate; `pasid` is the highest that they may get, `spaces` how many address spaces bind. */
export function bindPools(s: Setup<Bounds>, binds: number, pasid = 1, spaces = 1): readonly Pool<object>[] {
  if (pasid > 1) s.pool(XaNode, 1);
  return [s.pool(IommuMm, spaces), s.pool(SvaDomain, binds), s.pool(Handle, binds), s.pool(FaultParam, binds)];
}

/** A second device, behind an IOMMU of its own, whose context asks for no pages. */
export function otherDevice(s: Setup<Bounds>, path: FaultPath, name: string): File & { readonly iommu: SmmuV3 } {
  const iommu = s.object(SmmuV3, `iommu_${name}`);
  const fn = s.object(PciFunction, `function_${name}`);
  const dev = makeDevice(s, path.core, `dev_${name}`, { regs: iommu, fn, wq: path.wq });
  return { ...file(s, { ...path, iommu, fn, dev, link: null }, name, 0, []), iommu };
}

/** `count` groups of one page request each. */
export const single = (count: number): number[] => Array.from({ length: count }, () => 1);

/** What must hold whatever happens. `others` are the IOMMUs of other devices. */
export function mainlineProperties(
  path: FaultPath,
  files: readonly File[],
  others: readonly SmmuV3[] = [],
): readonly Property[] {
  const requests = files.flatMap((f) => f.requests);
  const contexts = files.map((f) => f.ctx);
  const { pasids } = path.core.sva;
  return [
    pageRequestsStayHome(requests),
    translationsStayHome(contexts),
    pasidOwnedOnce(pasids, path.iommu, contexts),
    pasidReturnedUnused(pasids, [path.iommu, ...others], contexts, requests),
    everyGroupAnswered(requests),
    ...everyRequestAnswered(requests),
  ];
}

/**
 * At the end an address space has the user that its process is and no count besides, and is freed without a process;
 * those that are still bound may have more.
 */
export function spacesAreGivenBack(s: Setup<Bounds>, living: readonly Mm[], bound: readonly Mm[] = []): AtEnd {
  const mms = s.pool(Mm, 1);
  return atEnd('spaces are given back', 'an mm has the user that its process is, and is freed without', () => {
    for (const mm of mms) {
      const { mm_users, mm_count } = mm;
      if (bound.includes(mm) || (living.includes(mm) && mm_users.counter === 1 && mm_count.counter === 1)) continue;
      return violated(
        'leak',
        `${nameOf(mm)} has ${mm_users.counter} users and a count of ${mm_count.counter} at the end`,
        {
          objects: [nameOf(mm)],
        },
      );
    }
    return null;
  });
}
