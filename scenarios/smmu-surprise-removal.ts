/** Spec (c): a device is pulled out while its users unbind from it and its page requests are being handled. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { pulledFunction } from '../hw/pci/context.ts';
import { SmmuCmdq, smmuCmdq } from '../hw/smmu/commands.ts';
import {
  closeContext,
  commandQueue,
  PageResponseOp,
  pageResponseBy,
  priqAccounting,
  priqFlushWait,
  smmuPageResponse,
  stopWait,
} from '../model/iopf/index.ts';
import { does, makeMm } from '../model/kernel/index.ts';
import { AtcTimeouts, armSmmuGerrorHandler, atcTimeout, SMMU_C, v6_19 } from '../model/smmu/index.ts';
import { returns } from '../properties/response.ts';
import { alreadyBound, context, faultPath, faultPathProperties } from './iopf-parts.ts';

/** The flush itself works here (see smmu-flush-vs-priq), and every command goes through the queue. */
const queued = [
  set(priqAccounting, 'counted'),
  set(priqFlushWait, 'uninterruptible'),
  set(commandQueue, 'through the queue'),
  set(pageResponseBy, 'operation'),
];

export default scenario('smmu-surprise-removal', {
  title: 'Unbind of a device that is pulled out',
  about:
    'A process unbinds from a device; somebody pulls it out at any moment. What it has asked for is still ' +
    'in the queues and is handled and answered, and the answer goes nowhere. It does not answer the ATC invalidation of ' +
    'unbind either: the CMD_SYNC fails, and completes once the error is acknowledged. Unbind must return all the same, ' +
    'and give back the PASID.',
  systems: ['smmu', 'iopf', 'pci'],
  source: v6_19(SMMU_C),
  corpus: 'new',
  bounds: { users: 1, requests: 2, entries: 2 },
  assumptions: [
    'a CMD_SYNC that has failed completes when it is tried again',
    'an answer to a device that is gone is dropped',
  ],
  variants: {
    posted: {
      about: 'the driver stops its context first, as the contract wants it, and waits for a busy bit that reads as one',
      settings: queued,
      expect: { verdict: 'violated', kind: 'deadlock', length: 2, states: 15 },
    },
    'not-acknowledged': {
      about: 'nobody acknowledges the error: unbind waits for its CMD_SYNC for ever, with the lock of the SVA core',
      settings: [...queued, set(stopWait, 'busy bit, or gone'), set(atcTimeout, 'ignored')],
      expect: { verdict: 'violated', kind: 'deadlock', length: 26, states: 1_045 },
    },
    fixed: {
      about: 'the driver knows that all ones mean a device that is gone, and the error is acknowledged',
      settings: [...queued, set(stopWait, 'busy bit, or gone')],
      expect: { verdict: 'holds', states: 30_947, depth: 121 },
    },
  },
  setup: (s) => {
    const path = faultPath(s, { entries: s.bounds.entries, pooled: s.bounds.requests });
    const { smmu, fn, sva, dev } = path;
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    const timeouts = s.object(AtcTimeouts, 'arm_smmu_cmdq');
    smmu.cmdq = cmdq;
    const respond = smmuPageResponse(cmdq);
    s.implementations(PageResponseOp, [respond]);
    dev.page_response = respond;
    const user = (name: string, pasid: number, requests: number) => {
      const bound = context(s, path, name, { groups: Array.from({ length: requests }, () => 1) });
      alreadyBound(path, bound, makeMm(s, `mm_${name}`, {}), pasid);
      const task = s.task(`user_${name}`, [does(closeContext, { sva, smmu, dev, ctx: bound.ctx, pasid })]);
      s.property(returns(`unbind of ${name}`, task));
      return bound;
    };
    const users = ['p', 'q']
      .slice(0, s.bounds.users)
      .map((name, i) => user(name, i + 1, i === 0 ? s.bounds.requests : 0));
    const contexts = users.map(({ ctx }) => ctx);
    s.actor('slot', pulledFunction, { fn, contexts }, { role: 'hardware', fair: false });
    s.actor(
      'cmdq_hw',
      smmuCmdq('CFGI', 'ATC_INV', 'PRI_RESP', 'ATC_INV time-out', 'SYNC error'),
      { cmdq, behind: { faultPath: { smmu, contexts }, pri: fn, priMayReset: true } },
      { role: 'hardware' },
    );
    s.actor('gerror_irq', armSmmuGerrorHandler, { cmdq, timeouts }, { role: 'irq' });
    s.property(
      ...faultPathProperties(path, users),
      sometimes('answer-to-nobody', 'an answer is on its way to a function that is gone', () =>
        [...cmdq.queue, ...cmdq.under_way].some((command) => command.startsWith('PRI_RESP') && !fn.present),
      ),
      sometimes(
        'returned',
        'the PASID is given back although the function is gone',
        () => !fn.present && users.every((_, i) => sva.pasids.at(i + 1) === null),
      ),
    );
  },
});
