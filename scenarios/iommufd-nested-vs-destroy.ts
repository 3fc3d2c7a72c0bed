/** Spec (h): a nested HWPT is made, used and destroyed while its parent is destroyed. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  but,
  closeDescriptor,
  HWPT_C,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdDeviceUnbind,
  iommufdHwptAllocNested,
  iommufdHwptNestedDestroy,
  parentUser,
  repairedAttach,
  repairedFaults,
  specH,
} from '../model/iommufd/index.ts';

import { attachedThen, faultPromises, faultWorld, inQueue, pageRequests } from './iommufd-parts.ts';

const repairedForm = [...repairedAttach, ...repairedFaults, set(parentUser, 'held')];

export default scenario('iommufd-nested-vs-destroy', {
  title: 'a nested HWPT is made and used while its parent is destroyed',
  about:
    'User space nests an HWPT in another one, which translates what the tables of the guest hold, and gives it a fault ' +
    'queue; a driver attaches its device to it, if it is there by then. Meanwhile the parent, the fault queue and the ' +
    'nested HWPT are destroyed. The nested HWPT holds a user of its parent and one of its fault queue, so that it goes first.',
  systems: ['iommufd'],
  source: specH(HWPT_C),
  corpus: 'new',
  bounds: { requests: 0, failures: 0 },
  variants: {
    posted: {
      about: 'a form that was never merged: the nested HWPT holds no user of its parent',
      settings: but(repairedForm, set(parentUser, 'none')),
      expect: { verdict: 'violated', kind: 'protocol', length: 52, states: 15_480 },
    },
    fixed: {
      about: 'a user is held; the device asks for a page while it is attached',
      settings: repairedForm,
      bounds: { requests: 1 },
      expect: { verdict: 'holds', states: 124_954, depth: 215 },
    },
    failures: {
      about: 'one failure of each kind on the way of the allocation: nothing is left of it',
      settings: repairedForm,
      bounds: { failures: 1 },
      expect: { verdict: 'holds', states: 167_996, depth: 190 },
    },
  },
  setup: (s) => {
    const { requests, failures } = s.bounds;
    const {
      ictx,
      fds: [fd],
      hwpts: [parent],
      faults: [fault],
      dev,
      idevs: [idev],
    } = faultWorld(
      s,
      { hwpts: ['parent'], queues: [''], devices: ['idev'] },
      { ids: 4, destroy: [iommufdHwptNestedDestroy] },
    );
    const nested = idev.id + 1;
    const close = does(iommufdCtxPut, { ictx });
    const destroy = (id: number) => does(iommufdDestroy, { ictx, id });
    const { domain } = parent;
    s.task('user', [
      does(iommufdHwptAllocNested, { ictx, dev_id: idev.id, pt_id: parent.id, fault_id: fault.id }),
      destroy(nested),
      does(closeDescriptor, { fd }),
      close,
    ]);
    s.task('destroyer', [destroy(parent.id), destroy(fault.id), close]);
    s.task('driver', [does(attachedThen, { idev, pt_id: nested, replace_id: 0 }), does(iommufdDeviceUnbind, { idev })]);
    if (requests > 0) pageRequests(s, dev, [0]);
    const { promises, domains, faults } = faultPromises(s, { requests: 1, handles: 1, hwpts: 2 });
    s.failures({ kmalloc: failures, xa_alloc: failures, domain_alloc: failures, copy_to_user: failures });
    s.property(
      ...promises,
      sometimes('nested', 'there is a nested domain', () => [...domains].some((it) => it.s2_parent === domain)),
    );
    if (requests > 0) s.property(sometimes('delivered', 'a page request is in the fault queue', inQueue(faults)));
  },
});
