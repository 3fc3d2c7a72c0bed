/**
 * Guard 6: the fault worker drops what may be the last user of an mm with a plain mmput(). In mainline that is right,
 * because the release notifier waits for nobody; let it flush, as in 2018, and the worker waits for itself (#21).
 */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { does } from '../model/kernel/index.ts';
import {
  bondAtStart,
  driverClose,
  FaultParam,
  Handle,
  makeProcess,
  mmput,
  releaseFlush,
  SVA_C,
  SvaDomain,
  v6_14,
} from '../model/sva-mainline/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';
import { faultPath, file, mainlineProperties, single, spacesAreGivenBack } from './sva-mainline-parts.ts';

export default scenario('sva-mainline-worker-mmput', {
  title: 'fault worker that drops the last user of an mm, in mainline',
  about:
    'A process exits while its page requests are at the worker, so that the worker may run the end of the address ' +
    'space: release notifiers, and the reference to the struct. The file is closed after that, by the same process.',
  systems: ['sva-mainline', 'iopf', 'pci'],
  source: v6_14(SVA_C),
  corpus: 'guard 6',
  bounds: { requests: 2 },
  assumptions: ['the context has stopped before unbind', 'the page request queue does not overflow'],
  variants: {
    mainline: {
      about: 'the release notifier clears the PASID entry and waits for nobody',
      expect: { verdict: 'holds', states: 47_944, depth: 187 },
    },
    flushes: {
      about: 'the neighbour: the release notifier flushes the fault queue (#21)',
      settings: [set(releaseFlush, 'flushes')],
      corpus: '#21',
      expect: { verdict: 'violated', kind: 'deadlock', length: 74, states: 14_455 },
    },
  },
  setup: (s) => {
    const path = faultPath(s, { groups: s.bounds.requests });
    const { core } = path;
    const mm = makeProcess(s, core, 'mm_p');
    const p = file(s, path, 'p', 0, single(s.bounds.requests));
    bondAtStart(s, core, { mm: 'mm_p', bond: 'bond_p' }, p.file, mm, 1);
    const user = s.task('user_p', [does(mmput, { mm }), does(driverClose, { sva: core.sva, file: p.file })]);
    s.property(
      ...mainlineProperties(path, [p]),
      returns('unbind', user),
      allFreed([path.groups, s.pool(FaultParam, 1), s.pool(Handle, 1), s.pool(SvaDomain, 1)]),
      spacesAreGivenBack(s, []),
      sometimes('fault-outlives-mm', 'the mm has no user left while a fault handled in it is not answered yet', () =>
        p.requests.some((r) => r.handled_in !== null && r.answer === 'none' && mm.mm_users.counter === 0),
      ),
    );
  },
});
