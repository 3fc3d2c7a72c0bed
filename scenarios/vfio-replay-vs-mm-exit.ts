/**
 * Corpus #1, second entrance: the error path of vfio_iommu_replay_bind() unbinds, under `iommu->lock`, processes that
 * may be exiting.
 */
import { scenario, set } from '../checker/lang/index.ts';
import { replayPut, TYPE1_C, VfioGroup, v2_13 } from '../model/vfio/index.ts';
import { secondGroupJoins } from './vfio-parts.ts';

export default scenario('vfio-replay-vs-mm-exit', {
  title: 'a failed attach unbinds a process that exits',
  about:
    'Two processes are bound to a container and a second group joins it. Each process is bound to the new group with ' +
    'a user reference held, and the reference is given back. Then the second bind fails, and the first process is ' +
    'unbound from the group, with iommu->lock held; but it may be exiting by now, and its mm_exit wants the lock.',
  systems: ['vfio', 'sva'],
  source: v2_13(TYPE1_C),
  corpus: '#1',
  bounds: { processes: 2, exits: 2, compatible: 0, kmalloc_failures: 1 },
  variants: {
    posted: {
      about: 'each user reference is given back, with mmput_async(), as soon as its process is bound',
      bounds: { exits: 1 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 97, states: 9_314 },
    },
    'posted-moved': {
      about: 'as posted; the new group is moved to the domain that exists',
      bounds: { exits: 1, compatible: 1 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 111, states: 13_259 },
    },
    fixed: {
      about: 'the user references are kept until the attach has succeeded or is undone',
      settings: [set(replayPut, 'kept')],
      expect: { verdict: 'holds', states: 480_970, depth: 230 },
    },
    'fixed-moved': {
      about: 'the same repair; the new group is moved to the domain that exists',
      settings: [set(replayPut, 'kept')],
      bounds: { exits: 1, compatible: 1 },
      expect: { verdict: 'holds', states: 19_465, depth: 267 },
    },
  },
  setup: (s) => {
    secondGroupJoins(s, s.bounds);
    s.pool(VfioGroup, 1);
    s.failures({ kmalloc: s.bounds.kmalloc_failures });
  },
});
