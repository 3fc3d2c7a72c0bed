/** The driver by itself: what its calls leave behind when nobody races with them, and what they return. */
import { describe, expect, test } from 'vitest';
import { atEnd, type Setup, set, sometimes, violated } from '../../../../checker/lang/index.ts';
import { PageRequest, PciContext, PciFunction } from '../../../../hw/pci/objects.ts';
import { AtsFunction, fill, Page, PageTable, SmmuContexts, slot } from '../../../../hw/smmu/caches.ts';
import { SmmuCmdq, smmuCmdq } from '../../../../hw/smmu/commands.ts';
import {
  does,
  procedure,
  StoreBuffer,
  storeBuffer,
  WorkFunc,
  Workqueue,
  worker,
} from '../../../../model/kernel/index.ts';
import {
  ArmSmmuDomain,
  armSmmuEnableAts,
  armSmmuSvaBind,
  enableBarrier,
  exitBound,
  FaultParam,
  failedReport,
  handleStall,
  iommuUnmap,
  NR_ATS_MASTERS,
  PendingStall,
  removeFromQueue,
  reportStall,
  StallDevice,
  StallGroup,
  SvaNumbers,
  unmapOrder,
} from '../../../../model/smmu/index.ts';
import { small, source } from '../../hw/small.ts';

/** At the end, `what` is true. */
const endsWith = (what: string, holds: () => boolean) =>
  atEnd('end', what, () => (holds() ? null : violated('assertion', `not so: ${what}`)));
const holds = { outcome: 'holds', complete: true };

function machine(s: Setup<any>) {
  const smmu = s.object(SmmuContexts, 'smmu');
  const cmdq = s.object(SmmuCmdq, 'cmdq');
  const fn = s.object(AtsFunction, 'function');
  const behind = { contexts: smmu, functions: [fn] };
  s.actor('cmdq_hw', smmuCmdq('CFGI', 'TLBI', 'ATC_INV'), { cmdq, behind }, { role: 'hardware' });
  return { smmu, cmdq, fn };
}

function space(s: Setup<any>, name: string) {
  const table = s.object(PageTable, `pgd_${name}`);
  const page = s.object(Page, `page_${name}`);
  table.pte.set(0, page);
  return { table, page, ctx: s.object(PciContext, `ctx_${name}`) };
}

describe('unmap', () => {
  test('leaves the page in no cache, another page in both, and frees the page', async () => {
    const verdict = await small(
      (s) => {
        const { smmu, cmdq, fn } = machine(s);
        const { table, page } = space(s, 'a');
        const other = s.object(Page, 'other');
        for (const [i, p] of [page, other].entries()) {
          table.pte.set(i, p);
          fill(smmu.tlb.at(slot(1, i)), p);
          fill(fn.atc.at(slot(1, i)), p);
        }
        s.task('unmap', [does(iommuUnmap, { cmdq, issuer: 0, table, asid: 1, pasid: 1, page: 0 })]);
        s.property(
          endsWith('gone from table, TLB and ATC', () =>
            [table.pte.at(0), smmu.tlb.at(slot(1, 0)).page, fn.atc.at(slot(1, 0)).page].every((x) => x === null),
          ),
        );
        s.property(
          sometimes(
            'other-stays',
            'freed, and the other page is where it was',
            () =>
              page.generation === 1 && smmu.tlb.at(slot(1, 1)).page === other && fn.atc.at(slot(1, 1)).page === other,
          ),
        );
      },
      [set(unmapOrder, 'TLB, then ATC')],
    );
    expect(verdict).toMatchObject(holds);
  });

  test('waits for ever for a function that was pulled', async () => {
    const verdict = await small(
      (s) => {
        const { cmdq, fn } = machine(s);
        fn.present = false;
        const { table } = space(s, 'a');
        s.task('unmap', [does(iommuUnmap, { cmdq, issuer: 0, table, asid: 1, pasid: 1, page: 0 })]);
      },
      [set(unmapOrder, 'TLB, then ATC')],
    );
    expect(verdict.violations[0]?.evidence.kind).toBe('deadlock');
  });
});

describe('bind and exit', () => {
  test('give the lowest numbers, and take them back with everything that was cached', async () => {
    const verdict = await small((s) => {
      const { smmu, cmdq } = machine(s);
      const numbers = s.object(SvaNumbers, 'numbers');
      const a = space(s, 'a');
      const b = space(s, 'b');
      const args = ({ table, ctx }: typeof a) => ({ cmdq, issuer: 0, smmu, numbers, ctx, table });
      const stopped = procedure('device', { source, params: { ctx: PciContext } }, (k) => [
        k.loop([
          k.blockUntil('stops when it is told to', (f) => f.ctx.active && !f.ctx.run, {
            do: (f) => {
              f.ctx.active = false;
            },
            idle: true,
          }),
        ]),
      ]);
      s.actor('device', stopped, { ctx: a.ctx }, { role: 'hardware' });
      s.task('driver', [does(armSmmuSvaBind, args(a)), does(armSmmuSvaBind, args(b)), does(exitBound, args(a))]);
      s.property(
        sometimes(
          'both',
          'both are bound, with numbers 1 and 2',
          () => a.ctx.pasid === 1 && b.ctx.pasid === 2 && smmu.cd.at(1).ttb === a.table && smmu.cd.at(2).asid === 2,
        ),
        endsWith(
          'b is bound, a is gone and its memory free',
          () =>
            numbers.pasids.at(1) === null &&
            numbers.asids.at(1) === null &&
            numbers.pasids.at(2) === b.table &&
            !smmu.cd.at(1).valid &&
            smmu.cd.at(2).valid &&
            a.page.generation === 1 &&
            a.table.generation === 1 &&
            b.page.generation === 0,
        ),
      );
    });
    expect(verdict).toMatchObject(holds);
  });
});

test('enabling ATS counts one master up for each, before the enable bit when there is a barrier', async () => {
  const verdict = await small(
    (s) => {
      const domain = s.object(ArmSmmuDomain, 'domain');
      const functions = s.objects(AtsFunction, 'function', 2, () => ({ ats: false }));
      const memory = [];
      memory[NR_ATS_MASTERS] = {
        load: () => domain.nr_ats_masters,
        store: (value: number) => {
          domain.nr_ats_masters = value;
        },
      };
      const buffer = s.object(StoreBuffer, 'cpu');
      s.actor('buffer', storeBuffer, { buffer, memory: memory as never }, { role: 'hardware' });
      const cpu = { buffer, memory: memory as never };
      s.task(
        'enable',
        functions.map((fn) => does(armSmmuEnableAts, { cpu, fn })),
      );
      s.property(
        endsWith(
          'two masters are counted and use ATS',
          () => domain.nr_ats_masters === 2 && functions.every((fn) => fn.ats),
        ),
        sometimes('one', 'one is counted', () => domain.nr_ats_masters === 1 && functions.some((fn) => fn.ats)),
      );
    },
    [set(enableBarrier, 'barrier')],
  );
  expect(verdict).toMatchObject(holds);
});

describe('a stall', () => {
  /** One event, reported once; `prepare` may take the fault parameters away. */
  const report = (
    what: {
      readonly removed?: boolean;
      readonly failures?: number;
      readonly twice?: boolean;
      readonly remove?: boolean;
    },
    end: (w: { event: PageRequest; dev: StallDevice }) => boolean,
  ) =>
    small(
      (s) => {
        const cmdq = s.object(SmmuCmdq, 'cmdq');
        const master = s.object(PciFunction, 'master');
        const wq = s.object(Workqueue, 'wq');
        const event = s.object(PageRequest, 'event', { pasid: 1, last: true, group: 1 });
        master.prg.set(1, event);
        const param = s.object(FaultParam, 'fault_param');
        const dev = s.object(StallDevice, 'dev', { fault_param: param });
        s.pool(PendingStall, 1);
        s.pool(StallGroup, 1);
        s.implementations(WorkFunc, [handleStall]);
        s.failures({ kmalloc: what.failures ?? 0 });
        s.actor('cmdq_hw', smmuCmdq('RESUME'), { cmdq, behind: { stalls: master } }, { role: 'hardware' });
        s.actor('worker', worker, { wq }, { role: 'worker' });
        const reported = does(reportStall, { dev, cmdq, wq, event });
        const removed = does(removeFromQueue, { dev, cmdq });
        s.task(
          'irq',
          what.removed === true ? [removed, reported] : what.remove === true ? [reported, removed] : [reported],
        );
        s.property(endsWith('as told', () => end({ event, dev })));
      },
      [set(failedReport, 'driver answers')],
    );

  test('is answered with retry when it can be handled', async () => {
    expect(await report({}, ({ event }) => event.answer === 'success')).toMatchObject(holds);
  });

  test('is not answered by the report when there are no parameters any more: that is for the driver', async () => {
    expect(
      await report({ removed: true }, ({ event, dev }) => event.answer === 'none' && dev.fault_param === null),
    ).toMatchObject(holds);
  });

  test('leaves nothing behind when memory is short: either it is answered or nobody knows of it', async () => {
    const verdict = await report(
      { failures: 1 },
      ({ event, dev }) => ['success', 'none'].includes(event.answer) && dev.fault_param?.faults.length === 0,
    );
    expect(verdict).toMatchObject(holds);
  });

  test('that is pending when the device is removed is answered once, with retry or with abort', async () => {
    const verdict = await report(
      { remove: true },
      ({ event }) => event.answer === 'success' || event.answer === 'invalid',
    );
    expect(verdict).toMatchObject(holds);
  });
});
