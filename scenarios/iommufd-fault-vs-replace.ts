/** Spec (h): a device moves to another HWPT while its page requests wait for user space. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  autoResponse,
  but,
  closeDescriptor,
  counted,
  DEVICE_C,
  drain,
  faultsTo,
  groupOwnership,
  type Hwpt,
  iommufdCtxPut,
  iommufdDeviceDetach,
  iommufdDeviceReplace,
  iommufdDeviceUnbind,
  iommufdFaultRead,
  iommufdFaultWrite,
  iopfOff,
  repairedFaults,
  replaceOld,
  replaceQueue,
} from '../model/iommufd/index.ts';

import { attachedWithHandle, faultPromises, faultWorld, pageRequests } from './iommufd-parts.ts';

const repairedForm = [...counted, ...repairedFaults, set(replaceQueue, 'of the old HWPT')];

export default scenario('iommufd-fault-vs-replace', {
  title: 'a device moves to another HWPT while its page requests wait for user space',
  about:
    'A device asks for pages through an HWPT with a fault queue, and its driver replaces that HWPT by another one, which has ' +
    'a fault queue of its own or none. Replace makes a new attach handle, changes the domain, stores the handle, answers ' +
    'what came in through the old one, and frees it. A request that the device makes after the change of domain and ' +
    'before the new handle is stored still finds the old one.',
  systems: ['iommufd'],
  source: replaceOld(DEVICE_C),
  corpus: 'new',
  bounds: { requests: 1, queues: 1, failures: 0, watch: 1 },
  variants: {
    posted: {
      about:
        'as merged: replace looks for groups of the old handle in the fault queue of the new HWPT, and frees the handle; ' +
        'read() follows it',
      settings: but(repairedForm, set(replaceQueue, 'of the new HWPT')),
      bounds: { queues: 2, watch: 0 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 52, states: 16_850 },
    },
    'posted-watched': {
      about: 'the same, as far as the free',
      settings: but(repairedForm, set(replaceQueue, 'of the new HWPT')),
      bounds: { queues: 2 },
      expect: {
        verdict: 'violated',
        kind: 'protocol',
        property: 'answered before the handle is freed',
        length: 44,
        states: 12_414,
      },
    },
    'posted-no-queue': {
      about:
        'the same where the new HWPT has none: the removal of the device frees groups that the old queue still has',
      settings: but(repairedForm, set(replaceQueue, 'of the new HWPT')),
      expect: { verdict: 'violated', kind: 'use-after-free', length: 48, states: 6_151 },
    },
    'no-answers': {
      about: 'nobody answers what came in through the old handle',
      settings: but(repairedForm, set(autoResponse, 'never')),
      bounds: { queues: 2 },
      expect: {
        verdict: 'violated',
        kind: 'protocol',
        property: 'answered before the handle is freed',
        length: 37,
        states: 8_450,
      },
    },
    'freed-first': {
      about: 'the old handle is freed before its groups are answered',
      settings: but(repairedForm, set(autoResponse, 'after the handle')),
      bounds: { queues: 2 },
      expect: {
        verdict: 'violated',
        kind: 'protocol',
        property: 'answered before the handle is freed',
        length: 37,
        states: 8_154,
      },
    },
    'drained-before': {
      about:
        'the driver empties its queue while the domain changes, as VT-d does: a request of the new domain finds the old ' +
        'handle, and is reported when the handle is gone',
      settings: but(repairedForm, set(drain, 'before the handle')),
      bounds: { queues: 2 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 31, states: 5_440 },
    },
    fixed: {
      about: 'requests under way are waited for once more when the new handle is stored; both HWPTs have a fault queue',
      settings: repairedForm,
      bounds: { queues: 2, requests: 2 },
      expect: { verdict: 'holds', states: 265_842, depth: 268 },
    },
    'fixed-no-queue': {
      about: 'the same where the new HWPT has no fault queue',
      settings: repairedForm,
      expect: { verdict: 'holds', states: 8_969, depth: 201 },
    },
    'owned-no-queue': {
      about: 'and where the driver takes the device off its queue, with the repair proposed: iommufd owns its groups',
      settings: but(repairedForm, set(iopfOff, 'driver'), set(groupOwnership, 'iommufd')),
      expect: { verdict: 'holds', states: 10_041, depth: 205 },
    },
    failures: {
      about: 'one failure of each kind on the way of the replace: everything is as it was',
      settings: repairedForm,
      bounds: { queues: 2, failures: 1 },
      expect: { verdict: 'holds', states: 65_371, depth: 236 },
    },
  },
  setup: (s) => {
    const { requests, queues, failures, watch } = s.bounds;
    const { ictx, fds, hwpts, faults, igroup, dev, idevs } = faultWorld(
      s,
      { hwpts: ['old', 'new'], queues: ['0', '1'].slice(0, queues), devices: ['idev'] },
      { ids: 2 + queues },
    );
    const [idev] = idevs;
    faults.forEach((fault, i) => {
      faultsTo(hwpts[i] as Hwpt, fault);
    });
    attachedWithHandle(s, idev, hwpts[0]);
    const { domain } = hwpts[1];
    const { group } = igroup;
    s.task('driver', [
      does(iommufdDeviceReplace, { idev, pt_id: hwpts[1].id }),
      does(iommufdDeviceDetach, { idev }),
      does(iommufdDeviceUnbind, { idev }),
    ]);
    s.task('user', [
      ...fds.flatMap((fd) => [
        does(iommufdFaultRead, { fd }),
        does(iommufdFaultWrite, { fd, cookie: 1, code: 'success' as const }),
        does(closeDescriptor, { fd }),
      ]),
      does(iommufdCtxPut, { ictx }),
    ]);
    const asked = pageRequests(
      s,
      dev,
      Array.from({ length: requests }, () => 0),
    );
    const { promises } = faultPromises(s, { requests, handles: 2 }, watch > 0);
    s.failures({ kmalloc: failures, iommu_attach_group: failures });
    s.property(
      ...promises,
      sometimes('answered', 'user space has answered a request', () => asked.some((req) => req.answer === 'success')),
      sometimes('moved', 'the group translates through the new HWPT', () => group.domain === domain),
    );
  },
});
