/** Spec (h): a device is detached while its page requests wait for user space. */
import { does, eventually, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  autoResponse,
  but,
  closeDescriptor,
  destroyIoctl,
  drain,
  EVENTQ_C,
  faultMutex,
  faultsTo,
  groupOwner,
  groupOwnership,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdDeviceDetach,
  iommufdDeviceUnbind,
  iommufdFaultRead,
  iommufdFaultReadToBadBuffer,
  iommufdFaultWrite,
  iopfOff,
  readFailed,
  repairedFaults,
  waiting,
} from '../model/iommufd/index.ts';
import { returns as returnsAlways } from '../properties/response.ts';
import { attachedWithHandle, faultPromises, faultWorld, pageRequests } from './iommufd-parts.ts';

const repairedForm = [...waiting, set(destroyIoctl, 'by id'), ...repairedFaults];
const ownedForm = but(repairedForm, set(iopfOff, 'driver'), set(groupOwnership, 'iommufd'));

export default scenario('iommufd-fault-vs-detach', {
  title: 'a device is detached while its page requests wait for user space',
  about:
    'A device asks for pages; each request becomes a fault group that goes to the fault queue of the HWPT, where user ' +
    'space reads it and writes an answer. A group points to the attach handle that it came in through. The driver ' +
    'detaches the device: translation is blocked, requests under way are waited for, every group of the handle is ' +
    'answered, the device is taken off the fault queue of its IOMMU, and only then is the handle freed.',
  systems: ['iommufd'],
  source: groupOwner(EVENTQ_C),
  corpus: 'new',
  bounds: { requests: 1, reads: 1, bad_reads: 0, failures: 0, watch: 1, returns: 0 },
  variants: {
    posted: {
      about:
        'as merged since drivers do it: the driver takes the device off the fault queue in its part of the detach, which ' +
        'answers and frees groups that the fault queue of iommufd still has',
      settings: but(repairedForm, set(iopfOff, 'driver')),
      expect: { verdict: 'violated', kind: 'use-after-free', length: 36, states: 3_138 },
    },
    owned: {
      about: 'the same with the repair proposed: iommufd alone owns a group that it has taken',
      settings: ownedForm,
      bounds: { requests: 2 },
      expect: { verdict: 'holds', states: 42_870, depth: 186 },
    },
    'no-answers': {
      about:
        'nobody answers what came in through the handle; the fault queue keeps groups that the removal of the device frees',
      settings: but(repairedForm, set(autoResponse, 'never')),
      expect: { verdict: 'violated', kind: 'use-after-free', length: 38, states: 3_332 },
    },
    'no-answers-owned': {
      about: 'the same where iommufd owns its groups: they lead to a handle that is gone',
      settings: but(ownedForm, set(autoResponse, 'never')),
      expect: {
        verdict: 'violated',
        kind: 'protocol',
        property: 'answered before the handle is freed',
        length: 38,
        states: 3_592,
      },
    },
    'no-answers-owned-read': {
      about: 'the same, as far as a read() that follows the handle',
      settings: but(ownedForm, set(autoResponse, 'never')),
      bounds: { watch: 0 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 46, states: 4_208 },
    },
    'freed-first': {
      about: 'the handle is freed before its groups are answered',
      settings: but(repairedForm, set(autoResponse, 'after the handle')),
      expect: {
        verdict: 'violated',
        kind: 'protocol',
        property: 'answered before the handle is freed',
        length: 27,
        states: 2_184,
      },
    },
    'freed-first-read': {
      about: 'the same, as far as a read() in between',
      settings: but(repairedForm, set(autoResponse, 'after the handle')),
      bounds: { watch: 0 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 35, states: 3_028 },
    },
    'unread-only': {
      about: 'groups that user space has read and not answered are passed over, and freed under the queue',
      settings: but(repairedForm, set(autoResponse, 'unread only')),
      expect: { verdict: 'violated', kind: 'use-after-free', length: 58, states: 4_490 },
    },
    'no-mutex': {
      about: 'the answers do not take fault->mutex: a group that read() has in its hands is in neither list',
      settings: but(repairedForm, set(faultMutex, 'read and write')),
      expect: { verdict: 'violated', kind: 'use-after-free', length: 45, states: 3_872 },
    },
    'no-drain': {
      about: 'requests under way are not waited for: one comes in through the handle after the answers',
      settings: but(repairedForm, set(drain, 'never')),
      expect: { verdict: 'violated', kind: 'use-after-free', length: 28, states: 4_007 },
    },
    fixed: {
      about: 'two requests, all in order',
      settings: repairedForm,
      bounds: { requests: 2 },
      expect: { verdict: 'holds', states: 37_645, depth: 179 },
    },
    failures: {
      about: 'one request, with one failure of each kind: of an allocation, and of a copy to user space',
      settings: repairedForm,
      bounds: { failures: 1, reads: 2 },
      expect: { verdict: 'holds', states: 26_218, depth: 180 },
    },
    'bad-buffer': {
      about:
        'mainline: read() into a buffer that cannot be written fetches the same group for ever, with fault->mutex, which ' +
        'the detach wants',
      settings: repairedForm,
      bounds: { bad_reads: 1, returns: 1 },
      expect: { verdict: 'violated', kind: 'stuck', length: 28, states: 8_950 },
    },
    'bad-buffer-fixed': {
      about: 'read() gives up with the first copy that fails; two requests, which the next read finds',
      settings: [...repairedForm, set(readFailed, 'gives up')],
      bounds: { requests: 2, bad_reads: 1, returns: 1 },
      expect: { verdict: 'holds', states: 47_361, depth: 185 },
    },
    returns: {
      about: 'that detach and unbind return, whatever the schedule',
      settings: repairedForm,
      bounds: { returns: 1 },
      expect: { verdict: 'holds', states: 7_424, depth: 154 },
    },
  },
  setup: (s) => {
    const { requests, reads, bad_reads, failures, watch, returns } = s.bounds;
    const {
      ictx,
      fds: [fd],
      hwpts: [hwpt],
      faults: [fault],
      dev,
      idevs: [idev],
    } = faultWorld(s, { hwpts: ['hwpt'], queues: [''], devices: ['idev'] }, { ids: 3 });
    faultsTo(hwpt, fault);
    attachedWithHandle(s, idev, hwpt);
    const driver = s.task('driver', [does(iommufdDeviceDetach, { idev }), does(iommufdDeviceUnbind, { idev })]);
    const user = s.task('user', [
      ...(bad_reads > 0 ? [does(iommufdFaultReadToBadBuffer, { fd })] : []),
      ...Array.from({ length: reads }, () => [
        does(iommufdFaultRead, { fd }),
        does(iommufdFaultWrite, { fd, cookie: 1, code: 'success' as const }),
      ]).flat(),
      does(iommufdDestroy, { ictx, id: hwpt.id }),
      does(closeDescriptor, { fd }),
      does(iommufdCtxPut, { ictx }),
    ]);
    const asked = pageRequests(
      s,
      dev,
      Array.from({ length: requests }, () => 0),
    );
    const { promises } = faultPromises(s, { requests, handles: 1 }, watch > 0);
    s.failures({ kmalloc: failures, xa_alloc: failures, copy_to_user: failures });
    s.property(
      ...promises,
      sometimes('answered', 'user space has answered a request', () => asked.some((req) => req.answer === 'success')),
    );
    if (returns > 0)
      s.property(
        eventually('detach returns', 'the driver comes to an end', (now) => now.ended(driver), { actors: ['driver'] }),
      );
    if (bad_reads > 0) s.property(returnsAlways('the read', user));
  },
});
