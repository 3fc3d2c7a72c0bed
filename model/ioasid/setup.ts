/** What scenarios of IOASID build with: the allocator and its workqueue, a set with an ID, subscribers, a bound device. */
import {
  type Bounds,
  idrInsert,
  nameOf,
  orderedWorker,
  type Pool,
  RcuCallback,
  type Setup,
  Srcu,
  srcuCallbacks,
  WorkFunc,
  Workqueue,
} from '../kernel/index.ts';
import { ioasidDataFree, ioasidSetFreeRcu } from './free.ts';
import { kvmStatusChange } from './kvm.ts';
import { chainOf, chainRegister, globalChain } from './notify.ts';
import {
  IntelIommu,
  IntelSvm,
  Ioasid,
  IoasidData,
  IoasidSet,
  IoasidUser,
  Kvm,
  NotifierBlock,
  NotifierCall,
  Vdcm,
  VdcmWork,
  type VtdDevice,
} from './objects.ts';
import { intelSvmFreeAsync, pasidStatusChange } from './svm.ts';
import { chainOrder, priorities, setLife, vdcmWork } from './switches.ts';
import { vdcmEmbeddedFn, vdcmStatusChange, vdcmWorkFn } from './vdcm.ts';

/** Everything that a scenario has; pools to look at what is live. */
export interface IoasidParts {
  readonly core: Ioasid;
  readonly ids: Pool<IoasidData>;
  readonly sets: Pool<IoasidSet>;
}

/** The globals of ioasid.c. Room for so many allocations by steps; who may listen. */
export function makeIoasid<B extends Bounds>(
  s: Setup<B>,
  room: { readonly ids?: number; readonly sets?: number } = {},
  subscribers: readonly ('vtd' | 'kvm' | 'vdcm')[] = ['kvm'],
): IoasidParts {
  const rcu = s.object(Srcu, 'rcu');
  const wq = s.object(Workqueue, 'ioasid_wq');
  const core = s.object(Ioasid, 'ioasid', { wq, rcu, capacity_avail: 4 });
  s.implementations(RcuCallback, [ioasidDataFree, ioasidSetFreeRcu]);
  const handlers = { vtd: pasidStatusChange, kvm: kvmStatusChange, vdcm: vdcmStatusChange };
  s.implementations(
    NotifierCall,
    subscribers.map((who) => handlers[who]),
  );
  s.actor('rcu-worker', srcuCallbacks, { srcu: rcu }, { role: 'worker' });
  return {
    core,
    ids: s.pool(IoasidData, room.ids ?? 1),
    sets: s.pool(IoasidSet, room.sets ?? 1),
  };
}

/** The worker of the ordered queue that subscribers share; one mediating driver among them at most. */
export function makeCleanup<B extends Bounds>(s: Setup<B>, { core }: IoasidParts, vdcm: boolean): void {
  const ofVdcm = s.setting(vdcmWork) === 'embedded' ? vdcmEmbeddedFn : vdcmWorkFn;
  s.implementations(WorkFunc, vdcm ? [intelSvmFreeAsync, ofVdcm] : [intelSvmFreeAsync]);
  s.actor('cleanup', orderedWorker, { wq: core.wq }, { role: 'worker' });
  if (vdcm) s.pool(VdcmWork, 1);
}

/** A user with a set, as ioasid_set_alloc() leaves it. */
export function openAtStart<B extends Bounds>(
  s: Setup<B>,
  { core }: IoasidParts,
  name: string,
  token: number,
  quota = 2,
): IoasidUser {
  const set = s.object(IoasidSet, `${name}_set`, { token, quota });
  set.id = idrInsert(core.sets, set);
  core.capacity_avail -= quota;
  return s.object(IoasidUser, name, { set });
}

/** An ID of the user's set, as ioasid_alloc() leaves it. */
export function allocAtStart<B extends Bounds>(s: Setup<B>, { core }: IoasidParts, user: IoasidUser): IoasidData {
  const set = user.set as IoasidSet;
  const data = s.object(IoasidData, `${nameOf(user)}_ioasid`, { set });
  data.id = idrInsert(core.xa, data);
  set.xa.set(data.id, data);
  set.nr_ioasids++;
  if (s.setting(setLife) === 'counted') set.ref.counter++;
  user.id = data.id;
  return data;
}

/** The VT-d driver, which listens on the global chain, or on that of the set. */
export function makeIommu<B extends Bounds>(s: Setup<B>, { core }: IoasidParts, set: IoasidSet): IntelIommu {
  const iommu = s.object(IntelIommu, 'intel_iommu');
  const priority = s.setting(priorities) === 'cpu-iommu-device' ? 2 : 1;
  const nb = s.object(NotifierBlock, 'pasid_nb', { notifier_call: pasidStatusChange, owner: iommu, priority });
  chainRegister(s.setting(chainOrder) === 'one-chain' ? chainOf(set) : globalChain(core), nb);
  return iommu;
}

/** The state after a guest bind of the ID on the devices. */
export function bindAtStart<B extends Bounds>(
  s: Setup<B>,
  { core }: IoasidParts,
  iommu: IntelIommu,
  data: IoasidData,
  devices: readonly VtdDevice[],
): IntelSvm {
  const svm = s.object(IntelSvm, `${nameOf(data)}.svm`, {
    core,
    iommu,
    pasid: data.id,
    work_func: intelSvmFreeAsync,
  });
  for (const dev of devices) {
    svm.devs.add(dev);
    dev.entry = data.id;
    dev.entry_for = data;
  }
  data.private = svm;
  data.spid = data.id;
  data.refs.counter++;
  return svm;
}

/** KVM of a VM that uses no ID yet, with a notifier that is not registered. */
export function makeKvm<B extends Bounds>(s: Setup<B>, name: string): NotifierBlock {
  return s.object(NotifierBlock, `${name}_nb`, {
    notifier_call: kvmStatusChange,
    owner: s.object(Kvm, name),
    priority: 3,
  });
}

/** KVM of the VM: its translation leads to the ID, for which it has a reference. */
export function kvmAtStart<B extends Bounds>(s: Setup<B>, data: IoasidData): Kvm {
  const kvm = s.object(Kvm, 'kvm', { pasid: data.id });
  data.refs.counter++;
  chainRegister(
    chainOf(data.set),
    s.object(NotifierBlock, 'kvm_nb', { notifier_call: kvmStatusChange, owner: kvm, priority: 3 }),
  );
  return kvm;
}

/** A mediated device whose work queue runs with the ID. */
export function vdcmAtStart<B extends Bounds>(
  s: Setup<B>,
  { core }: IoasidParts,
  data: IoasidData,
  dev: VtdDevice,
): Vdcm {
  const vdcm = s.object(Vdcm, 'vdcm', { core, dev });
  if (s.setting(vdcmWork) === 'embedded') vdcm.work_func = vdcmEmbeddedFn;
  dev.queue_pasid = data.id;
  data.refs.counter++;
  const priority = s.setting(priorities) === 'cpu-device-iommu' ? 2 : 1;
  chainRegister(
    chainOf(data.set),
    s.object(NotifierBlock, 'vdcm_nb', { notifier_call: vdcmStatusChange, owner: vdcm, priority }),
  );
  return vdcm;
}
