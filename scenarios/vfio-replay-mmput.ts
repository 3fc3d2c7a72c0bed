/** Corpus #24: dropping the last user of an mm with `iommu->lock` held runs mm_exit, which locks it again. */
import { scenario, set } from '../checker/lang/index.ts';
import { replayPut, TYPE1_C, VfioGroup, v2_13 } from '../model/vfio/index.ts';
import { secondGroupJoins } from './vfio-parts.ts';

export default scenario('vfio-replay-mmput', {
  title: 'the last user of an mm is dropped under iommu->lock',
  about:
    'A group joins a container with iommu->lock held, and each bound process is bound to it while a user reference of ' +
    'its mm is held. If the process exits meanwhile, the reference is the last one, and giving it back with mmput() ' +
    'tears the address space down on the spot: mm_exit locks iommu->lock a second time. The patch uses mmput_async() ' +
    'and says so in a comment.',
  systems: ['vfio', 'sva'],
  source: v2_13(TYPE1_C),
  corpus: '#24',
  bounds: { processes: 1, exits: 1, compatible: 0 },
  variants: {
    'plain-mmput': {
      about: 'replay gives the reference back with mmput()',
      settings: [set(replayPut, 'plain')],
      expect: { verdict: 'violated', kind: 'deadlock', length: 67, states: 1_818 },
    },
    posted: {
      about: 'the patch as posted: replay uses mmput_async(), and a worker runs the teardown',
      expect: { verdict: 'holds', states: 2_055, depth: 127 },
    },
    fixed: {
      about: 'replay keeps the reference until the attach is decided, and then uses mmput_async()',
      settings: [set(replayPut, 'kept')],
      expect: { verdict: 'holds', states: 2_118, depth: 132 },
    },
    'fixed-two': {
      about: 'the same with two processes that exit',
      settings: [set(replayPut, 'kept')],
      bounds: { processes: 2, exits: 2 },
      expect: { verdict: 'holds', states: 204_819, depth: 230 },
    },
  },
  setup: (s) => {
    secondGroupJoins(s, s.bounds);
    s.pool(VfioGroup, 1);
  },
});
