/**
 * References to the fault parameters of a device: who reports a fault takes one, and gives it to the group it makes.
 *
 * Source: spec (j); drivers/iommu/io-pgfault.c.
 */

import { IopfFault } from '../iopf/objects.ts';
import {
  containerOf,
  decAndTest,
  incNotZero,
  opaque,
  procedure,
  ptr,
  RcuCallback,
  type Srcu,
  type ViewOf,
} from '../kernel/index.ts';
import { DevIommu, Device, FaultParam, IopfGroup } from './objects.ts';
import { rcuReadLock, rcuReadUnlock } from './rcu.ts';
import { IOPF_C, specJ, v6_14 } from './sources.ts';
import { faultParamRef, releaseLock } from './switches.ts';

type RcuDomain = ViewOf<typeof Srcu>;

/** The callback of kfree_rcu(fault_param, rcu). */
export const faultParamFree = procedure('kfree_rcu', { source: v6_14(IOPF_C), params: RcuCallback.params }, (k) => [
  k.kfree((f) => containerOf(f.head, FaultParam), { label: 'kfree(fault_param)' }),
  k.return(),
]);

/** iopf_put_dev_fault_param() */
export const faultParamPut = procedure(
  'iopf_put_dev_fault_param',
  { source: v6_14(IOPF_C), params: { fault_param: FaultParam } },
  (k) => [
    k.test('refcount_dec_and_test(&fault_param->users)', (f) => decAndTest(f.fault_param.users), [
      k.callSrcu(
        (f) => f.fault_param.rcu as RcuDomain,
        (f) => f.fault_param,
        faultParamFree,
        { label: 'kfree_rcu(fault_param, rcu)' },
      ),
    ]),
    k.return(),
  ],
);

/** What a report that is done does with its reference, where it has one. */
export const reportPut = procedure(
  'iopf_put_dev_fault_param',
  { source: specJ(IOPF_C), params: { fault_param: FaultParam } },
  (k) => [
    k.switch(faultParamRef, {
      counted: [k.call(faultParamPut, (f) => ({ fault_param: f.fault_param }))],
      'not counted': [],
    }),
    k.return(),
  ],
);

/** iopf_get_dev_fault_param(); NULL when the device is in no fault queue. */
export const iopfGetDevFaultParam = procedure(
  'iopf_get_dev_fault_param',
  {
    source: v6_14(IOPF_C),
    params: { dev: Device },
    locals: { param: ptr(DevIommu), fault_param: opaque<FaultParam>() },
    returns: opaque<FaultParam>(),
  },
  (k) => [
    k.step('param = dev->iommu', (f) => {
      f.param = f.dev.iommu as DevIommu;
    }),
    k.switch(releaseLock, {
      iopf_lock: [],
      // Linux 6.8 looks whether the device has been released already.
      none: [k.when((f) => f.param === null, [k.return(() => null)])],
    }),
    rcuReadLock((f) => f.dev.group.rcu),
    k.step('fault_param = rcu_dereference(param->fault_param)', (f) => {
      f.fault_param = f.param.fault_param;
    }),
    k.switch(faultParamRef, {
      counted: [
        k.when(
          (f) => f.fault_param !== null,
          [
            k.test(
              'refcount_inc_not_zero(&fault_param->users)',
              (f) => incNotZero((f.fault_param as FaultParam).users),
              [],
              [
                k.local((f) => {
                  f.fault_param = null;
                }),
              ],
            ),
          ],
        ),
      ],
      'not counted': [],
    }),
    rcuReadUnlock((f) => f.dev.group.rcu),
    k.return((f) => f.fault_param),
  ],
);

/** iopf_free_group(): the faults of a group, its reference, and the group. */
export const iopfFreeGroup = procedure(
  'iopf_free_group',
  {
    source: v6_14(IOPF_C),
    params: { group: IopfGroup },
    locals: { fault: ptr(IopfFault), fault_param: ptr(FaultParam) },
  },
  (k) => [
    k.loop([
      k.test(
        'a fault that is not the last?',
        (f) => {
          const { first } = f.group.faults;
          if (first === null) return false;
          f.group.faults.remove(first);
          f.fault = first;
          return true;
        },
        [],
        [k.break()],
      ),
      k.kfree((f) => f.fault),
    ]),
    k.step('fault_param = group->fault_param', (f) => {
      f.fault_param = f.group.fault_param;
    }),
    k.call(reportPut, (f) => ({ fault_param: f.fault_param })),
    k.kfree((f) => f.group),
    k.return(),
  ],
);
