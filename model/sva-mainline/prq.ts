/**
 * The irq thread of the page request queue.
 *
 * Source: spec (j); drivers/iommu/intel/prq.c. The head register moves when everything between head and tail has been
 * reported, so that a request under way is still in the queue for whoever drains it. Left out: overflow, since the
 * queues here are as long as there are requests (see `vtd-prq-overflow` for what a full queue does).
 */

import { hw, type PageRequest } from '../iopf/hardware.ts';
import { oneResponse, priResponse } from '../iopf/respond.ts';
import { bool, errno, int, opaque, procedure } from '../kernel/index.ts';
import { type Device, IntelIommu } from './objects.ts';
import { iommuReportDeviceFault } from './report.ts';
import { iopfLock, PRQ_C, v6_14 } from './sources.ts';
import { releaseLock } from './switches.ts';

/** prq_event_thread(). Runs for ever: the interrupt is modelled by its cause, an entry in the queue. */
export const prqEventThread = procedure(
  'prq_event_thread',
  {
    source: v6_14(PRQ_C),
    params: { iommu: IntelIommu },
    locals: {
      head: int(0, 3),
      tail: int(0, 3),
      req: hw<PageRequest>(),
      last: bool(),
      dev: opaque<Device>(),
      ret: errno(),
    },
  },
  (k) => [
    k.loop([
      k.blockUntil('page request queue interrupt', (f) => f.iommu.regs.priq.length > 0, {
        idle: true,
        waiting: { kind: 'device', on: (f) => f.iommu.regs },
      }),
      k.step('tail = readq(DMAR_PQT_REG)', (f) => {
        f.tail = f.iommu.regs.priq.length;
        f.head = 0;
      }),
      k.loop([
        k.when((f) => f.head === f.tail, [k.break()]),
        k.step('req = &iommu->prq[head]', (f) => {
          f.req = f.iommu.regs.priq.at(f.head);
          f.last = f.req.last;
          f.head++;
        }),
        k.switch(releaseLock, {
          iopf_lock: [k.mutexLock((f) => f.iommu.iopf_lock, { source: iopfLock(PRQ_C) })],
          none: [],
        }),
        k.step('dev = device_rbtree_find(iommu, req->rid)', (f) => {
          f.dev = f.iommu.device_rbtree;
          f.ret = -1;
        }),
        k.when(
          (f) => f.dev !== null,
          [
            k.call(
              iommuReportDeviceFault,
              (f) => ({ dev: f.dev as Device, evt: f.req, last: f.last }),
              (f, ret) => {
                f.ret = ret;
              },
            ),
          ],
        ),
        k.when(
          (f) => f.ret !== 0 && f.last,
          [
            k.step('handle_bad_prq_event(): invalid', (f) => priResponse(f.iommu.fn, f.req, 'invalid'), {
              indivisible: oneResponse,
            }),
          ],
        ),
        k.switch(releaseLock, {
          iopf_lock: [k.mutexUnlock((f) => f.iommu.iopf_lock, { source: iopfLock(PRQ_C) })],
          none: [],
        }),
      ]),
      k.step('writeq(tail, DMAR_PQH_REG)', (f) => {
        for (let i = 0; i < f.tail; i++) f.iommu.regs.priq.shift();
        f.tail = 0;
        f.head = 0;
      }),
      k.complete((f) => f.iommu.prq_complete),
    ]),
  ],
);
