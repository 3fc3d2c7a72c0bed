/**
 * Two threads of a process open a device each, and exit: one PASID for both, one domain, and a hardware that is torn
 * down by the end of the address space and by unbind, in any order.
 */
import { scenario, sometimes } from '../checker/lang/index.ts';
import { does } from '../model/kernel/index.ts';
import { driverClose, driverOpen, makeProcess, mmput, SVA_C, v6_14 } from '../model/sva-mainline/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { onePasidAnOwner } from '../properties/pasid.ts';
import { returns } from '../properties/response.ts';
import {
  bindPools,
  faultPath,
  file,
  mainlineProperties,
  otherDevice,
  spacesAreGivenBack,
} from './sva-mainline-parts.ts';

export default scenario('sva-mainline-two-devices', {
  title: 'two devices bound to one address space',
  about:
    'Two threads of a process open one device each and bind it, leave the address space and close their files. The ' +
    'last to leave runs the release notifier, which clears the PASID entries of whatever devices are bound then; each ' +
    'unbind finds its entry cleared or not. Memory and the notifier may fail as often as the bounds say.',
  systems: ['sva-mainline', 'pci'],
  source: v6_14(SVA_C),
  corpus: 'guard (j)',
  bounds: { failures: 0 },
  assumptions: ['the contexts have stopped before unbind'],
  variants: {
    mainline: {
      about: 'as it is',
      expect: { verdict: 'holds', states: 50_956, depth: 234 },
    },
    failing: {
      about: 'one allocation or registration fails, on any way',
      bounds: { failures: 1 },
      expect: { verdict: 'holds', states: 145_286, depth: 234 },
    },
  },
  setup: (s) => {
    const path = faultPath(s, { groups: 0 });
    const { core } = path;
    const { sva } = core;
    const mm = makeProcess(s, core, 'mm_p');
    mm.mm_users.counter = 2;
    const a = file(s, path, 'a', 0, []);
    const b = otherDevice(s, path, 'b');
    const pools = bindPools(s, 2);
    for (const { file: open } of [a, b]) {
      const thread = s.task(open === a.file ? 'thread_a' : 'thread_b', [
        does(driverOpen, { sva, file: open, mm }),
        does(mmput, { mm }),
        does(driverClose, { sva, file: open }),
      ]);
      s.property(returns(`the program of ${thread.name}`, thread));
    }
    s.failures({ kmalloc: s.bounds.failures, mmu_notifier_register: s.bounds.failures });
    s.property(
      ...mainlineProperties(path, [a], [b.iommu]),
      onePasidAnOwner(sva.pasids),
      allFreed(pools),
      spacesAreGivenBack(s, []),
      sometimes('shared', 'both devices have the same PASID', () => a.ctx.pasid !== 0 && a.ctx.pasid === b.ctx.pasid),
      sometimes(
        'bound-after-exit',
        'the address space is gone while a context still runs',
        () => (a.ctx.active || b.ctx.active) && mm.mm_users.counter === 0,
      ),
    );
  },
});
