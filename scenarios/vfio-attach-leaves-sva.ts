/** A failed attach forgets that it has initialised the device of its group for SVA. Found by the model. */
import { scenario, set } from '../checker/lang/index.ts';
import { attachUnwind, replayPut, svaStateIsKnown, TYPE1_C, VfioGroup, v2_13 } from '../model/vfio/index.ts';
import { secondGroupJoins } from './vfio-parts.ts';

export default scenario('vfio-attach-leaves-sva', {
  title: 'a failed attach leaves the device initialised for SVA',
  about:
    'A group joins a container; its device is initialised for SVA and the first process is bound. Then the second ' +
    'bind fails, or the MSI window cannot be mapped. The error path removes the bonds and frees the vfio_group, and ' +
    'with it sva_enabled, but nobody shuts the device down: the next owner cannot initialise it any more.',
  systems: ['vfio', 'sva'],
  source: v2_13(TYPE1_C),
  corpus: 'new',
  bounds: { processes: 2, exits: 1, compatible: 0, kmalloc_failures: 1, cookie_failures: 1, attach_failures: 0 },
  assumptions: ['user references are kept until the attach is undone, else it deadlocks before that (see #1)'],
  variants: {
    posted: {
      about: 'the patch as posted, but for the references',
      settings: [set(replayPut, 'kept')],
      expect: { verdict: 'violated', kind: 'protocol', length: 134, states: 14_206 },
    },
    fixed: {
      about: 'the error path shuts SVA down before it detaches the group',
      settings: [set(attachUnwind, 'shutdown'), set(replayPut, 'kept')],
      expect: { verdict: 'holds', states: 16_277, depth: 188 },
    },
    'fixed-moved': {
      about: 'the same repair; the new group is to be moved to the domain that exists, and may end up in none',
      settings: [set(attachUnwind, 'shutdown'), set(replayPut, 'kept')],
      bounds: { compatible: 1, attach_failures: 2 },
      expect: { verdict: 'holds', states: 45_416, depth: 267 },
    },
  },
  setup: (s) => {
    const groups = secondGroupJoins(s, s.bounds);
    s.failures({
      kmalloc: s.bounds.kmalloc_failures,
      iommu_get_msi_cookie: s.bounds.cookie_failures,
      iommu_attach_group: s.bounds.attach_failures,
    });
    s.property(svaStateIsKnown(groups, s.pool(VfioGroup, 1)));
  },
});
