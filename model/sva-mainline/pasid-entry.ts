/**
 * The PASID entry of a device: set by attach, cleared by detach and by the release notifier, and the drain of the page
 * requests that carry the PASID.
 *
 * Source: spec (j), VT-d drain; drivers/iommu/intel/{pasid,prq,svm}.c. The hardware is that of `hw/smmu`: a table of
 * PASIDs, a cache of it, a queue of page requests. Left out: the IOTLB, which is flushed together with the cache here;
 * in most scenarios a page request reaches the queue when it is posted, and nothing has to be pushed there; a queue that
 * overflows (`vtd-prq-overflow` has that).
 */

import { LAST_PASID, validFirst, validLast } from '../iopf/hardware.ts';
import { constant, errno, int, type KernelKit, procedure, ptr, type Statement } from '../kernel/index.ts';
import { iopfQueueFlushDev } from './flush.ts';
import { intelEnableIopf } from './iopf.ts';
import { Device, IntelIommu, SvaDomain } from './objects.ts';
import { PASID_C, PRQ_C, SVM_C, v6_14 } from './sources.ts';
import { clearedEntry, drainWithout, iopfDisable, requestPath } from './switches.ts';

const entry = { dev: Device, pasid: int(0, LAST_PASID) };

interface Draining {
  readonly dev: Device;
  readonly pasid: number;
  readonly iommu: IntelIommu;
}

/** Waits until no request of the PASID is between head and tail. */
const emptyQueue = <F extends Draining>(k: KernelKit<F>): Statement<F> =>
  k.loop([
    k.reinitCompletion((f) => f.iommu.prq_complete),
    k.test(
      'is there a request of the PASID between head and tail?',
      (f) => [...f.iommu.regs.priq].some((request) => request.pasid === f.pasid),
      [],
      [k.break()],
      { indivisible: 'what is posted after the look at the tail register is not looked for' },
    ),
    k.waitForCompletion((f) => f.iommu.prq_complete),
  ]);

const flushFaults = <F extends Draining>(k: KernelKit<F>): Statement<F> =>
  k.call(iopfQueueFlushDev, (f) => ({ dev: f.dev }));

/** An invalidation of the device TLB is answered behind what the function has posted. */
const pushed = <F extends { readonly dev: Device }>(k: KernelKit<F>, label: string): Statement<F> =>
  k.blockUntil(label, (f) => f.dev.link.requests.length === 0, { waiting: { kind: 'device', on: (f) => f.dev.link } });

/** intel_drain_pasid_prq(): returns when every page request of the PASID that is in the queue has been handled. */
export const drainPasidPrq = procedure(
  'intel_iommu_drain_pasid_prq',
  { source: v6_14(PRQ_C), params: entry, locals: { iommu: ptr(IntelIommu) } },
  (k) => [
    k.step('iommu = info->iommu', (f) => {
      f.iommu = f.dev.vtd;
    }),
    k.test('!info->iopf_refcount: faults are disabled', (f) => f.dev.iopf_refcount === 0, [k.return()]),
    k.switch(drainWithout, { nothing: [emptyQueue(k)], 'the workqueue': [emptyQueue(k)], 'the queue': [] }),
    k.switch(drainWithout, { nothing: [flushFaults(k)], 'the queue': [flushFaults(k)], 'the workqueue': [] }),
    k.switch(requestPath, {
      'at once': [],
      'pushed by teardown and drain': [pushed(k, 'qi_submit_sync(): wait, IOTLB, device TLB, wait and drain')],
      'pushed by drain': [pushed(k, 'qi_submit_sync(): wait, IOTLB, device TLB, wait and drain')],
    }),
    k.return(),
  ],
);

/**
 * intel_pasid_tear_down_entry(): clears the entry and every cached copy, then drains. The release notifier wants no
 * drain, and leaves it to unbind, which finds an entry that is not present any more.
 */
export const tearDownEntry = procedure(
  'intel_pasid_tear_down_entry',
  { source: v6_14(PASID_C), params: { ...entry, drain: constant<boolean>() } },
  (k) => {
    const drain: Statement<{ dev: Device; pasid: number; drain: boolean }> = k.when(
      (f) => f.drain,
      [k.call(drainPasidPrq, (f) => ({ dev: f.dev, pasid: f.pasid }))],
    );
    return [
      k.test(
        'pasid_pte_is_present(pte)',
        (f) => f.dev.vtd.regs.cd.at(f.pasid).valid,
        [],
        [k.switch(clearedEntry, { drains: [drain], returns: [] }), k.return()],
      ),
      k.step(
        'intel_pasid_clear_entry(dev, pasid)',
        (f) => {
          const pte = f.dev.vtd.regs.cd.at(f.pasid);
          pte.valid = false;
          pte.ttb = null;
        },
        { indivisible: validFirst },
      ),
      k.step('invalidate PASID cache and IOTLB', (f) => f.dev.vtd.regs.cfg_cache.set(f.pasid, null)),
      k.step(
        'devtlb_invalidation_with_pasid(dev, pasid)',
        (f) => {
          for (const ctx of f.dev.contexts) if (ctx !== null && ctx.pasid === f.pasid) ctx.atc = null;
        },
        { indivisible: 'one message, and the function finds the entries of the PASID itself' },
      ),
      k.switch(requestPath, {
        'at once': [],
        'pushed by teardown and drain': [pushed(k, 'devtlb_invalidation_with_pasid(): answered')],
        'pushed by drain': [],
      }),
      drain,
      k.return(),
    ];
  },
);

/** intel_svm_set_dev_pasid(): points the PASID entry of the device at the page tables of the mm. */
export const setDevPasid = procedure(
  'intel_svm_set_dev_pasid',
  { source: v6_14(SVM_C), params: { ...entry, domain: SvaDomain }, locals: { ret: errno() }, returns: errno() },
  (k) => {
    const enable = k.call(
      intelEnableIopf,
      (f) => ({ dev: f.dev }),
      (f, ret) => {
        f.ret = ret;
      },
    );
    return [
      k.switch(iopfDisable, {
        'in detach, after the teardown': [enable],
        'in detach, before the teardown': [enable],
        'by the driver, after unbind': [],
      }),
      k.when((f) => f.ret !== 0, [k.return((f) => f.ret)]),
      k.spinLock((f) => f.domain.lock),
      k.step('list_add(&dev_pasid->link_domain, &domain->dev_pasids)', (f) => f.domain.dev_pasids.add(f.dev)),
      k.spinUnlock((f) => f.domain.lock),
      k.step(
        'intel_pasid_setup_first_level(mm->pgd, pasid)',
        (f) => {
          const pte = f.dev.vtd.regs.cd.at(f.pasid);
          pte.ttb = f.domain.mm;
          pte.valid = true;
        },
        { indivisible: validLast },
      ),
      k.return(0),
    ];
  },
);

/** domain_remove_dev_pasid() */
export const removeDevPasid = procedure(
  'domain_remove_dev_pasid',
  { source: v6_14(SVM_C), params: { dev: Device, domain: SvaDomain } },
  (k) => [
    k.spinLock((f) => f.domain.lock),
    k.step('list_del(&dev_pasid->link_domain)', (f) => f.domain.dev_pasids.remove(f.dev)),
    k.spinUnlock((f) => f.domain.lock),
    k.return(),
  ],
);
