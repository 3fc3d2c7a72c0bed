/** Corpus IOPF-RET: a return that got lost makes a partial fault look like a whole group. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { does } from '../model/kernel/index.ts';
import {
  bondAtStart,
  driverClose,
  FaultParam,
  Handle,
  IOPF_C,
  lostReturn,
  makeProcess,
  partialReport,
  SvaDomain,
} from '../model/sva-mainline/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';
import { faultPath, file, mainlineProperties, single, spacesAreGivenBack } from './sva-mainline-parts.ts';

export default scenario('sva-mainline-partial-return', {
  title: 'report of a fault that is not the last of its group',
  about:
    'A device sends a group of two page requests, and another of one. The first is kept until the second comes; ' +
    'without the return ' +
    'after that, the report goes on as if the group were complete. The process unbinds when it likes.',
  systems: ['sva-mainline', 'iopf', 'pci'],
  source: lostReturn(IOPF_C),
  corpus: 'IOPF-RET',
  bounds: { singles: 1, failures: 0 },
  assumptions: ['the context has stopped before unbind', 'the page request queue does not overflow'],
  variants: {
    posted: {
      about: 'the return is missing',
      settings: [set(partialReport, 'goes on')],
      bounds: { singles: 0 },
      expect: { verdict: 'violated', kind: 'isolation', length: 52, states: 4_622 },
    },
    fixed: {
      about: 'the report ends where the fault is stored',
      expect: { verdict: 'holds', states: 25_664, depth: 187 },
    },
    failing: {
      about: 'as fixed, with one allocation that fails: the partial fault of a group that cannot be made is dropped',
      bounds: { singles: 0, failures: 1 },
      expect: { verdict: 'holds', states: 17_996, depth: 138 },
    },
  },
  setup: (s) => {
    const { singles, failures } = s.bounds;
    const path = faultPath(s, { groups: 1 + singles, partial: 1 });
    const { core } = path;
    const p = file(s, path, 'p', 0, [2, ...single(singles)]);
    const mm = makeProcess(s, core, 'mm_p');
    bondAtStart(s, core, { mm: 'mm_p', bond: 'bond_p' }, p.file, mm, 1);
    const user = s.task('user_p', [does(driverClose, { sva: core.sva, file: p.file })]);
    s.failures({ kmalloc: failures });
    s.property(
      ...mainlineProperties(path, [p]),
      returns('unbind', user),
      spacesAreGivenBack(s, [mm]),
      allFreed([path.groups, s.pool(Handle, 1), s.pool(SvaDomain, 1), s.pool(FaultParam, 1)]),
      sometimes('answered', 'a group succeeds', () => p.requests.some((r) => r.answer === 'success')),
      sometimes('collected', 'both faults of a group are handled', () =>
        p.requests.slice(0, 2).every((r) => r.handled_in !== null),
      ),
    );
  },
});
