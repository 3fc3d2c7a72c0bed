/**
 * Corpus #19: the PASID of a process goes back to the pool when its address space ends, while its device file is still
 * open and its context still works with that PASID.
 */
import { isLiveness, scenario, set, sometimes } from '../checker/lang/index.ts';
import { does } from '../model/kernel/index.ts';
import {
  bondAtStart,
  driverClose,
  driverOpen,
  FORK_C,
  makeProcess,
  mmput,
  pasidAtDrop,
  pasidLife,
  pasidTaken,
} from '../model/sva-mainline/index.ts';
import { pageRequestsStayHome, translationsStayHome } from '../properties/isolation.ts';
import { bindPools, faultPath, file, mainlineProperties, single } from './sva-mainline-parts.ts';

const early = set(pasidLife, 'until the last user leaves');

export default scenario('sva-mainline-pasid-life', {
  title: 'PASID of a process that has exited',
  about:
    'Process p exits and closes its device file afterwards; until then its context works on. Process q opens the ' +
    'device and binds, and gets the lowest PASID that is free.',
  systems: ['sva-mainline', 'iopf', 'pci'],
  source: pasidAtDrop(FORK_C),
  corpus: '#19',
  bounds: { requests: 1 },
  assumptions: ['the context has stopped before unbind', 'the page request queue does not overflow'],
  variants: {
    posted: {
      about:
        'the PASID is given up with the last user, as in Linux 5.18, where nobody looks whether the device knows the ' +
        'PASID: the context of p works in the address space of q',
      settings: [early, set(pasidTaken, 'overwritten')],
      expect: {
        verdict: 'violated',
        kind: 'isolation',
        property: 'page-request-isolation',
        length: 75,
        states: 189_201,
      },
    },
    'array-knows': {
      about: 'the same with the PASID array of later kernels: the PASID is free while the device still carries it',
      settings: [early],
      expect: { verdict: 'violated', kind: 'protocol', property: 'pasid-returned-unused', length: 23, states: 2_600 },
    },
    fixed: {
      about: 'the PASID is given up with the mm_struct, which the bond holds',
      expect: { verdict: 'holds', states: 377_468, depth: 184 },
    },
  },
  setup: (s) => {
    const { requests } = s.bounds;
    const path = faultPath(s, { groups: requests });
    const { core } = path;
    const { sva } = core;
    const mmP = makeProcess(s, core, 'mm_p');
    const mmQ = makeProcess(s, core, 'mm_q');
    const p = file(s, path, 'p', 0, single(requests));
    const q = file(s, path, 'q', 1, null);
    bondAtStart(s, core, { mm: 'mm_p', bond: 'bond_p' }, p.file, mmP, 1);
    bindPools(s, 1, 2);
    s.task('user_p', [does(mmput, { mm: mmP }), does(driverClose, { sva, file: p.file })]);
    s.task('user_q', [does(driverOpen, { sva, file: q.file, mm: mmQ })]);
    // As posted, what the early PASID leads to is asked for, not that it is early.
    if (s.setting(pasidTaken) === 'overwritten')
      s.property(pageRequestsStayHome([...p.requests, ...q.requests]), translationsStayHome([p.ctx, q.ctx]));
    else s.property(...mainlineProperties(path, [p, q]).filter((property) => !isLiveness(property)));
    s.property(
      sometimes('q-bound', 'q is bound', () => q.file.handle !== null),
      sometimes('pasid-1-reused', 'q gets the PASID that p had', () => sva.pasids.at(1) === mmQ),
    );
  },
});
