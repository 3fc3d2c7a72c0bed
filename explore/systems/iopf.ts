/**
 * Page requests for the explorer: contexts of one function ask for pages, while drivers bind and unbind them, processes
 * exit, and the device leaves the fault queue. The SVA core around them is the reduced one of `model/iopf`.
 */
import { type Bounds, does, type Operation, type Setup, set } from '../../checker/lang/index.ts';
import { PageRequest, PciContext } from '../../hw/pci/objects.ts';
import { raisePageRequest, raisePageRequests, stopsContext } from '../../hw/pci/page-request.ts';
import {
  Device,
  discardPartial,
  hw,
  IoMm,
  IommuSva,
  iommuNotifierRelease,
  iopfQueueFlushDev,
  iopfQueueFree,
  iopfQueueRemoveDevice,
  iopfRevision,
  LAST_PASID,
  openContext,
  overflowPartial,
  partialFaults,
  priqAccounting,
  priqFlushWait,
  stopContext,
  svaUnbind,
  workerMmput,
} from '../../model/iopf/index.ts';
import { specC, v2_07, v2_30 } from '../../model/iopf/sources.ts';
import {
  AsyncPuts,
  asyncPutWorker,
  inc,
  int,
  MmuRelease,
  makeMm,
  mmputProcedure,
  procedure,
  Srcu,
} from '../../model/kernel/index.ts';
import {
  alreadyBound,
  type Context,
  faultPath,
  faultPathProperties,
  partialFaultsPool,
} from '../../scenarios/iopf-parts.ts';
import { type Call, callsIn, namedObjects, type Program } from '../program.ts';
import type { ExplorableSystem } from '../system.ts';
import { neverAfter, once, pairs, share } from './contracts.ts';

/** The driver stops a context, as the kernel asks, and unbinds the PASID that the context works with. */
const driverUnbinds = procedure(
  'driver_close',
  {
    source: v2_30(),
    params: { sva: IommuSva, smmu: hw<Smmu>(), dev: Device, ctx: PciContext },
    locals: { pasid: int(0, LAST_PASID) },
  },
  (k) => [
    k.call(stopContext, (f) => ({ ctx: f.ctx })),
    k.step('pasid = the one remembered', (f) => {
      f.pasid = f.ctx.pasid;
    }),
    k.call(svaUnbind, (f) => ({ sva: f.sva, smmu: f.smmu, dev: f.dev, ctx: f.ctx, pasid: f.pasid })),
  ],
);

/**
 * Somebody in user space who drives a context cannot stop it: the PASID is unbound while it runs, and the device is reset
 * when it is closed.
 */
const userCloses = procedure(
  'user_close',
  {
    source: specC(),
    params: { sva: IommuSva, smmu: hw<Smmu>(), dev: Device, ctx: PciContext },
    locals: { pasid: int(0, LAST_PASID) },
  },
  (k) => [
    k.step('pasid = the one remembered', (f) => {
      f.pasid = f.ctx.pasid;
    }),
    k.call(svaUnbind, (f) => ({ sva: f.sva, smmu: f.smmu, dev: f.dev, ctx: f.ctx, pasid: f.pasid })),
    k.call(stopContext, (f) => ({ ctx: f.ctx })),
  ],
);

/** The interrupt is freed before the queue is, which the irq thread uses after an overflow. */
const freesInterrupt = procedure('free_irq', { source: v2_30(), params: { smmu: hw<Smmu>() } }, (k) => [
  k.blockUntil('the irq thread has emptied the PRI queue', (f) => f.smmu.priq.length === 0 && !f.smmu.priq_overflow, {
    waiting: { kind: 'device', on: (f) => f.smmu },
    indivisible: 'free_irq() waits for the handler, which has then seen both',
  }),
  k.return(),
]);

type Smmu = ReturnType<typeof faultPath>['smmu'];

const binds = ({ op }: Call) => op === 'bind';
const closes = ({ op }: Call) => op === 'close';
const unbinds = (call: Call) => call.op === 'unbind' || closes(call);
const leaves = ({ op }: Call) => op === 'remove' || op === 'shutdown';
const asks = ({ op }: Call) => op === 'pri' || op === 'pri_group';

/** The allocation of what a request needs, and the PRI queue: with `priq_full` it has room for one request. */
const fails = ['kmalloc', 'priq_full'];

export const iopf: ExplorableSystem = {
  name: 'iopf',
  about:
    'Contexts of a device ask for pages, while drivers bind and unbind them, processes exit, and the device leaves ' +
    'the fault queue.',
  systems: ['iopf', 'smmu', 'pci'],
  source: v2_07('drivers/iommu/io-pgfault.c'),
  objects: { ctx: 2, mm: 2 },
  operations: {
    bind: { about: 'a context is bound to a process and started', on: ['ctx', 'mm'], atStart: true },
    unbind: { about: 'the driver stops a context and unbinds its PASID', on: ['ctx'] },
    close: {
      about: 'the user of a context unbinds its PASID while it runs; closing the device resets it afterwards',
      on: ['ctx'],
      breaks: 'stopped-first',
    },
    pri: { about: 'a context raises a page request and waits for the answer', on: ['ctx'], fails },
    pri_group: { about: 'a context raises a group of two page requests', on: ['ctx'], fails },
    mm_exit: { about: 'the last user of an address space drops it', on: ['mm'] },
    flush: { about: 'iopf_queue_flush_dev', on: [] },
    remove: { about: 'the device stops, is flushed, and leaves the fault queue', on: [] },
    shutdown: { about: 'the device leaves the fault queue, and the driver frees its interrupt and the queue', on: [] },
  },
  limits: [
    {
      about: 'what has been bound before is one process for each context',
      kept: ({ start }) => new Set(start.map(({ on }) => on[0])).size === start.length,
    },
    {
      about:
        'a bind ends by unbind or by the exit of its process: how the two meet is for the SVA core, not for this path',
      kept: (program) => {
        const exits = program.actors.flat().filter(({ op }) => op === 'mm_exit');
        const unbound = program.actors.flat().filter(unbinds);
        return exits.every((exit) => {
          const ended = callsIn(program).filter((call) => binds(call) && share(exit, call, 'mm'));
          return ended.length <= 1 && !ended.some((bind) => unbound.some((unbind) => share(bind, unbind, 'ctx')));
        });
      },
    },
    {
      about: 'two groups of two page requests at most: a device has room for two partial faults here',
      kept: (program) => program.actors.flat().filter(({ op }) => op === 'pri_group').length <= 2,
    },
  ],
  contracts: {
    'context-once': {
      about: 'a context works for one process in its life, and is unbound once',
      kept: (program) => {
        const bound = callsIn(program).filter(binds);
        const unbound = callsIn(program).filter(unbinds);
        return [bound, unbound].every((calls) => new Set(calls.map(({ on }) => on[0])).size === calls.length);
      },
    },
    'one-driver': {
      about: 'bind and unbind of a context do not run at a time',
      kept: (program) => {
        for (const [a, b] of pairs(program))
          if (!asks(a) && !asks(b) && (binds(a) || binds(b)) && share(a, b, 'ctx')) return false;
        return true;
      },
    },
    'stopped-first': {
      about: 'the driver has stopped a context before its PASID is unbound, which a user of the device cannot do',
      kept: (program) => !callsIn(program).some(closes),
    },
    'one-user': {
      about: 'nobody binds while somebody else closes: a device that users drive is opened by one at a time',
      kept: (program) => {
        for (const [a, b] of pairs(program)) if ((closes(a) && binds(b)) || (binds(a) && closes(b))) return false;
        return true;
      },
    },
    'mm-users': {
      about: 'an address space that exits was bound before, if at all; it exits once',
      kept: (program) => {
        const exits = program.actors.flat().filter(({ op }) => op === 'mm_exit');
        const bound = program.actors.flat().filter(binds);
        return once(program, 'mm_exit') && !exits.some((exit) => bound.some((bind) => share(exit, bind, 'mm')));
      },
    },
    'leaves-last': {
      about: 'the device leaves the fault queue once, and nothing is bound from then on',
      kept: (program) => {
        if (program.actors.flat().filter(leaves).length > 1) return false;
        for (const [a, b] of pairs(program)) if ((leaves(a) && binds(b)) || (binds(a) && leaves(b))) return false;
        return neverAfter(program, leaves, (_, later) => binds(later));
      },
    },
  },
  presets: {
    posted: { about: 'the series as posted', settings: [] },
    v4: {
      about: 'v4: a busy flag, and partial faults that an overflow discards; popped entries are counted',
      settings: [
        set(iopfRevision, 'v4'),
        set(overflowPartial, 'discarded'),
        set(priqAccounting, 'counted'),
        set(priqFlushWait, 'uninterruptible'),
      ],
    },
    'partial-kept': {
      about: 'v5, with a flush of the PRI queue that can be relied on; partial faults stay until their group is whole',
      settings: [set(iopfRevision, 'v5'), set(priqAccounting, 'counted'), set(priqFlushWait, 'uninterruptible')],
    },
    'plain-mmput': {
      about: 'the worker ends with mmput(), which the series avoids',
      settings: [set(workerMmput, 'plain'), set(priqAccounting, 'counted'), set(priqFlushWait, 'uninterruptible')],
    },
    fixed: {
      about: 'popped entries are counted, a flush is counted and discards partial faults, and waits for no signal',
      repaired: true,
      settings: [
        set(iopfRevision, 'v5'),
        set(priqAccounting, 'counted'),
        set(priqFlushWait, 'uninterruptible'),
        set(partialFaults, 'discarded'),
        set(overflowPartial, 'discarded'),
        set(discardPartial, 'unlinked under the param lock'),
      ],
    },
  },
  builtIn: ['priq_full'],
  setup,
};

function setup(s: Setup<Bounds>, program: Program): void {
  const called = program.actors.flat();
  const groups = called.filter(({ op }) => op === 'pri_group').length;
  const path = faultPath(s, {
    entries: program.failures['priq_full'] === undefined ? 2 : 1,
    pooled: Math.max(1, called.filter(asks).length),
  });
  partialFaultsPool(s, Math.max(1, groups));
  const { smmu, fn, sva, dev, queue } = path;
  const exits = called.filter(({ op }) => op === 'mm_exit').map(({ on }) => on[0] as string);
  const srcu = exits.length > 0 ? s.object(Srcu, 'srcu') : null;
  const asyncPuts = exits.length > 0 ? s.object(AsyncPuts, 'system_wq') : null;
  if (asyncPuts !== null) {
    s.actor('mmput_worker', asyncPutWorker, { puts: asyncPuts }, { role: 'worker' });
    s.implementations(MmuRelease, [iommuNotifierRelease]);
  }
  const globals = srcu === null || asyncPuts === null ? {} : { srcu, asyncPuts };
  const mms = new Map(namedObjects(program, 'mm').map((name) => [name, makeMm(s, name, globals)]));
  const contexts = new Map<string, Context & { requests: PageRequest[] }>();
  for (const name of namedObjects(program, 'ctx')) {
    const ctx = s.object(PciContext, name);
    contexts.set(name, { ctx, requests: [] });
    s.actor(`device.${name}`, stopsContext, { fn, ctx }, { role: 'hardware' });
  }
  for (const [i, { on }] of program.start.entries()) {
    const context = contexts.get(on[0] as string);
    const mm = mms.get(on[1] as string);
    if (context === undefined || mm === undefined) continue;
    const pasid = i + 1;
    alreadyBound(path, context, mm, pasid);
    if (!exits.includes(on[1] as string)) continue;
    const { ctx } = context;
    const ioMm = s.object(IoMm, `io_mm.${on[0]}`, { pasid, dev, sva, smmu, ctx, mn_release: iommuNotifierRelease });
    mm.has_notifiers = true;
    mm.notifiers.add(ioMm);
    inc(mm.mm_count);
  }
  const request = ({ ctx, requests }: Context & { requests: PageRequest[] }, name: string, last: boolean) => {
    const fresh = s.object(PageRequest, `request${requests.length}.${name}`, { context: ctx, last });
    requests.push(fresh);
    return fresh;
  };
  const operation = ({ op, on: [name = '', second = ''] }: Call): Operation[] => {
    const context = contexts.get(name);
    if (op === 'flush') return [does(iopfQueueFlushDev, { dev, smmu })];
    if (op === 'remove' || op === 'shutdown')
      return [
        ...[...contexts.values()].map(({ ctx }) => does(stopContext, { ctx })),
        does(iopfQueueFlushDev, { dev, smmu }),
        does(iopfQueueRemoveDevice, { queue, dev }),
        ...(op === 'shutdown' ? [does(freesInterrupt, { smmu }), does(iopfQueueFree, { queue })] : []),
      ];
    if (op === 'mm_exit') {
      const mm = mms.get(name);
      return mm === undefined ? [] : [does(mmputProcedure, { mm })];
    }
    if (context === undefined) return [];
    const { ctx } = context;
    if (op === 'unbind') return [does(driverUnbinds, { sva, smmu, dev, ctx })];
    if (op === 'close') return [does(userCloses, { sva, smmu, dev, ctx })];
    if (op === 'pri') return [does(raisePageRequest, { fn, ctx, smmu, request: request(context, name, true) })];
    if (op === 'pri_group') {
      const first = request(context, name, false);
      return [does(raisePageRequests, { fn, ctx, smmu, first, request: request(context, name, true) })];
    }
    const mm = mms.get(second);
    return mm === undefined ? [] : [does(openContext, { sva, smmu, ctx, mm })];
  };
  for (const [i, calls] of program.actors.entries())
    s.task(`thread${i}`, calls.flatMap(operation), calls.every(asks) ? { role: 'hardware' } : {});
  s.property(...faultPathProperties(path, [...contexts.values()]));
}
