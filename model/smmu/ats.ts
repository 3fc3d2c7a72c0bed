/**
 * Unmap without a lock while ATS is being enabled: the count of masters that use ATS says whether their caches have to
 * be invalidated at all.
 *
 * Source: corpus #26; arm_smmu_atc_inv_domain() and arm_smmu_enable_ats() with the comment between them. Two plain
 * accesses of each side matter: unmap stores the page table entry and loads the count, enabling stores the count and
 * turns ATS on. That is the litmus test SB, with the device as the reader of the entry.
 *
 * Unmap loads the count after it has seen the CMD_SYNC complete, but a CPU that may load early takes it before, as Arm
 * allows unless a barrier stands in between. The store buffer keeps the count from others, and the write that enables
 * ATS goes to a device register, which does not wait for it unless it is made to.
 */

import type { Cpu } from '../kernel/index.ts';
import { constant, int, procedure, u8 } from '../kernel/index.ts';
import { issue, sync } from './cmdq.ts';
import { type AtsFunction, hw, type Page, type SmmuCmdq } from './hardware.ts';
import { atsCount, SMMU_C } from './sources.ts';
import { enableBarrier, unmapBarrier } from './switches.ts';

/** Locations that go through store buffers: the page table entry of page 0, and `nr_ats_masters`. */
export const PTE = 0;
export const NR_ATS_MASTERS = 1;

/** arm_smmu_enable_ats() */
export const armSmmuEnableAts = procedure(
  'arm_smmu_enable_ats',
  {
    source: atsCount(SMMU_C),
    params: { cpu: constant<Cpu>(), fn: hw<AtsFunction>() },
    locals: { count: u8() },
  },
  (k) => [
    k.loadOnce(
      (f) => f.cpu,
      NR_ATS_MASTERS,
      (f, value) => {
        f.count = value;
      },
      { label: 'atomic_inc(&nr_ats_masters): read', note: 'the devices are attached one by one' },
    ),
    k.storeOnce(
      (f) => f.cpu,
      NR_ATS_MASTERS,
      (f) => f.count + 1,
      { label: 'atomic_inc(&nr_ats_masters): write', note: 'relaxed: it implies no barrier' },
    ),
    k.switch(enableBarrier, { none: [], barrier: [k.smpMb((f) => f.cpu, { label: 'wmb() of writel()' })] }),
    k.step('pci_enable_ats(): the enable bit', (f) => {
      f.fn.ats = true;
    }),
    k.return(0),
  ],
);

/** iommu_unmap() of page 0 where the masters of a domain may not use ATS. */
export const unmapLockless = procedure(
  'arm_smmu_atc_inv_domain',
  {
    source: atsCount(SMMU_C),
    params: { cpu: constant<Cpu>(), cmdq: hw<SmmuCmdq>(), issuer: int(0, 2), page: hw<Page>() },
    locals: { masters: int(-1, 4, -1) },
  },
  (k) => {
    const load = (label: string) =>
      k.loadOnce(
        (f) => f.cpu,
        NR_ATS_MASTERS,
        (f, value) => {
          f.masters = value;
        },
        { label },
      );
    return [
      k.storeOnce(
        (f) => f.cpu,
        PTE,
        () => 0,
        { label: 'clear the page table entry' },
      ),
      k.local((f) => {
        f.masters = -1;
      }),
      k.switch(unmapBarrier, {
        none: [
          k.choose('when the count is loaded', [
            { name: 'before the CMD_SYNC is seen', body: [load('atomic_read(&nr_ats_masters) early')] },
            { name: 'in program order' },
          ]),
        ],
        smp_mb: [],
      }),
      k.smpMb((f) => f.cpu, { label: 'dma_wmb() before the producer index' }),
      issue(k, 'CMDQ_OP_TLBI_NH_VA', () => 'TLBI_NH_VA asid 1 page 0'),
      ...sync(k, 'TLBI'),
      k.switch(unmapBarrier, { none: [], smp_mb: [k.smpMb((f) => f.cpu)] }),
      k.when((f) => f.masters < 0, [load('atomic_read(&nr_ats_masters)')]),
      k.when(
        (f) => f.masters > 0,
        [issue(k, 'CMDQ_OP_ATC_INV', () => 'ATC_INV pasid 1 page 0'), ...sync(k, 'ATC_INV')],
      ),
      k.step('__free_page(page)', (f) => {
        f.page.generation++;
      }),
      k.return(0),
    ];
  },
);
