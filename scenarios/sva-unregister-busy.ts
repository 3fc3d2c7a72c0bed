/** SVA-UNREG-1: shutdown does not look whether the fault handler could be removed. */
import { always, atEnd, does, scenario, set, sometimes, violated } from '../checker/lang/index.ts';
import { nameOf, WorkFunc, Workqueue, worker } from '../model/kernel/index.ts';
import {
  driverMmExit,
  FaultHandlerOp,
  FaultMaster,
  FaultParam,
  flushFaultQueue,
  handleFault,
  IopfQueueFlushDev,
  initAtStart,
  leaveFaultQueue,
  leavesQueue,
  MmExit,
  makeDevice,
  makeSva,
  QueuedFault,
  registerFaultHandler,
  removeDevice,
  reportFault,
  responseLock,
  SvaDeviceShutdown,
  stopReporting,
  unregisterFaultHandler,
  unregisterPending,
} from '../model/sva/index.ts';
import { v2_09 } from '../model/sva/sources.ts';
import { returns } from '../properties/response.ts';

// The fixed form is small: one device, and as many requests as the list of faults has room for.
export default scenario('sva-unregister-busy', {
  title: 'Shutdown while a page request waits for its answer',
  about:
    'A device is removed; its driver takes it out of the fault queue and shuts SVA down. The flush in shutdown finds no ' +
    'queue and waits for nothing, so that a fault worker still has a page request when the fault handler is to be ' +
    'removed: that is refused with -EBUSY. Shutdown does not look, frees what init has set up and returns 0, with the ' +
    'handler still there.',
  systems: ['sva'],
  source: v2_09('drivers/iommu/iommu-sva.c'),
  corpus: 'SVA-UNREG-1',
  bounds: { requests: 1 },
  assumptions: ['the device has stopped, and all its page requests are reported, before it is removed'],
  variants: {
    posted: {
      about: 'the device leaves the queue first, and -EBUSY is ignored',
      expect: { verdict: 'violated', kind: 'protocol', property: 'no-handler-after-shutdown', length: 37, states: 263 },
    },
    flushed: {
      about: 'the device leaves the queue in shutdown, after it was flushed',
      settings: [set(leavesQueue, 'in shutdown')],
      bounds: { requests: 3 },
      expect: { verdict: 'holds', states: 1_564, depth: 83 },
    },
    answered: {
      about:
        'the device leaves the queue first, and what is pending is answered when the handler goes; the worker reads the ' +
        'pointer to fault_param without a lock (new)',
      settings: [set(unregisterPending, 'answered')],
      expect: { verdict: 'violated', kind: 'invalid-free', length: 44, states: 328 },
    },
    fixed: {
      about: 'the same, and a page response takes the param lock',
      settings: [set(unregisterPending, 'answered'), set(responseLock, 'param lock')],
      bounds: { requests: 3 },
      expect: { verdict: 'holds', states: 3_784, depth: 90 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s);
    const dev = makeDevice(s, parts, 'dev');
    const wq = s.object(Workqueue, 'iopf_wq');
    const fault_param = s.object(FaultParam, 'fault_param');
    const master = s.object(FaultMaster, 'master', { wq, fault_param });
    dev.iommu_priv = master;
    s.implementations(MmExit, [driverMmExit]);
    s.implementations(FaultHandlerOp, [registerFaultHandler, unregisterFaultHandler]);
    s.implementations(IopfQueueFlushDev, [flushFaultQueue]);
    s.implementations(SvaDeviceShutdown, [leaveFaultQueue]);
    s.implementations(WorkFunc, [handleFault]);
    parts.ops.register_fault_handler = registerFaultHandler;
    parts.ops.unregister_fault_handler = unregisterFaultHandler;
    parts.ops.iopf_queue_flush_dev = flushFaultQueue;
    parts.ops.sva_device_shutdown = leaveFaultQueue;
    initAtStart(s, dev, driverMmExit);
    s.pool(QueuedFault, s.bounds.requests);
    s.task(
      'irq',
      [...Array.from({ length: s.bounds.requests }, () => does(reportFault, { dev })), does(stopReporting, { dev })],
      { role: 'irq' },
    );
    s.actor('worker', worker, { wq }, { role: 'worker' });
    const remover = s.task('remover', [does(removeDevice, { dev })]);
    s.property(
      returns('shutdown', remover),
      always('no-handler-after-shutdown', 'when shutdown has returned 0, no fault handler is installed', () =>
        master.closed && master.fault_param !== null
          ? violated(
              'protocol',
              `shutdown of ${nameOf(dev)} has returned 0, and its fault handler is still installed`,
              {
                objects: [nameOf(dev), nameOf(master)],
                actors: [remover.name],
              },
            )
          : null,
      ),
      atEnd('answered-once', 'each page request that was taken has got one answer', () =>
        master.answered === master.taken
          ? null
          : violated('protocol', `${master.taken} page requests were taken, and ${master.answered} answers given`, {
              objects: [nameOf(master)],
            }),
      ),
      sometimes(
        'pending-at-shutdown',
        'a page request waits for its answer while the device is removed',
        () => !master.active && master.answered < master.taken,
      ),
    );
  },
});
