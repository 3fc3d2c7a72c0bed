/** Not in the corpus: each stalled transaction is resumed exactly once, also when nobody can handle its fault. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { PageRequest, PciContext, PciFunction } from '../hw/pci/objects.ts';
import { SmmuCmdq, smmuCmdq } from '../hw/smmu/commands.ts';
import { SmmuEvtq, stallingContext } from '../hw/smmu/stalls.ts';
import { does, WorkFunc, Workqueue, worker } from '../model/kernel/index.ts';
import {
  armSmmuEvtqThread,
  badSetup,
  FaultParam,
  failedReport,
  fullEvtq,
  handleStall,
  PendingStall,
  queueRemoval,
  removeFromQueue,
  SMMU_C,
  StallDevice,
  StallGroup,
} from '../model/smmu/index.ts';
import { everyGroupAnswered, everyRequestAnswered, returns } from '../properties/response.ts';

export default scenario('smmu-stall-resume', {
  title: 'Stalled transactions of a device that leaves its fault queue',
  about:
    'Transactions of a device stall when they fault; the event queue has room for one record. Meanwhile the device is ' +
    'removed from its fault queue. As posted the report of a fault answers what it cannot queue, but has nothing to ' +
    'answer with when the device has no fault parameters any more, and the driver no longer looks at its result: the ' +
    'transaction is stalled for ever.',
  systems: ['smmu'],
  source: badSetup(SMMU_C),
  corpus: 'new',
  bounds: { contexts: 2, transactions: 1, entries: 1, kmalloc_failures: 1 },
  assumptions: ['the record of a stall that meets a full event queue is written later (not in variant lost-record)'],
  variants: {
    posted: {
      about: 'Linux 6.10: the report answers what it cannot queue, except when there are no fault parameters',
      expect: { verdict: 'violated', kind: 'protocol', length: 17, states: 3_716 },
    },
    'answered-twice': {
      about: 'report and driver both answer a fault that could not be queued',
      settings: [set(failedReport, 'report and driver answer')],
      expect: { verdict: 'violated', kind: 'protocol', length: 14, states: 1_706 },
    },
    'removal-forgets': {
      about: 'removal drops what is pending without an answer, and the worker finds nothing to answer',
      settings: [set(failedReport, 'driver answers'), set(queueRemoval, 'forgets what is pending')],
      expect: { verdict: 'violated', kind: 'protocol', length: 39, states: 56_380 },
    },
    'lost-record': {
      about: 'as fixed, with an SMMU that loses the record of a stall when the event queue is full',
      settings: [set(failedReport, 'driver answers'), set(fullEvtq, 'lost')],
      expect: { verdict: 'violated', kind: 'protocol', length: 19, states: 6_388 },
    },
    fixed: {
      about: 'the driver answers whatever the report could not queue',
      settings: [set(failedReport, 'driver answers')],
      expect: { verdict: 'holds', states: 122_420, depth: 61 },
    },
  },
  setup: (s) => {
    const master = s.object(PciFunction, 'master');
    const evtq = s.object(SmmuEvtq, 'evtq', { entries: s.bounds.entries });
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    const wq = s.object(Workqueue, 'iopf_wq');
    const param = s.object(FaultParam, 'fault_param');
    const dev = s.object(StallDevice, 'dev', { fault_param: param });
    s.pool(PendingStall, s.bounds.contexts + 1);
    s.pool(StallGroup, s.bounds.contexts + 2);
    s.implementations(WorkFunc, [handleStall]);
    s.failures({ kmalloc: s.bounds.kmalloc_failures });
    const transactions: PageRequest[] = [];
    for (let i = 0; i < s.bounds.contexts; i++) {
      const ctx = s.object(PciContext, `ctx${i}`);
      const own = s.objects(PageRequest, `transaction${i}_`, s.bounds.transactions, () => ({
        context: ctx,
        last: true,
      }));
      const whenFull = s.setting(fullEvtq);
      s.actor(`device${i}`, stallingContext, { master, evtq, transactions: own, whenFull }, { role: 'hardware' });
      transactions.push(...own);
    }
    s.actor('cmdq_hw', smmuCmdq('RESUME'), { cmdq, behind: { stalls: master } }, { role: 'hardware' });
    s.actor('evtq_irq', armSmmuEvtqThread, { dev, cmdq, evtq, wq }, { role: 'irq' });
    s.actor('worker', worker, { wq }, { role: 'worker' });
    const remover = s.task('remover', [does(removeFromQueue, { dev, cmdq })]);
    s.property(
      everyGroupAnswered(transactions),
      ...everyRequestAnswered(transactions),
      returns('removal', remover),
      sometimes(
        'full',
        'a transaction is stalled while the event queue is full',
        () =>
          evtq.records.length === evtq.entries &&
          transactions.some((t) => t.pasid !== 0 && ![...evtq.records].includes(t)),
      ),
      sometimes(
        'late',
        'a transaction is stalled when the device has left its queue',
        () => dev.fault_param === null && [...evtq.records].length > 0,
      ),
    );
  },
});
