/**
 * The shared context descriptor of the SMMUv3 driver: it pins the ASID of an address space, for the notifiers of all
 * domains that the address space is bound through.
 *
 * Source: corpus ARM-SVA-1, cbd23144f766; arm-smmu-v3-sva.c of Linux 5.17, whose release notifier and put have stayed so
 * until 6.8. The core of that time holds no mm_struct: what keeps it is the process, and after its exit the notifiers,
 * until their grace period is over.
 */
import {
  bool,
  containerOf,
  decAndTest,
  int,
  MmStruct,
  MmuNotifier,
  mmuNotifier,
  mutex,
  object,
  opaque,
  pointerTo,
  procedure,
  ptr,
  RcuCallback,
  rcuHead,
  refcount,
  unlinkNotifier,
  type ViewOf,
} from '../kernel/index.ts';
import { ARM_SVA_C, asidFix, v5_17 } from './sources.ts';
import { asidHoldsMm, putMarksCleared } from './switches.ts';

/** struct mm_struct with `context.pinned`: how many have asked that its ASID stays. */
export const ArmMm = object(
  'mm_struct',
  { ...MmStruct.shape, pinned: refcount(0, 1) },
  { source: v5_17('arch/arm64/mm/context.c') },
);
export interface ArmMm extends ViewOf<typeof ArmMm> {}

/** struct arm_smmu_ctx_desc of an address space, one on all its domains. */
export const CtxDesc = object(
  'arm_smmu_ctx_desc',
  { mm: ptr(ArmMm), refs: refcount(0, 3), asid: int(0, 1, 1) },
  { source: v5_17(ARM_SVA_C) },
);
export interface CtxDesc extends ViewOf<typeof CtxDesc> {}

/** `sva_lock` of the driver. */
export const ArmSva = object('arm_smmu_sva', { lock: mutex() }, { permanent: true, source: v5_17(ARM_SVA_C) });
export type ArmSva = ViewOf<typeof ArmSva>;

/** struct arm_smmu_mmu_notifier: one for a domain and an address space. `sva` leads to what is static in C. */
export const SmmuNotifier = object(
  'arm_smmu_mmu_notifier',
  {
    cd: ptr(CtxDesc),
    mm: ptr(ArmMm),
    refs: refcount(1, 4),
    sva: ptr(ArmSva),
    /** The entry is quiet and what was cached of it is gone: nothing is left to do for the release notifier. */
    cleared: bool(),
    /** What the context descriptor table of the domain holds: an entry that leads to the mm, or a quiet one. */
    entry: opaque<ArmMm>(),
    ...mmuNotifier,
    ...rcuHead,
  },
  { source: v5_17(ARM_SVA_C) },
);
export interface SmmuNotifier extends ViewOf<typeof SmmuNotifier> {}

/** arm_smmu_mm_release(): quietens the entry; what is left is done by unbind. */
export const armMmRelease = procedure(
  'arm_smmu_mm_release',
  { source: v5_17(ARM_SVA_C), params: { mn: MmuNotifier, mm: MmStruct }, locals: { asid: int(0, 1) } },
  (k) => {
    const unlock = k.mutexUnlock((f) => containerOf(f.mn, SmmuNotifier).sva.lock, { as: '&sva_lock' });
    return [
      k.mutexLock((f) => containerOf(f.mn, SmmuNotifier).sva.lock, { as: '&sva_lock' }),
      k.test('smmu_mn->cleared', (f) => containerOf(f.mn, SmmuNotifier).cleared, [unlock, k.return()]),
      k.step('arm_smmu_write_ctx_desc(&quiet_cd)', (f) => {
        containerOf(f.mn, SmmuNotifier).entry = null;
      }),
      k.step('arm_smmu_tlb_inv_asid(smmu_mn->cd->asid)', (f) => {
        f.asid = containerOf(f.mn, SmmuNotifier).cd.asid;
      }),
      k.step('smmu_mn->cleared = true', (f) => {
        containerOf(f.mn, SmmuNotifier).cleared = true;
      }),
      unlock,
      k.return(),
    ];
  },
);

/** mmu_notifier_free_rcu() with the callback of the driver. */
export const armNotifierFree = procedure(
  'mmu_notifier_free_rcu',
  { source: v5_17('mm/mmu_notifier.c'), params: RcuCallback.params, locals: { mm: ptr(ArmMm) } },
  (k) => [
    k.step('mm = subscription->mm', (f) => {
      f.mm = containerOf(f.head, SmmuNotifier).mm;
    }),
    k.kfree((f) => containerOf(f.head, SmmuNotifier), { label: 'kfree(smmu_mn)', source: v5_17(ARM_SVA_C) }),
    k.mmdrop((f) => f.mm),
    k.return(),
  ],
);

/** arm_smmu_free_shared_cd() */
const freeSharedCd = procedure(
  'arm_smmu_free_shared_cd',
  { source: v5_17(ARM_SVA_C), params: { cd: CtxDesc }, locals: { mm: ptr(ArmMm) } },
  (k) => [
    k.test('arm_smmu_free_asid(cd): the last user', (f) => decAndTest(f.cd.refs), [
      k.step('mm = cd->mm', (f) => {
        f.mm = f.cd.mm;
      }),
      k.step('arm64_mm_context_put(mm)', (f) => {
        decAndTest(f.mm.pinned);
      }),
      k.switch(asidHoldsMm, {
        held: [k.mmdrop((f) => f.mm, { source: asidFix(ARM_SVA_C) })],
        'not held': [],
      }),
      k.kfree((f) => f.cd),
    ]),
    k.return(),
  ],
);

/** arm_smmu_sva_unbind(): the last user of a notifier clears the entry, gives the notifier up, then the descriptor. */
export const armSvaUnbind = procedure(
  'arm_smmu_sva_unbind',
  {
    source: v5_17(ARM_SVA_C),
    params: { sva: ArmSva, smmu_mn: SmmuNotifier },
    locals: { cd: ptr(CtxDesc), mm: pointerTo<ArmMm>() },
  },
  (k) => [
    k.mutexLock((f) => f.sva.lock, { as: '&sva_lock' }),
    k.test('refcount_dec_and_test(&smmu_mn->refs)', (f) => decAndTest(f.smmu_mn.refs), [
      k.step('cd = smmu_mn->cd', (f) => {
        f.cd = f.smmu_mn.cd;
        f.mm = f.smmu_mn.mm;
      }),
      k.step('arm_smmu_write_ctx_desc(NULL)', (f) => {
        f.smmu_mn.entry = null;
      }),
      k.switch(putMarksCleared, {
        'not marked': [],
        marked: [
          k.step('smmu_mn->cleared = true', (f) => {
            f.smmu_mn.cleared = true;
          }),
        ],
      }),
      k.step('mmu_notifier_put(): hlist_del_init_rcu()', (f) => unlinkNotifier(f.mm, f.smmu_mn), {
        source: v5_17('mm/mmu_notifier.c'),
        indivisible: 'under notifier_subscriptions->lock, which is not modelled',
      }),
      k.callSrcu(
        (f) => f.mm.srcu,
        (f) => f.smmu_mn,
        armNotifierFree,
        { label: 'mmu_notifier_put(): call_srcu()', source: v5_17('mm/mmu_notifier.c') },
      ),
      k.call(freeSharedCd, (f) => ({ cd: f.cd })),
    ]),
    k.mutexUnlock((f) => f.sva.lock, { as: '&sva_lock' }),
    k.return(0),
  ],
);
