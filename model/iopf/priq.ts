/**
 * The PRI queue of the SMMUv3 driver: the irq thread that empties it, and the flush that waits until what is in it now
 * has been dealt with.
 *
 * Source: v2 30/40 and 39/40, spec (c). The consumer index moves when an entry is popped, long before it is reported:
 * that is defect #3. `batch` counts the times the irq thread has seen the whole queue; a flush that began in the middle
 * of one batch is safe after the next, hence two.
 */
import { bool, errno, int, type KernelKit, opaque, procedure, type Statement, u8, wake } from '../kernel/index.ts';
import { cmdqOf, hw, type PageRequest, type PciFunction, type SmmuV3 } from './hardware.ts';
import { ArmSmmuQueue, Device, IopfQueue, PageResponseOp } from './objects.ts';
import { iopfQueueDiscardPartial } from './queue.ts';
import { iommuReportDeviceFault } from './report.ts';
import { issuePriResponse, oneResponse, priResponse } from './respond.ts';
import { v2_30, v2_39, v4_03 } from './sources.ts';
import { commandQueue, failedBy, overflowPartial, priqAccounting, priqFlushWait, stopMarkers } from './switches.ts';

interface Popped {
  readonly smmu: SmmuV3;
  readonly dev: Device;
  readonly fn: PciFunction;
  readonly evt: PageRequest | null;
}

const failedByCommand = <F extends Popped>(k: KernelKit<F>): Statement<F>[] => [
  k.switch(commandQueue, {
    'at once': [
      k.step(
        'CMDQ_OP_PRI_RESP with failure',
        (f) => {
          priResponse(f.fn, f.evt as PageRequest, 'failure');
        },
        { indivisible: oneResponse },
      ),
    ],
    'through the queue': [
      issuePriResponse(k, 'CMDQ_OP_PRI_RESP with failure', (f) => ({
        cmdq: cmdqOf(f.smmu),
        request: f.evt as PageRequest,
        code: 'failure',
      })),
    ],
  }),
];

/** As in v2: by the operation that answers everybody else. */
const failedByOperation = <F extends Popped>(k: KernelKit<F>): Statement<F>[] => [
  k.callback(
    PageResponseOp,
    (f) => f.dev.page_response,
    (f) => ({ dev: f.dev, evt: f.evt as PageRequest, code: 'failure' as const }),
  ),
];

/** arm_smmu_handle_ppr(), from the report of an entry that was taken out of the queue on. */
const reportPopped = <
  F extends { smmu: SmmuV3; dev: Device; fn: PciFunction; evt: PageRequest | null; last: boolean; ret: number },
>(
  k: KernelKit<F>,
): Statement<F>[] => [
  k.call(
    iommuReportDeviceFault,
    (f) => ({ dev: f.dev, evt: f.evt as PageRequest, last: f.last }),
    (f, ret) => {
      f.ret = ret;
    },
  ),
  // A group that could not be reported is answered here; nobody else knows of it.
  k.when(
    (f) => f.ret !== 0 && f.last,
    [k.switch(failedBy, { command: failedByCommand(k), page_response: failedByOperation(k) })],
  ),
];

/**
 * arm_smmu_priq_thread(). Runs for ever: the interrupt is modelled by its cause, an entry in the queue, because the
 * thread looks at the producer register once more before it ends, so an interrupt is never lost.
 */
export const armSmmuPriqThread = procedure(
  'arm_smmu_priq_thread',
  {
    source: v2_39('drivers/iommu/arm-smmu-v3.c'),
    params: { smmu: hw<SmmuV3>(), q: ArmSmmuQueue, dev: Device, queue: IopfQueue, fn: hw<PciFunction>() },
    locals: { evt: opaque<PageRequest>(), last: bool(), handled: int(0, 3), ret: errno() },
  },
  (k) => [
    k.loop([
      k.blockUntil('PRI queue interrupt', (f) => f.smmu.priq.length > 0, {
        idle: true,
        waiting: { kind: 'device', on: (f) => f.smmu },
      }),
      k.spinLock((f) => f.q.lock),
      k.loop([
        k.test(
          'queue_remove_raw(q, evt)',
          (f) => {
            if (f.q.known === 0) return false;
            f.q.known--;
            f.evt = f.smmu.priq.shift();
            f.last = f.evt.last;
            return true;
          },
          [
            k.switch(priqAccounting, {
              forgotten: [],
              counted: [
                k.step('count the popped entry as in flight', (f) => {
                  f.q.in_flight = true;
                }),
              ],
            }),
            k.spinUnlock((f) => f.q.lock),
            k.switch(stopMarkers, {
              'not sent': reportPopped(k),
              dropped: [
                k.test('arm_smmu_handle_ppr(): a Stop Marker?', (f) => f.evt?.context === null, [], reportPopped(k)),
              ],
              answered: reportPopped(k),
            }),
            k.spinLock((f) => f.q.lock),
            k.switch(priqAccounting, {
              forgotten: [],
              counted: [
                k.step('the reported entry is no longer in flight', (f) => {
                  f.q.in_flight = false;
                }),
              ],
            }),
            k.step(
              'count the entry as handled; a full queue of them is a batch',
              (f) => {
                f.evt = null;
                f.handled++;
                if (f.handled === f.smmu.priq_entries) {
                  f.handled = 0;
                  f.q.batch++;
                  wake(f.q.wq);
                }
              },
              { parks: true },
            ),
          ],
          [
            k.test(
              'queue_sync_prod(q): is it empty?',
              (f) => {
                f.q.known = f.smmu.priq.length;
                return f.q.known === 0;
              },
              [k.break()],
            ),
          ],
        ),
      ]),
      k.switch(overflowPartial, {
        kept: [],
        discarded: [
          k.test(
            'has the queue overflowed?',
            (f) => f.smmu.priq_overflow,
            [
              k.spinUnlock((f) => f.q.lock),
              k.call(iopfQueueDiscardPartial, (f) => ({ queue: f.queue })),
              k.spinLock((f) => f.q.lock),
            ],
            [],
            { source: v4_03('drivers/iommu/io-pgfault.c') },
          ),
        ],
      }),
      k.step(
        'acknowledge an overflow, end the batch, wake up the flushers',
        (f) => {
          f.handled = 0;
          if (f.smmu.priq_overflow) f.smmu.priq_overflow = false;
          f.q.batch++;
          wake(f.q.wq);
        },
        { parks: true },
      ),
      k.spinUnlock((f) => f.q.lock),
    ]),
  ],
);

/** arm_smmu_flush_queue() of the PRI queue: its result says whether a signal cut the wait short. */
export const armSmmuFlushPriq = procedure(
  'arm_smmu_flush_queue',
  {
    source: v2_30('drivers/iommu/arm-smmu-v3.c'),
    params: { smmu: hw<SmmuV3>(), q: ArmSmmuQueue },
    locals: { batch: u8(), ret: errno() },
  },
  (k) => [
    k.spinLock((f) => f.q.lock),
    k.step('queue_sync_prod(q); batch = q->batch', (f) => {
      f.q.known = f.smmu.priq.length;
      f.batch = f.q.batch;
    }),
    k.switch(priqFlushWait, {
      interruptible: [
        k.waitEventLock(
          (f) => f.q.wq,
          (f) => (f.q.known === 0 && !f.q.in_flight) || f.q.batch >= f.batch + 2,
          (f) => f.q.lock,
          {
            interruptible: {
              result: (f, value) => {
                f.ret = value;
              },
            },
          },
        ),
      ],
      uninterruptible: [
        k.waitEventLock(
          (f) => f.q.wq,
          (f) => (f.q.known === 0 && !f.q.in_flight) || f.q.batch >= f.batch + 2,
          (f) => f.q.lock,
        ),
      ],
    }),
    k.spinUnlock((f) => f.q.lock),
    k.return((f) => f.ret),
  ],
);
