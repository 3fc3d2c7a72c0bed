/** Corpus ARM-SVA-1: the last unbind gives an ASID back through an mm_struct that nobody holds. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { does, inc, MmuRelease, mmputProcedure, RcuCallback, Srcu, srcuCallbacks } from '../model/kernel/index.ts';
import {
  ARM_SVA_C,
  ArmMm,
  ArmSva,
  armMmRelease,
  armNotifierFree,
  armSvaUnbind,
  asidFix,
  asidHoldsMm,
  CtxDesc,
  putMarksCleared,
  SmmuNotifier,
} from '../model/sva-mainline/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';

export default scenario('sva-mainline-asid', {
  title: 'ASID of a process that has exited',
  about:
    'A process is bound through the SMMUv3 driver, on domains that share the descriptor with its ASID. It ' +
    'exits, and its files are closed afterwards, or at any time by heirs. The notifiers hold the mm_struct, but ' +
    'only until their grace period ' +
    'is over; the descriptor gives the ASID back after them.',
  systems: ['sva-mainline', 'smmu'],
  source: asidFix(ARM_SVA_C),
  corpus: 'ARM-SVA-1',
  bounds: { domains: 3, heirs: 3, own: 1 },
  variants: {
    posted: {
      about: 'the descriptor has a pointer to the mm_struct and no reference',
      settings: [set(asidHoldsMm, 'not held')],
      bounds: { domains: 1, heirs: 0 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 33, states: 68 },
    },
    'release-late': {
      about:
        'the same repaired, and an heir, who has the only file left, unbinds while the process exits: the ' +
        'release notifier that waits for sva_lock ' +
        'reads the ASID of a descriptor that the last put has freed (new)',
      bounds: { domains: 1, heirs: 1, own: 0 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 21, states: 602 },
    },
    fixed: {
      about:
        'the descriptor holds the mm_struct until it has given the ASID back; the last put marks its notifier cleared',
      settings: [set(putMarksCleared, 'marked')],
      expect: { verdict: 'holds', states: 17_001, depth: 110 },
    },
    'fixed-handed': {
      about: 'the same, and the process has handed all its files to heirs',
      settings: [set(putMarksCleared, 'marked')],
      bounds: { heirs: 2, own: 0 },
      expect: { verdict: 'holds', states: 28_003, depth: 72 },
    },
  },
  setup: (s) => {
    const { domains, heirs, own } = s.bounds;
    const srcu = s.object(Srcu, 'srcu');
    const sva = s.object(ArmSva, 'arm_smmu_sva');
    const mm = s.object(ArmMm, 'mm_p', { srcu });
    const cd = s.object(CtxDesc, 'cd_p', { mm });
    mm.pinned.counter = 1;
    if (s.setting(asidHoldsMm) === 'held') inc(mm.mm_count);
    mm.has_notifiers = true;
    s.implementations(MmuRelease, [armMmRelease]);
    s.implementations(RcuCallback, [armNotifierFree]);
    const notifiers = s.objects(SmmuNotifier, 'smmu_mn', domains, () => ({
      cd,
      mm,
      entry: mm,
      mn_release: armMmRelease,
      sva,
    }));
    for (const smmu_mn of notifiers) {
      cd.refs.counter++;
      inc(mm.mm_count);
      mm.notifiers.add(smmu_mn);
      // Each file of a domain is a bond, and each bond a user of the notifier.
      smmu_mn.refs.counter = own + heirs;
    }
    const unbind = notifiers.map((smmu_mn) => does(armSvaUnbind, { sva, smmu_mn }));
    const user = s.task('user_p', [does(mmputProcedure, { mm }), ...(own > 0 ? unbind : [])]);
    s.property(returns('unbind', user));
    for (let i = 0; i < heirs; i++) s.property(returns(`the unbind of heir ${i}`, s.task(`heir${i}`, unbind)));
    s.actor('srcu_callbacks', srcuCallbacks, { srcu }, { role: 'worker' });
    const mms = s.pool(ArmMm, 1);
    const left = s.pool(SmmuNotifier, 1);
    s.property(
      allFreed([mms, s.pool(CtxDesc, 1), left]),
      sometimes(
        'unbound-late',
        'a notifier is given up when the address space is gone',
        () => [...left].some((n) => n.refs.counter === 0) && [...mms].some(({ mm_users }) => mm_users.counter === 0),
      ),
    );
  },
});
