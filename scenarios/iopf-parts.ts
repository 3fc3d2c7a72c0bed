/**
 * What the fault path scenarios have in common: one function behind one SMMU, its fault queue, the PRI irq thread, one
 * fault worker, and contexts of the function that each work for one process.
 */
import type { Bounds, Property, Setup, ViewOf } from '../checker/lang/index.ts';
import { type PostsRequest, pciContext, priContext } from '../hw/pci/context.ts';
import { PageRequest, type PageRequestInterface, PciContext, PciFunction } from '../hw/pci/objects.ts';
import { SmmuCmdq, smmuCmdq } from '../hw/smmu/commands.ts';
import { SmmuV3 } from '../hw/smmu/objects.ts';
import {
  ArmSmmuQueue,
  armSmmuPriqThread,
  commandQueue,
  Device,
  FaultEvent,
  IommuSva,
  IopfDeviceParam,
  IopfFault,
  IopfGroup,
  IopfQueue,
  iopfHandleGroup,
  PageResponseOp,
  smmuPageResponse,
} from '../model/iopf/index.ts';
import { inc, type MmStruct, WorkFunc, Workqueue, worker } from '../model/kernel/index.ts';
import { pageRequestsStayHome, pasidOwnedOnce, translationsStayHome } from '../properties/isolation.ts';
import { everyGroupAnswered, everyRequestAnswered } from '../properties/response.ts';

type Mm = ViewOf<typeof MmStruct>;

export interface FaultPath {
  readonly smmu: SmmuV3;
  readonly fn: PciFunction;
  readonly sva: IommuSva;
  readonly dev: Device;
  readonly queue: IopfQueue;
  readonly wq: ViewOf<typeof Workqueue>;
}

/** Device, SMMU, queues, irq thread and worker. `entries` is the size of the PRI queue. */
export function faultPath(s: Setup<Bounds>, sizes: { readonly entries: number; readonly pooled: number }): FaultPath {
  const smmu = s.object(SmmuV3, 'smmu', { priq_entries: sizes.entries });
  const fn = s.object(PciFunction, 'function');
  const sva = s.object(IommuSva, 'sva');
  const wq = s.object(Workqueue, 'iopf_wq');
  const priq = s.object(ArmSmmuQueue, 'priq');
  const queue = s.object(IopfQueue, 'iopf_queue', { wq, flush_arg: priq });
  const dev = s.object(Device, 'dev', { fn, sva });
  dev.iopf_param = s.object(IopfDeviceParam, 'iopf_param', { dev, queue });
  queue.devices.add(dev.iopf_param);
  inc(queue.refs);
  // Also where bounds leave no request.
  const pooled = Math.max(1, sizes.pooled);
  s.pool(FaultEvent, pooled);
  s.pool(IopfGroup, pooled);
  s.implementations(WorkFunc, [iopfHandleGroup]);
  s.actor('priq_irq', armSmmuPriqThread, { smmu, q: priq, dev, queue, fn }, { role: 'irq' });
  s.actor('worker', worker, { wq }, { role: 'worker' });
  return { smmu, fn, sva, dev, queue, wq };
}

/** Room for partial faults, where groups have more than one request. */
export function partialFaultsPool(s: Setup<Bounds>, count: number): void {
  s.pool(IopfFault, count);
}

export interface ContextOptions {
  /** The page request interface, where it may be disabled. */
  readonly pri?: PageRequestInterface;
  /** Sizes of the groups of page requests that the context may send, in order. */
  readonly groups: readonly number[];
  readonly posts?: PostsRequest;
}

export interface Context {
  readonly ctx: PciContext;
  readonly requests: readonly PageRequest[];
}

/** A context of the function and the actor that runs it. */
export function context(s: Setup<Bounds>, path: FaultPath, name: string, options: ContextOptions): Context {
  const ctx = s.object(PciContext, `ctx_${name}`);
  const lasts = options.groups.flatMap((size) => Array.from({ length: size }, (_, i) => i === size - 1));
  const requests = s.objects(PageRequest, `request_${name}`, lasts.length, (i) => ({
    context: ctx,
    last: lasts[i] ?? true,
  }));
  const { pri, posts = 'at once' } = options;
  const args = { fn: path.fn, ctx, smmu: path.smmu, requests, posts };
  if (pri === undefined) s.actor(`device_${name}`, pciContext, args, { role: 'hardware' });
  else s.actor(`device_${name}`, priContext, { ...args, pri }, { role: 'hardware' });
  return { ctx, requests };
}

/**
 * Gives the SMMU a command queue for everything the driver tells it, answers included, where the setting says so. To be
 * called when the contexts are there. Without it, or with the setting as it is, a command takes effect where it is issued.
 */
export function commandsBySetting(s: Setup<Bounds>, path: FaultPath, contexts: readonly Context[]): void {
  if (s.setting(commandQueue) === 'at once') return;
  const { smmu, fn, dev } = path;
  const cmdq = s.object(SmmuCmdq, 'cmdq');
  smmu.cmdq = cmdq;
  const respond = smmuPageResponse(cmdq);
  s.implementations(PageResponseOp, [respond]);
  dev.page_response = respond;
  const behind = { faultPath: { smmu, contexts: contexts.map(({ ctx }) => ctx) }, pri: fn };
  s.actor('cmdq_hw', smmuCmdq('CFGI', 'ATC_INV', 'PRI_RESP'), { cmdq, behind }, { role: 'hardware' });
}

/** Puts a context into the state it has after a bind: PASID given out, context descriptor valid, running. */
export function alreadyBound(path: FaultPath, { ctx }: Context, mm: Mm, pasid: number): void {
  path.sva.pasids.set(pasid, mm);
  const cd = path.smmu.cd.at(pasid);
  cd.ttb = mm;
  cd.valid = true;
  Object.assign(ctx, { pasid, owner: mm, run: true, active: true });
}

/** What must hold whatever happens on the fault path. */
export function faultPathProperties(path: FaultPath, contexts: readonly Context[]): readonly Property[] {
  const requests = contexts.flatMap((c) => c.requests);
  const ctxs = contexts.map((c) => c.ctx);
  return [
    pageRequestsStayHome(requests),
    translationsStayHome(ctxs),
    pasidOwnedOnce(path.sva.pasids, path.smmu, ctxs),
    everyGroupAnswered(requests),
    ...everyRequestAnswered(requests),
  ];
}
