/**
 * The SVA core with page requests under way: what `sva.ts` sets up for programs that ask for pages. One function behind
 * one SMMU, a context of it for each process, and the whole fault path below the core.
 */
import { type Bounds, does, type Operation, procedure, type Setup } from '../../checker/lang/index.ts';
import { PageRequest, PciContext } from '../../hw/pci/objects.ts';
import { raisePageRequest, stopsContext } from '../../hw/pci/page-request.ts';
import { coreHooks, hw, LAST_PASID, openBound, stopContext } from '../../model/iopf/index.ts';
import { AsyncPuts, asyncPutWorker, int, makeMm, mmputProcedure } from '../../model/kernel/index.ts';
import {
  bindAtStart,
  Device,
  IopfQueueFlushDev,
  initAtStart,
  iommuSvaDeviceInit,
  iommuSvaDeviceShutdown,
  iommuSvaUnbindDevice,
  MmAttach,
  MmDetach,
  MmExit,
  makeDevice,
  makeSva,
} from '../../model/sva/index.ts';
import { v2_04 } from '../../model/sva/sources.ts';
import { pageRequestsStayHome, pasidOwnedOnce, translationsStayHome } from '../../properties/isolation.ts';
import { onePasidForEachSpace } from '../../properties/pasid.ts';
import { everyGroupAnswered, everyRequestAnswered } from '../../properties/response.ts';
import { faultPath } from '../../scenarios/iopf-parts.ts';
import { type Call, namedObjects, type Program } from '../program.ts';

/** The driver stops a context, as the kernel asks, and unbinds the PASID that the context works with, if any. */
const driverCloses = procedure(
  'driver_close',
  { source: v2_04(), params: { dev: Device, ctx: hw<PciContext>() }, locals: { pasid: int(0, LAST_PASID) } },
  (k) => [
    k.call(stopContext, (f) => ({ ctx: f.ctx })),
    k.step('pasid = the one remembered', (f) => {
      f.pasid = f.ctx.pasid;
    }),
    k.when((f) => f.pasid > 0, [k.call(iommuSvaUnbindDevice, (f) => ({ dev: f.dev, pasid: f.pasid }))]),
  ],
);

/** Builds a program of one device in which somebody asks for pages. */
export function setupWithFaults(s: Setup<Bounds>, program: Program): void {
  const called = program.actors.flat();
  const count = (op: string) => called.filter((call) => call.op === op).length;
  const path = faultPath(s, { entries: 2, pooled: count('pri') });
  const { smmu, fn } = path;
  const binds = Math.max(1, count('bind'));
  const parts = makeSva(s, { params: Math.max(1, count('init')), ioMms: binds, bonds: binds });
  path.dev.core = parts.sva;
  const dev = makeDevice(s, parts, namedObjects(program, 'dev')[0] ?? 'dev0');

  const contexts = new Map<string, PciContext>();
  for (const mm of namedObjects(program, 'mm')) {
    const ctx = s.object(PciContext, mm.replace('mm', 'ctx'));
    contexts.set(mm, ctx);
    s.actor(`device.${mm.replace('mm', 'ctx')}`, stopsContext, { fn, ctx }, { role: 'hardware' });
  }
  const all = [...contexts.values()];
  const hooks = coreHooks(smmu, path.dev, all);
  s.implementations(MmAttach, [hooks.mmAttach]);
  s.implementations(MmDetach, [hooks.mmDetach]);
  s.implementations(IopfQueueFlushDev, [hooks.flush]);
  s.implementations(MmExit, [hooks.mmExit]);
  Object.assign(parts.ops, {
    mm_attach: hooks.mmAttach,
    mm_detach: hooks.mmDetach,
    iopf_queue_flush_dev: hooks.flush,
  });

  const asyncPuts = count('mm_exit') > 0 ? s.object(AsyncPuts, 'system_wq') : null;
  if (asyncPuts !== null) s.actor('mmput_worker', asyncPutWorker, { puts: asyncPuts }, { role: 'worker' });
  const globals = { srcu: parts.srcu, ...(asyncPuts === null ? {} : { asyncPuts }) };
  const mms = new Map([...contexts.keys()].map((name) => [name, makeMm(s, name, globals)]));

  for (const { op, on } of program.start) {
    const [ctx, mm] = [contexts.get(on[1] ?? ''), mms.get(on[1] ?? '')];
    if (op === 'init') initAtStart(s, dev, hooks.mmExit);
    else if (ctx !== undefined && mm !== undefined) {
      const { pasid } = bindAtStart(s, parts, dev, mm, ctx);
      const cd = smmu.cd.at(pasid);
      cd.ttb = mm;
      cd.valid = true;
      Object.assign(ctx, { pasid, owner: mm, run: true, active: true });
    }
  }

  const requests: PageRequest[] = [];
  const operation = ({ op, on }: Call): Operation[] => {
    const name = on[on.length - 1] ?? '';
    const [ctx, mm] = [contexts.get(name), mms.get(name)];
    if (op === 'init') return [does(iommuSvaDeviceInit, { dev, features: 0, mm_exit: hooks.mmExit })];
    if (op === 'shutdown')
      return [...all.map((one) => does(stopContext, { ctx: one })), does(iommuSvaDeviceShutdown, { dev })];
    if (ctx === undefined || mm === undefined) return [];
    if (op === 'mm_exit') return [does(mmputProcedure, { mm })];
    if (op === 'bind') return [does(openBound, { dev, ctx, mm })];
    if (op === 'unbind') return [does(driverCloses, { dev, ctx })];
    const request = s.object(PageRequest, `request${requests.length}.${name}`, { context: ctx, last: true });
    requests.push(request);
    return [does(raisePageRequest, { fn, ctx, smmu, request })];
  };
  for (const [i, calls] of program.actors.entries())
    s.task(`thread${i}`, calls.flatMap(operation), calls.every(({ op }) => op === 'pri') ? { role: 'hardware' } : {});

  const table = parts.sva.pasid_idr;
  const owners = { length: smmu.cd.length, at: (id: number) => table.at(id)?.mm ?? null };
  s.property(
    onePasidForEachSpace(table),
    pageRequestsStayHome(requests),
    translationsStayHome(all),
    pasidOwnedOnce(owners, smmu, all),
    everyGroupAnswered(requests),
    ...everyRequestAnswered(requests),
  );
}
