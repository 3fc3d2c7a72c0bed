/**
 * Bind of an address space to a device, and the end of one: the context descriptor and what is cached of it.
 *
 * Source: spec (c), rules 1 and 2; the release notifier of SVA. An address space ends before the files of its process
 * are closed, so the device may still run while the descriptor is taken away and the pages are freed; PASID and ASID are
 * given back when the driver has stopped the device.
 *
 * Limits: one virtual page an address space; as many numbers as processes, so that bind does not fail.
 */
import { idrInsert, int, type KernelKit, nameOf, procedure, type Statement, Violation } from '../kernel/index.ts';
import { type Issuer, issue, sync } from './cmdq.ts';
import {
  hw,
  LAST_ASID,
  LAST_PASID,
  type Page,
  type PageTable,
  type PciContext,
  type SmmuCmdq,
  type SmmuContexts,
} from './hardware.ts';
import { SvaNumbers } from './objects.ts';
import { SVA_C, shareCd, specC } from './sources.ts';
import { bindInvalidates, numbersFreed, unbindWithout, unbindWrites } from './switches.ts';

const device = {
  cmdq: hw<SmmuCmdq>(),
  issuer: int(0, 2),
  smmu: hw<SmmuContexts>(),
  numbers: SvaNumbers,
  ctx: hw<PciContext>(),
  table: hw<PageTable>(),
};

/** Why the body of a descriptor is written in one step. */
const notYetValid =
  'the SMMU looks at nothing else in a descriptor that is not valid; the valid bit is a step of its own';

/** Gives numbers to an address space, installs its descriptor and lets a context of the function work with it. */
export const armSmmuSvaBind = procedure(
  'arm_smmu_sva_bind',
  { source: specC(SVA_C), params: device, locals: { pasid: int(0, LAST_PASID), asid: int(0, LAST_ASID) } },
  (k) => [
    k.step('xa_alloc(&arm_smmu_asid_xa): lowest free ASID', (f) => {
      f.asid = idrInsert(f.numbers.asids, f.table);
    }),
    k.step('ida_alloc(&iommu_global_pasid_ida): lowest free PASID', (f) => {
      f.pasid = idrInsert(f.numbers.pasids, f.table);
    }),
    k.step(
      'write the context descriptor, all but its valid bit',
      (f) => {
        const cd = f.smmu.cd.at(f.pasid);
        if (cd.valid)
          throw new Violation('protocol', `the descriptor of PASID ${f.pasid} is written while it is valid`, [
            nameOf(f.smmu),
          ]);
        cd.quiet = false;
        cd.asid = f.asid;
        cd.ttb = f.table;
        cd.generation = f.table.generation;
      },
      { indivisible: notYetValid },
    ),
    k.step('dma_wmb(), set the valid bit', (f) => {
      f.smmu.cd.at(f.pasid).valid = true;
    }),
    k.switch(bindInvalidates, {
      'CFGI_CD, SYNC': [issue(k, 'CMDQ_OP_CFGI_CD', (f) => `CFGI_CD pasid ${f.pasid}`), ...sync(k, 'CFGI_CD')],
      nothing: [],
    }),
    k.step(
      'start the context with this PASID',
      (f) => {
        f.ctx.pasid = f.pasid;
        f.ctx.owner = f.table;
        f.ctx.run = true;
        f.ctx.active = true;
      },
      { indivisible: 'the function looks at nothing before the run bit, which is written last' },
    ),
    k.return(0),
  ],
);

/** Statements that are there unless the variant leaves them out. */
function unless<F>(
  k: KernelKit<F>,
  left: (typeof unbindWithout)['values'][number],
  statements: readonly Statement<F>[],
): Statement<F> {
  const arms = Object.fromEntries(unbindWithout.values.map((value) => [value, value === left ? [] : statements]));
  return k.switch(unbindWithout, arms as Record<(typeof unbindWithout)['values'][number], typeof statements>);
}

/** Rule 2: takes the descriptor away, and whatever is cached of the address space, from the top down. */
const teardown = <F extends Issuer & { pasid: number; asid: number; smmu: SmmuContexts }>(
  k: KernelKit<F>,
): Statement<F>[] => [
  k.switch(unbindWrites, {
    invalid: [
      k.step('clear the valid bit', (f) => {
        f.smmu.cd.at(f.pasid).valid = false;
      }),
    ],
    quiet: [
      k.step('make the descriptor quiet: no walks', (f) => {
        f.smmu.cd.at(f.pasid).quiet = true;
      }),
    ],
    nothing: [],
  }),
  unless(k, 'CFGI_CD', [issue(k, 'CMDQ_OP_CFGI_CD', (f) => `CFGI_CD pasid ${f.pasid}`)]),
  unless(k, 'SYNC after CFGI_CD', sync(k, 'CFGI_CD')),
  unless(k, 'TLBI', [issue(k, 'CMDQ_OP_TLBI_NH_ASID', (f) => `TLBI_NH_ASID asid ${f.asid}`)]),
  unless(k, 'SYNC after TLBI', sync(k, 'TLBI')),
  unless(k, 'ATC_INV', [issue(k, 'CMDQ_OP_ATC_INV', (f) => `ATC_INV pasid ${f.pasid}`)]),
  unless(k, 'last SYNC', sync(k, 'ATC_INV')),
];

/** Gives PASID and ASID back. */
const freeNumbers = <F extends { pasid: number; asid: number; numbers: SvaNumbers }>(
  k: KernelKit<F>,
): Statement<F>[] => [
  k.step('ida_free(&iommu_global_pasid_ida, pasid)', (f) => {
    f.numbers.pasids.set(f.pasid, null);
  }),
  k.step('xa_erase(&arm_smmu_asid_xa, asid)', (f) => {
    f.numbers.asids.set(f.asid, null);
  }),
];

/**
 * A process exits: the release notifier takes its address space from the device, its memory is freed, and the last close
 * of the device file stops the device and ends the bond.
 */
export const exitBound = procedure(
  'arm_smmu_mm_release',
  {
    source: shareCd(SVA_C),
    params: device,
    locals: { pasid: int(0, LAST_PASID), asid: int(0, LAST_ASID), page: hw<Page>() },
  },
  (k) => [
    k.step(
      'the numbers of the bond',
      (f) => {
        f.pasid = f.ctx.pasid;
        f.asid = f.smmu.cd.at(f.pasid).asid;
      },
      { indivisible: 'both were written at bind and do not change while the bond lives' },
    ),
    k.switch(numbersFreed, {
      'after the invalidations': [...teardown(k)],
      'before the invalidations': [...freeNumbers(k), ...teardown(k)],
    }),
    k.step('exit_mmap(): zap the page table entry', (f) => {
      f.page = f.table.pte.at(0) as Page;
      f.table.pte.set(0, null);
    }),
    k.step('exit_mmap(): free the page', (f) => {
      f.page.generation++;
    }),
    k.step('exit_mmap(): free the page tables', (f) => {
      f.table.generation++;
    }),
    k.step('clear the run bit', (f) => {
      f.ctx.run = false;
    }),
    k.blockUntil('wait until the context is idle', (f) => !f.ctx.active, {
      waiting: { kind: 'device', on: (f) => f.ctx },
    }),
    k.switch(unbindWrites, {
      invalid: [],
      quiet: [
        k.step('clear the valid bit of the quiet descriptor', (f) => {
          f.smmu.cd.at(f.pasid).valid = false;
        }),
        issue(k, 'CMDQ_OP_CFGI_CD of the quiet descriptor', (f) => `CFGI_CD pasid ${f.pasid}`),
        ...sync(k, 'CFGI_CD of the quiet descriptor'),
      ],
      nothing: [],
    }),
    k.switch(numbersFreed, { 'after the invalidations': freeNumbers(k), 'before the invalidations': [] }),
    k.return(),
  ],
);
