/** Bind, unbind, and the release of the notifier that is embedded in the pasid_state. */
import {
  containerOf,
  MmStruct,
  MmuNotifier,
  mmuNotifierUnregister,
  procedure,
  ptr,
  Rcu,
  Srcu,
  Workqueue,
} from '../kernel/index.ts';
import { DeviceState, PasidState } from './objects.ts';
import { AMD_V2_C, deferred, early, v3_17 } from './sources.ts';
import { getPasidState, putPasidState, waitForOthers } from './state.ts';
import { bindHolds, releaseFrees, unbindWaits } from './switches.ts';

/** unbind_pasid(): no more faults, no more access, and nothing left in the work queue. */
const stopPasid = procedure(
  'unbind_pasid',
  { source: v3_17(AMD_V2_C), params: { state: PasidState, dev_state: DeviceState }, locals: { wq: ptr(Workqueue) } },
  (k) => [
    k.step('pasid_state->invalid = true', (f) => {
      f.state.invalid = true;
    }),
    k.step('amd_iommu_domain_clear_gcr3(domain, pasid)', (f) => {
      f.dev_state.gcr3 = false;
    }),
    k.step('iommu_wq', (f) => {
      f.wq = f.dev_state.iommu_wq;
    }),
    k.flushWorkqueue((f) => f.wq, { label: 'flush_workqueue(iommu_wq)' }),
    k.return(),
  ],
);

/** What call_srcu() runs when nobody walks along the notifier any more. */
export const freeLater = procedure('pasid_state_free', { source: deferred(AMD_V2_C), params: { head: Rcu } }, (k) => [
  k.kfree((f) => containerOf(f.head, PasidState), { label: 'kfree(pasid_state)' }),
  k.return(),
]);

/** mn_release(): the address space goes away. */
export const mnRelease = procedure(
  'mn_release',
  {
    source: v3_17(AMD_V2_C),
    params: { mn: MmuNotifier, mm: MmStruct },
    locals: { state: ptr(PasidState), dev_state: ptr(DeviceState), srcu: ptr(Srcu) },
  },
  (k) => {
    const takeOut = [
      k.spinLock((f) => f.dev_state.lock),
      k.step('clear_pasid_state: *ptr = NULL', (f) => {
        f.dev_state.state = null;
      }),
      k.spinUnlock((f) => f.dev_state.lock),
    ];
    return [
      k.step('pasid_state = container_of(mn, struct pasid_state, mn)', (f) => {
        f.state = containerOf(f.mn, PasidState);
        f.dev_state = f.state.dev_state;
        f.srcu = f.dev_state.srcu;
      }),
      k.call(stopPasid, (f) => ({ state: f.state, dev_state: f.dev_state })),
      k.switch(releaseFrees, {
        frees: [
          ...takeOut,
          k.call(waitForOthers, (f) => ({ state: f.state })),
          k.kfree((f) => f.state, { label: 'free_pasid_state(pasid_state)' }),
        ],
        'frees after SRCU': [
          ...takeOut,
          k.call(waitForOthers, (f) => ({ state: f.state })),
          ...k.mmuNotifierUnregisterNoRelease(
            (f) => f.state,
            (f) => f.mm,
            { source: deferred(AMD_V2_C) },
          ),
          k.callSrcu(
            (f) => f.srcu,
            (f) => f.state,
            freeLater,
            { source: deferred(AMD_V2_C) },
          ),
        ],
        'only stops': [],
      }),
      k.return(),
    ];
  },
);

/** amd_iommu_unbind_pasid(): called by the device driver, which closes what was bound once. */
export const unbindPasid = procedure(
  'amd_iommu_unbind_pasid',
  {
    source: v3_17(AMD_V2_C),
    params: { dev_state: DeviceState },
    locals: { state: ptr(PasidState), mm: ptr(MmStruct) },
  },
  (k) => [
    ...getPasidState(k),
    k.when((f) => f.state === null, [k.return()]),
    k.call(putPasidState, (f) => ({ state: f.state })),
    k.spinLock((f) => f.dev_state.lock),
    k.step('clear_pasid_state: *ptr = NULL', (f) => {
      f.dev_state.state = null;
    }),
    k.spinUnlock((f) => f.dev_state.lock),
    k.step('pasid_state->mm', (f) => {
      f.mm = f.state.mm;
    }),
    k.switch(unbindWaits, {
      'after unregister': [
        k.call(mmuNotifierUnregister, (f) => ({ mn: f.state, mm: f.mm })),
        k.call(waitForOthers, (f) => ({ state: f.state })),
      ],
      'before unregister': [
        k.call(waitForOthers, (f) => ({ state: f.state })),
        k.call(mmuNotifierUnregister, (f) => ({ mn: f.state, mm: f.mm })),
      ],
    }),
    k.kfree((f) => f.state, { label: 'free_pasid_state(pasid_state)' }),
    k.return(),
  ],
);

/** amd_iommu_bind_pasid(): the caller is the process itself. */
export const bindPasid = procedure(
  'amd_iommu_bind_pasid',
  {
    source: early(AMD_V2_C),
    params: { dev_state: DeviceState, mm: MmStruct },
    locals: { state: ptr(PasidState) },
  },
  (k) => [
    k.mmget((f) => f.mm, { label: 'get_task_mm(task)' }),
    k.kmalloc(PasidState, (f, fresh) => {
      fresh.mm = f.mm;
      fresh.dev_state = f.dev_state;
      fresh.invalid = true;
      f.state = fresh;
    }),
    k.mmuNotifierRegister(
      (f) => f.state,
      (f) => f.mm,
      mnRelease,
    ),
    k.spinLock((f) => f.dev_state.lock),
    k.step('set_pasid_state: *ptr = pasid_state', (f) => {
      f.dev_state.state = f.state;
    }),
    k.spinUnlock((f) => f.dev_state.lock),
    k.step('amd_iommu_domain_set_gcr3(domain, pasid)', (f) => {
      f.dev_state.gcr3 = true;
    }),
    k.step('pasid_state->invalid = false', (f) => {
      f.state.invalid = false;
    }),
    k.switch(bindHolds, { mm_users: [], mm_count: [k.mmput((f) => f.mm)] }),
    k.return(0),
  ],
);
