/** Spec (h): devices of a group are attached with a PASID, beside what the group has without. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  but,
  closeDescriptor,
  DEVICE_C,
  detachReads,
  drain,
  faultsTo,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdDeviceDetach,
  iommufdDeviceUnbind,
  iommufdFaultRead,
  repairedAttach,
  repairedFaults,
  replaceQueue,
  specH,
} from '../model/iommufd/index.ts';

import {
  attachedWithHandle,
  faultPromises,
  faultWorld,
  isRead,
  pageRequests,
  pasidAttachedThen,
} from './iommufd-parts.ts';

const PASID = 1;
const repairedForm = [...repairedAttach, ...repairedFaults, set(replaceQueue, 'of the old HWPT')];

export default scenario('iommufd-pasid-attach', {
  title: 'devices of a group are attached with a PASID, beside what the group has without',
  about:
    'A group is attached to an HWPT, and one of its devices asks for pages. Its drivers attach their devices with a PASID ' +
    'to HWPTs of the same IOAS, move and detach them; the first attachment of each PASID makes a handle, the last one ' +
    'takes it away again and answers what came in through it, and nothing of any other PASID. User space reads the ' +
    'fault queue, and destroys what it can.',
  systems: ['iommufd'],
  source: specH(DEVICE_C),
  corpus: 'new',
  bounds: { devices: 1, replaces: 0, requests: 1 },
  variants: {
    posted: {
      about:
        'a form that was never merged: detach reads the HWPT of its PASID before igroup->lock, as it did without PASIDs, ' +
        'while another device moves the PASID',
      settings: but(repairedForm, set(detachReads, 'before the lock')),
      bounds: { devices: 2, replaces: 1, requests: 0 },
      expect: { verdict: 'violated', kind: 'refcount', length: 96, states: 70_150 },
    },
    'no-drain': {
      about: 'requests of the PASID that are under way are not waited for',
      settings: but(repairedForm, set(drain, 'never')),
      expect: { verdict: 'violated', kind: 'use-after-free', length: 55, states: 8_031 },
    },
    fixed: {
      about: 'one device, with and without PASID, and a request of either',
      settings: repairedForm,
      bounds: { requests: 2 },
      expect: { verdict: 'holds', states: 97_101, depth: 242 },
    },
    'fixed-moved': {
      about: 'one device, moved to an HWPT without fault queue',
      settings: repairedForm,
      bounds: { replaces: 1 },
      expect: { verdict: 'holds', states: 16_645, depth: 215 },
    },
    'two-devices': {
      about: 'two devices of the group, the second of which moves the PASID',
      settings: repairedForm,
      bounds: { devices: 2, replaces: 1, requests: 0 },
      expect: { verdict: 'holds', states: 188_734, depth: 265 },
    },
  },
  setup: (s) => {
    const { devices, replaces, requests } = s.bounds;
    const { ictx, fds, hwpts, faults, igroup, dev, idevs } = faultWorld(
      s,
      { hwpts: ['plain', 'queued'], queues: [''], devices: ['idev0', 'idev1'].slice(0, devices) },
      { ids: 2 + devices },
    );
    const [fd] = fds;
    const [plain, queued] = hwpts;
    for (const hwpt of hwpts) hwpt.pasid_compat = true;
    faultsTo(queued, faults[0]);
    const { group } = igroup;
    const { domain } = queued;
    for (const [i, idev] of idevs.entries()) {
      const whole = requests > 1;
      if (whole) attachedWithHandle(s, idev, queued);
      s.task(`driver${i}`, [
        does(pasidAttachedThen, {
          idev,
          pasid: PASID,
          pt_id: queued.id,
          replace_id: replaces > 0 && i === devices - 1 ? plain.id : 0,
        }),
        ...(whole ? [does(iommufdDeviceDetach, { idev })] : []),
        does(iommufdDeviceUnbind, { idev }),
      ]);
    }
    s.task('user', [
      does(iommufdFaultRead, { fd }),
      does(iommufdDestroy, { ictx, id: queued.id }),
      does(closeDescriptor, { fd }),
      does(iommufdCtxPut, { ictx }),
    ]);
    if (requests > 0) pageRequests(s, dev, [PASID, 0].slice(0, requests));
    const { promises, faults: queues } = faultPromises(s, { requests: Math.max(1, requests), handles: 2, attaches: 2 });
    s.property(
      ...promises,
      sometimes('attached', 'the PASID translates through the HWPT', () => group.pasid_domain === domain),
    );
    if (requests > 0) s.property(sometimes('read', 'user space has read a page request', isRead(queues)));
  },
});
