/** What the scenarios of the first AMD SVA have in common: a device, its faults, and the actors that serve them. */
import type { Bounds, Pool, Setup, ViewOf } from '../checker/lang/index.ts';
import { DeviceState, doFault, Fault, freeLater, mnRelease, PasidState, pprNotifier } from '../model/amd-v2/index.ts';
import {
  AsyncPuts,
  asyncPutWorker,
  does,
  inc,
  type MmStruct,
  MmuRelease,
  makeMm,
  RcuCallback,
  Srcu,
  srcuCallbacks,
  WorkFunc,
  Workqueue,
  worker,
} from '../model/kernel/index.ts';

export interface AmdParts {
  readonly dev_state: DeviceState;
  readonly mm: ViewOf<typeof MmStruct>;
  /** Page requests on their way to do_fault(). */
  readonly faults: Pool<Fault>;
}

/** A device without PASIDs, an mm, the interrupt that brings `faults` page requests, and a worker. */
export function amdParts(s: Setup<Bounds>, faults: number): AmdParts {
  const srcu = s.object(Srcu, 'srcu');
  const iommu_wq = s.object(Workqueue, 'iommu_wq');
  const dev_state = s.object(DeviceState, 'dev_state', { iommu_wq, srcu });
  const asyncPuts = s.object(AsyncPuts, 'system_wq');
  const mm = makeMm(s, 'mm', { srcu, asyncPuts });
  const pool = s.pool(Fault, faults);
  s.implementations(WorkFunc, [doFault]);
  s.implementations(MmuRelease, [mnRelease]);
  s.implementations(RcuCallback, [freeLater]);
  s.task(
    'ppr',
    Array.from({ length: faults }, () => does(pprNotifier, { dev_state })),
    { role: 'irq' },
  );
  s.actor('worker', worker, { wq: iommu_wq }, { role: 'worker' });
  s.actor('mmput_worker', asyncPutWorker, { puts: asyncPuts }, { role: 'worker' });
  s.actor('srcu_callbacks', srcuCallbacks, { srcu }, { role: 'worker' });
  return { dev_state, mm, faults: pool };
}

/** Puts everything into the state it has after a bind that keeps no user of the mm. */
export function boundPasid(s: Setup<Bounds>, { dev_state, mm }: AmdParts): PasidState {
  const state = s.object(PasidState, 'pasid_state', { mm, dev_state, mn_release: mnRelease });
  dev_state.state = state;
  dev_state.gcr3 = true;
  mm.has_notifiers = true;
  mm.notifiers.add(state);
  inc(mm.mm_count);
  return state;
}
