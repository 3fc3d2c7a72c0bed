/**
 * SVA domains: allocation with the notifier of the driver, release of the address space, and the end of the domain.
 *
 * Source: spec (j); drivers/iommu/iommu-sva.c, drivers/iommu/intel/svm.c. The core holds the mm_struct while the domain
 * lives, the notifier until the read sections of its SRCU have ended.
 */

import { LAST_PASID } from '../iopf/hardware.ts';
import {
  containerOf,
  int,
  MmStruct,
  MmuNotifier,
  procedure,
  ptr,
  RcuCallback,
  ref,
  unlinkNotifier,
} from '../kernel/index.ts';
import { iopfQueueFlushDev } from './flush.ts';
import { iommuSvaIopfHandler } from './handle.ts';
import { mmdrop } from './mm.ts';
import { Device, Mm, SvaDomain } from './objects.ts';
import { tearDownEntry } from './pasid-entry.ts';
import { IOMMU_C, SVA_C, SVM_C, specJ, v6_14 } from './sources.ts';
import { releaseFlush } from './switches.ts';

/**
 * intel_mm_release(): clears the PASID entry of every attached device. It neither drains nor unbinds; both come when the
 * file is released. Switched, it flushes the fault queue afterwards, as the notifier of 2018 did.
 */
export const intelMmRelease = procedure(
  'intel_mm_release',
  {
    source: v6_14(SVM_C),
    params: { mn: MmuNotifier, mm: MmStruct },
    locals: { domain: ptr(SvaDomain), dev: ref(Device), pasid: int(0, LAST_PASID) },
  },
  (k) => [
    k.local((f) => {
      f.domain = containerOf(f.mn, SvaDomain);
    }),
    k.spinLock((f) => f.domain.lock),
    k.listForEachEntry(
      (f) => f.domain.dev_pasids,
      {
        get: (f) => f.dev,
        set: (f, dev) => {
          f.dev = dev;
        },
      },
      [
        k.step('pasid = dev_pasid->pasid', (f) => {
          f.pasid = f.domain.mm.iommu_mm?.pasid ?? 0;
        }),
        k.call(tearDownEntry, (f) => ({ dev: f.dev as Device, pasid: f.pasid, drain: false })),
      ],
    ),
    k.switch(releaseFlush, {
      'only clears the entry': [k.spinUnlock((f) => f.domain.lock)],
      flushes: [
        k.step('a device to flush', (f) => {
          f.dev = f.domain.dev_pasids.first;
        }),
        k.spinUnlock((f) => f.domain.lock),
        k.when((f) => f.dev !== null, [k.call(iopfQueueFlushDev, (f) => ({ dev: f.dev as Device }))]),
      ],
    }),
    k.return(),
  ],
);

/** iommu_sva_domain_alloc(); NULL when memory or the registration fails. The caller holds mm_users. */
export const iommuSvaDomainAlloc = procedure(
  'iommu_sva_domain_alloc',
  {
    source: v6_14(SVA_C),
    params: { mm: Mm },
    locals: { domain: ref(SvaDomain) },
    returns: ref(SvaDomain),
  },
  (k) => [
    k.kmalloc(
      SvaDomain,
      (f, fresh) => {
        fresh.mm = f.mm;
        f.domain = fresh;
      },
      { orElse: [k.return(() => null)] },
    ),
    k.mmuNotifierRegister(
      (f) => f.domain as SvaDomain,
      (f) => f.mm,
      intelMmRelease,
      { orElse: [k.kfree((f) => f.domain), k.return(() => null)] },
    ),
    k.mmgrab((f) => f.mm),
    k.step('domain->iopf_handler = iommu_sva_iopf_handler', (f) => {
      (f.domain as SvaDomain).iopf_handler = iommuSvaIopfHandler;
    }),
    k.return((f) => f.domain),
  ],
);

/** What mmu_notifier_put() does after the grace period: the driver frees the domain, then the mm is dropped. */
export const mmuNotifierFreeRcu = procedure(
  'mmu_notifier_free_rcu',
  { source: v6_14('mm/mmu_notifier.c'), params: RcuCallback.params, locals: { mm: ptr(Mm) } },
  (k) => [
    k.step('mm = subscription->mm', (f) => {
      f.mm = containerOf(f.head, SvaDomain).mm;
    }),
    k.kfree((f) => containerOf(f.head, SvaDomain), { label: 'kfree(domain)', source: v6_14(SVM_C) }),
    k.call(mmdrop, (f) => ({ mm: f.mm })),
    k.return(),
  ],
);

/** iommu_domain_free() of an SVA domain. */
export const iommuDomainFree = procedure(
  'iommu_domain_free',
  { source: v6_14(IOMMU_C), params: { domain: SvaDomain }, locals: { mm: ptr(Mm) } },
  (k) => [
    k.step('mm = domain->mm', (f) => {
      f.mm = f.domain.mm;
    }),
    // The notifier still holds the struct.
    k.call(mmdrop, (f) => ({ mm: f.mm })),
    k.step('mmu_notifier_put(): hlist_del_init_rcu()', (f) => unlinkNotifier(f.mm, f.domain), {
      source: v6_14('mm/mmu_notifier.c'),
      indivisible: 'under notifier_subscriptions->lock, which is not modelled',
    }),
    k.callSrcu(
      (f) => f.mm.srcu,
      (f) => f.domain,
      mmuNotifierFreeRcu,
      { label: 'mmu_notifier_put(): call_srcu()', source: specJ('mm/mmu_notifier.c') },
    ),
    k.return(),
  ],
);
