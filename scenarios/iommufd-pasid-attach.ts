/** Spec (h): devices of a group are attached with a PASID, beside what the group has without. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  answeredBeforeHandleFreed,
  attachAtStart,
  bindAtStart,
  but,
  closeDescriptor,
  DEVICE_C,
  Descriptor,
  destroyOps,
  detachReads,
  drain,
  EventqFile,
  Fault,
  faultsTo,
  Hwpt,
  handleAtStart,
  Ioas,
  IommufdAttach,
  IommufdDevice,
  IommufdGroup,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdDeviceDetach,
  iommufdDeviceUnbind,
  iommufdFaultDestroy,
  iommufdFaultRead,
  makeCtx,
  makeEndpoint,
  makeFault,
  makeGroup,
  makeHwpt,
  makeIoas,
  PagingDomain,
  repairedAttach,
  repairedFaults,
  replaceQueue,
  specH,
} from '../model/iommufd/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { faultPools, iommufdPromises, pageRequests, pasidAttachedThen } from './iommufd-parts.ts';

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
    const ictx = makeCtx(s, 2 + devices, { destroy: [...destroyOps, iommufdFaultDestroy] });
    const fd = s.object(Descriptor, 'fd');
    const ioas = makeIoas(s, ictx, 'ioas');
    const [plain, queued] = [makeHwpt(s, ictx, ioas, 'plain'), makeHwpt(s, ictx, ioas, 'queued')];
    for (const hwpt of [plain, queued]) hwpt.pasid_compat = true;
    const fault = makeFault(s, ictx, 'fault', fd);
    faultsTo(queued, fault);
    const igroup = makeGroup(s, 'igroup');
    const { group } = igroup;
    const dev = makeEndpoint(s, igroup, 'dev');
    const idevs = Array.from({ length: devices }, (_, i) => bindAtStart(s, ictx, igroup, `idev${i}`));
    const { domain } = queued;
    for (const [i, idev] of idevs.entries()) {
      const whole = requests > 1;
      if (whole) {
        attachAtStart(s, idev, queued);
        handleAtStart(s, idev, queued);
      }
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
    const { groups, handles, params } = faultPools(s, Math.max(1, requests), 2);
    const pools = [s.pool(Hwpt, 1), s.pool(IommufdDevice, 1), s.pool(Ioas, 1), s.pool(Fault, 1)];
    s.property(
      ...iommufdPromises(s, pools as never),
      answeredBeforeHandleFreed(groups, handles),
      allFreed([
        ...[...pools, groups, handles, params, s.pool(PagingDomain, 1)],
        ...[s.pool(IommufdAttach, 2), s.pool(IommufdGroup, 1), s.pool(EventqFile, 1)],
      ]),
      sometimes('attached', 'the PASID translates through the HWPT', () => group.pasid_domain === domain),
    );
  },
});
