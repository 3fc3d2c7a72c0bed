/** Corpus #36 B: the release callback of a notifier frees the memory that the notifier is embedded in. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { AMD_V2_C, bindHolds, early, putWait, releaseFrees, unbindPasid, unbindWaits } from '../model/amd-v2/index.ts';
import { does, mmputProcedure } from '../model/kernel/index.ts';
import { returns } from '../properties/response.ts';
import { amdParts, boundPasid } from './amd-parts.ts';

const bound = [set(bindHolds, 'mm_count'), set(putWait, 'completion')];

export default scenario('amd-release-frees-notifier', {
  title: 'Release callback that frees its own notifier',
  about:
    'A process exits. The mmu notifier core calls release, which unbinds the PASID and frees the pasid_state; the ' +
    'notifier is part of it, and the core goes on along the list from there.',
  systems: ['amd-v2'],
  source: early(AMD_V2_C),
  corpus: '#36',
  bounds: { faults: 2, unbinds: 0 },
  variants: {
    posted: {
      about: 'release unbinds and frees',
      settings: bound,
      expect: { verdict: 'violated', kind: 'use-after-free', length: 17, states: 398 },
    },
    fixed: {
      about: 'release unbinds, takes the notifier off the list, and leaves the free to SRCU, as in the series of 2018',
      settings: [...bound, set(releaseFrees, 'frees after SRCU')],
      bounds: { faults: 4 },
      expect: { verdict: 'holds', states: 22_071, depth: 89 },
    },
    merged: {
      about:
        'release only stops the device, and the driver unbinds when its file is closed, before the exit or after it. ' +
        'Unbind gives the mm up before it waits, and a fault whose test of `invalid` came first is queued later (new)',
      settings: [...bound, set(releaseFrees, 'only stops')],
      bounds: { unbinds: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 45, states: 33_308 },
    },
    'waits-first': {
      about: 'as merged, but unbind waits for the faults before it gives the mm up',
      settings: [...bound, set(releaseFrees, 'only stops'), set(unbindWaits, 'before unregister')],
      bounds: { unbinds: 1 },
      expect: { verdict: 'holds', states: 23_129, depth: 65 },
    },
  },
  setup: (s) => {
    const parts = amdParts(s, s.bounds.faults);
    const { dev_state, mm } = parts;
    boundPasid(s, parts);
    const exiting = s.task('exit', [does(mmputProcedure, { mm })]);
    s.property(
      returns('the exit', exiting),
      sometimes('stopped', 'the device reaches the address space no more', () => !dev_state.gcr3),
    );
    if (s.bounds.unbinds > 0) {
      const closer = s.task('closer', [does(unbindPasid, { dev_state })]);
      s.property(returns('unbind', closer));
    }
  },
});
