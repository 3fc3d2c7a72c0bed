/** A page request: the notifier that the interrupt calls takes a reference to the state, and do_fault() drops it. */
import { containerOf, ENODEV, MmStruct, procedure, ptr, Work } from '../kernel/index.ts';
import { DeviceState, Fault, PasidState } from './objects.ts';
import { AMD_V2_C, early, v3_17 } from './sources.ts';
import { getPasidState, putPasidState } from './state.ts';

/** do_fault(), the work function. */
export const doFault = procedure(
  'do_fault',
  {
    source: early(AMD_V2_C),
    params: { work: Work },
    locals: { fault: ptr(Fault), state: ptr(PasidState), mm: ptr(MmStruct) },
  },
  (k) => [
    k.step('fault = container_of(work, struct fault, work)', (f) => {
      f.fault = containerOf(f.work, Fault);
      f.state = f.fault.state;
    }),
    k.step('mm = fault->state->mm', (f) => {
      f.mm = f.state.mm;
    }),
    k.step('get_user_pages(mm)', (f) => {
      void f.mm.has_notifiers;
    }),
    k.call(putPasidState, (f) => ({ state: f.state })),
    k.kfree((f) => f.fault),
    k.return(),
  ],
);

/** ppr_notifier(): without a state, or with one that is going, the request is answered as invalid. */
export const pprNotifier = procedure(
  'ppr_notifier',
  {
    source: early(AMD_V2_C),
    params: { dev_state: DeviceState },
    locals: { state: ptr(PasidState), fault: ptr(Fault) },
  },
  (k) => [
    ...getPasidState(k),
    k.when((f) => f.state === null, [k.return(-ENODEV)]),
    k.test(
      'pasid_state->invalid',
      (f) => f.state.invalid,
      [k.call(putPasidState, (f) => ({ state: f.state })), k.return(-ENODEV)],
      [],
      { source: v3_17(AMD_V2_C) },
    ),
    k.kmalloc(
      Fault,
      (f, fresh) => {
        fresh.state = f.state;
        fresh.work_func = doFault;
        f.fault = fresh;
      },
      { atomic: true },
    ),
    k.queueWork(
      (f) => f.dev_state.iommu_wq,
      (f) => f.fault,
      { label: 'queue_work(iommu_wq, &fault->work)' },
    ),
    k.return(0),
  ],
);
