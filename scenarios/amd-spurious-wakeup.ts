/** Corpus #36 A: the owner of a pasid_state sleeps once, and takes any wake-up for the last reference. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { AMD_V2_C, bindHolds, early, putWait, releaseFrees, strayWakeUp, unbindPasid } from '../model/amd-v2/index.ts';
import { does } from '../model/kernel/index.ts';
import { returns } from '../properties/response.ts';
import { amdParts, boundPasid } from './amd-parts.ts';

const bound = [set(bindHolds, 'mm_count'), set(releaseFrees, 'only stops')];

export default scenario('amd-spurious-wakeup', {
  title: 'Unbind that takes any wake-up for the last reference',
  about:
    'Unbind drops its reference to the pasid_state and sleeps until the others have dropped theirs: it calls schedule() ' +
    'once, without a look at the count. A wake-up for another reason makes it free the state, while the interrupt or ' +
    'the fault worker still has it. wait_event() looks at the count, but then the last one who drops it wakes up a queue ' +
    'in memory that may be freed by then.',
  systems: ['amd-v2'],
  source: early(AMD_V2_C),
  corpus: '#36',
  bounds: { faults: 2, wakeups: 1 },
  assumptions: ['a task that sleeps may be woken at any time'],
  variants: {
    posted: {
      about: 'schedule() once',
      settings: bound,
      expect: { verdict: 'violated', kind: 'use-after-free', length: 34, states: 1_935 },
    },
    merged: {
      about: 'wait_event() until the count is zero; put_pasid_state() wakes up after it has dropped the count (new)',
      settings: [...bound, set(putWait, 'wait_event')],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 33, states: 1_804 },
    },
    fixed: {
      about: 'a completion, which is the last that put_pasid_state() touches',
      settings: [...bound, set(putWait, 'completion')],
      bounds: { faults: 4 },
      expect: { verdict: 'holds', states: 25_033, depth: 85 },
    },
  },
  setup: (s) => {
    const parts = amdParts(s, s.bounds.faults);
    boundPasid(s, parts);
    const unbinder = s.task('unbinder', [does(unbindPasid, { dev_state: parts.dev_state })]);
    for (let i = 0; i < s.bounds.wakeups; i++)
      s.actor(`waker${i}`, strayWakeUp, { sleeper: unbinder }, { role: 'task', fair: false });
    s.property(
      returns('unbind', unbinder),
      sometimes(
        'fault-after-clear',
        'a fault is under way although the PASID is cleared',
        () => parts.dev_state.state === null && [...parts.faults].length > 0,
      ),
    );
  },
});
