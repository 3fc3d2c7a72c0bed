/**
 * The way back: a page response finds the pending event, tells the device, and forgets the event.
 */
import { EINVAL, nameOf, oneOf, op, procedure, ptr, Violation } from '../kernel/index.ts';
import { hw, type PageRequest, type PageResponse, type PciFunction, pageResponse, requestIsFixed } from './hardware.ts';
import { Device, FaultEvent, PageResponseOp } from './objects.ts';
import { specB } from './sources.ts';
import { pageResponseBy } from './switches.ts';

/**
 * CMDQ_OP_PRI_RESP, and its delivery: the function knows the group by its index. No sync follows, and none is needed,
 * since the function notices the response in a step of its own.
 */
export function priResponse(fn: PciFunction, request: PageRequest, code: PageResponse): void {
  if (request.answer !== 'none')
    throw new Violation('protocol', `${nameOf(request)} is answered a second time`, [nameOf(request)]);
  const waiting = fn.prg.at(request.group);
  if (waiting !== request)
    throw new Violation(
      'isolation',
      `the response to ${nameOf(request)} reaches ${waiting === null ? 'no request' : nameOf(waiting)}, ` +
        `which has group index ${request.group} now`,
      [nameOf(request), nameOf(waiting)],
    );
  request.answer = code;
  fn.prg.set(request.group, null);
}

/** Why giving a response is one step. */
export const oneResponse = 'one command; what it touches is inside the function';

/** iommu_page_response(): by group index and PASID. An event that is not pending is not answered. */
export const iommuPageResponse = procedure(
  'iommu_page_response',
  {
    source: specB('drivers/iommu/iommu.c'),
    params: { dev: Device, fn: hw<PciFunction>(), evt: hw<PageRequest>(), code: oneOf(...pageResponse) },
    locals: { pending: ptr(FaultEvent), respond: op(PageResponseOp) },
  },
  (k) => [
    k.mutexLock((f) => f.dev.fault_param.lock),
    k.step(
      'find the pending event',
      (f) => {
        const { group, pasid } = f.evt;
        const pending = f.dev.fault_param.faults.find((p) => p.event.group === group && p.event.pasid === pasid);
        if (pending !== null) f.pending = pending;
        f.respond = f.dev.page_response;
      },
      { indivisible: requestIsFixed },
    ),
    k.when((f) => f.pending === null, [k.mutexUnlock((f) => f.dev.fault_param.lock), k.return(-EINVAL)]),
    k.switch(pageResponseBy, {
      SMMUv3: [
        k.step(
          'page_response: CMDQ_OP_PRI_RESP',
          (f) => {
            priResponse(f.fn, f.pending.event, f.code);
          },
          { indivisible: oneResponse },
        ),
      ],
      operation: [
        k.callback(
          PageResponseOp,
          (f) => f.respond,
          (f) => ({ dev: f.dev, evt: f.evt, code: f.code }),
        ),
      ],
    }),
    k.step('list_del(&pending->list)', (f) => {
      f.dev.fault_param.faults.remove(f.pending);
    }),
    k.kfree((f) => f.pending),
    k.mutexUnlock((f) => f.dev.fault_param.lock),
    k.return(0),
  ],
);
