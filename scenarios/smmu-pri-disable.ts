/** Spec (c): PRI of a device is disabled for one user and enabled for the next, while page requests are under way. */
import { always, scenario, set, sometimes, violated } from '../checker/lang/index.ts';
import { pageRequestTiming } from '../hw/pci/context.ts';
import { PageRequestInterface } from '../hw/pci/objects.ts';
import { SmmuCmdq, smmuCmdq } from '../hw/smmu/commands.ts';
import {
  acquireDevice,
  armSmmuSvaShutdown,
  closeContext,
  commandQueue,
  deviceStop,
  failedBy,
  IopfDeviceParam,
  iopfRevision,
  openWithPri,
  PageResponseOp,
  PriMaster,
  pageResponseBy,
  priAnswers,
  priqAccounting,
  priqFlushWait,
  priReset,
  priShutdown,
  releaseDevice,
  smmuPriResponse,
  stopContext,
} from '../model/iopf/index.ts';
import { does, makeMm, patch } from '../model/kernel/index.ts';
import { returns } from '../properties/response.ts';
import { alreadyBound, context, faultPath, faultPathProperties } from './iopf-parts.ts';

/** The flush itself works here, and every command goes through the queue. */
const base = [
  set(priqAccounting, 'counted'),
  set(priqFlushWait, 'uninterruptible'),
  set(commandQueue, 'through the queue'),
  set(pageResponseBy, 'operation'),
  set(failedBy, 'page_response'),
  set(iopfRevision, 'v5'),
];
const late = [...base, set(deviceStop, 'never'), set(pageRequestTiming, 'later')];
const answering = [...late, set(priAnswers, 'always')];

export default scenario('smmu-pri-disable', {
  title: 'PRI is disabled and enabled again with page requests under way',
  about:
    'Process p unbinds from a device and SVA is shut down: PRI is disabled, the device leaves the fault queue; the context ' +
    'of p is stopped after that. The next user q inits SVA again, which resets the page request interface and enables ' +
    'it. A page request of p that is in a queue meanwhile is handled in the address space of q, or its answer is taken for ' +
    'that to a request of q. Disabling PRI stops new requests; only a flush behind it, and a CMD_SYNC behind the answers, ' +
    'see the last of the old ones.',
  systems: ['smmu', 'iopf', 'pci'],
  source: patch('v2 39/40', '20180511190641.23008-40-jean-philippe.brucker@arm.com')('drivers/iommu/arm-smmu-v3.c'),
  corpus: 'new',
  bounds: { requests_p: 1, requests_q: 1, entries: 2 },
  assumptions: [
    'a function whose PRI is disabled posts no new request, and one that was reset forgets what it had open',
    'an answer to a group that the function does not have open is dropped',
    'one user at a time has the device open, and its context has stopped when the next one gets it',
    'the context is stopped after the shutdown (before unbind in contract)',
  ],
  variants: {
    posted: {
      about: 'v2: PRI is disabled and the device leaves its queue, whatever is under way',
      settings: late,
      expect: { verdict: 'violated', kind: 'isolation', length: 96, states: 34_144 },
    },
    unanswered: {
      about:
        'v2 and no next user: what is open when PRI is disabled is not answered any more, page_response says -ENODEV',
      settings: late,
      bounds: { requests_q: 0 },
      expect: { verdict: 'violated', kind: 'protocol', length: 80, states: 23_518 },
    },
    'not-reset': {
      about: 'PRI is enabled without a reset: requests are open, and the PCI core refuses',
      settings: [...answering, set(priReset, 'not reset')],
      expect: { verdict: 'violated', kind: 'protocol', length: 64, states: 12_637 },
    },
    'flush-first': {
      about: 'the fault queues are flushed before PRI is disabled: one more request comes in between',
      settings: [...answering, set(priShutdown, 'flush, SYNC, disable PRI')],
      expect: { verdict: 'violated', kind: 'isolation', length: 115, states: 33_987 },
    },
    'ats-only': {
      about: 'ATS is disabled before the flush, PRI after it: what the function missed before it may still request',
      settings: [...answering, set(priShutdown, 'disable ATS, flush, SYNC, disable PRI')],
      expect: { verdict: 'violated', kind: 'isolation', length: 117, states: 34_951 },
    },
    'no-sync': {
      about: 'PRI is disabled, then flushed, and nobody waits for the answers: one comes after the reset',
      settings: [...answering, set(priShutdown, 'disable PRI, flush')],
      expect: { verdict: 'violated', kind: 'isolation', length: 135, states: 23_908 },
    },
    contract: {
      about: 'as posted, with the context stopped before unbind: nothing is under way when PRI is disabled',
      settings: base,
      bounds: { requests_p: 2 },
      expect: { verdict: 'holds', states: 14_091, depth: 215 },
    },
    fixed: {
      about: 'PRI is disabled, the queues are flushed, a CMD_SYNC waits for the answers, the device leaves its queue',
      settings: [...answering, set(priShutdown, 'disable PRI, flush, SYNC')],
      bounds: { requests_p: 2 },
      expect: { verdict: 'holds', states: 78_081, depth: 232 },
    },
  },
  setup: (s) => {
    const { requests_p, requests_q, entries } = s.bounds;
    const path = faultPath(s, { entries, pooled: requests_p + requests_q });
    const { smmu, fn, sva, dev, queue } = path;
    s.pool(IopfDeviceParam, 1);
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    const pri = s.object(PageRequestInterface, 'pri');
    const master = s.object(PriMaster, 'master');
    smmu.cmdq = cmdq;
    const respond = smmuPriResponse(cmdq, master);
    s.implementations(PageResponseOp, [respond]);
    dev.page_response = respond;
    const posts = s.setting(pageRequestTiming);
    const ones = (count: number) => Array.from({ length: count }, () => 1);
    const p = context(s, path, 'p', { groups: ones(requests_p), posts, pri });
    const q = context(s, path, 'q', { groups: ones(requests_q), posts, pri });
    alreadyBound(path, p, makeMm(s, 'mm_p', {}), 1);
    const behind = { faultPath: { smmu, contexts: [p.ctx, q.ctx] }, pri: fn, priMayReset: true };
    s.actor('cmdq_hw', smmuCmdq('CFGI', 'ATC_INV', 'PRI_RESP'), { cmdq, behind }, { role: 'hardware' });
    dev.opened = true;
    const device = { master, pri, fn, smmu, dev, queue };
    const userP = s.task('user_p', [
      does(closeContext, { sva, smmu, dev, ctx: p.ctx, pasid: 1 }),
      does(armSmmuSvaShutdown, device),
      does(stopContext, { ctx: p.ctx }),
      does(releaseDevice, { dev }),
    ]);
    const next = requests_q > 0;
    if (next)
      s.task('user_q', [
        does(acquireDevice, { dev }),
        does(openWithPri, { ...device, sva, ctx: q.ctx, mm: makeMm(s, 'mm_q', {}) }),
      ]);
    s.property(
      ...faultPathProperties(path, [p, q]),
      returns('shutdown', userP),
      always('pri-enabled-again', 'PRI can be enabled for the next user', () =>
        master.refused ? violated('protocol', 'PRI is not enabled: the function has requests open') : null,
      ),
      ...(next
        ? [
            sometimes('q-answered', 'a page request of q succeeds', () =>
              q.requests.some((r) => r.answer === 'success'),
            ),
          ]
        : []),
    );
  },
});
