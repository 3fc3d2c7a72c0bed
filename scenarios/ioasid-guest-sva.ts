/** The guest SVA scenario: an ID that a guest works with goes, in whatever way; who stops first? */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  allocAtStart,
  bindAtStart,
  chainOrder,
  freePendingEnds,
  freePendingPasses,
  handlerPut,
  IOASID_C,
  idOutlivesItsUse,
  kvmAtStart,
  makeCleanup,
  makeIoasid,
  makeIommu,
  openAtStart,
  priorities,
  setLife,
  svmLife,
  unbindGpasid,
  userAlloc,
  userFree,
  userHasItsId,
  VtdDevice,
  v4_09,
  vdcmAtStart,
  vdcmStop,
  vdcmWork,
  vmDies,
  workerDrain,
} from '../model/ioasid/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';

const repaired = [
  set(svmLife, 'counted'),
  set(workerDrain, 'outside'),
  set(vdcmWork, 'embedded'),
  set(setLife, 'counted'),
];
const right = set(priorities, 'cpu-device-iommu');
const one = set(chainOrder, 'one-chain');

export default scenario('ioasid-guest-sva', {
  title: 'an ID that a guest works with is freed: CPU, device and IOMMU are to stop in this order',
  about:
    'A guest submits work with a PASID: KVM translates it, a mediated device has it in a work queue, the IOMMU has a ' +
    'context for it, and each holds a reference. Any of guest unbind, VFIO free, death of the VM and device reset may ' +
    'come. Before the context is torn down the device must have stopped. V4 gives the IOMMU a higher priority than the ' +
    'device; and as the VT-d driver listens on the global chain, which is told first, priorities do not even order it ' +
    'against the subscribers of a set.',
  systems: ['ioasid'],
  source: v4_09(IOASID_C),
  corpus: 'new',
  bounds: { unbinds: 0, deaths: 0, resets: 0, others: 0 },
  assumptions: ['subscribers listen to FREE; a guest that unbinds has stopped its device'],
  variants: {
    posted: {
      about: 'V4: two chains, and a priority of the IOMMU above that of the device',
      settings: repaired,
      expect: { verdict: 'violated', kind: 'protocol', length: 15, states: 43 },
    },
    'right-priorities': {
      about: 'the priority of the device above that of the IOMMU: no difference, they are on two chains',
      settings: [...repaired, right],
      expect: { verdict: 'violated', kind: 'protocol', length: 15, states: 43 },
    },
    'one-chain': {
      about: 'all on the chain of the set, with the priorities of V4',
      settings: [...repaired, one],
      expect: { verdict: 'violated', kind: 'protocol', length: 20, states: 47 },
    },
    'handler-takes-lock': {
      about: 'a handler that calls ioasid_put, not the locked form: the caller of the chain holds the lock',
      settings: [...repaired, one, right, set(handlerPut, 'takes-lock')],
      expect: { verdict: 'violated', kind: 'deadlock', length: 9, states: 10 },
    },
    fixed: {
      about: 'all on the chain of the set, CPU, device, IOMMU; unbind, free, death of the VM, and another VM',
      settings: [...repaired, one, right],
      bounds: { unbinds: 1, deaths: 1, others: 1 },
      expect: { verdict: 'holds', states: 131_277, depth: 97 },
    },
    'fixed-reset': {
      about: 'the same with a device reset; no other VM',
      settings: [...repaired, one, right],
      bounds: { unbinds: 1, deaths: 1, resets: 1 },
      expect: { verdict: 'holds', states: 88_685, depth: 88 },
    },
  },
  setup: (s) => {
    const { unbinds, deaths, resets, others } = s.bounds;
    const parts = makeIoasid(s, {}, ['vtd', 'kvm', 'vdcm']);
    const { core } = parts;
    makeCleanup(s, parts, true);
    const user = openAtStart(s, parts, 'vfio', 1);
    const data = allocAtStart(s, parts, user);
    const iommu = makeIommu(s, parts, data.set);
    const dev = s.object(VtdDevice, 'dev0', { pri_enabled: true });
    bindAtStart(s, parts, iommu, data, [dev]);
    const kvm = kvmAtStart(s, data);
    const vdcm = vdcmAtStart(s, parts, data, dev);
    s.property(returns('free', s.task('vfio-task', [does(userFree, { core, user })])));
    if (unbinds > 0)
      s.property(
        returns(
          'unbind',
          s.task('guest', [does(vdcmStop, { vdcm }), does(unbindGpasid, { core, iommu, dev, pasid: data.id, mm: 1 })]),
        ),
      );
    if (deaths > 0) s.property(returns('the death of the VM', s.task('reaper', [does(vmDies, { core, user })])));
    if (resets > 0) s.property(returns('the reset', s.task('reset-task', [does(vdcmStop, { vdcm })])));
    if (others > 0) {
      const other = openAtStart(s, parts, 'other', 2);
      s.task('other-task', [does(userAlloc, { core, user: other })]);
      s.property(userHasItsId(core, [other]));
    }
    s.property(
      idOutlivesItsUse(core, [dev]),
      freePendingEnds(parts.ids),
      ...freePendingPasses(core),
      sometimes('reclaimed', 'the ID is given back', () => core.xa.at(data.id) !== data && kvm.pasid === 0),
    );
    if (others === 0) s.property(allFreed([parts.ids]));
  },
});
