/**
 * Corpus #12: removing a device from its fault queue, in four stages. A group that nobody answers leaks; freeing it in
 * removal is the repair; then removal moves before the teardown, and frees a group that a worker is handling.
 */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { PageRequest } from '../hw/pci/objects.ts';
import { does } from '../model/kernel/index.ts';
import {
  bondAtStart,
  disableFeature,
  driverClose,
  FaultParam,
  Handle,
  INTEL_C,
  iopfDisable,
  makeProcess,
  removeGroups,
  rework,
  SvaDomain,
} from '../model/sva-mainline/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';
import {
  atWorkerAtStart,
  faultPath,
  file,
  mainlineProperties,
  pendingAtStart,
  single,
  spacesAreGivenBack,
} from './sva-mainline-parts.ts';

const byDriver = set(iopfDisable, 'by the driver, after unbind');

export default scenario('sva-mainline-remove-vs-worker', {
  title: 'removal of a device from its fault queue while groups are pending',
  about:
    'A process unbinds from a device, stopped, with page requests in the queue and at a worker, and the device is ' +
    'removed from its fault queue. Removal answers the groups that still wait. Where a bound says so, there is one ' +
    'of another domain, whose handler gave it to a user who never answers.',
  systems: ['sva-mainline', 'iopf', 'pci'],
  source: rework(INTEL_C),
  corpus: '#12',
  bounds: { requests: 2, at_worker: 0, unanswered: 1, workers: 1 },
  assumptions: ['the context has stopped before unbind', 'the page request queue does not overflow'],
  variants: {
    posted: {
      about: 'removal by the driver, after unbind; it answers what still waits and frees nothing',
      settings: [byDriver, set(removeGroups, 'answers')],
      expect: { verdict: 'violated', kind: 'leak', property: 'all-freed', length: 59, states: 3_538 },
    },
    'leak-fixed': {
      about: 'the repair of the leak: what removal answers it frees (9759ae2cee7c)',
      settings: [byDriver],
      expect: { verdict: 'holds', states: 12_908, depth: 173 },
    },
    rework: {
      about:
        'removal moves into detach, before the PASID is torn down and drained (17fce9d2336d); a worker has the only ' +
        'page request',
      settings: [set(iopfDisable, 'in detach, before the teardown')],
      bounds: { requests: 0, at_worker: 1, unanswered: 0 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 25, states: 414 },
    },
    'rework-in-queue': {
      about: 'the same with page requests that are still in the hardware queue',
      settings: [set(iopfDisable, 'in detach, before the teardown')],
      bounds: { unanswered: 0 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 48, states: 3_088 },
    },
    'rework-leaky': {
      about:
        'as rework, without the repair of the leak: the group survives, but the drain does nothing for a device that ' +
        'is in no fault queue, so the handle goes',
      settings: [set(iopfDisable, 'in detach, before the teardown'), set(removeGroups, 'answers')],
      bounds: { requests: 0, at_worker: 1, unanswered: 0 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 53, states: 1_327 },
    },
    fixed: {
      about: 'removal in detach, after the teardown (f0b9d31c6edd)',
      expect: { verdict: 'holds', states: 12_260, depth: 173 },
    },
  },
  setup: (s) => {
    const { requests, at_worker, unanswered, workers } = s.bounds;
    const path = faultPath(s, { groups: requests, workers });
    const { core, dev } = path;
    const mm = makeProcess(s, core, 'mm_p');
    const p = file(s, path, 'p', 0, single(requests));
    const handle = bondAtStart(s, core, { mm: 'mm_p', bond: 'bond_p' }, p.file, mm, 1);
    const close = does(driverClose, { sva: core.sva, file: p.file });
    const user = s.task(
      'user_p',
      s.setting(iopfDisable) === 'by the driver, after unbind' ? [close, does(disableFeature, { dev })] : [close],
    );

    const queued = s.objects(PageRequest, 'request_queued', at_worker, () => ({
      context: p.ctx,
      last: true,
      pasid: 1,
    }));
    for (const request of queued) atWorkerAtStart(s, path, request, handle);
    const given = s.objects(PageRequest, 'request_user', unanswered, () => ({ last: true, pasid: 2 }));
    for (const request of given) pendingAtStart(s, path, request, 1);

    const others = unanswered > 0 ? [makeProcess(s, core, 'mm_user')] : [];
    for (const other of others) core.sva.pasids.set(2, other);
    const all = { ...p, requests: [...p.requests, ...queued, ...given] };
    s.property(
      ...mainlineProperties(path, [all]),
      allFreed([path.groups, s.pool(FaultParam, 1), s.pool(Handle, 1), s.pool(SvaDomain, 1)]),
      spacesAreGivenBack(s, [mm], others),
      returns('unbind', user),
    );
    if (requests > 0)
      s.property(
        sometimes('answered', 'a page request of p succeeds', () => p.requests.some((r) => r.answer === 'success')),
        sometimes('handled-late', 'a fault is handled when the context has stopped', () =>
          p.requests.some((r) => r.handled_in !== null && r.answer === 'none' && !p.ctx.active),
        ),
      );
  },
});
