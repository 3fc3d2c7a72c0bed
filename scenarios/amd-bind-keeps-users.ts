/** Corpus #36 C: bind keeps a user of the address space whose end it waits for. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { AMD_V2_C, bindHolds, bindPasid, early, PasidState, putWait, releaseFrees } from '../model/amd-v2/index.ts';
import { does, mmputProcedure } from '../model/kernel/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { amdParts } from './amd-parts.ts';

const freeing = [set(releaseFrees, 'frees after SRCU'), set(putWait, 'completion')];

export default scenario('amd-bind-keeps-users', {
  title: 'Bind that keeps the address space in use',
  about:
    'Bind takes a user reference of the address space and gives it back when the pasid_state is freed; that is done by ' +
    'the release callback of the notifier, which runs when the last user is gone. A process that binds and exits is ' +
    'never torn down.',
  systems: ['amd-v2'],
  source: early(AMD_V2_C),
  corpus: '#36',
  bounds: { faults: 2 },
  assumptions: ['nobody unbinds: the driver relies on the release callback'],
  variants: {
    posted: {
      about: 'mm_users is kept from bind to the free of the pasid_state',
      settings: freeing,
      expect: { verdict: 'violated', kind: 'leak', property: 'all-freed', length: 15, states: 94 },
    },
    fixed: {
      about: 'bind gives mm_users back at its end; the notifier keeps mm_count',
      settings: [...freeing, set(bindHolds, 'mm_count')],
      bounds: { faults: 4 },
      expect: { verdict: 'holds', states: 28_098, depth: 98 },
    },
  },
  setup: (s) => {
    const parts = amdParts(s, s.bounds.faults);
    const { dev_state, mm } = parts;
    const states = s.pool(PasidState, 1);
    s.task('process', [does(bindPasid, { dev_state, mm }), does(mmputProcedure, { mm })]);
    s.property(
      allFreed([states]),
      sometimes('bound', 'the device reaches the address space', () => dev_state.gcr3),
    );
  },
});
