/**
 * The way back: a page response finds the pending event, tells the device, and forgets the event.
 */
import {
  EINVAL,
  ENODEV,
  type KernelKit,
  nameOf,
  oneOf,
  op,
  procedure,
  ptr,
  type Statement,
  type ViewOf,
  Violation,
} from '../kernel/index.ts';
import {
  hw,
  type PageRequest,
  type PageResponse,
  type PciFunction,
  pageResponse,
  requestIsFixed,
  type SmmuCmdq,
} from './hardware.ts';
import { Device, FaultEvent, PageResponseOp, type PriMaster } from './objects.ts';
import { specB, v2_39 } from './sources.ts';
import { pageResponseBy, priAnswers, responsePasid } from './switches.ts';

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

/**
 * CMDQ_OP_PRI_RESP through the command queue: "fire and forget". Nobody waits for it, and no SYNC follows.
 */
function queuePriResponse(cmdq: SmmuCmdq, request: PageRequest, code: PageResponse, namesPasid: boolean): void {
  if (request.response !== 'none')
    throw new Violation('protocol', `${nameOf(request)} is answered a second time`, [nameOf(request)]);
  request.response = code;
  const { pasid, group } = request;
  cmdq.queue.push(namesPasid ? `PRI_RESP pasid ${pasid} group ${group} ${code}` : `PRI_RESP group ${group} ${code}`);
}

/** CMDQ_OP_PRI_RESP, with the PASID where the device requires it. */
export const issuePriResponse = <F>(
  k: KernelKit<F>,
  label: string,
  of: (f: F) => { readonly cmdq: SmmuCmdq; readonly request: PageRequest; readonly code: PageResponse },
): Statement<F> => {
  const issue = (namesPasid: boolean) => [
    k.step(
      label,
      (f) => {
        const { cmdq, request, code } = of(f as F);
        queuePriResponse(cmdq, request, code, namesPasid);
      },
      {
        event: 'page response',
        indivisible: 'a command is in the queue when the producer index moves; what it is made from does not change',
      },
    ),
  ];
  return k.switch(responsePasid, { 'not named': issue(false), named: issue(true) });
};

/** arm_smmu_page_response() of a device with PRI, through this command queue; made in a scenario's set-up. */
export const smmuPageResponse = (cmdq: SmmuCmdq) =>
  procedure(
    'arm_smmu_page_response',
    { source: v2_39('drivers/iommu/arm-smmu-v3.c'), params: PageResponseOp.params },
    (k) => [issuePriResponse(k, 'CMDQ_OP_PRI_RESP', (f) => ({ cmdq, request: f.evt, code: f.code })), k.return(0)],
  );

/** The same of a driver that knows whether PRI is enabled: it may answer no longer then, and returns -ENODEV. */
export const smmuPriResponse = (cmdq: SmmuCmdq, master: ViewOf<typeof PriMaster>) =>
  procedure(
    'arm_smmu_page_response',
    { source: v2_39('drivers/iommu/arm-smmu-v3.c'), params: PageResponseOp.params },
    (k) => [
      k.switch(priAnswers, {
        'while PRI is enabled': [k.test('master->can_fault', () => master.can_fault, [], [k.return(-ENODEV)])],
        always: [],
      }),
      issuePriResponse(k, 'CMDQ_OP_PRI_RESP', (f) => ({ cmdq, request: f.evt, code: f.code })),
      k.return(0),
    ],
  );

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
