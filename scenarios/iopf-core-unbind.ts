/**
 * Corpus #3 and #22 once more, through the whole SVA core: bonds, io_mm references, notifiers and SRCU take part.
 */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  acquireDevice,
  closeBound,
  coreHooks,
  deviceStop,
  openBound,
  priqAccounting,
  priqFlushWait,
  releaseDevice,
  svaCore,
} from '../model/iopf/index.ts';
import { AsyncPuts, asyncPutWorker, does, MmStruct, makeMm, mmputProcedure, patch } from '../model/kernel/index.ts';
import {
  bindAtStart,
  bondRefs,
  flushOrder,
  IopfQueueFlushDev,
  initAtStart,
  MmAttach,
  MmDetach,
  MmExit,
  makeDevice,
  makeSva,
} from '../model/sva/index.ts';
import { pageRequestsStayHome, pasidOwnedOnce, translationsStayHome } from '../properties/isolation.ts';
import { allFreed } from '../properties/lifetime.ts';
import { everyGroupAnswered, everyRequestAnswered, returns } from '../properties/response.ts';
import { context, faultPath } from './iopf-parts.ts';

const whole = set(svaCore, 'whole');
const soundFlush = [set(priqAccounting, 'counted'), set(priqFlushWait, 'uninterruptible')];

export default scenario('iopf-core-unbind', {
  title: 'Unbind through the whole SVA core, with page requests under way',
  about:
    'Process p unbinds from the device and closes it, and may exit at any time; process q opens the device and binds, ' +
    'while the irq thread and the fault worker deal with the page requests of p. The PASID of p returns to the ' +
    'table with the last reference to its ' +
    'io_mm, and q gets it.',
  systems: ['sva', 'iopf', 'smmu', 'pci'],
  source: patch('v2 30/40', '20180511190641.23008-31-jean-philippe.brucker@arm.com')('drivers/iommu/arm-smmu-v3.c'),
  corpus: '#3, #22',
  bounds: { requests_p: 1, requests_q: 1, entries: 2, exits: 1 },
  assumptions: [
    'one user at a time has the device open, and its context has stopped when the next one gets it',
    'the worker drops its mm reference with mmput_async()',
  ],
  variants: {
    posted: {
      about: 'as posted, with a context that is stopped before unbind: a popped entry is forgotten (#3)',
      settings: [whole],
      bounds: { exits: 0 },
      corpus: '#3',
      expect: {
        verdict: 'violated',
        kind: 'isolation',
        property: 'page-request-isolation',
        length: 78,
        states: 33_075,
      },
    },
    fixed: {
      about: 'popped entries are counted, and the wait is not interruptible',
      settings: [whole, ...soundFlush],
      expect: { verdict: 'holds', states: 362_015, depth: 201 },
    },
    // Small, and what leave-one-out is done on.
    'fixed-no-exit': {
      about: 'as fixed, and p does not exit',
      settings: [whole, ...soundFlush],
      bounds: { exits: 0 },
      expect: { verdict: 'holds', states: 9_053, depth: 162 },
    },
    running: {
      about: 'as fixed, but the context stops only after unbind (#22)',
      settings: [whole, ...soundFlush, set(deviceStop, 'after unbind')],
      bounds: { exits: 0 },
      corpus: '#22',
      expect: {
        verdict: 'violated',
        kind: 'isolation',
        property: 'page-request-isolation',
        length: 79,
        states: 49_976,
      },
    },
    'clear-first': {
      about:
        'the context stops only after unbind, which clears the context descriptor and then flushes. The release ' +
        'notifier drops its lock for that flush and starts its walk over, so a waiter must own the bond it waits for',
      settings: [
        whole,
        ...soundFlush,
        set(deviceStop, 'after unbind'),
        set(flushOrder, 'clear, then flush'),
        set(bondRefs, 'every waiter'),
      ],
      corpus: '#22',
      expect: { verdict: 'holds', states: 710_245, depth: 193 },
    },
  },
  setup: (s) => {
    const path = faultPath(s, { entries: s.bounds.entries, pooled: s.bounds.requests_p + s.bounds.requests_q });
    const { smmu, dev } = path;
    const core = makeSva(s, { ioMms: 1, bonds: 1 });
    dev.core = core.sva;
    const p = context(s, path, 'p', { groups: Array.from({ length: s.bounds.requests_p }, () => 1) });
    const q = context(s, path, 'q', { groups: Array.from({ length: s.bounds.requests_q }, () => 1) });
    const contexts = [p.ctx, q.ctx];

    const hooks = coreHooks(smmu, dev, contexts);
    s.implementations(MmAttach, [hooks.mmAttach]);
    s.implementations(MmDetach, [hooks.mmDetach]);
    s.implementations(IopfQueueFlushDev, [hooks.flush]);
    s.implementations(MmExit, [hooks.mmExit]);
    core.ops.mm_attach = hooks.mmAttach;
    core.ops.mm_detach = hooks.mmDetach;
    core.ops.iopf_queue_flush_dev = hooks.flush;

    const asyncPuts = s.object(AsyncPuts, 'system_wq');
    const mmP = makeMm(s, 'mm_p', { srcu: core.srcu, asyncPuts });
    const mmQ = makeMm(s, 'mm_q', { srcu: core.srcu });
    const coreDev = makeDevice(s, core, 'dev.core');
    initAtStart(s, coreDev, hooks.mmExit);
    const { pasid } = bindAtStart(s, core, coreDev, mmP, p.ctx);
    const cd = smmu.cd.at(pasid);
    cd.ttb = mmP;
    cd.valid = true;
    Object.assign(p.ctx, { pasid, owner: mmP, run: true, active: true });
    dev.opened = true;

    const userP = s.task('user_p', [
      does(closeBound, { dev: coreDev, ctx: p.ctx, pasid }),
      does(releaseDevice, { dev }),
    ]);
    s.task('user_q', [does(acquireDevice, { dev }), does(openBound, { dev: coreDev, ctx: q.ctx, mm: mmQ })]);

    if (s.bounds.exits > 0) {
      s.task('exit_p', [does(mmputProcedure, { mm: mmP })]);
      s.actor('mmput_worker', asyncPutWorker, { puts: asyncPuts }, { role: 'worker' });
    }

    const requests = [...p.requests, ...q.requests];
    const table = core.sva.pasid_idr;
    const owners = { length: smmu.cd.length, at: (id: number) => table.at(id)?.mm ?? null };
    s.property(
      pageRequestsStayHome(requests),
      translationsStayHome(contexts),
      pasidOwnedOnce(owners, smmu, contexts),
      everyGroupAnswered(requests),
      ...everyRequestAnswered(requests),
      returns('unbind', userP),
      // The bond of q stays; an mm_p whose process has exited does not.
      allFreed(s.bounds.exits > 0 ? [s.pool(MmStruct, 1)] : [], [mmQ]),
      sometimes('pasid-reused', 'q gets the PASID that p had', () => q.ctx.pasid === pasid),
      sometimes('q-answered', 'a page request of q succeeds', () => q.requests.some((r) => r.answer === 'success')),
    );
  },
});
