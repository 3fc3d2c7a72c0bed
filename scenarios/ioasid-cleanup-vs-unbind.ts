/** Corpus #37: an ID is freed while it is bound; the cleanup that this queues meets a guest unbind. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  allocAtStart,
  bindAtStart,
  chainOrder,
  freePendingEnds,
  freePendingPasses,
  idOutlivesItsUse,
  kvmAtStart,
  makeCleanup,
  makeIoasid,
  makeIommu,
  openAtStart,
  priorities,
  SVM_C,
  setLife,
  svmLife,
  unbindGpasid,
  userFree,
  userFreeAwaited,
  VtdDevice,
  v4_14,
  vdcmAtStart,
  vdcmStop,
  vdcmWork,
  workerDrain,
} from '../model/ioasid/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';

const order = [set(chainOrder, 'one-chain'), set(priorities, 'cpu-device-iommu')];
const counted = set(svmLife, 'counted');
const outside = set(workerDrain, 'outside');

export default scenario('ioasid-cleanup-vs-unbind', {
  title: 'a queued cleanup races with a guest unbind',
  about:
    'VFIO frees an ID that is bound. The ID is FREE_PENDING, and the VT-d driver, told under ioasid_allocator_lock, ' +
    'queues the cleanup that is embedded in its svm. A guest unbind that had begun before drops data and reference and ' +
    'frees the svm; nobody takes the work item off the queue. The cleanup drains page requests with a spinlock held. ' +
    'A mediating driver that cannot allocate its work item misses the event, and its reference is never given back.',
  systems: ['ioasid'],
  source: v4_14(SVM_C),
  corpus: '#37',
  bounds: { binds: 1, unbinds: 1, devices: 1, pri: 0, vdcm: 0, kvm: 0, waits: 0, failures: 0 },
  variants: {
    posted: {
      about: 'V4: unbind frees the svm while its work item is queued',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 38, states: 612 },
    },
    'posted-pri': {
      about: 'V4, no unbind, a device with page requests: the cleanup waits for them under iommu->lock',
      bounds: { unbinds: 0, pri: 1 },
      expect: { verdict: 'violated', kind: 'sleep-in-atomic', length: 16, states: 37 },
    },
    'posted-enomem': {
      about:
        'a mediating driver uses the ID, which is not bound; its handler gets no memory, the ID stays FREE_PENDING',
      bounds: { binds: 0, unbinds: 0, vdcm: 1, failures: 1 },
      expect: { verdict: 'violated', kind: 'leak', length: 14, states: 22 },
    },
    'posted-enomem-bound': {
      about: 'the same with the ID bound, everybody told in the right order: the context goes while the device works',
      settings: [outside, counted, ...order],
      bounds: { unbinds: 0, vdcm: 1, failures: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'protocol', length: 20, states: 76 },
    },
    'posted-enomem-awaited': {
      about: 'the same by who waits until the ID is free: the free never returns',
      bounds: { binds: 0, unbinds: 0, vdcm: 1, waits: 1, failures: 1 },
      expect: { verdict: 'violated', kind: 'liveness', length: 16, states: 100 },
    },
    'flush-under-mutex': {
      about: 'unbind waits for the cleanup, with pasid_mutex held, which the cleanup wants',
      settings: [set(svmLife, 'unbind-flushes'), outside],
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'deadlock', length: 40, states: 696 },
    },
    fixed: {
      about: 'the queued work has a reference of the svm, drains outside the spinlock; drivers embed their work item',
      settings: [counted, outside, set(vdcmWork, 'embedded'), set(setLife, 'counted'), ...order],
      bounds: { unbinds: 2, devices: 2, pri: 1, vdcm: 1, kvm: 1 },
      expect: { verdict: 'holds', states: 14_165, depth: 90 },
    },
    'fixed-awaited': {
      about: 'the same, and VFIO waits until the ID is free',
      settings: [counted, outside, set(vdcmWork, 'embedded'), set(setLife, 'counted'), ...order],
      bounds: { unbinds: 2, devices: 2, pri: 1, vdcm: 1, kvm: 1, waits: 1 },
      expect: { verdict: 'holds', states: 15_803, depth: 92 },
    },
  },
  setup: (s) => {
    const { binds, unbinds, devices, pri, vdcm, kvm, waits, failures } = s.bounds;
    const parts = makeIoasid(s, {}, ['vtd', 'kvm', 'vdcm']);
    const { core } = parts;
    const user = openAtStart(s, parts, 'vfio', 1);
    const data = allocAtStart(s, parts, user);
    makeCleanup(s, parts, vdcm > 0);
    const iommu = makeIommu(s, parts, data.set);
    const devs = s.objects(VtdDevice, 'dev', devices, () => ({ pri_enabled: pri > 0 }));
    if (binds > 0) bindAtStart(s, parts, iommu, data, devs);
    if (kvm > 0) kvmAtStart(s, data);
    const mediated = vdcm > 0 ? vdcmAtStart(s, parts, data, devs[0] as VtdDevice) : null;
    s.property(returns('free', s.task('vfio-task', [does(waits > 0 ? userFreeAwaited : userFree, { core, user })])));
    devs.slice(0, unbinds).forEach((dev, i) => {
      // A guest that uses its device through a mediating driver stops the device before it unbinds it.
      const guest = s.task(`guest${i}`, [
        ...(mediated !== null && i === 0 ? [does(vdcmStop, { vdcm: mediated })] : []),
        does(unbindGpasid, { core, iommu, dev, pasid: data.id, mm: 1 }),
      ]);
      s.property(returns(`unbind of ${guest.name}`, guest));
    });
    s.failures({ kmalloc: failures });
    s.property(
      idOutlivesItsUse(core, devs),
      freePendingEnds(parts.ids),
      ...freePendingPasses(core),
      allFreed([parts.ids]),
      sometimes('reclaimed', 'the ID is free again', () => core.xa.at(1) === null),
    );
  },
});
