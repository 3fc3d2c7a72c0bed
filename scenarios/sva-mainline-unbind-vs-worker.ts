/**
 * Corpus #17: unbind flushes the fault workqueue with the group mutex held, and the worker wants that mutex to find the
 * domain of its page request. Without the mutex three things keep the look-up safe; each is left out once.
 */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { does } from '../model/kernel/index.ts';
import {
  bondAtStart,
  clearedEntry,
  domainLookup,
  drainWithout,
  driverClose,
  driverOpen,
  entryPublished,
  IOMMU_C,
  iopfDisable,
  makeProcess,
  mmput,
  nodeFree,
  pasidAtStart,
  requestPath,
  unbindDrain,
  v5_10_12,
} from '../model/sva-mainline/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';
import { bindPools, faultPath, file, mainlineProperties, single, spacesAreGivenBack } from './sva-mainline-parts.ts';

/** As it was when the patch was reviewed, and for years after. */
const byDriver = set(iopfDisable, 'by the driver, after unbind');

export default scenario('sva-mainline-unbind-vs-worker', {
  title: 'unbind against the fault worker',
  about:
    'A process unbinds from a device, stopped, while its page requests are in the hardware queue, in the irq thread ' +
    'and at the worker. Detach holds the group mutex, drains the queue and flushes the workqueue. Page requests find ' +
    'their domain through the PASID array of the group. By its bounds another process q stays bound to the same ' +
    'device, the process opens the device first, with its context running already, or exits before it closes.',
  systems: ['sva-mainline', 'iopf', 'pci'],
  source: v5_10_12(IOMMU_C),
  corpus: '#17',
  bounds: { requests: 2, requests_q: 0, opens: 0, exits: 0 },
  assumptions: ['the context has stopped before unbind', 'the page request queue does not overflow'],
  variants: {
    posted: {
      about: 'the worker looks the domain up under group->mutex',
      settings: [byDriver, set(domainLookup, 'worker, under group->mutex')],
      expect: { verdict: 'violated', kind: 'deadlock', length: 46, states: 1_894 },
    },
    fixed: {
      about: 'the worker looks the domain up without the mutex',
      settings: [byDriver, set(domainLookup, 'worker')],
      expect: { verdict: 'holds', states: 10_134, depth: 137 },
    },
    mainline: {
      about: 'the irq thread looks the handle up, and the group carries it to the worker',
      expect: { verdict: 'holds', states: 12_197, depth: 166 },
    },
    'published-first': {
      about: 'the first reason left out: the entry is visible before it is complete, and a page request finds it',
      settings: [set(entryPublished, 'built after')],
      bounds: { requests: 1, opens: 1 },
      expect: { verdict: 'violated', kind: 'null-dereference', length: 55, states: 355 },
    },
    'runs-early': {
      about: 'as published-first, with an entry that is complete before it is visible',
      bounds: { requests: 1, opens: 1 },
      expect: { verdict: 'holds', states: 5_712, depth: 156 },
    },
    'freed-at-once': {
      about: 'the second reason left out: the array shrinks under a look-up for q, and its node is freed at once',
      settings: [set(nodeFree, 'at once')],
      bounds: { requests: 0, requests_q: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 49, states: 2_456 },
    },
    'two-bound': {
      about: 'as freed-at-once, with a node that is freed by RCU',
      bounds: { requests: 0, requests_q: 1 },
      expect: { verdict: 'holds', states: 34_196, depth: 104 },
    },
    'freed-before-flush': {
      about: 'the third reason left out: the domain is freed first, and the faults are waited for afterwards',
      settings: [byDriver, set(unbindDrain, 'after the domain is freed')],
      bounds: { requests: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 51, states: 3_059 },
    },
    'exits-first': {
      about: 'the process exits, which clears the PASID entry without a drain, and then closes: unbind drains',
      bounds: { requests: 1, exits: 1 },
      corpus: 'new',
      expect: { verdict: 'holds', states: 12_946, depth: 134 },
    },
    'exits-no-drain': {
      about: 'as exits-first, but the teardown of an entry that is not present returns before the drain',
      settings: [byDriver, set(clearedEntry, 'returns')],
      bounds: { requests: 1, exits: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'protocol', property: 'pasid-returned-unused', length: 54, states: 4_396 },
    },
    'no-queue-drain': {
      about: 'the drain does not look at the page request queue, only flushes the workqueue',
      settings: [set(drainWithout, 'the queue')],
      bounds: { requests: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 57, states: 4_695 },
    },
    'no-flush': {
      about: 'the drain waits for an empty page request queue, and does not flush the workqueue',
      settings: [set(drainWithout, 'the workqueue')],
      bounds: { requests: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 62, states: 3_253 },
    },
    'not-pushed': {
      about: 'a request is still on the link when the drain looks, and is pushed to the queue by its last descriptors',
      settings: [set(requestPath, 'pushed by drain')],
      bounds: { requests: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 61, states: 5_309 },
    },
    'on-the-link': {
      about:
        'as mainline: what was posted before the stop is pushed by the device TLB invalidation before the drain looks',
      settings: [set(requestPath, 'pushed by teardown and drain')],
      corpus: 'new',
      expect: { verdict: 'holds', states: 13_129, depth: 170 },
    },
    'on-the-link-exits': {
      about: 'the same, and the process exits before it closes: the invalidation is that of the release notifier',
      settings: [set(requestPath, 'pushed by teardown and drain')],
      bounds: { requests: 1, exits: 1 },
      corpus: 'new',
      expect: { verdict: 'holds', states: 13_486, depth: 137 },
    },
  },
  setup: (s) => {
    const { requests, requests_q, opens, exits } = s.bounds;
    const path = faultPath(s, { groups: requests + requests_q });
    const { core } = path;
    const { sva } = core;
    const mmP = makeProcess(s, core, 'mm_p');
    const p = file(s, path, 'p', 0, single(requests));
    const files = [p];
    const others = [];
    if (requests_q > 0) {
      const q = file(s, path, 'q', 1, single(requests_q));
      files.push(q);
      const mmQ = makeProcess(s, core, 'mm_q');
      others.push(mmQ);
      bondAtStart(s, core, { mm: 'mm_q', bond: 'bond_q' }, q.file, mmQ, 1);
      s.property(
        sometimes('q-answered', 'a page request of q succeeds', () => q.requests.some((r) => r.answer === 'success')),
      );
    }
    const pasid = requests_q > 0 ? 2 : 1;
    const close = does(driverClose, { sva, file: p.file });
    const operations = [];
    if (opens > 0) {
      // The PASID is known, and in the hands of the user, before this device is bound.
      pasidAtStart(s, core, 'mm_p', mmP, pasid);
      Object.assign(p.ctx, { pasid, owner: mmP, run: true, active: true });
      operations.push(does(driverOpen, { sva, file: p.file, mm: mmP }));
      bindPools(s, 1);
    } else bondAtStart(s, core, { mm: 'mm_p', bond: 'bond_p' }, p.file, mmP, pasid);
    if (exits > 0) operations.push(does(mmput, { mm: mmP }));
    const user = s.task('user_p', [...operations, close]);
    s.property(
      ...mainlineProperties(path, files),
      returns('unbind', user),
      allFreed([path.groups]),
      spacesAreGivenBack(s, exits > 0 ? [] : [mmP], others),
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
