/** iopf_group_response(): answers a group that still waits for an answer, and says nothing for any other. */

import { hw, type PciFunction, pageResponse } from '../iopf/hardware.ts';
import { oneResponse, priResponse } from '../iopf/respond.ts';
import { oneOf, procedure, ptr } from '../kernel/index.ts';
import { type DevIommu, Device, FaultParam, IopfGroup } from './objects.ts';
import { IOPF_C, v6_14 } from './sources.ts';

export const iopfGroupResponse = procedure(
  'iopf_group_response',
  {
    source: v6_14(IOPF_C),
    params: { group: IopfGroup, status: oneOf(...pageResponse) },
    locals: { fault_param: ptr(FaultParam), dev: ptr(Device), fn: hw<PciFunction>() },
  },
  (k) => [
    k.step('fault_param = group->fault_param', (f) => {
      f.fault_param = f.group.fault_param;
      f.dev = f.fault_param.dev;
    }),
    k.step('ops = dev_iommu_ops(dev)', (f) => {
      f.fn = (f.dev.iommu as DevIommu).iommu_dev.fn;
    }),
    k.mutexLock((f) => f.fault_param.lock),
    k.test('!list_empty(&group->pending_node)', (f) => f.fault_param.faults.has(f.group), [
      k.step('ops->page_response()', (f) => priResponse(f.fn, f.group.last_fault, f.status), {
        event: 'page response',
        indivisible: oneResponse,
      }),
      k.step('list_del_init(&group->pending_node)', (f) => f.fault_param.faults.remove(f.group)),
    ]),
    k.mutexUnlock((f) => f.fault_param.lock),
    k.return(),
  ],
);
